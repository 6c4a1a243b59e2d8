"""lab_machine.py - a machine that runs a student's kernel, watched from outside

Three connections: the console, to which the probe (labs/lib/probe.c) prints; QMP, which stops the machine and tells
the time; and the emulator's gdb stub, through which physical memory is read and written while it stands still.
Nothing that the kernel says is believed that could be looked up.

Limits are in executed instructions: under -icount each takes the same virtual time, and a clock chip that runs on
virtual time (-rtc clock=vm) is read from outside.  So a slow or busy host changes no verdict.  The host's own clock
is used for one thing only: to notice an emulator whose virtual time does not move.
"""
import calendar
import json
import os
import re
import select
import socket
import subprocess
import time

QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
NM = os.environ.get("NM", "nm")

ICOUNT_SHIFT = 4                                # an instruction takes 16 ns of virtual time
MILLIONS_PER_SECOND = 1000 / (1 << ICOUNT_SHIFT)  # million instructions in a second of virtual time
STILL_SECONDS = 20                              # of the host, without virtual time or console moving
DEAF_SECONDS = 10                               # of the host, until an emulator that does not answer counts as gone
LOOK_SECONDS = 1                                # of the host, between two looks at a machine that is printing
SAMPLES = 100                                   # looks at a running machine until it is in no interrupt
MEMORY_MIB = 256

P, RW, US, PSE, NX = 1 << 0, 1 << 1, 1 << 2, 1 << 7, 1 << 63
ACCESSED_DIRTY = 1 << 5 | 1 << 6
FRAME = 0x000FFFFFFFFFF000
INTERRUPTS_ON = 1 << 9             # in RFLAGS
SHIFTS = (39, 30, 21, 12)
LEVELS = ("pgd", "pud", "pmd", "pte")


class Death(Exception):
    """The machine will say nothing more; why, in a sentence."""


class Qmp:
    def __init__(self, path):
        self.socket = connect(path)
        self.buffer = b""
        self.events = []
        self.receive()
        self.command("qmp_capabilities")

    def fileno(self):
        return self.socket.fileno()

    def receive(self):
        """The next message; None when the emulator is gone, or on its way out and no longer listening."""
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except OSError:
                data = b""
            if not data:
                return None
            self.buffer += data
        line, _, self.buffer = self.buffer.partition(b"\n")
        return json.loads(line)

    def command(self, name, **arguments):
        try:
            self.socket.sendall(json.dumps({"execute": name, "arguments": arguments}).encode())
        except OSError:
            return None
        while True:
            message = self.receive()
            if message is None:
                return None
            if "event" in message:
                self.events.append(message)
            elif "return" in message:
                return message["return"]
            elif "error" in message:
                return None

    def monitor(self, line):
        return self.command("human-monitor-command", **{"command-line": line}) or ""


class PhysicalMemory:
    """Memory by physical address, through the gdb stub; only while the machine stands still.

    One connection lasts as long as the machine: a stub that is connected to stops the machine, and one that hears
    something from its running machine takes that as a wish to stop it, and drops it.
    """

    def __init__(self, path):
        self.socket = connect(path)
        self.buffer = b""
        if self.ask(b"Qqemu.PhyMemMode:1") != b"OK":
            raise OSError("the emulator's gdb stub does not read physical memory")

    def byte(self):
        if not self.buffer:
            self.buffer = self.socket.recv(65536)
            if not self.buffer:
                raise OSError("the emulator's gdb stub hung up")
        first, self.buffer = self.buffer[:1], self.buffer[1:]
        return first

    def ask(self, packet):
        self.socket.sendall(b"$%s#%02x" % (packet, sum(packet) & 0xFF))
        while True:
            answer = self.packet()
            if not answer.startswith(b"T"):     # not the news that the machine was stopped
                return answer

    def packet(self):
        while self.byte() != b"$":
            pass
        text = b""
        while True:
            byte = self.byte()
            if byte == b"#":
                break
            text += byte
        self.byte()
        self.byte()     # the checksum: a local socket loses nothing
        self.socket.sendall(b"+")
        return text

    def read_u64(self, address):
        """None where there is no memory."""
        if address + 8 > MEMORY_MIB << 20:
            return None
        answer = self.ask(b"m%x,8" % address)
        return int.from_bytes(bytes.fromhex(answer.decode()), "little") if len(answer) == 16 else None

    def write_u64(self, address, value):
        if self.ask(b"M%x,8:%s" % (address, value.to_bytes(8, "little").hex().encode())) != b"OK":
            raise OSError(f"cannot write physical memory at {address:#x}")


def connect(path):
    end = time.monotonic() + STILL_SECONDS
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(path)
            link.settimeout(DEAF_SECONDS)
            return link
        except OSError:
            link.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


class Walk:
    """What the processor's manual says about @address: the reference.  Nothing of the kernel's code is in it."""

    def __init__(self, memory, root, address):
        self.address = address
        self.tables, self.entries = [], []
        self.page = self.phys = None    # bytes of the page, and the byte's physical address
        table = root
        for level, shift in enumerate(SHIFTS):
            entry = memory.read_u64(table + 8 * (address >> shift & 511))
            if entry is None:
                return                  # the table is not in memory
            self.tables.append(table)
            self.entries.append(entry)
            if not entry & P:
                return
            if level == 3 or level and entry & PSE:
                self.page = 1 << shift
                self.phys = (entry & FRAME & -self.page) | (address & (self.page - 1))
                return
            table = entry & FRAME

    def slot(self, level):
        """Where the entry of @level lies."""
        return self.tables[level] + 8 * (self.address >> SHIFTS[level] & 511)

    def allows(self):
        """As /proc/pagewalk/walk says it; for a walk that reached a page."""
        every, some = -1, 0
        for entry in self.entries:
            every &= entry
            some |= entry
        return (f"r{'w' if every & RW else '-'}{'-' if some & NX else 'x'} from "
                f"{'user' if every & US else 'kernel'} mode")


class Machine:
    def __init__(self, kernel, image, folder, limit):
        """@folder: for sockets and logs.  @limit: million instructions until it must have ended."""
        self.kernel, self.limit = kernel, limit
        self.qmp_path, self.gdb_path = f"{folder}/qmp", f"{folder}/gdb"
        self.reset_log = f"{folder}/resets"
        for old in (self.qmp_path, self.gdb_path, self.reset_log):
            if os.path.exists(old):
                os.unlink(old)
        self.log = open(f"{folder}/console", "wb")
        self.text = ""
        self.taken = 0                  # how much of the text was handed out
        self.process = subprocess.Popen(
            [QEMU, "-accel", "tcg,thread=single", "-icount", f"shift={ICOUNT_SHIFT},sleep=off",
             "-rtc", "clock=vm,base=2020-01-01T00:00:00", "-cpu", "max,-la57", "-smp", "1", "-m", f"{MEMORY_MIB}M",
             "-no-reboot", "-S", "-display", "none", "-net", "none", "-serial", "stdio",
             "-d", "cpu_reset", "-D", self.reset_log, "-qmp", f"unix:{self.qmp_path},server=on,wait=off",
             "-gdb", f"unix:{self.gdb_path},server=on,wait=off",
             "-kernel", kernel, "-initrd", image, "-append", "console=ttyS0 panic=-1 norandmaps"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            self.qmp = Qmp(self.qmp_path)
            self.memory = PhysicalMemory(self.gdb_path)
        except OSError:
            self.close()
            raise
        self.go_on()
        self.began = self.clock() or 0

    def clock(self):
        """Seconds of virtual time; None when the emulator is gone."""
        now = self.qmp.command("qom-get", path="/machine", property="rtc-time")
        if now is None:
            return None
        return calendar.timegm((1900 + now["tm_year"], now["tm_mon"] + 1, now["tm_mday"], now["tm_hour"],
                                now["tm_min"], now["tm_sec"]))

    def read_console(self, seconds):
        """False at its end."""
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return True
        data = os.read(self.process.stdout.fileno(), 65536)
        self.log.write(data)
        self.log.flush()
        self.text += data.decode("utf-8", "replace").replace("\r", "")
        return bool(data)

    def until(self, pattern):
        """The text that came before @pattern, with its match.  Death when it will not come."""
        pattern = re.compile(pattern, re.M)
        watch = Watch()
        while True:
            match = pattern.search(self.text, self.taken)
            if match:
                before = self.text[self.taken:match.start()]
                self.taken = match.end()
                return before, match
            size = len(self.text)
            if not self.read_console(0.2):
                raise Death(self.why_it_ended())
            if len(self.text) == size or watch.is_due():
                self.look(watch, pattern)

    def look(self, watch, pattern):
        """Death when the machine is over its limit, or will not go on, and its last words are not @pattern."""
        clock = self.clock()
        if clock is None:
            self.read_to_the_end()
            if pattern.search(self.text, self.taken):
                return
            raise Death(self.why_it_ended())
        if self.is_halted_for_good():
            raise Death(f"the processor halted with interrupts off and will never go on; {self.where()}")
        if (clock - self.began) * MILLIONS_PER_SECOND > self.limit:
            raise Death(f"no answer within {self.limit} million instructions; {self.where()}")
        if not watch.goes_on((clock, len(self.text))):
            raise Death(f"the machine stands still; {self.where()}")

    def read_to_the_end(self):
        """What an emulator printed that is gone or going."""
        size = -1
        while len(self.text) != size:
            size = len(self.text)
            if not self.read_console(0.2):
                return

    def why_it_ended(self):
        panic = re.search(r"^.*Kernel panic.*$", self.text, re.M)
        if panic:
            return panic[0].strip().rstrip(".")
        with open(self.reset_log, encoding="utf-8", errors="replace") as log:
            if "Triple fault" in log.read():
                return ("triple fault: the processor met a fault, could not start its handler, and reset; "
                        "page tables or stack are gone")
        return "the machine switched itself off without a word"

    def registers(self):
        return {name: int(value, 16)
                for name, value in re.findall(r"\b(RIP|RFL|CR3|HLT)=([0-9a-f]+)", self.qmp.monitor("info registers"))}

    def is_halted_for_good(self):
        registers = self.registers()
        return registers.get("HLT") == 1 and not registers["RFL"] & INTERRUPTS_ON

    def where(self):
        """Where the kernel's own code was: not in the interrupt that happened to come at the moment of looking."""
        for _ in range(SAMPLES):
            registers = self.registers()
            if registers.get("RFL", INTERRUPTS_ON) & INTERRUPTS_ON:
                break
        rip = registers.get("RIP")
        if rip is None:
            return "where the processor was is not known"
        name = symbol_at(self.kernel, rip)
        return f"the processor was in {name}" if name else f"the processor was in user mode, at {rip:#x}"

    def stop(self):
        self.qmp.command("stop")

    def go_on(self):
        self.qmp.command("cont")

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.log.close()


class Watch:
    """The host's clock: when to look at the machine, and whether it moved since."""

    def __init__(self):
        self.state, self.moved, self.looked = None, time.monotonic(), time.monotonic()

    def is_due(self):
        return time.monotonic() - self.looked > LOOK_SECONDS

    def goes_on(self, state):
        self.looked = time.monotonic()
        if state != self.state:
            self.state, self.moved = state, self.looked
        return self.looked - self.moved < STILL_SECONDS


def symbols(kernel):
    listing = subprocess.run([NM, "-n", kernel], capture_output=True, text=True, check=True).stdout
    return [(int(fields[0], 16), fields[2]) for fields in map(str.split, listing.splitlines())
            if len(fields) == 3 and fields[1] in "tTwW"]


def symbol_at(kernel, address):
    best = None
    for start, name in symbols(kernel):
        if start > address:
            break
        best = (start, name)
    if not best or address < 1 << 47 or address - best[0] > 1 << 16:
        return None
    return f"{best[1]}+{address - best[0]:#x}"
