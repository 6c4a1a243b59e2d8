"""layout.py - structs of the kernel as Python objects

    task = Struct("struct task_struct", address)
    task.comm, task.pid, task.se.vruntime

The whole struct is read at once, so that its fields are of one moment and cost one packet; where the debug
information says a field is, it is.  A pointer is its address as a number: what it points to is named by the one
who follows it.  A struct that wraps one word (atomic_t, pte_t, struct rb_root) is read as that word.
"""
import gdb

from . import memory

INTEGERS = {gdb.TYPE_CODE_INT, gdb.TYPE_CODE_ENUM, gdb.TYPE_CODE_BOOL, gdb.TYPE_CODE_CHAR, gdb.TYPE_CODE_PTR}
COMPOUND = {gdb.TYPE_CODE_STRUCT, gdb.TYPE_CODE_UNION}


class NoSymbol(Exception):
    """The kernel's debug information lacks a name: another version, or a stripped file."""


_types, _fields = {}, {}


def forget():
    """Another kernel was loaded: its layouts may differ."""
    _types.clear()
    _fields.clear()


def lookup_type(name):
    if name not in _types:
        try:
            _types[name] = gdb.lookup_type(name).strip_typedefs()
        except gdb.error:
            raise NoSymbol(f"no type {name} in the symbols that are loaded") from None
    return _types[name]


def _collect(kind, base, out):
    for field in kind.fields():
        if not hasattr(field, "bitpos"):
            continue
        inner = field.type.strip_typedefs()
        if not field.name and inner.code in COMPOUND:
            _collect(inner, base + field.bitpos // 8, out)
        elif field.name:
            out[field.name] = (base + field.bitpos // 8, inner)
    return out


def fields(kind):
    """{name: (offset, type)}, with the members of unnamed structs and unions among them."""
    if kind.tag is None:
        return _collect(kind, 0, {})
    key = (kind.code, kind.tag)
    if key not in _fields:
        _fields[key] = _collect(kind, 0, {})
    return _fields[key]


def offset(type_name, path):
    """Bytes from the begin of a struct to a member; "shared.rb" names a member's member."""
    kind, where = lookup_type(type_name), 0
    for name in path.split("."):
        if name not in fields(kind):
            raise NoSymbol(f"{type_name} has no member {path}")
        step, kind = fields(kind)[name]
        where += step
    return where


def sizeof(type_name):
    return lookup_type(type_name).sizeof


def _array(kind, address, data):
    low, high = kind.range()
    element = kind.target().strip_typedefs()
    if element.sizeof == 1 and element.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR) and "char" in str(element):
        return memory.printable(data.split(b"\0")[0])
    size = element.sizeof
    return [decode(element, address + i * size, data[i * size:(i + 1) * size]) for i in range(high - low + 1)]


def decode(kind, address, data):
    if kind.code in INTEGERS:
        signed = kind.code in (gdb.TYPE_CODE_INT, gdb.TYPE_CODE_CHAR) and kind.is_signed
        return int.from_bytes(data[:kind.sizeof], "little", signed=signed)
    if kind.code == gdb.TYPE_CODE_ARRAY:
        return _array(kind, address, data)
    if kind.code in COMPOUND:
        members = list(fields(kind).values())
        if len(members) == 1 and members[0][0] == 0 and members[0][1].code in INTEGERS:
            return decode(members[0][1], address, data)
        return Struct(kind, address, data)
    raise NoSymbol(f"a {kind} can not be read as a value")


class Struct:
    def __init__(self, kind, address, data=None):
        self._type = lookup_type(kind) if isinstance(kind, str) else kind
        self._address = int(address)
        if data is None:
            if not address:
                raise memory.Unreadable(0, f"where a {self._type} should be: a NULL pointer")
            data = memory.read(self._address, self._type.sizeof)
        self._data = data

    @property
    def address(self):
        return self._address

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        member = fields(self._type).get(name)
        if not member:
            raise NoSymbol(f"{self._type} has no member {name}")
        where, kind = member
        return decode(kind, self._address + where, self._data[where:where + kind.sizeof])

    def has(self, name):
        return name in fields(self._type)

    def address_of(self, name):
        return self._address + fields(self._type)[name][0]

    def element(self, name, index):
        """An element of an array at the end of the struct, whose length only the kernel knows."""
        where, kind = fields(self._type)[name]
        element = kind.target().strip_typedefs()
        address = self._address + where + index * element.sizeof
        return decode(element, address, memory.read(address, element.sizeof))

    def __eq__(self, other):
        return isinstance(other, Struct) and self._address == other._address

    def __hash__(self):
        return hash(self._address)


def _symbol(name, file):
    if not file:
        found = gdb.lookup_global_symbol(name) or gdb.lookup_static_symbol(name)
        return found
    for symbol in gdb.lookup_static_symbols(name):
        if symbol.symtab and symbol.symtab.filename.endswith(file):
            return symbol
    return None


def variable_address(name, file=None):
    """Of a global or static variable, whatever frame is selected; @file tells statics of one name apart."""
    symbol = _symbol(name, file)
    if symbol is None:
        raise NoSymbol(f"no variable {name} in the symbols that are loaded")
    return int(symbol.value().address) & ((1 << 64) - 1)


def variable(name, file=None, cpu_offset=0):
    """Its value: a number, a list, a string or a Struct."""
    symbol = _symbol(name, file)
    if symbol is None:
        raise NoSymbol(f"no variable {name} in the symbols that are loaded")
    kind = symbol.type.strip_typedefs()
    address = (int(symbol.value().address) + cpu_offset) & ((1 << 64) - 1)
    return decode(kind, address, memory.read(address, kind.sizeof))


def enum_names(type_name):
    """{value: name}; of several names for one value the first."""
    names = {}
    for field in lookup_type(type_name).fields():
        names.setdefault(field.enumval, field.name)
    return names


def symbol_at(address):
    """name or name+offset of the kernel's symbol at an address; the number when it has none."""
    try:
        text = gdb.execute(f"info symbol {address:#x}", to_string=True)
    except gdb.error:
        return f"{address:#x}"
    if text.startswith("No symbol"):
        return f"{address:#x}"
    return text.split(" in section")[0].strip().replace(" + ", "+")
