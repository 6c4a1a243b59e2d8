"""cpus.py - what each processor does: pw cpus

To gdb a processor is a thread: its registers are read by selecting it for a moment.  The rest is per-CPU data: the
task (current_task, against the run queue's), the address space in CR3 (cpu_tlb), what waits to be looked at.

    CPU  task             mode    IRQs  queued  address space            waiting          at
      0  lazy[6]          kernel  on         1  lazy[6]                  resched          do_anonymous_page+0x1c
      1  swapper/1[0]     idle    off        0  sh[1], lazy                               cpu_idle+0x95

`lazy`: nobody uses the address space, and flushes leave this CPU alone.  `waiting`: flags of the task that are
looked at on the way to user mode; calls and flushes of other CPUs that this one has still to run; a grace period
of RCU that waits for it.
"""
import gdb

from . import headers, layout, machine, memory, tasks, walks

LANES = {"call_lane": "calls", "tlb_lane": "flushes"}


def task_name(task):
    return f"{task.comm}[{task.pid}]"


def mode(cpu, task, queue):
    code = machine.register("cs", cpu)
    if code is not None and code & 3:
        return "user"
    return "idle" if queue.idle == task.address else "kernel"


def interrupts(cpu):
    flags = machine.register("eflags", cpu)
    return "?" if flags is None else "on" if flags & 1 << 9 else "off"


def bits(word):
    return ",".join(str(cpu) for cpu in range(64) if word >> cpu & 1)


def waiting(cpu, task):
    words = [name.lower() for name, bit in headers.flags("TIF_", "kernel/sched.h").items() if task.thread_flags & bit]
    for lane, what in LANES.items():
        callers = layout.variable(lane).inbox[cpu]
        if callers:
            words.append(f"{what} of CPU {bits(callers)}")
    if layout.variable("gp_pending", "kernel/rcu.c") >> cpu & 1:
        words.append("RCU")
    return " ".join(words)


def address_space(cpu, users):
    tlb = machine.per_cpu("cpu_tlb", cpu)
    if tlb.loaded_mm == layout.variable_address("init_mm"):
        return "init_mm"
    lazy = ", lazy" if machine.per_cpu("tlb_shared", cpu) else ""  # one word: no struct
    return tasks.name_of_mm(tlb.loaded_mm, users) + lazy


def place(cpu):
    at = machine.register("rip", cpu)
    return "?" if at is None else layout.symbol_at(at)


def check(cpu, task, queue, findings):
    """The two places that say who runs agree, but for a moment of a switch."""
    if queue.cpu != cpu:
        findings.add(f"run queue of CPU {cpu} says it is CPU {queue.cpu}'s")
    if queue.curr != task.address and not queue.lock.locked:
        findings.add(f"CPU {cpu} runs {task_name(task)}, its run queue says {queue.curr:#x}")


def show(out):
    findings = walks.Findings()
    users = tasks.users_of_mms(walks.Findings())
    out(f"CPU  {'task':22} {'mode':6}  IRQs  queued  {'address space':24} {'waiting':20} at")
    for cpu in machine.online_cpus():
        try:
            task = machine.current(cpu)
            queue = machine.per_cpu("runqueues", cpu)
            if task is None or not queue.curr:
                out(f"{cpu:3}  has not come up; at {place(cpu)}")
                continue
            check(cpu, task, queue, findings)
            out(f"{cpu:3}  {task_name(task):22} {mode(cpu, task, queue):6}  {interrupts(cpu):4}  {queue.nr_running:6}  "
                f"{address_space(cpu, users):24} {waiting(cpu, task):20} {place(cpu)}")
        except memory.Unreadable as error:
            findings.add(f"CPU {cpu}: {error}")
    left_out = len(gdb.selected_inferior().threads()) - len(machine.online_cpus())
    if left_out > 0:
        out(f"{left_out} more of the machine {'have' if left_out > 1 else 'has'} not come up")
    return findings
