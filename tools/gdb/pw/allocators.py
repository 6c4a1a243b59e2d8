"""allocators.py - free pages and kernel objects: pw buddy, pw slabs"""
from . import headers, layout, machine, memory, walks


def zones(findings):
    """Zones that have RAM, of every node."""
    count = layout.variable("nr_online_nodes")
    if count > headers.MAX_NUMNODES:
        findings.add(f"nr_online_nodes is {count}")
        return
    for address in layout.variable("node_data")[:count]:
        try:
            node = layout.Struct("struct pglist_data", address)
        except memory.Unreadable as error:
            findings.add(f"node: {error}")
            continue
        yield from (zone for zone in node.zones if zone.present_pages)


def zone_name(zone):
    try:
        return memory.read_string(zone.name)
    except memory.Unreadable:
        return f"zone {zone.idx}"


def pcp(zone, cpu):
    kind = layout.lookup_type("struct per_cpu_pages")
    return layout.Struct(kind, zone.pcp + cpu * kind.sizeof)


def pcp_count(zone, findings):
    total = 0
    for cpu in machine.cpus():
        try:
            total += pcp(zone, cpu).count
        except memory.Unreadable as error:
            findings.add(f"stack of single pages of CPU {cpu}: {error}")
    return total


def show_buddy(out):
    findings = walks.Findings()
    found = list(zones(findings))
    if not found:
        out("no zones yet: mem_init has not run")
        return findings
    orders = range(len(found[0].free_area))
    out(f"{'node zone':12}" + "".join(f"{order:>7}" for order in orders) + "   per CPU     free  managed  "
        "min/low/high")
    for zone in found:
        counts = "".join(f"{area.nr_free:7}" for area in zone.free_area)
        marks = "/".join(str(mark) for mark in zone.watermark)
        out(f"{zone.nid:4} {zone_name(zone):7}{counts}   {pcp_count(zone, findings):7} {zone.nr_free:8} "
            f"{zone.managed_pages:8}  {marks}")
        if zone.lock.locked:
            out("     (its lock is held: the numbers may be in the middle of a change)")
    out("columns: free blocks of 2^order pages; then single pages in the CPUs' stacks; all in pages")
    return findings


# --- slabs


def caches(findings):
    return walks.walk_list(layout.variable_address("slab_caches"), "struct kmem_cache", "list", findings,
                           "list of slab caches", 4096)


def cpu_part(cache, cpu):
    return cache.element("cpu", cpu)


def node_part(cache, node):
    kind = layout.lookup_type("struct kmem_cache_node")
    return layout.Struct(kind, cache.node + node * kind.sizeof)


def cache_name(cache):
    try:
        return memory.read_string(cache.name)
    except memory.Unreadable:
        return f"cache {cache.address:#x}"


def show_slabs(out):
    findings = walks.Findings()
    out(f"{'cache':24} {'size':>6} {'object':>6} {'in use':>8} {'total':>8} {'slabs':>6} {'partial':>7} "
        f"{'empty':>5} {'pages':>6}  kmem_cache")
    count = 0
    for cache in caches(findings):
        count += 1
        try:
            inuse = sum(cpu_part(cache, cpu).inuse for cpu in machine.cpus())
            nodes = [node_part(cache, node) for node in range(min(cache.nr_nodes, headers.MAX_NUMNODES))]
        except memory.Unreadable as error:
            findings.add(f"{cache_name(cache)}: {error}")
            continue
        sums = [sum(getattr(n, field) for n in nodes)
                for field in ("total_objects", "nr_slabs", "nr_partial", "nr_empty", "nr_pages")]
        out(f"{cache_name(cache):24} {cache.size:6} {cache.object_size:6} {inuse:8} {sums[0]:8} {sums[1]:6} "
            f"{sums[2]:7} {sums[3]:5} {sums[4]:6}  {cache.address:#x}")
    if not count:
        out("no caches yet: kmem_cache_init has not run")
    return findings
