"""faults.py - what the fault handler would do, and why: pw why

The questions of mm/fault.c in their order, each answered from the structures as they are now:

    which mapping?  ->  is it allowed?  ->  what is in the PTE?  ->  one handler

The answer is a Verdict: the handler or the signal, and the steps that lead there.  It is a prediction: it holds
while nothing else changes the address space, and it assumes that memory suffices.
"""
from . import headers, layout, machine, mappings, memory, pages, tables, walks

ACCESS = {"r": ("read", "VM_READ"), "w": ("write", "VM_WRITE"), "x": ("execute", "VM_EXEC")}


class Verdict:
    def __init__(self):
        self.steps = []
        self.result = ""

    def step(self, text):
        self.steps.append(text)

    def end(self, result):
        self.result = result
        return self


def stack_refusal(task, vma, mm, address):
    """Why a stack would not grow to @address, or None; the rules of expand_stack."""
    page = address & headers.PAGE_MASK
    limit = layout.Struct("struct signal_struct", task.signal).rlim[headers.RLIMIT_STACK].rlim_cur
    if page < mm.mmap_min_addr:
        return f"it would reach below mmap_min_addr ({mm.mmap_min_addr:#x})"
    if vma.vm_prev:
        prev = layout.Struct(mappings.VMA, vma.vm_prev)
        guarded = not prev.vm_flags & headers.VM_GROWSDOWN and prev.vm_flags & headers.VM_ACCESS_FLAGS
        if page < prev.vm_end or (guarded and page - prev.vm_end < headers.STACK_GUARD_GAP):
            return f"the guard gap to {mappings.one_line(prev)} would be lost"
    if vma.vm_end - page > limit:
        return f"it would be {vma.vm_end - page} bytes long, RLIMIT_STACK is {limit}"
    return None


def which_mapping(verdict, task, mm, address, findings):
    """Step 1.  The VMA, or None with the verdict given."""
    vma = mappings.find_vma(mm, address, findings)
    if vma is None:
        verdict.step("find_vma: no mapping ends above the address")
    elif vma.vm_start <= address:
        verdict.step(f"find_vma: {mappings.one_line(vma)}")
        return vma
    elif not vma.vm_flags & headers.VM_GROWSDOWN:
        verdict.step(f"find_vma: none contains it; the next above is {mappings.one_line(vma)}, which does not grow")
    else:
        refusal = stack_refusal(task, vma, mm, address)
        if refusal is None:
            verdict.step(f"grow_stack: {mappings.one_line(vma)} grows down to {address & headers.PAGE_MASK:#x}")
            return vma
        verdict.step(f"grow_stack: {mappings.one_line(vma)} may not grow: {refusal}")
    verdict.end("SIGSEGV, si_code SEGV_MAPERR")
    return None


def is_allowed(verdict, vma, want):
    """Step 2.  x86 can not deny reading what may be written or executed."""
    word, flag = ACCESS[want]
    need = headers.VM_ACCESS_FLAGS if want == "r" else getattr(headers, flag)
    if vma.vm_flags & need:
        verdict.step(f"access_allowed: the mapping is {mappings.permissions(vma)}, {word} is allowed")
        return True
    verdict.step(f"access_allowed: the mapping is {mappings.permissions(vma)}, {word} is not allowed")
    verdict.end("SIGSEGV, si_code SEGV_ACCERR")
    return False


def no_entry(verdict, vma, want, address):
    """Step 4, PTE none."""
    if not vma.vm_ops:
        if want == "w":
            return verdict.end("do_anonymous_page (mm/anon.c): a new zeroed page, writable and dirty")
        return verdict.end("do_anonymous_page (mm/anon.c): the zero page, read-only; no page is allocated")
    return file_entry(verdict, vma, want, address)


def object_of(vma):
    """The address_space whose pages the mapping shows, or None (vma_mapping of the kernel)."""
    if vma.vm_file:
        mapping = layout.Struct("struct file", vma.vm_file).f_mapping
        return layout.Struct("struct address_space", mapping) if mapping else None
    if layout.symbol_at(vma.vm_ops) == "anon_shmem_vm_ops":
        return layout.Struct("struct address_space", vma.vm_private_data)
    return None


def file_entry(verdict, vma, want, address):
    ops = layout.Struct("struct vm_operations_struct", vma.vm_ops)
    shared = bool(vma.vm_flags & headers.VM_SHARED)
    if not ops.fault:
        return verdict.end("SIGBUS: the mapping's object has no fault operation (do_file_page, mm/file_fault.c)")
    index = vma.vm_pgoff + ((address - vma.vm_start) >> 12)
    where = "the object"
    mapping = object_of(vma)
    if mapping is not None:
        end = (mapping.i_size + 0xfff) >> 12
        verdict.step(f"page {index:#x} of {mappings.name(vma)}, which has {end:#x} pages ({mapping.i_size} bytes)")
        if index >= end:
            return verdict.end("SIGBUS, si_code BUS_ADRERR: past the end of the file "
                               f"({layout.symbol_at(ops.fault)})")
        page = pages.cached_page(mapping, index)
        where = f"the cached page, pfn {machine.pfn_of(page.address):#x}" if page else \
            "a page that is not cached yet and is read in"
        verdict.step(f"page cache: {where}")
    if want != "w":
        around = "; cached neighbours in its 64 KiB are mapped too" if ops.map_pages else ""
        return verdict.end(f"do_read_fault (mm/file_fault.c): {where} is mapped read-only{around}"
                           if not shared or ops.page_mkwrite else
                           f"do_read_fault (mm/file_fault.c): {where} is mapped{around}")
    if shared:
        return verdict.end(f"do_shared_fault (mm/file_fault.c): {where} is mapped writable and marked dirty")
    return verdict.end(f"do_cow_fault (mm/file_fault.c): a private copy of {where}, writable")


def wp_entry(verdict, vma, entry):
    """Step 4, present and read-only, and a write: do_wp_page."""
    pfn = machine.pte_pfn(entry)
    if vma.vm_flags & headers.VM_SHARED:
        return verdict.end("do_wp_page (mm/cow.c): wp_page_shared makes the same page writable, and marks it dirty")
    if entry & machine.SPECIAL:
        verdict.step(f"pfn {pfn:#x} is not accounted to anyone: the zero page, or a special mapping")
        return verdict.end("do_wp_page (mm/cow.c): COW: wp_page_copy gives a new zeroed page, writable")
    page = machine.page_of(pfn)
    refs, maps = pages.refcount(page), pages.mapcount(page)
    verdict.step(f"pfn {pfn:#x}: {refs} references, mapped {maps} times")
    if not pages.is_anon(page):
        return verdict.end("do_wp_page (mm/cow.c): COW: the page is the file's; wp_page_copy makes a private copy")
    waiting = pages.in_lru_batch(page.address)
    if refs == 1:
        return verdict.end("do_wp_page (mm/cow.c): reuse: nobody else refers to the page; it becomes writable")
    if refs == 2 and waiting is not None and waiting == machine.this_cpu():
        verdict.step("one reference is this CPU's LRU batch, which is drained first")
        return verdict.end("do_wp_page (mm/cow.c): reuse: nobody else refers to the page; it becomes writable")
    return verdict.end("do_wp_page (mm/cow.c): COW: others refer to the page; wp_page_copy makes a copy, writable")


def entry_case(verdict, vma, want, address, levels):
    """Step 4."""
    last = levels[-1]
    entry = last.entry
    if entry is None:
        return verdict.end(f"panic, most likely: {last.name} can not be read, the page tables are corrupt")
    if last.name != "PTE":
        if entry & machine.PRESENT:
            return verdict.end(f"unexpected: a large page ({last.name}) in a user mapping")
        verdict.step(f"walk: {last.name}[{last.index}] is empty; the tables below it are allocated first")
        return no_entry(verdict, vma, want, address)
    verdict.step(f"walk: PTE[{last.index}] is {entry:#018x}, {machine.letters(entry)}")
    if not entry:
        return no_entry(verdict, vma, want, address)
    if not machine.pte_present(entry):
        return verdict.end("unexpected: a swap entry, but there is no swap: SIGBUS, or panic in a debug build")
    if machine.max_pfn() and machine.pte_pfn(entry) >= machine.max_pfn():
        return verdict.end("panic, most likely: the entry leads beyond RAM, the page tables are corrupt")
    if want == "w" and not entry & machine.WRITE:
        return wp_entry(verdict, vma, entry)
    refusal = tables.denial(levels, want)
    if refusal is None:
        return verdict.end("no fault: the entry allows the access (a CPU with an older entry in its TLB takes "
                           "spurious_fault, and tries again)")
    return verdict.end(f"spurious_fault for ever: {refusal}, but the mapping allows it: tables and VMA disagree")


def why(task, mm, address, want, findings):
    verdict = Verdict()
    if not tables.is_canonical(address):
        return verdict.end("no page fault: the address is not canonical: #GP, SIGSEGV with SI_KERNEL")
    if address >= headers.TASK_SIZE_MAX:
        verdict.step("the address is not the user's: TASK_SIZE_MAX is "
                     f"{headers.TASK_SIZE_MAX:#x}")
        if address & ~0xc00 == headers.VSYSCALL_ADDR and want == "x":
            return verdict.end("emulate_vsyscall (kernel/vsyscall.c), if the page is enabled and was called at its begin")
        return verdict.end("SIGSEGV, si_code SEGV_MAPERR")
    if mm is None:
        return verdict.end("panic: a task without user memory touched a user address")
    vma = which_mapping(verdict, task, mm, address, findings)
    if vma is None or not is_allowed(verdict, vma, want):
        return verdict
    try:
        levels = machine.walk(machine.virt_to_phys(mm.pgd), address)
        return entry_case(verdict, vma, want, address, levels)
    except memory.Unreadable as error:
        return verdict.end(f"can not be told: {error}")


def show(task, mm, address, want, out):
    findings = walks.Findings()
    verdict = why(task, mm, address, want, findings)
    out(f"{ACCESS[want][0]} of {address:#x} by {task.comm}[{task.pid}] in user mode")
    for number, step in enumerate(verdict.steps, 1):
        out(f"  {number}. {step}")
    out(f"  => {verdict.result}")
    return findings
