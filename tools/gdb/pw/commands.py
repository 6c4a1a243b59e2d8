"""commands.py - the gdb side: one word after `pw`, its arguments, and what it prints

Every command ends here when something can not be read or does not exist: in a line of words.
"""
import gdb

from . import (allocators, check, cpus, faults, headers, layout, locks, log, machine, mappings, memory, pages, printers,
               tables, tasks, user, walks)


class Usage(Exception):
    pass


def out(text):
    gdb.write(text + "\n")


def number(text):
    """An address or number: any expression that gdb understands, in the selected frame."""
    try:
        value = gdb.parse_and_eval(text)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_ARRAY:
            value = value.address
        return int(value) & headers.WORD
    except gdb.error as error:
        raise Usage(f"{text}: {error}") from None


def task_named(text):
    """The task of a PID argument; the current one without."""
    if text is None:
        task = machine.current()
        if task is None:
            raise Usage("no task runs yet")
        return task
    task = tasks.find(number(text))
    if task is None:
        raise Usage(f"no process {text}; pw ps shows those that are")
    return task


def arguments(line, least, most):
    words = gdb.string_to_argv(line)
    if not least <= len(words) <= most:
        raise Usage("")
    return words + [None] * (most - len(words))


def mm_or_none(task):
    return tasks.mm_of(task) if task is not None else None


def pw_ps(line):
    """pw ps - processes and threads, with pages mapped and resident"""
    arguments(line, 0, 0)
    return tasks.show(out)


def pw_cpus(line):
    """pw cpus - what each processor runs, the address space it has loaded, and what waits for it"""
    arguments(line, 0, 0)
    return cpus.show(out)


def pw_stack(line):
    """pw stack [PID] - where tasks that do not run were switched away from"""
    words = arguments(line, 0, 1)
    return tasks.show_stacks(task_named(words[0]) if words[0] else None, out)


def pw_maps(line):
    """pw maps [PID] - the mappings of a process, with the addresses of their vm_area_structs"""
    task = task_named(arguments(line, 0, 1)[0])
    mm = tasks.mm_of(task)
    if mm is None:
        raise Usage(f"{task.comm}[{task.pid}] has no user memory")
    return mappings.show_maps(task, mm, out)


def pw_vma(line):
    """pw vma ADDR [PID] - the mapping that contains an address, in full"""
    address, pid = arguments(line, 1, 2)
    mm = tasks.mm_of(task_named(pid))
    findings = walks.Findings()
    vma = mappings.find_vma(mm, number(address), findings) if mm else None
    if vma is None or vma.vm_start > number(address):
        out("no mapping contains the address" + (f"; next above: {mappings.one_line(vma)}" if vma else ""))
        return findings
    return mappings.show_vma(vma, out)


def pw_walk(line):
    """pw walk ADDR [PID] - the page tables' way to an address: of the process, or of this CPU's CR3"""
    text, pid = arguments(line, 1, 2)
    address = number(text)
    if pid is None:
        return walk_here(address)
    task = task_named(pid)
    mm = tasks.mm_of(task)
    if mm is None:
        raise Usage(f"{task.comm}[{task.pid}] has no user memory")
    return tables.show(machine.virt_to_phys(mm.pgd), address, mm, f"{task.comm}[{task.pid}]", out)


def walk_here(address):
    pgd = machine.cr3()
    if pgd is None:
        raise Usage("the stub shows no CR3; name a PID")
    if not machine.paging():
        raise Usage("paging is not on yet")
    mm, whose = None, f"CR3 of CPU {machine.this_cpu()}"
    try:
        task = machine.current()
        if task:
            mm, whose = mm_or_none(task), f"{whose}, task {task.comm}[{task.pid}]"
    except memory.Unreadable:
        whose += ", whose task can not be read"
    return tables.show(pgd, address, mm, whose, out)


def pw_why(line):
    """pw why ADDR r|w|x [PID] - what the fault handler would do with a read, write or execution there, and why"""
    text, want, pid = arguments(line, 2, 3)
    if want not in faults.ACCESS:
        raise Usage("")
    task = task_named(pid)
    return faults.show(task, tasks.mm_of(task), number(text), want, out)


def pw_page(line):
    """pw page PFN - a struct page decoded, and who maps the page; PFN may be a struct page's address too"""
    if not line.strip():
        raise Usage("")
    pfn = number(line)
    if machine.is_page_pointer(pfn):
        pfn = machine.pfn_of(pfn)
    return pages.show(pfn, out)


def pw_buddy(line):
    """pw buddy - free blocks by zone and order"""
    arguments(line, 0, 0)
    return allocators.show_buddy(out)


def pw_slabs(line):
    """pw slabs - object caches"""
    arguments(line, 0, 0)
    return allocators.show_slabs(out)


def pw_locks(line):
    """pw locks - held locks; exact in DEBUG=1 builds"""
    arguments(line, 0, 0)
    return locks.show(out)


def pw_log(line):
    """pw log [COUNT] - the kernel's log, or its last COUNT lines"""
    count = arguments(line, 0, 1)[0]
    return log.show(number(count) if count else 0, out)


def pw_check(line):
    """pw check [buddy|vmas|tables|slabs|memmap ...] - do the structures agree?  Reports all that do not"""
    names = gdb.string_to_argv(line)
    if set(names) - set(check.PARTS):
        raise Usage("")
    return check.show(names, out)


def pw_user(line):
    """pw user NAME [LOCATION...] - stop when the program is executed, load its symbols, set breakpoints in it"""
    words = gdb.string_to_argv(line)
    if not words:
        raise Usage("")
    out(user.command(words[0], words[1:]))
    return walks.Findings()


COMMANDS = [pw_ps, pw_cpus, pw_stack, pw_maps, pw_vma, pw_walk, pw_why, pw_page, pw_buddy, pw_slabs, pw_locks, pw_log, pw_check,
            pw_user]


def run(function, line):
    try:
        for text in function(line) or ():
            out(f"broken: {text}")
    except Usage as usage:
        out(str(usage) or f"usage: {function.__doc__}")
    except memory.Unreadable as error:
        out(f"broken: {error}")
    except layout.NoSymbol as error:
        out(f"not known: {error}")
    except (gdb.error, AttributeError, ValueError, TypeError, LookupError, RecursionError) as error:
        out(f"broken: {function.__doc__.split(' -')[0]} gave up: {type(error).__name__}: {error}")


class Command(gdb.Command):
    def __init__(self, function):
        self.function = function
        self.__doc__ = function.__doc__
        super().__init__(function.__name__.replace("_", " "), gdb.COMMAND_DATA)

    def invoke(self, line, from_tty):
        self.dont_repeat()
        run(self.function, line)


class Prefix(gdb.Command):
    __doc__ = "The kernel's structures, read from outside.\n\n" + "\n".join(f.__doc__ for f in COMMANDS)

    def __init__(self):
        super().__init__("pw", gdb.COMMAND_DATA, prefix=True)

    def invoke(self, line, from_tty):
        out(self.__doc__)


class CurrentComm(gdb.Function):
    """$pw_comm() - name of the task that runs on this CPU: break do_wp_page if $_streq($pw_comm(), "cow")"""

    def __init__(self):
        super().__init__("pw_comm")

    def invoke(self):
        return user.current_comm()


class CurrentCpu(gdb.Function):
    """$pw_cpu() - number of this CPU: break do_wp_page if $pw_cpu() == 2"""

    def __init__(self):
        super().__init__("pw_cpu")

    def invoke(self):
        return machine.this_cpu()


class CurrentTask(gdb.Function):
    """$pw_current() - the task_struct that runs on this CPU, as a pointer"""

    def __init__(self):
        super().__init__("pw_current")

    def invoke(self):
        kind = gdb.lookup_type("struct task_struct").pointer()
        try:
            task = machine.current()
        except memory.Unreadable:
            task = None
        return gdb.Value(task.address if task else 0).cast(kind)


def register():
    layout.forget()
    Prefix()
    for function in COMMANDS:
        Command(function)
    CurrentComm()
    CurrentCpu()
    CurrentTask()
    printers.register()
    gdb.events.new_objfile.connect(lambda event: layout.forget())
