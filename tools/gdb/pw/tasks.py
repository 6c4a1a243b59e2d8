"""tasks.py - who runs, and where the others wait: pw ps, pw stack

All thread-group leaders are on one list, the threads of each on another.  The idle tasks are on neither.
"""
import struct

import gdb

from . import headers, layout, machine, memory, walks

TASK = "struct task_struct"
STATES = {"TASK_RUNNING": "R", "TASK_INTERRUPTIBLE": "S", "TASK_UNINTERRUPTIBLE": "D", "TASK_KILLABLE": "D",
          "TASK_STOPPED": "T", "TASK_ZOMBIE": "Z", "TASK_DEAD": "X"}
RSS_KINDS = {0: "file", 1: "anon", 3: "shmem"}  # MM_FILEPAGES ...; MM_SWAPENTS are no pages


def state_letter(task):
    if task.exit_state:
        return "Z"
    for name, letter in STATES.items():
        if task.state == getattr(headers, name):
            return letter
    return f"?{task.state:#x}"


def processes(findings):
    """Thread-group leaders, oldest first."""
    return walks.walk_list(layout.variable_address("task_list"), TASK, "tasks", findings, "task list")


def all_tasks(findings):
    """Every thread but the idle ones."""
    for leader in processes(findings):
        yield leader
        what = f"threads of {leader.pid}"
        yield from walks.walk_list(leader.address_of("thread_group"), TASK, "thread_group", findings, what)


def find(pid):
    """The task with that number, or None."""
    return next((task for task in all_tasks(walks.Findings()) if task.pid == pid), None)


def mm_of(task):
    return layout.Struct("struct mm_struct", task.mm) if task.mm else None


def users_of_mms(findings):
    """{address of mm_struct: [leaders that use it]}"""
    users = {}
    for task in processes(findings):
        if task.mm:
            users.setdefault(task.mm, []).append(task)
    return users


def name_of_mm(address, users):
    if address in users:
        return ", ".join(f"{task.comm}[{task.pid}]" for task in users[address])
    return f"mm {address:#x}, which no process uses"


def rss_pages(mm, kind=None):
    """Resident pages, by the counters; a CPU's part may be negative, the sum is exact."""
    total = 0
    for cpu in machine.cpus():
        counts = mm.element("rss", cpu).count
        total += sum(counts[k] for k in RSS_KINDS if kind is None or k == kind)
    return total


def on_cpu():
    """{address of task_struct: CPU} of what runs now."""
    running = {}
    for cpu in machine.online_cpus():
        try:
            task = machine.current(cpu)
        except memory.Unreadable:
            continue
        if task:
            running[task.address] = cpu
    return running


def show_line(task, running, out):
    try:
        mm = mm_of(task)
        sizes = f"{mm.total_vm:8} {rss_pages(mm):8} {mm.map_count:5}" if mm else f"{'-':>8} {'-':>8} {'-':>5}"
    except memory.Unreadable as error:
        sizes = f"mm: {error}"
    cpu = f" on CPU {running[task.address]}" if task.address in running else ""
    parent = "-"
    try:
        parent = layout.Struct(TASK, task.real_parent).pid if task.real_parent else "-"
    except memory.Unreadable:
        parent = "?"
    out(f"{task.pid:5} {task.tgid:5} {parent!s:>5} {state_letter(task):2} {sizes}  {task.comm:16}"
        f" {task.address:#x}{cpu}")


def show(out):
    findings = walks.Findings()
    running = on_cpu()
    out("  PID  TGID  PPID S     PAGES RESIDENT  VMAS  COMMAND          task_struct")
    count = 0
    for task in all_tasks(findings):
        show_line(task, running, out)
        running.pop(task.address, None)
        count += 1
    for address in list(running):
        try:
            show_line(layout.Struct(TASK, address), running, out)
        except memory.Unreadable as error:
            findings.add(f"current task of CPU {running[address]}: {error}")
    if not count:
        out("no process exists yet" if not findings else "no process can be shown")
    return findings


MAX_FRAMES = 24
SAVED_REGISTERS = 5  # r15 r14 r13 r12 rbx, then rbp and the return address: arch/x86_64/switch.asm


def place(address):
    """A return address as `function+offset`."""
    text = gdb.execute(f"info symbol {address:#x}", to_string=True).split(" in section")[0].strip()
    return "?" if text.startswith("No symbol") else text.replace(" + ", "+")


def call_chain(task):
    """Return addresses of a task that does not run, innermost first, by its frame pointers."""
    frame, back = struct.unpack("<QQ", memory.read(task.thread.sp + 8 * SAVED_REGISTERS, 16))
    for _ in range(MAX_FRAMES):
        yield back
        if not frame:
            return
        outer, back = struct.unpack("<QQ", memory.read(frame, 16))
        if outer and outer <= frame or back < headers.KERNEL_BASE:
            return
        frame = outer


def show_stacks(chosen, out):
    """Where each task that does not run was switched away from."""
    findings = walks.Findings()
    running = on_cpu()
    everyone = [chosen] if chosen is not None else list(all_tasks(findings))
    if not everyone and not findings:
        out("no process exists yet")
    for task in everyone:
        cpu = running.get(task.address)
        where = f"on CPU {cpu}: thread apply {cpu + 1} backtrace" if cpu is not None else state_letter(task)
        out(f"{task.comm}[{task.pid}] {where}")
        if cpu is not None or task.exit_state:
            continue
        try:
            for address in call_chain(task):
                out(f"  {address:#x} {place(address)}")
        except memory.Unreadable as error:
            findings.add(f"stack of {task.pid}: {error}")
    return findings
