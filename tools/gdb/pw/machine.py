"""machine.py - processors, page-table entries and frames"""
from collections import namedtuple

import gdb

from . import headers, layout, memory

LEVELS = [("PGD", 39), ("PUD", 30), ("PMD", 21), ("PTE", 12)]

# Letters of an entry, as the panic screen shows them, and then those that only some entries have.
PRESENT, WRITE, USER, ACCESSED, DIRTY = 1 << 0, 1 << 1, 1 << 2, 1 << 5, 1 << 6
LARGE, GLOBAL, SPECIAL, NX = 1 << 7, 1 << 8, 1 << 9, 1 << 63
LETTERS = [(PRESENT, "P"), (WRITE, "W"), (USER, "U"), (ACCESSED, "A"), (DIRTY, "D"), (GLOBAL, "G")]

Level = namedtuple("Level", "name table index entry shift")


def cpus():
    """Numbers of the CPUs that the kernel knows of; one before it has counted them."""
    try:
        count = layout.variable("nr_cpu_ids")
    except (memory.Unreadable, layout.NoSymbol):
        count = 1
    return range(count if 1 <= count <= 64 else 1)


def cpu_offset(cpu):
    offsets = layout.variable("per_cpu_offset")
    return offsets[cpu] if cpu < len(offsets) else 0


def online_cpus():
    """Those that have come up; the boot CPU before anybody is asked."""
    try:
        mask = layout.variable("cpu_online_mask")
    except (memory.Unreadable, layout.NoSymbol):
        mask = 1
    return [cpu for cpu in cpus() if cpu == 0 or mask >> cpu & 1]


def cpu_of_thread(thread):
    """The stub shows each CPU as a thread, and numbers them from 1; gdb's own numbers follow the order of meeting."""
    return (thread.ptid[1] or thread.num) - 1


def this_cpu():
    """The CPU that gdb looks at."""
    thread = gdb.selected_thread()
    number = cpu_of_thread(thread) if thread else 0
    return number if number in cpus() else 0


def per_cpu(name, cpu, file=None):
    return layout.variable(name, file, cpu_offset(cpu))


def current(cpu=None):
    """The task_struct that runs on a CPU, or None before there is one."""
    address = per_cpu("current_task", this_cpu() if cpu is None else cpu)
    return layout.Struct("struct task_struct", address) if address else None


def register(name, cpu=None):
    """A register of the selected CPU, or of @cpu; None when there is no machine or the stub does not show it."""
    selected = gdb.selected_thread()
    if cpu is None or selected is None or cpu_of_thread(selected) == cpu:
        return read_register(name)
    frame = gdb.selected_frame()
    try:
        for thread in gdb.selected_inferior().threads():
            if cpu_of_thread(thread) == cpu:
                thread.switch()
                return read_register(name)
        return None
    finally:
        selected.switch()
        frame.select()


def read_register(name):
    try:
        return int(gdb.newest_frame().read_register(name)) & headers.WORD
    except (gdb.error, ValueError, TypeError):
        return None


def cr3():
    value = register("cr3")
    return None if value is None else value & headers.PTE_PFN_MASK


def paging():
    """Does the selected CPU translate addresses?"""
    value = register("cr0")
    return value is None or bool(value & (1 << 31))


def letters(entry):
    text = "".join(letter if entry & bit else "-" for bit, letter in LETTERS) + ("N" if entry & NX else "X")
    extra = [word for bit, word in ((LARGE, "large"), (SPECIAL, "special")) if entry & bit]
    return text + ("".join(" " + word for word in extra) if entry & PRESENT else "")


def pte_present(entry):
    """Present to mm: PROT_NONE hides a page from the hardware alone."""
    return bool(entry & (PRESENT | GLOBAL))


def pte_pfn(entry):
    return (entry & headers.PTE_PFN_MASK) >> 12


def max_pfn():
    try:
        return layout.variable("max_pfn")
    except (memory.Unreadable, layout.NoSymbol):
        return 0


def is_ram(pfn):
    """Does memblock know the frame?  None when memblock knows nothing yet, or no longer makes sense."""
    try:
        memblock = layout.variable("memblock").memory
        regions = memblock.regions[:memblock.cnt]
    except (memory.Unreadable, layout.NoSymbol):
        return None
    if not regions:
        return None
    return any(r.base <= pfn << 12 < r.base + r.size for r in regions)


def walk(pgd, address):
    """
    Levels from the PGD at physical @pgd down to the entry that ends the walk: a leaf, or one that is not present.
    An entry that can not be read is None.
    """
    levels, table = [], pgd
    for name, shift in LEVELS:
        index = (address >> shift) & 511
        try:
            entry = int.from_bytes(memory.read_physical(table + 8 * index, 8), "little")
        except memory.Unreadable:
            entry = None
        levels.append(Level(name, table, index, entry, shift))
        if entry is None or not entry & PRESENT or (entry & LARGE and name in ("PUD", "PMD")):
            break
        table = entry & headers.PTE_PFN_MASK
        if max_pfn() and table >> 12 >= max_pfn() and name != "PTE":
            levels.append(Level(LEVELS[len(levels)][0], table, 0, None, shift - 9))
            break
    return levels


def leaf(levels):
    """The entry that a complete walk found, or None."""
    last = levels[-1]
    if last.entry is None or (last.name != "PTE" and not (last.entry & PRESENT and last.entry & LARGE)):
        return None
    return last.entry


def virt_to_phys(address):
    if address >= headers.KERNEL_BASE:
        return address - headers.KERNEL_BASE
    return address - headers.PAGE_OFFSET


def phys_to_virt(address):
    return headers.PAGE_OFFSET + address


def page_of(pfn):
    return layout.Struct("struct page", headers.VMEMMAP_START + pfn * layout.sizeof("struct page"))


def pfn_of(page_address):
    return (page_address - headers.VMEMMAP_START) // layout.sizeof("struct page")


def is_page_pointer(address):
    """Could it point into vmemmap?"""
    first, size = headers.VMEMMAP_START, layout.sizeof("struct page")
    limit = max_pfn() or 1 << 40
    return first <= address < first + limit * size and (address - first) % size == 0
