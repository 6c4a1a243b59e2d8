"""printers.py - print *mm, *vma, *page: a line that says what matters

`print/r` shows all fields, as without these.
"""
import gdb
import gdb.printing

from . import headers, layout, machine, mappings, memory, pages, walks


def struct_of(value):
    """The same object as a Struct, from gdb's copy of it when it lies in no memory."""
    kind = value.type.strip_typedefs()
    if value.address is not None:
        return layout.Struct(kind, int(value.address) & headers.WORD)
    raise memory.Unreadable(0, "a value that is nowhere")


class Line:
    """A printer made of a function from Struct to text; what can not be read is said in the text."""

    def __init__(self, value, describe):
        self.value, self.describe = value, describe

    def to_string(self):
        try:
            return self.describe(self.value)
        except (memory.Unreadable, layout.NoSymbol, gdb.error, AttributeError) as error:
            return f"{{{self.value.type}: {error}}}"


def mm_struct(value):
    mm = struct_of(value)
    return (f"{{mm_struct {mm.address:#x}: pgd {mm.pgd:#x}, {mm.map_count} mappings, {mm.total_vm} pages, "
            f"users {mm.mm_users}, count {mm.mm_count}, heap {mm.start_brk:#x}-{mm.brk:#x}}}")


def vm_area_struct(value):
    return "{" + mappings.one_line(struct_of(value)) + "}"


def page(value):
    it = struct_of(value)
    if not machine.is_page_pointer(it.address):
        return f"{{page outside the memory map: flags {it.flags:#x}}}"
    pfn = machine.pfn_of(it.address)
    return (f"{{page pfn {pfn:#x}: {pages.describe_use(it, pfn)}; {' '.join(pages.flag_names(it)) or 'no flags'}; "
            f"{pages.refcount(it)} references, mapped {pages.mapcount(it)} times}}")


def task_struct(value):
    task = struct_of(value)
    mm = f"mm {task.mm:#x}" if task.mm else "no mm"
    return f"{{task {task.comm}[{task.pid}], state {task.state:#x}, {mm}, stack {task.stack:#x}}}"


def list_head(value):
    link = struct_of(value)
    if link.next == link.address:
        return "{empty list}"
    findings = walks.Findings()
    count = sum(1 for _ in walks.walk_links(link.address, findings, "list", 10000))
    wrong = f", but {list(findings)[0]}" if findings else ""
    return f"{{list of {count}, next {link.next:#x}, prev {link.prev:#x}{wrong}}}"


def rb_root(value):
    root, findings = int(value["rb_node"]), walks.Findings()
    count = sum(1 for _ in walks.walk_tree(root, "struct rb_node", "__rb_parent_color", findings, "tree", 10000))
    wrong = f", but {list(findings)[0]}" if findings else ""
    return f"{{tree of {count}, root {root:#x}{wrong}}}"


def counter(value):
    return str(int(value["counter"]))


def entry_printer(name):
    def describe(value):
        entry = int(value[name])
        if not entry:
            return f"{{{name} none}}"
        return f"{{{name} {entry:#x}: pfn {machine.pte_pfn(entry):#x} {machine.letters(entry)}}}"
    return describe


PRINTERS = {"mm_struct": mm_struct, "vm_area_struct": vm_area_struct, "page": page, "task_struct": task_struct,
            "list_head": list_head, "rb_root": rb_root, "atomic_t": counter, "atomic_long_t": counter,
            "pte_t": entry_printer("pte"), "pmd_t": entry_printer("pmd"), "pud_t": entry_printer("pud"),
            "pgd_t": entry_printer("pgd")}


class Lookup:
    """gdb asks it for each value that is printed."""
    name, enabled = "pagewalk", True

    def __call__(self, value):
        names = (value.type.name, value.type.strip_typedefs().tag)
        for name in names:
            if name in PRINTERS:
                return Line(value, PRINTERS[name])
        return None


def register():
    gdb.printing.register_pretty_printer(None, Lookup(), replace=True)
