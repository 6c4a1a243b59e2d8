"""check.py - do the structures agree? pw check [buddy|vmas|tables|slabs|memmap]

The kernel's own validators (buddy_check, vma_check, mm_check, slab_check) panic at the first thing that is wrong,
and need a kernel that can run.  These look from outside, at a kernel that stands still, and report all they find.
They name the invariants as the kernel's files do: B1..B4 of mm/page_alloc.c, V1..V5 of mm/vma.c, P1 of mm/check.c,
S1..S5 of mm/slab.c.

A kernel that is stopped in the middle of a change breaks its own invariants, rightly.  So each part first says
which lock is held over what it looks at.
"""
from . import allocators, headers, layout, machine, mappings, memory, pages, tasks, walks

MAX_REPORTS = 20  # of one kind: a damaged structure is wrong in many places at once


class Report:
    """What was looked at, and what is wrong with it."""

    def __init__(self, out):
        self.out, self.problems, self.checked = out, 0, 0

    def part(self, name, count, findings, held=None):
        texts = list(findings)
        note = f"  ({held} is held: a change may be in progress)" if held else ""
        self.out(f"{'BAD' if texts else 'ok '} {name}: {count}{note}")
        for text in texts[:MAX_REPORTS]:
            self.out(f"      {text}")
        if len(texts) > MAX_REPORTS:
            self.out(f"      ... and {len(texts) - MAX_REPORTS} more")
        self.problems += len(texts)
        self.checked += 1


# --- buddy


def check_block(zone, page, order, findings):
    pfn = machine.pfn_of(page.address)
    flags = pages.flag_names(page)
    where = f"B1: block pfn {pfn:#x} on the list of order {order}"
    if "buddy" not in flags or page.private != order:
        findings.add(f"{where} is marked {' '.join(flags) or 'nothing'}, order {page.private}")
    if pfn & (1 << order) - 1:
        findings.add(f"{where} is not aligned to its size")
    if page._refcount:
        findings.add(f"{where} has {page._refcount} references")
    if not zone.start_pfn <= pfn <= zone.start_pfn + zone.spanned_pages - (1 << order):
        findings.add(f"{where} is not inside its zone")
    if order + 1 < len(zone.free_area):
        try:
            buddy = machine.page_of(pfn ^ 1 << order)
        except memory.Unreadable:
            return
        if pages.has(buddy, "buddy") and buddy.private == order and \
                buddy.flags >> headers.PAGE_NODE_SHIFT == page.flags >> headers.PAGE_NODE_SHIFT:
            findings.add(f"B2: block pfn {pfn:#x} of order {order} is free beside its free buddy")


def check_pcp(zone, findings):
    count = 0
    for cpu in machine.cpus():
        stack = allocators.pcp(zone, cpu)
        if stack.count > len(stack.pages):
            findings.add(f"B4: CPU {cpu}'s stack holds {stack.count} pages, its room is {len(stack.pages)}")
            continue
        held = stack.pages[:stack.count]
        count += len(held)
        if len(set(held)) != len(held):
            findings.add(f"B4: a page is twice in CPU {cpu}'s stack")
        for address in held:
            if not machine.is_page_pointer(address):
                findings.add(f"B4: CPU {cpu}'s stack holds {address:#x}, which is no struct page")
                continue
            page = layout.Struct("struct page", address)
            if not pages.has(page, "pcp") or page._refcount:
                findings.add(f"B4: pfn {machine.pfn_of(address):#x} in CPU {cpu}'s stack: flags "
                             f"{' '.join(pages.flag_names(page))}, {page._refcount} references")
    return count


def check_buddy(report):
    findings = walks.Findings()
    found = list(allocators.zones(findings))
    if findings:
        report.part("nodes", f"{len(found)} zones", findings)
    for zone in found:
        findings, total, heads = walks.Findings(), 0, set()
        where = layout.offset("struct page", "lru")
        kind = layout.lookup_type("struct free_area")
        base = zone.address_of("free_area")
        for order, area in enumerate(zone.free_area):
            count = 0
            what = f"B1: free list of order {order}"
            for link in walks.walk_links(base + order * kind.sizeof, findings, what):
                if not machine.is_page_pointer(link - where):
                    findings.add(f"{what}: {link:#x} is in no struct page")
                    break
                if link in heads:
                    findings.add(f"{what}: pfn {machine.pfn_of(link - where):#x} is on two lists")
                heads.add(link)
                check_block(zone, layout.Struct("struct page", link - where), order, findings)
                count += 1
            if count != area.nr_free:
                findings.add(f"B3: {count} blocks of order {order}, nr_free says {area.nr_free}")
            total += count << order
        if total != zone.nr_free:
            findings.add(f"B3: {total} pages on the lists, zone->nr_free is {zone.nr_free}")
        single = check_pcp(zone, findings)
        report.part(f"buddy of node {zone.nid} {allocators.zone_name(zone)}",
                    f"{len(heads)} blocks, {total} pages, {single} in the CPUs' stacks", findings,
                    "its lock" if zone.lock.locked else None)
    if not found:
        report.out("--  buddy: no zones yet")


def check_memmap(report):
    """B1 from the other side: each struct page that says it begins a free block is on a list."""
    listed, findings, size = {}, walks.Findings(), layout.sizeof("struct page")
    where = layout.offset("struct page", "lru")
    found = list(allocators.zones(findings))
    if not found and not findings:
        report.out("--  memory map: no zones yet")
        return
    for zone in found:
        base, step = zone.address_of("free_area"), layout.sizeof("struct free_area")
        for order in range(len(zone.free_area)):
            for link in walks.walk_links(base + order * step, walks.Findings(), ""):
                listed[machine.pfn_of(link - where)] = order
    names = {name: bit for bit, name in layout.enum_names("enum pageflags").items()}
    buddy, looked = 1 << names["PG_buddy"], 0
    memblock = layout.variable("memblock").memory
    for region in memblock.regions[:min(memblock.cnt, len(memblock.regions))]:
        first, last = (region.base + 0xfff) >> 12, (region.base + region.size) >> 12
        for start in range(first, last, 4096):
            count = min(4096, last - start)
            try:
                data = memory.read(headers.VMEMMAP_START + start * size, count * size)
            except memory.Unreadable as error:
                findings.add(f"memory map of pfn {start:#x}: {error}")
                continue
            looked += count
            for i in range(count):
                flags = int.from_bytes(data[i * size:i * size + 8], "little")
                if bool(flags & buddy) != (start + i in listed):
                    findings.add(f"B1: pfn {start + i:#x} is " +
                                 ("marked as a free block, but on no list" if flags & buddy else
                                  "on a free list, but not marked"))
    report.part("memory map", f"{looked} struct pages", findings)


# --- VMAs


def own_gap(vma, prev_end):
    start = vma.vm_start
    if vma.vm_flags & headers.VM_GROWSDOWN:
        start = max(0, start - headers.STACK_GUARD_GAP)
    return min(max(0, start - prev_end), headers.VMA_GAP_CAP)


def check_gaps(found, findings):
    """V3, from each node's stored children."""
    gaps = {vma.address_of("vm_rb"): vma for vma in found}
    prev_end = 0
    for vma in found:
        best = own_gap(vma, prev_end)
        link = vma.vm_rb
        for child in (link.rb_left, link.rb_right):
            if child in gaps:
                best = max(best, gaps[child].rb_subtree_gap)
        if best != vma.rb_subtree_gap:
            findings.add(f"V3: largest gap of {vma.vm_start:#x} is {vma.rb_subtree_gap:#x}, should be {best:#x}")
        prev_end = vma.vm_end


def check_sums(mm, found, findings):
    """V5"""
    sums = dict.fromkeys(("total_vm", "exec_vm", "stack_vm", "data_vm", "locked_vm"), 0)
    stack = headers.VM_GROWSDOWN
    for vma in found:
        count, flags = (vma.vm_end - vma.vm_start) >> 12, vma.vm_flags
        sums["total_vm"] += count
        if flags & (headers.VM_EXEC | headers.VM_WRITE | stack) == headers.VM_EXEC:
            sums["exec_vm"] += count
        elif flags & stack:
            sums["stack_vm"] += count
        elif flags & (headers.VM_WRITE | headers.VM_SHARED) == headers.VM_WRITE:
            sums["data_vm"] += count
        if flags & headers.VM_LOCKED:
            sums["locked_vm"] += count
    for name, value in sums.items():
        if getattr(mm, name) != value:
            findings.add(f"V5: {name} is {getattr(mm, name)}, the mappings give {value}")


def check_order(mm, found, findings):
    """V1 and the list's half of V2"""
    prev, prev_end = 0, 0
    for vma in found:
        where = f"{vma.vm_start:#x}-{vma.vm_end:#x}"
        if vma.vm_start >= vma.vm_end or (vma.vm_start | vma.vm_end) & 0xfff or vma.vm_end > mm.task_size:
            findings.add(f"V1: {where} is no sensible range")
        if vma.vm_start < prev_end:
            findings.add(f"V1: {where} overlaps the mapping before it, or lies below it")
        if vma.vm_prev != prev:
            findings.add(f"V2: {where} has vm_prev {vma.vm_prev:#x}, the mapping before it is {prev:#x}")
        if vma.vm_mm != mm.address:
            findings.add(f"V1: {where} says it belongs to mm {vma.vm_mm:#x}")
        prev, prev_end = vma.address, vma.vm_end
    if mm.highest_vm_end != prev_end:
        findings.add(f"V4: highest_vm_end is {mm.highest_vm_end:#x}, the last mapping ends at {prev_end:#x}")


def check_vmas_of(mm, findings):
    found = list(mappings.vmas(mm, findings))
    check_order(mm, found, findings)
    tree = [vma.address for vma, _ in walks.walk_tree(mm.mm_rb, mappings.VMA, "vm_rb", findings, "V2: VMA tree")]
    listed = [vma.address for vma in found]
    if tree != listed:
        only_tree, only_list = set(tree) - set(listed), set(listed) - set(tree)
        for address in only_tree:
            findings.add(f"V2: mapping {address:#x} is in the tree, but not on the list")
        for address in only_list:
            findings.add(f"V2: mapping {address:#x} is on the list, but not in the tree")
        if not only_tree and not only_list:
            findings.add("V2: list and tree hold the same mappings in different order")
    if mm.map_count != len(found):
        findings.add(f"V2: map_count is {mm.map_count}, the list has {len(found)}")
    check_gaps(found, findings)
    check_sums(mm, found, findings)
    return found


def mms(findings):
    """(mm, its name) of each address space that a process uses."""
    for address, users in tasks.users_of_mms(findings).items():
        try:
            yield layout.Struct("struct mm_struct", address), tasks.name_of_mm(address, {address: users})
        except memory.Unreadable as error:
            findings.add(f"{users[0].comm}[{users[0].pid}]: {error}")


def holder(mm):
    return "mmap_lock" if mm.mmap_lock.count & ~headers.RWSEM_WAITERS else None


def check_vmas(report):
    findings = walks.Findings()
    for mm, name in mms(findings):
        wrong = walks.Findings()
        found = check_vmas_of(mm, wrong)
        report.part(f"VMAs of {name}", f"{len(found)} mappings", wrong, holder(mm))
    if findings:
        report.part("processes", "list of tasks", findings)


# --- page tables


class Tally:
    def __init__(self, mm, vmas, findings):
        self.mm, self.vmas, self.findings = mm, vmas, findings
        self.tables, self.entries, self.rss = 0, 0, [0, 0, 0, 0]
        self.at = 0  # entries come in order, and so do mappings

    def vma_of(self, address):
        while self.at < len(self.vmas) and self.vmas[self.at].vm_end <= address:
            self.at += 1
        vma = self.vmas[self.at] if self.at < len(self.vmas) else None
        return vma if vma and vma.vm_start <= address else None


def check_rights(vma, entry, page):
    """What an entry may not allow; a text, or None."""
    if entry & machine.PRESENT and not entry & machine.USER:
        return "not a user entry"
    if entry & machine.PRESENT and not vma.vm_flags & headers.VM_ACCESS_FLAGS:
        return "accessible in an inaccessible mapping"
    if entry & machine.PRESENT and not entry & machine.NX and not vma.vm_flags & headers.VM_EXEC:
        return "executable, the mapping is not"
    if entry & machine.WRITE and not vma.vm_flags & headers.VM_WRITE:
        return "writable, the mapping is not"
    if entry & machine.WRITE and not vma.vm_flags & headers.VM_SHARED and \
            (page is None or not pages.is_anon(page) or pages.mapcount(page) != 1):
        return "writable, but others may see the page"
    return None


def check_page(vma, address, page):
    bad = {"buddy", "slab", "table", "pcp"} & set(pages.flag_names(page))
    if bad or page.compound_head & 1:
        return f"the frame is in another use ({' '.join(bad) or 'tail of a compound page'})"
    if pages.mapcount(page) < 1 or pages.refcount(page) < pages.mapcount(page):
        return f"{pages.refcount(page)} references, mapped {pages.mapcount(page)} times"
    index = vma.vm_pgoff + ((address - vma.vm_start) >> 12)
    if page.mapping and page.index != index:
        return f"its index is {page.index:#x}, the address gives {index:#x}"
    return None


def check_entry(tally, address, entry):
    tally.entries += 1
    where = f"entry of {address:#x} ({entry:#x})"
    vma = tally.vma_of(address)
    if vma is None:
        tally.findings.add(f"{where}: no mapping there")
        return
    if not machine.pte_present(entry):
        tally.findings.add(f"{where}: a swap entry, but there is no swap")
        return
    page = None
    if not entry & machine.SPECIAL:
        pfn = machine.pte_pfn(entry)
        if pfn >= machine.max_pfn():
            tally.findings.add(f"{where}: leads beyond RAM")
            return
        page = machine.page_of(pfn)
    wrong = check_rights(vma, entry, page) or (page and check_page(vma, address, page))
    if wrong:
        tally.findings.add(f"{where}: {wrong}")
    if page is not None:
        tally.rss[1 if pages.is_anon(page) else 3 if pages.has(page, "swapbacked") else 0] += 1


def check_table_page(tally, physical, start):
    tally.tables += 1
    page = machine.page_of(physical >> 12)
    if not pages.has(page, "table") or page.pt_mm != tally.mm.address:
        tally.findings.add(f"P1: table of {start:#x}, pfn {physical >> 12:#x}: flags "
                           f"{' '.join(pages.flag_names(page))}, owner {page.pt_mm:#x}")


def check_table(tally, physical, level, start, seen):
    """A table and all below it; the user's half of a PGD."""
    if physical in seen or (machine.max_pfn() and physical >> 12 >= machine.max_pfn()):
        tally.findings.add(f"table of {start:#x} at physical {physical:#x} "
                           f"{'is used twice' if physical in seen else 'is no RAM'}")
        return
    seen.add(physical)
    data = memory.read_physical(physical, 4096)
    shift = machine.LEVELS[level][1]
    for index in range(256 if level == 0 else 512):
        entry = int.from_bytes(data[8 * index:8 * index + 8], "little")
        address = start + (index << shift)
        if not entry:
            continue
        if level == 3:
            check_entry(tally, address, entry)
        elif not entry & machine.PRESENT or entry & machine.LARGE:
            tally.findings.add(f"{machine.LEVELS[level][0]} entry of {address:#x} ({entry:#x}) leads to no table")
        else:
            table = entry & headers.PTE_PFN_MASK
            if table >> 12 < machine.max_pfn():
                check_table_page(tally, table, address)
            check_table(tally, table, level + 1, address, seen)


def check_counters(tally):
    mm = tally.mm
    if mm.pgtables_bytes != tally.tables << 12:
        tally.findings.add(f"{tally.tables} table pages, pgtables_bytes is {mm.pgtables_bytes}")
    for kind, name in tasks.RSS_KINDS.items():
        counted = tasks.rss_pages(mm, kind)
        if counted != tally.rss[kind]:
            tally.findings.add(f"rss of {name} pages is {counted}, there are {tally.rss[kind]} entries")


def check_tables(report):
    findings = walks.Findings()
    for mm, name in mms(findings):
        wrong = walks.Findings()
        tally = Tally(mm, list(mappings.vmas(mm, wrong)), wrong)
        try:
            check_table(tally, machine.virt_to_phys(mm.pgd), 0, 0, set())
            check_counters(tally)
        except memory.Unreadable as error:
            wrong.add(str(error))
        report.part(f"page tables of {name}", f"{tally.tables} tables, {tally.entries} entries", wrong, holder(mm))
    if findings:
        report.part("processes", "list of tasks", findings)


# --- slabs


def free_objects(cache, page, at, findings, what):
    """Length of a free list, each entry checked (S3)."""
    base = machine.phys_to_virt(machine.pfn_of(page.address) << 12) + cache.red_left
    seen = set()
    while at:
        if at in seen:
            findings.add(f"S3: {what}: free list is a ring at {at:#x}")
            break
        number, rest = divmod(at - base, cache.size)
        if rest or not 0 <= number < page.slab_objects:
            findings.add(f"S3: {what}: free list leads to {at:#x}, which is no object of the slab")
            break
        seen.add(at)
        at = memory.read_word(at + cache.offset)
    return len(seen)


def check_slab(cache, page, where, frozen, findings):
    """S2 and S3 of one slab; its free objects."""
    what = f"slab at pfn {machine.pfn_of(page.address):#x}, {where}"
    if not pages.has(page, "slab") or page.slab_cache != cache.address or bool(page.slab_frozen) != frozen:
        findings.add(f"S1: {what}: its struct page differs (flags {' '.join(pages.flag_names(page))})")
        return 0
    free = free_objects(cache, page, page.slab_freelist, findings, what)
    if free + page.slab_inuse != page.slab_objects:
        findings.add(f"S3: {what}: {free} free and {page.slab_inuse} in use of {page.slab_objects}")
    if where == "full" and free or where == "partial" and not free:
        findings.add(f"S2: {what}, has {free} free objects")
    return free


def check_cache_node(cache, number, findings):
    """Lists and counts of one node (S4): (objects, free objects)."""
    node = allocators.node_part(cache, number)
    objects = free = slabs = 0
    counted = {"partial": 0, "full": 0}
    for where in counted:
        for page in walks.walk_list(node.address_of(where), "struct page", "slab_list", findings, f"S1: {where} list"):
            if not machine.is_page_pointer(page.address):
                findings.add(f"S1: {where} list leads to {page.address:#x}, which is no struct page")
                break
            free += check_slab(cache, page, where, False, findings)
            objects += page.slab_objects
            counted[where] += 1
    for cpu in machine.cpus():
        part = allocators.cpu_part(cache, cpu)
        if not part.page:
            continue
        page = layout.Struct("struct page", part.page)
        if pages.node(page) != number:
            continue
        what = f"owned by CPU {cpu}"
        free += check_slab(cache, page, what, True, findings)
        free += free_objects(cache, page, part.freelist, findings, what)
        objects += page.slab_objects
        slabs += 1
    slabs += sum(counted.values())
    if slabs != node.nr_slabs or objects != node.total_objects or counted["partial"] != node.nr_partial:
        findings.add(f"S4: node {number} counts {node.nr_slabs} slabs, {node.nr_partial} partial, "
                     f"{node.total_objects} objects; there are {slabs}, {counted['partial']}, {objects}")
    return objects, free


def check_slabs(report):
    findings, caches, objects_seen = walks.Findings(), 0, 0
    for cache in allocators.caches(findings):
        wrong, objects, free = walks.Findings(), 0, 0
        caches += 1
        try:
            for number in range(min(cache.nr_nodes, headers.MAX_NUMNODES)):
                some, unused = check_cache_node(cache, number, wrong)
                objects, free = objects + some, free + unused
            inuse = sum(allocators.cpu_part(cache, cpu).inuse for cpu in machine.cpus())
            if objects - free != inuse:
                wrong.add(f"S5: {objects - free} objects are in use, the CPUs count {inuse}")
        except memory.Unreadable as error:
            wrong.add(str(error))
        objects_seen += objects
        for text in wrong:
            findings.add(f"{allocators.cache_name(cache)}: {text}")
    if caches or findings:
        report.part("slabs", f"{caches} caches, {objects_seen} objects", findings)
    else:
        report.out("--  slabs: no caches yet")


PARTS = {"buddy": check_buddy, "vmas": check_vmas, "tables": check_tables, "slabs": check_slabs,
         "memmap": check_memmap}


def show(names, out):
    report = Report(out)
    for name in names or PARTS:
        try:
            PARTS[name](report)
        except (memory.Unreadable, layout.NoSymbol) as error:
            findings = walks.Findings()
            findings.add(f"can not be checked: {error}")
            report.part(name, "", findings)
    out(f"{report.checked} parts checked, {report.problems} problems")
    return walks.Findings()
