"""walks.py - lists and trees of a kernel that may be broken

Each walk yields what it finds and reports what is wrong to a Findings, once, then ends.  Three things end a walk
that would not end by itself: an object met twice, a pointer that can not be read, and a limit.
"""
from . import layout, memory

LIMIT = 1 << 20  # more objects than any list of a healthy kernel holds
POISON = {0xdead000000000100: "deleted from a list", 0xdead000000000122: "deleted from a list"}


class Findings:
    """What is wrong, in words; printed by the command that asked."""

    def __init__(self):
        self.texts = []

    def add(self, text):
        self.texts.append(text)

    def __bool__(self):
        return bool(self.texts)

    def __iter__(self):
        return iter(self.texts)


def describe_pointer(address):
    if not address:
        return "NULL"
    return f"{address:#x}" + (f" ({POISON[address]})" if address in POISON else "")


def walk_links(head, findings, what, limit=LIMIT):
    """Addresses of the links of a circular list behind its head."""
    try:
        at = memory.read_word(head)
    except memory.Unreadable as error:
        findings.add(f"{what}: the head can not be read: {error}")
        return
    if not at:
        findings.add(f"{what}: not initialised (its head points to NULL)")
        return
    seen, prev = set(), head
    while at != head:
        if at in seen:
            findings.add(f"{what}: a ring that leaves out the head: {at:#x} comes again after {len(seen)} entries")
            return
        if len(seen) >= limit:
            findings.add(f"{what}: given up after {limit} entries")
            return
        seen.add(at)
        try:
            follow, back = memory.read_word(at), memory.read_word(at + 8)
        except memory.Unreadable:
            findings.add(f"{what}: entry {prev:#x} leads to {describe_pointer(at)}, which can not be read")
            return
        if back != prev:
            findings.add(f"{what}: entry {at:#x} has prev {describe_pointer(back)}, but was reached from {prev:#x}")
        yield at
        prev, at = at, follow
    try:
        back = memory.read_word(head + 8)
    except memory.Unreadable:
        return
    if back != prev:
        findings.add(f"{what}: the head's prev is {describe_pointer(back)}, the last entry {prev:#x}")


def walk_list(head, type_name, member, findings, what, limit=LIMIT):
    """The objects on a list, as Structs."""
    where = layout.offset(type_name, member)
    for link in walk_links(head, findings, what, limit):
        try:
            yield layout.Struct(type_name, link - where)
        except memory.Unreadable as error:
            findings.add(f"{what}: {error}")


def walk_tree(root, type_name, member, findings, what, limit=LIMIT):
    """The objects of a red-black tree in order, as (Struct, depth of black nodes).  @root: address of a node or 0."""
    where = layout.offset(type_name, member)
    stack, seen, node = [], set(), (root, 0, 0)
    while stack or node[0]:
        while node[0]:
            address, parent, black = node
            if address in seen or len(seen) >= limit:
                findings.add(f"{what}: node {address:#x} is met twice" if address in seen else
                             f"{what}: given up after {limit} nodes")
                return
            seen.add(address)
            try:
                link = layout.Struct("struct rb_node", address)
            except memory.Unreadable:
                findings.add(f"{what}: node {parent:#x} leads to {describe_pointer(address)}, "
                             "which can not be read")
                break
            color = memory.read_word(address)
            if color & ~3 != parent:
                findings.add(f"{what}: node {address:#x} has parent {color & ~3:#x}, but hangs below {parent:#x}")
            stack.append((address, link, black + (color & 1)))
            node = (link.rb_left, address, black + (color & 1))
        if not stack:
            return
        address, link, black = stack.pop()
        try:
            yield layout.Struct(type_name, address - where), black
        except memory.Unreadable as error:
            findings.add(f"{what}: {error}")
        node = (link.rb_right, address, black)
