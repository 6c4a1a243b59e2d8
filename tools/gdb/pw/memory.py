"""memory.py - bytes of the stopped machine

A virtual address is read through the page tables of the current CPU.  Where those do not serve, before paging is
on or after the tables were damaged, an address in the kernel image or the direct map is still known to be a
constant away from its physical address, and the emulator reads that.
"""
import struct

import gdb

from . import headers


class Unreadable(Exception):
    def __init__(self, address, why="unreadable"):
        super().__init__(f"memory at {address:#x} is {why}")
        self.address = address


IMAGE_SIZE = 1 << 30  # the kernel image lies within the first GiB of its window


def _read(address, length):
    return bytes(gdb.selected_inferior().read_memory(address, length))


def _physical_mode(on):
    answer = gdb.execute(f"maintenance packet Qqemu.PhyMemMode:{on:d}", to_string=True)
    return '"OK"' in answer


def read_physical(address, length):
    """By physical address; the direct map first, for it works with any stub."""
    try:
        return _read(headers.PAGE_OFFSET + address, length)
    except gdb.MemoryError:
        pass
    try:
        if not _physical_mode(True):
            raise Unreadable(address, "not mapped, and the stub does not read physical memory")
    except gdb.error as error:
        raise Unreadable(address) from error
    try:
        return _read(address, length)
    except gdb.MemoryError as error:
        raise Unreadable(address, "no physical memory") from error
    finally:
        _physical_mode(False)


def linear_to_physical(address):
    """Of an address whose physical address is a matter of subtraction; else None."""
    if headers.KERNEL_BASE <= address < headers.KERNEL_BASE + IMAGE_SIZE:
        return address - headers.KERNEL_BASE
    return None


def read(address, length):
    address &= (1 << 64) - 1
    if not 0 <= length <= 1 << 24 or address + length > 1 << 64:
        raise Unreadable(address, f"no sensible place for {length} bytes")
    try:
        return _read(address, length)
    except (gdb.MemoryError, OverflowError, ValueError):
        physical = linear_to_physical(address)
        if physical is None:
            raise Unreadable(address) from None
    return read_physical(physical, length)


def read_word(address):
    return struct.unpack("<Q", read(address, 8))[0]


def read_string(address, limit=256):
    """Text up to a NUL.  Bytes that are no printable text are shown as escapes."""
    if not address:
        return "(null)"
    data = b""
    while len(data) < limit and b"\0" not in data:
        step = min(limit - len(data), 64, 4096 - (address + len(data)) % 4096)
        data += read(address + len(data), step)
    return printable(data.split(b"\0")[0])


def printable(data):
    return "".join(chr(c) if 0x20 <= c < 0x7f else f"\\x{c:02x}" for c in data)
