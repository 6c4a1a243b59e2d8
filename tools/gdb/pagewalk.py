"""pagewalk.py - gdb learns to read Pagewalk: (gdb) source tools/gdb/pagewalk.py

The commands are in the package pw beside this file; its essay says how they are made.  Sourcing the file again
loads it anew, so that a command can be changed while a kernel is stopped.
"""
import os
import sys

# Not __file__: sourced by another script, gdb leaves that script's name in it.
folder = os.path.dirname(os.path.abspath(sys._getframe().f_code.co_filename))
if folder not in sys.path:
    sys.path.insert(0, folder)
sys.dont_write_bytecode = True
for name in [name for name in sys.modules if name == "pw" or name.startswith("pw.")]:
    del sys.modules[name]

from pw import commands  # noqa: E402: after the path

commands.register()
