"""log.py - the kernel's log: pw log [COUNT]

The ring of kernel/printk.c: records back to back, a header and a text each, from first_pos to next_pos.
"""
from . import layout, memory, walks

FILE = "kernel/printk.c"


def records(findings):
    """(seconds, level, text) of each record that is still in the ring, oldest first."""
    size = len_of_ring()
    base = layout.variable_address("log_buf", FILE)
    first, last = layout.variable("first_pos", FILE), layout.variable("next_pos", FILE)
    if not 0 <= last - first <= size:
        findings.add(f"log: positions {first} to {last} do not fit a ring of {size} bytes")
        return
    ring = memory.read(base, size)
    take = lambda at, length: bytes(ring[(at + i) % size] for i in range(length))
    header = layout.fields(layout.lookup_type("struct record_header"))
    header_size = layout.sizeof("struct record_header")
    while first < last:
        head = take(first, header_size)
        number = lambda name, width: int.from_bytes(head[header[name][0]:header[name][0] + width], "little")
        length = number("len", 2)
        if first + header_size + length > last:
            findings.add(f"log: the record at {first} is {length} bytes long and leaves the ring")
            return
        yield number("time_ns", 8) / 1e9, number("level", 1), memory.printable(take(first + header_size, length))
        first += header_size + length


def len_of_ring():
    symbol = layout._symbol("log_buf", FILE)
    if symbol is None:
        raise layout.NoSymbol("no variable log_buf in the symbols that are loaded")
    return symbol.type.sizeof


def show(count, out):
    findings = walks.Findings()
    lines = list(records(findings))
    for seconds, level, text in lines[-count:] if count else lines:
        out(f"<{level}>[{seconds:12.6f}] {text}")
    if not lines:
        out("the log is empty")
    return findings
