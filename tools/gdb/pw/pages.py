"""pages.py - struct page, and from a page to those who map it: pw page

What the words of a struct page mean depends on the use of the frame, so the use is found first (include/mm/page.h
has the table).  For a page that processes may map, the reverse map is walked as mm/rmap.c does, and each place it
names is looked up in the page tables: the places where the page really is must be as many as its map count.
"""
from . import headers, layout, machine, mappings, memory, tasks, walks


def flag_names(page):
    return [name[3:] for bit, name in sorted(layout.enum_names("enum pageflags").items())
            if name != "NR_PAGEFLAGS" and page.flags >> bit & 1]


def has(page, flag):
    return flag in flag_names(page)


def zone_index(page):
    return page.flags >> headers.PAGE_ZONE_SHIFT & 3


def node(page):
    return page.flags >> headers.PAGE_NODE_SHIFT & headers.PAGE_NODE_MASK


def refcount(page):
    return page._refcount


def mapcount(page):
    return page._mapcount + 1


def is_anon(page):
    return bool(page.mapping & headers.PAGE_MAPPING_ANON)


def in_lru_batch(address):
    """The CPU whose batch of pages on their way to an LRU list holds this one, or None."""
    for cpu in machine.cpus():
        batch = machine.per_cpu("lru_add_batch", cpu)
        if address in batch.slot[:min(batch.nr, len(batch.slot))]:
            return cpu
    return None


def cached_page(mapping, index):
    """The page of a file at an index, or None: a walk down the radix tree of mm/index_tree.c."""
    at = mapping.tree
    for _ in range(12):
        if not at:
            return None
        node_ = layout.Struct("struct index_node", at)
        if index >> node_.shift >= 64 and at == mapping.tree:
            return None  # the tree is not that high
        at = node_.slots[index >> node_.shift & 63]
        if not node_.shift:
            return layout.Struct("struct page", at) if at else None
    return None


def describe_use(page, pfn):
    """What the frame is used for, and the words that say so."""
    flags = flag_names(page)
    if page.compound_head & 1:
        head = page.compound_head - 1
        return f"tail of the compound page at pfn {machine.pfn_of(head):#x}"
    if "buddy" in flags:
        return f"free: a block of 2^{page.private} pages" if page.private <= 10 else \
            f"free, but of an impossible order {page.private}"
    if "pcp" in flags:
        return "free: in a CPU's stack of single pages"
    if "slab" in flags:
        return describe_slab(page)
    if "table" in flags:
        users = tasks.users_of_mms(walks.Findings())
        owner = tasks.name_of_mm(page.pt_mm, users) if page.pt_mm else "the kernel"
        return f"page table of {owner}"
    for flag, use in (("kstack", "kernel stack"), ("vmalloc", "vmalloc area")):
        if flag in flags:
            return use
    if page.mapping:
        return "anonymous memory" if is_anon(page) else "page cache"
    if "reserved" in flags:
        return "reserved: the kernel image, the memory map, firmware"
    return "in use by the kernel" if refcount(page) > 0 else "no use: free, and on its way to a list"


def describe_slab(page):
    try:
        cache = layout.Struct("struct kmem_cache", page.slab_cache)
        owner = memory.read_string(cache.name)
    except memory.Unreadable as error:
        return f"slab, but its cache is broken: {error}"
    state = "owned by a CPU" if page.slab_frozen else f"{page.slab_inuse} in use"
    return f"slab of {owner}: {page.slab_objects} objects of {cache.size} bytes, {state}"


# --- reverse map


def interval(vma):
    first = vma.vm_pgoff
    return first, first + ((vma.vm_end - vma.vm_start) >> 12) - 1


def candidates(page, findings):
    """The VMAs in which the page may be mapped."""
    mapping = page.mapping
    if is_anon(page):
        anon_vma = layout.Struct("struct anon_vma", mapping & ~3)
        for avc, _ in walks.walk_tree(anon_vma.rb_root.rb_root, "struct anon_vma_chain", "rb", findings,
                                      f"tree of anon_vma {anon_vma.address:#x}"):
            try:
                yield layout.Struct(mappings.VMA, avc.vma)
            except memory.Unreadable as error:
                findings.add(f"anon_vma_chain {avc.address:#x}: {error}")
        return
    space = layout.Struct("struct address_space", mapping)
    for vma, _ in walks.walk_tree(space.i_mmap.rb_root, mappings.VMA, "shared.rb", findings,
                                  f"i_mmap of address_space {mapping:#x}"):
        yield vma


def mapped_at(page, findings):
    """(vma, address, entry) of each page-table entry that maps the page."""
    pfn = machine.pfn_of(page.address)
    for vma in candidates(page, findings):
        first, last = interval(vma)
        if not first <= page.index <= last:
            continue
        address = vma.vm_start + ((page.index - first) << 12)
        try:
            mm = layout.Struct("struct mm_struct", vma.vm_mm)
            entry = machine.leaf(machine.walk(machine.virt_to_phys(mm.pgd), address))
        except memory.Unreadable as error:
            findings.add(f"VMA {vma.address:#x} at {address:#x}: {error}")
            continue
        if entry is not None and machine.pte_present(entry) and machine.pte_pfn(entry) == pfn:
            yield vma, address, entry


def show_rmap(page, out, findings):
    users = tasks.users_of_mms(findings)
    count = 0
    for vma, address, entry in mapped_at(page, findings):
        out(f"  mapped     at {address:#x} by {tasks.name_of_mm(vma.vm_mm, users)}, {machine.letters(entry)}, in "
            f"{mappings.one_line(vma)}")
        count += 1
    if count != mapcount(page):
        findings.add(f"the reverse map finds {count} entries, the map count is {mapcount(page)}")


def zone_name(page):
    try:
        zone = layout.variable("zone_table")[page.flags >> headers.PAGE_NODE_SHIFT]
        return memory.read_string(layout.Struct("struct zone", zone).name) if zone else "no zone"
    except (memory.Unreadable, IndexError) as error:
        return f"zone {zone_index(page)} ({error})"


def show(pfn, out):
    findings = walks.Findings()
    limit = machine.max_pfn()
    if limit and pfn >= limit:
        findings.add(f"pfn {pfn:#x} is beyond the last frame, {limit - 1:#x}")
        return findings
    page = machine.page_of(pfn)
    out(f"pfn {pfn:#x}: physical {pfn << 12:#x}, struct page {page.address:#x}")
    if machine.is_ram(pfn) is False:
        out("  no RAM, by what memblock knows")
    out(f"  use        {describe_use(page, pfn)}")
    out(f"  place      node {node(page)}, zone {zone_name(page)}")
    out(f"  flags      {page.flags:#x}: {' '.join(flag_names(page)) or 'none'}")
    out(f"  counts     {refcount(page)} references, mapped {mapcount(page)} times")
    flags = flag_names(page)
    if page.compound_head & 1 or {"buddy", "pcp", "slab", "table", "reserved"} & set(flags) or not page.mapping:
        return findings
    kind = "anon_vma" if is_anon(page) else "address_space"
    out(f"  mapping    {kind} {page.mapping & ~3:#x}, index {page.index:#x}")
    cpu = in_lru_batch(page.address)
    if cpu is not None:
        out(f"  LRU        waits in CPU {cpu}'s batch, which holds one reference")
    show_rmap(page, out, findings)
    return findings
