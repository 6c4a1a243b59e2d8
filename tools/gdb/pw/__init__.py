"""pw - a stopped kernel, asked from outside

    gdb  --  remote protocol  --  emulator         the kernel does not run while it is asked

Every command answers from the structures alone: it reads memory and computes what the kernel would compute.  It
never calls a function of the kernel, since the kernel may be stopped anywhere: with locks held, before its
allocator exists, or after a panic.

    memory.py    bytes at an address, or Unreadable; by physical address where the page tables do not serve
    layout.py    structs as objects: offsets and sizes from the debug information, so every build is read right
    walks.py     lists and trees, bounded: a ring, a stray pointer or a wrong back pointer is reported
    machine.py   processors, page-table entries, frames
    tasks.py     processes: pw ps, pw stack        mappings.py    VMAs and their names: pw maps, pw vma
    cpus.py      processors: pw cpus
    tables.py    the walk of an address: pw walk   faults.py      what a fault would do: pw why
    pages.py     struct page, reverse map: pw page allocators.py  pw buddy, pw slabs
    locks.py     pw locks                          log.py         pw log
    check.py     the validators: pw check          printers.py    print *mm, *vma, *page ...
    user.py      symbols of user programs: pw user commands.py    the gdb side of all commands

Three rules keep the commands useful when the kernel is broken, which is when they are wanted:
  1  nothing is believed: each pointer may lead nowhere, each list may be a ring, each count may be nonsense;
  2  what can not be read is said in place, and the rest is printed;
  3  a command answers in words.  A Python trace is a mistake here, never an answer.

What is not in the debug information is macros: page-table bits, VM_* flags, the places of the direct map and of
the memory map.  headers.py takes them from the kernel's headers, so there is one place where they are written.

Not done: reading through another CPU's page tables (all share the kernel's half, which is all that is read by
virtual address; user memory is found by walking the tables of its process).
"""
