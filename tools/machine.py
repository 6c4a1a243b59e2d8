"""machine.py - an emulated machine and its console, as tools/run-tests sees them

Console runs any command whose output is a console: what it prints is kept, what is typed is sent.  Waiting ends
when a pattern comes, when the command ends, or when the console has been silent for too long: a limit that
notices a hang and does not measure, for the machine that runs the tests may be slow and busy.

look_into asks the emulator's gdb stub what a machine that hangs is doing: where each CPU is, and where each task sleeps.

Boot describes one machine and gives the command that starts it.  By PVH the emulator loads the kernel itself; for
BIOS and UEFI an image is made, and GRUB loads it.
"""
import itertools
import os
import re
import selectors
import struct
import subprocess
import tempfile
import time

O = os.environ.get("O", "build")
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
GDB = os.environ.get("GDB", "gdb")
SMP = int(os.environ.get("SMP", "1"))  # processors of a machine of which nothing else is said
stubs = itertools.count()
SILENCE = 240  # seconds without a byte on the console
PANIC = re.compile(r"^Kernel panic|^BUG|^WARNING", re.M)
PROMPT = r"^[#$] \Z"
UNFINISHED = re.compile(rb"\x1b(\[[0-9;?]*)?\Z")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[=>c]|\r")
OVMF = ["/usr/share/ovmf/OVMF.fd", "/usr/share/qemu/OVMF.fd", "/usr/share/OVMF/OVMF_CODE.fd"]


class Console:
    def __init__(self, command, log):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.log = open(log, "wb")
        self.text = ""
        self.rest = b""  # of a character or control sequence whose end is still to come
        self.seen = 0  # how far the dialogue has come

    def read(self, seconds):
        """More output, or nothing within @seconds.  False at its end."""
        if not self.selector.select(seconds):
            return True
        data = os.read(self.process.stdout.fileno(), 65536)
        self.log.write(data)
        self.log.flush()
        data, self.rest = self.rest + data, b""
        cut = UNFINISHED.search(data)
        if cut:
            data, self.rest = data[:cut.start()], cut[0]
        self.text += CONTROL.sub("", data.decode("utf-8", "replace"))
        return bool(data or self.rest)

    def wait_for(self, pattern, silence=SILENCE):
        """Text up to and with @pattern behind what was seen; None when it does not come."""
        pattern = re.compile(pattern, re.M)
        last = time.monotonic()
        while True:
            match = pattern.search(self.text, self.seen)
            if match:
                before = self.text[self.seen:match.end()]
                self.seen = match.end()
                return before
            size = len(self.text)
            if not self.read(1):
                return None
            if len(self.text) != size:
                last = time.monotonic()
            elif time.monotonic() - last > silence:
                return None

    def type(self, text):
        """Sends @text; pauses before control characters and between lines, for a program to get ready for them."""
        for number, part in enumerate(re.split(r"(?=[\x01-\x08\x0b-\x1f])|(?<=\n)(?=.)", text)):
            if number:
                end = time.monotonic() + 1
                while time.monotonic() < end and self.read(0.1):
                    pass
            self.process.stdin.write(part.encode())
            self.process.stdin.flush()

    def wait_end(self, silence=SILENCE):
        last = time.monotonic()
        size = len(self.text)
        while self.read(1):
            if len(self.text) != size:
                last, size = time.monotonic(), len(self.text)
            elif time.monotonic() - last > silence:
                return False
        self.process.wait(30)
        return True

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()


def write_madt(boot):
    """The body of a table that lists processors with the APIC ids @boot.madt, whether they exist or not."""
    records = [struct.pack("<BBBBI", 0, 8, number, apic, 1) for number, apic in enumerate(boot.madt)]
    records += [struct.pack("<BBBBII", 1, 12, 0, 0, 0xfec00000, 0)]
    path = f"{O}/test-images/{boot.name}.madt"
    with open(path, "wb") as table:
        table.write(struct.pack("<II", 0xfee00000, 1) + b"".join(records))
    return path


LOOK_SECONDS = 60
QUESTIONS = ["set pagination off", "set architecture i386:x86-64", "target remote {stub}",
             "source tools/gdb/pagewalk.py", "thread apply all backtrace 16", "pw ps", "pw stack", "pw locks"]


def look_into(boot):
    """What each CPU and task of a running machine is doing, in text."""
    command = [GDB, "-q", "-nx", "-batch", boot.kernel]
    for question in QUESTIONS:
        command += ["-ex", question.format(stub=boot.stub)]
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=LOOK_SECONDS).stdout.decode("utf-8", "replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"the machine could not be looked into: {error}\n"


class Boot:
    """One machine.  @kind says what is expected of it: run-tests knows guest, shell, script and message."""

    def __init__(self, kind, firmware="pvh", mem="1G", cpu="max", smp=SMP, debug=True, image=None, append="",
                 label="", panic=-1, expect=None, madt=None):
        self.kind, self.firmware, self.mem, self.cpu, self.smp = kind, firmware, mem, cpu, smp
        self.debug, self.expect, self.panic, self.madt = debug, expect, panic, madt
        self.image = f"{O}/initramfs.cpio" if image is None else image
        self.cmdline = f"console=ttyS0 panic={panic} {append}".strip()
        self.name = "-".join(filter(None, [kind, label, firmware, mem, cpu, f"smp{smp}",
                                           "debug" if debug else "release"]))
        self.kernel = f"{O}/debug/pagewalk.elf" if self.debug else f"{O}/pagewalk.elf"
        # Named by the process: a socket's name must be short, whatever O is.
        self.stub = f"{tempfile.gettempdir()}/run-tests-{os.getpid()}-{next(stubs)}"

    def command(self):
        command = [QEMU, "-accel", "tcg", "-cpu", self.cpu, "-m", self.mem, "-smp", str(self.smp), "-no-reboot",
                   "-display", "none", "-net", "none", "-monitor", "none", "-serial", "stdio",
                   "-chardev", f"socket,id=stub,path={self.stub},server=on,wait=off", "-gdb", "chardev:stub"]
        if self.madt is not None:
            command += ["-acpitable", f"sig=APIC,rev=3,oem_rev=1,data={write_madt(self)}"]
        if self.firmware == "pvh":
            command += ["-kernel", self.kernel, "-append", self.cmdline]
            return command + (["-initrd", self.image] if self.image else [])
        if self.firmware == "uefi":
            command += ["-bios", next(filter(os.path.exists, OVMF))]
        iso = f"{O}/test-images/{self.name}.iso"
        subprocess.run(["tools/mkiso", self.kernel, self.image, self.cmdline, iso], check=True)
        return command + ["-cdrom", iso]
