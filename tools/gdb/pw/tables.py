"""tables.py - from an address to a frame: pw walk

Four boxes, one for each table that the processor reads, and under them the two answers: which entry ends the walk,
and which mapping decides what happens then.  The tables are a cache of what the VMAs say, so both are shown.
"""
from . import headers, machine, mappings, memory, walks

WIDTH = 66


def box(level):
    rule = "+" + "-" * 2 + f" {level.name} ".ljust(WIDTH - 4, "-") + "+"
    entry = "can not be read" if level.entry is None else f"{level.entry:016x}  {machine.letters(level.entry)}"
    text = f"| table {level.table:#011x} [{level.index:3}] = {entry}"
    return rule, text.ljust(WIDTH - 1) + "|"


def draw(levels, out):
    for level in levels:
        for line in box(level):
            out(line)
    out("+" + "-" * (WIDTH - 2) + "+")


def denial(levels, want):
    """
    Which entry forbids the access for user mode, and how; None when all allow it.  An access must be allowed at
    every level.
    """
    for level in levels:
        entry = level.entry
        if entry is None:
            return f"{level.name}: the entry can not be read: the table is no RAM"
        if not entry & machine.PRESENT:
            if level.name == "PTE" and entry & machine.GLOBAL:
                return "PTE: not present for the hardware, but a page is kept (PROT_NONE)"
            return f"{level.name}: not present" + ("" if not entry else f", though not zero ({entry:#x})")
        if not entry & machine.USER:
            return f"{level.name}: for the kernel only (no U)"
        if want == "w" and not entry & machine.WRITE:
            return f"{level.name}: read-only (no W)"
        if want == "x" and entry & machine.NX:
            return f"{level.name}: no execution (N)"
    return None


def allowed(levels):
    """Which of r, w, x user mode has."""
    return "".join(want for want in "rwx" if denial(levels, want) is None)


def frame(levels, address):
    entry = machine.leaf(levels)
    if entry is None or not entry & (machine.PRESENT | machine.GLOBAL):
        return None
    size = 1 << levels[-1].shift
    base = entry & headers.PTE_PFN_MASK & ~(size - 1)
    return base | (address & (size - 1) & ~0xfff)


def show_result(levels, address, out):
    physical = frame(levels, address)
    if physical is None:
        out(f"no frame; ended by {denial(levels, 'r')}")
        return
    ram = "" if machine.is_ram(physical >> 12) is not False else ", which is no RAM"
    out(f"frame  pfn {physical >> 12:#x}{ram}: physical {physical | (address & 0xfff):#x}")
    if address <= headers.TASK_SIZE_MAX:
        can = allowed(levels)
        out(f"user   may {' '.join(can) or 'nothing'}")
        for want in "rwx":
            if want not in can:
                out(f"       {want} is denied by {denial(levels, want)}")


def show_vma(mm, address, out):
    findings = walks.Findings()
    if address >= headers.TASK_SIZE_MAX:
        out("VMA    none: an address of the kernel's half")
        return findings
    if mm is None:
        out("VMA    none: no user address space")
        return findings
    vma = mappings.find_vma(mm, address, findings)
    if vma is None:
        out("VMA    none contains the address, and none lies above: SIGSEGV, MAPERR")
    elif vma.vm_start > address:
        grows = " and may grow down to it" if vma.vm_flags & headers.VM_GROWSDOWN else ""
        out(f"VMA    none contains the address; the next above{grows}: {mappings.one_line(vma)}")
    else:
        out(f"VMA    {mappings.one_line(vma)}")
    return findings


def is_canonical(address):
    return address >> 47 in (0, (1 << 17) - 1)


def show(pgd, address, mm, whose, out):
    out(f"{address:#x} in the tables of {whose}, PGD at physical {pgd:#x}")
    if not is_canonical(address):
        out("not canonical (bits 63 to 47 differ): the processor walks nothing and raises #GP")
        return walks.Findings()
    try:
        levels = machine.walk(pgd, address)
    except memory.Unreadable as error:
        findings = walks.Findings()
        findings.add(str(error))
        return findings
    draw(levels, out)
    show_result(levels, address, out)
    return show_vma(mm, address, out)
