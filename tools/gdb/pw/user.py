"""user.py - breakpoints in user programs: pw user NAME [LOCATION...]

All static programs are linked at the same addresses, so symbols of a program are only right while it runs, and a
breakpoint of it must stop for no other.  The command waits for the exec of NAME; there gdb stops, forgets the
symbols of the program before, loads those of NAME, and sets a breakpoint at each LOCATION.  Such a breakpoint is a
hardware one (the page may not be there yet, and belongs to a file), and stops for tasks of that name alone.
"""
import os

import gdb

from . import layout, machine, memory

FOLDERS = ["user/bin", "user/tests", "user/tests/hosted"]


def kernel_file():
    for objfile in gdb.objfiles():
        if objfile.filename and os.path.basename(objfile.filename).startswith("pagewalk"):
            return objfile.filename
    return None


def find_program(name):
    """The file with symbols, below the build folder that the kernel came from."""
    if os.path.sep in name and os.path.isfile(name):
        return name
    kernel = kernel_file()
    if not kernel:
        return None
    build = os.path.dirname(os.path.abspath(kernel))
    for top in (build, os.path.dirname(build)):
        for folder in FOLDERS:
            path = os.path.join(top, folder, name)
            if os.path.isfile(path):
                return path
    return None


def current_comm():
    try:
        task = machine.current()
        return task.comm if task else ""
    except (memory.Unreadable, layout.NoSymbol):
        return ""


class UserBreakpoint(gdb.Breakpoint):
    """Stops for tasks of one name."""

    def __init__(self, location, comm):
        super().__init__(location, type=gdb.BP_HARDWARE_BREAKPOINT)
        self.comm = comm

    def stop(self):
        return current_comm() == self.comm


class ExecBreakpoint(gdb.Breakpoint):
    """start_thread is called once by each exec, when the new program is in place."""

    def __init__(self, watcher):
        super().__init__("start_thread", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
        self.silent = True
        self.watcher = watcher

    def stop(self):
        return current_comm() in self.watcher.wanted


class Watcher:
    """Programs that are waited for, and the one whose symbols are loaded."""

    def __init__(self):
        self.wanted = {}  # comm: (file, locations)
        self.exec_breakpoint = None
        self.loaded = None  # (comm, file, breakpoints)
        gdb.events.stop.connect(self.stopped)

    def want(self, name, locations):
        path = find_program(name)
        if not path:
            return f"no program {name} with symbols: looked in {', '.join(FOLDERS)} of the build folder"
        self.wanted[os.path.basename(name)[:15]] = (path, locations)
        if self.exec_breakpoint is None or not self.exec_breakpoint.is_valid():
            self.exec_breakpoint = ExecBreakpoint(self)
        return f"gdb will stop when {os.path.basename(name)} is executed, and load {path}"

    def forget(self):
        if not self.loaded:
            return
        _, path, breakpoints = self.loaded
        for one in breakpoints:
            if one.is_valid():
                one.delete()
        try:
            gdb.execute(f"remove-symbol-file {path}", to_string=True)
        except gdb.error:
            gdb.execute("remove-symbol-file -a 0x401000", to_string=True)
        self.loaded = None

    def stopped(self, event):
        if not isinstance(event, gdb.BreakpointEvent) or self.exec_breakpoint not in event.breakpoints:
            return
        comm = current_comm()
        try:
            self.load(comm)
        except gdb.error as error:
            gdb.write(f"pw user {comm}: {error}\n")

    def load(self, comm):
        path, locations = self.wanted[comm]
        if not self.loaded or self.loaded[0] != comm:
            self.forget()
            gdb.execute(f"add-symbol-file {path}", to_string=True)
            self.loaded = (comm, path, [UserBreakpoint(location, comm) for location in locations])
        gdb.write(f"{comm} is executed: symbols of {path} loaded\n")


watcher = None


def command(name, locations):
    global watcher
    if watcher is None:
        watcher = Watcher()
    return watcher.want(name, locations)
