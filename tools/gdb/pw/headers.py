"""headers.py - the kernel's macros, which debug information does not hold

`#define NAME value` lines of the headers below, where the value is an expression of numbers and of names defined
before.  The headers are found beside this package; they are those the kernel was built from as long as the tree
is the same.
"""
import os
import re

INCLUDE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "include")
FILES = ["arch/layout.h", "arch/pgtable.h", "mm/page.h", "mm/memmap.h", "mm/mm_types.h", "mm/vma_lock.h", "mm/mm.h", "mm/vma.h",
         "kernel/rwsem.h", "kernel/sched.h", "kernel/wait.h", "kernel/rlimit.h", "mm/mmzone.h", "mm/slab.h"]

DEFINE = re.compile(r"^#define[ \t]+([A-Za-z_]\w*)[ \t]+(.+?)[ \t]*(?:/\*.*)?$", re.M)
EXPRESSION = re.compile(r"^[\w\s()|&~<>*+-]+$")
SUFFIX = re.compile(r"\b(0x[0-9a-fA-F]+|\d+)[uUlL]*\b")
WORD = (1 << 64) - 1


def parse(text, known):
    for name, value in DEFINE.findall(text):
        value = SUFFIX.sub(r"\1", value)
        if not EXPRESSION.match(value):
            continue
        try:
            result = eval(value, {"__builtins__": {}}, known)  # names, numbers and operators only
        except (NameError, SyntaxError, TypeError, ValueError):
            continue
        if isinstance(result, int):
            known[name] = result & WORD
    return known


def load():
    """All values by name, and the names that each header adds."""
    known, added = {}, {}
    for file in FILES:
        before = set(known)
        try:
            with open(os.path.join(INCLUDE, file)) as text:
                parse(text.read().replace("\\\n", " "), known)
        except OSError:
            continue
        added[file] = set(known) - before
    return known, added


defines, defined_by = load()


def __getattr__(name):
    """headers.PAGE_SIZE and the like; a name that no header defines is an error that names it."""
    try:
        return defines[name]
    except KeyError:
        raise AttributeError(f"no header below {os.path.normpath(INCLUDE)} defines {name}") from None


def flags(prefix, file):
    """Single-bit macros of a header that begin with @prefix, as {name without it: value}, lowest bit first."""
    found = {name[len(prefix):]: defines[name] for name in defined_by.get(file, ())
             if name.startswith(prefix) and defines[name] and defines[name] & (defines[name] - 1) == 0}
    return dict(sorted(found.items(), key=lambda item: item[1]))
