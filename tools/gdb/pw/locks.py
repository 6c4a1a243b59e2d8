"""locks.py - who holds what: pw locks

A debug build keeps a stack of held locks in each task (kernel/lockdebug.c): then the answer is exact.  Any other
build knows a lock only as a word: what can be told is which of the well-known locks and of the CPUs' run queues are
taken, and, for a lock that sleeps, by which writer or how many readers.  A VMA's lock is a count of faults.
"""
from . import allocators, cpus, headers, layout, machine, mappings, memory, tasks, walks

GLOBAL_LOCKS = ["process_table_lock", "slab_list_lock", "dcache_lock", "log_lock"]


def rank_name(rank):
    names = layout.enum_names("enum lock_rank")
    return names.get(rank, f"rank {rank}").removeprefix("LOCK_").lower()


def describe_rwsem(sem):
    if not sem.count:
        return None
    parts = []
    if sem.count & headers.RWSEM_WRITER:
        parts.append("held for write by " + describe_task(sem.owner))
    readers = sem.count // headers.RWSEM_READER
    if readers:
        parts.append(f"held by {readers} reader{'s' if readers != 1 else ''}")
    if sem.count & headers.RWSEM_WAITERS:
        parts.append("with waiters")
    return ", ".join(parts)


def describe_task(address):
    if not address:
        return "an unnamed task"
    try:
        task = layout.Struct(tasks.TASK, address)
        return f"{task.comm}[{task.pid}]"
    except memory.Unreadable:
        return f"task {address:#x}, which can not be read"


def describe_lock(address):
    return f"{address:#x} {layout.symbol_at(address)}" if layout.symbol_at(address) != f"{address:#x}" else \
        f"{address:#x}"


def show_stack(task, out, findings):
    held = task.locks_held
    count = task.nr_locks_held
    if count > len(held):
        findings.add(f"{task.comm}[{task.pid}]: {count} locks held, but there is room for {len(held)}")
        count = len(held)
    for entry in held[:count]:
        out(f"  {task.comm}[{task.pid}] holds {rank_name(entry.rank)} lock {describe_lock(entry.lock)}"
            f"{' (sleeping lock)' if entry.sleeping else ''}")
    return count


def show_exact(everyone, out, findings):
    out("held locks, by the stacks that a debug build keeps:")
    if not sum([show_stack(task, out, findings) for task in everyone]):
        out("  none")


def show_words(everyone, out, findings):
    out("locks that are taken (no debug build: no record of who holds spinlocks):")
    count = 0
    for name in GLOBAL_LOCKS:
        try:
            if layout.variable(name).locked:
                out(f"  {name}")
                count += 1
        except (layout.NoSymbol, memory.Unreadable):
            continue
    for zone in allocators.zones(findings):
        if zone.lock.locked:
            out(f"  zone lock of node {zone.nid} {allocators.zone_name(zone)}")
            count += 1
    for cpu in machine.online_cpus():
        try:
            if machine.per_cpu("runqueues", cpu).lock.locked:
                out(f"  run queue of CPU {cpu}")
                count += 1
        except (layout.NoSymbol, memory.Unreadable):
            continue
    if not count:
        out("  no global spinlock")


def show_vma_locks(task, mm, out, findings):
    """Faults that hold one mapping, without mmap_lock; and a writer that waits for them to leave."""
    for vma in mappings.vmas(mm, findings):
        faults = vma.vm_readers & ~headers.VMA_WRITER_WAITS
        if faults:
            writer = ", and a writer waits" if vma.vm_readers & headers.VMA_WRITER_WAITS else ""
            out(f"  VMA {vma.vm_start:x}-{vma.vm_end:x} of {task.comm}[{task.pid}]: held by {faults} "
                f"fault{'s' if faults != 1 else ''}{writer}")


def show_mm_locks(everyone, out, findings):
    seen = set()
    for task in everyone:
        if not task.mm or task.mm in seen:
            continue
        seen.add(task.mm)
        try:
            mm = tasks.mm_of(task)
            state = describe_rwsem(mm.mmap_lock)
            if state:
                out(f"  mmap_lock of {task.comm}[{task.pid}]: {state}")
            show_vma_locks(task, mm, out, findings)
        except memory.Unreadable as error:
            out(f"  locks of {task.comm}[{task.pid}]: {error}")


def show(out):
    findings = walks.Findings()
    everyone = {task.address: task for task in tasks.all_tasks(findings)}
    for address in tasks.on_cpu():
        try:
            everyone.setdefault(address, layout.Struct(tasks.TASK, address))
        except memory.Unreadable as error:
            findings.add(f"current task: {error}")
    if "locks_held" in layout.fields(layout.lookup_type(tasks.TASK)):
        show_exact(everyone.values(), out, findings)
    else:
        show_words(everyone.values(), out, findings)
    show_mm_locks(everyone.values(), out, findings)
    for cpu in machine.online_cpus():
        out(f"CPU {cpu}: interrupts {cpus.interrupts(cpu)}")
    return findings
