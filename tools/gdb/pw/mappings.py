"""mappings.py - the VMAs of an address space: pw maps, pw vma

The list gives them in order, the tree must agree (pw check).  A walk here is bounded by what the mm itself counts,
with room for a count that is wrong.
"""
from . import headers, layout, memory, walks

VMA = "struct vm_area_struct"


def vmas(mm, findings):
    """In the order of addresses, by the list."""
    at, prev, seen = mm.mmap, 0, set()
    while at:
        if at in seen:
            findings.add(f"VMA list: a ring: {at:#x} comes again after {len(seen)} mappings")
            return
        if len(seen) > 100000:
            findings.add(f"VMA list: given up after {len(seen)} mappings")
            return
        try:
            vma = layout.Struct(VMA, at)
        except memory.Unreadable:
            findings.add(f"VMA list: mapping {prev:#x} leads to {walks.describe_pointer(at)}, which can not be read")
            return
        seen.add(at)
        yield vma
        prev, at = at, vma.vm_next


def find_vma(mm, address, findings):
    """The lowest mapping that ends above @address, as the kernel's find_vma; it may begin above."""
    return next((vma for vma in vmas(mm, findings) if vma.vm_end > address), None)


def permissions(vma):
    flags = vma.vm_flags
    return "".join(letter if flags & bit else "-" for bit, letter in
                   ((headers.VM_READ, "r"), (headers.VM_WRITE, "w"), (headers.VM_EXEC, "x"))) + \
        ("s" if flags & headers.VM_MAYSHARE else "p")


def flag_names(vma):
    names = headers.flags("VM_", "mm/mm_types.h")
    return " ".join(name.lower() for name, bit in names.items() if vma.vm_flags & bit)


def path_name(path, depth=64):
    """A file's name from the root of its outermost mount."""
    parts, mnt = [], path.mnt
    at = path.dentry
    for _ in range(depth):
        dentry = layout.Struct("struct dentry", at)
        if mnt:
            mount = layout.Struct("struct mount", mnt)
            if at == mount.root and mount.parent and mount.parent != mnt:
                at, mnt = mount.mountpoint, mount.parent
                continue
        if dentry.d_parent in (at, 0):
            if not parts:  # the root, or an object outside any tree
                parts.append(memory.read_string(dentry.d_name.name).strip("/"))
            break
        parts.append(memory.read_string(dentry.d_name.name))
        at = dentry.d_parent
    return "/" + "/".join(reversed(parts))


def file_name(address):
    try:
        return path_name(layout.Struct("struct file", address).f_path)
    except memory.Unreadable as error:
        return f"(file {address:#x}: {error})"


def special_name(vma):
    """Of a mapping that a driver or the kernel itself made: the name is where its operations keep it."""
    ops = layout.symbol_at(vma.vm_ops)
    if ops == "special_mapping_vm_ops":
        return memory.read_string(layout.Struct("struct vm_special_mapping", vma.vm_private_data).name)
    if ops == "anon_shmem_vm_ops":
        return "/dev/zero (deleted)"
    return f"({ops})"


def name(vma):
    try:
        if vma.vm_file:
            return file_name(vma.vm_file)
        if vma.vm_ops:
            return special_name(vma)
        mm = layout.Struct("struct mm_struct", vma.vm_mm)
        if vma.vm_start <= mm.brk and vma.vm_end >= mm.start_brk:
            return "[heap]"
        if vma.vm_start <= mm.start_stack <= vma.vm_end:
            return "[stack]"
    except (memory.Unreadable, layout.NoSymbol) as error:
        return f"(no name: {error})"
    return ""


def one_line(vma):
    pgoff = vma.vm_pgoff << 12 if vma.vm_file else 0
    return f"{vma.vm_start:08x}-{vma.vm_end:08x} {permissions(vma)} {pgoff:08x} {name(vma)}".rstrip()


def show_maps(task, mm, out):
    findings = walks.Findings()
    out(f"{task.comm}[{task.pid}]: mm {mm.address:#x}, pgd {mm.pgd:#x}, {mm.map_count} mappings, "
        f"{mm.total_vm} pages")
    count = 0
    for vma in vmas(mm, findings):
        out(f"{one_line(vma):<90} {vma.address:#x}")
        count += 1
    if count != mm.map_count:
        findings.add(f"{count} mappings on the list, map_count is {mm.map_count}")
    return findings


def show_vma(vma, out):
    out(one_line(vma))
    out(f"  vm_area_struct {vma.address:#x} of mm {vma.vm_mm:#x}, {(vma.vm_end - vma.vm_start) >> 12} pages")
    out(f"  flags      {vma.vm_flags:#x}: {flag_names(vma)}")
    out(f"  fresh PTE  {vma.vm_page_prot:#x}, page offset {vma.vm_pgoff:#x}")
    out(f"  neighbours prev {vma.vm_prev:#x}, next {vma.vm_next:#x}; largest gap below in its subtree "
        f"{vma.rb_subtree_gap:#x}")
    out(f"  operations {layout.symbol_at(vma.vm_ops) if vma.vm_ops else 'none: anonymous'}")
    findings = walks.Findings()
    chain = list(walks.walk_list(vma.address_of("anon_vma_chain"), "struct anon_vma_chain", "same_vma", findings,
                                 "anon_vma chain"))
    owners = ", ".join(f"{avc.anon_vma:#x}{' (own)' if avc.anon_vma == vma.anon_vma else ''}" for avc in chain)
    out(f"  anon_vma   {owners or 'none: no page of its own yet'}")
    return findings
