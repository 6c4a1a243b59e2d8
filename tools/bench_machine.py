"""bench_machine.py - the machines in which is measured, for tools/bench, tools/profile and tools/bench-smp

Under -icount shift=0 the emulator's time is 1 ns per instruction, and the guest's TSC counts with it: the same
instructions give the same figures on any host.  Fast string instructions are hidden (-erms,-fsrm), for with them a
kernel clears a page byte by byte, and each byte counts.  Linux and Pagewalk get the same flags, always.

With several processors there is no such clock: each runs in a thread of the emulator's, in real time.  The plugin counts
instructions there, and time is the host's.
"""
import os
import re
import subprocess
import sys

O = os.environ.get("O", "build")
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
KERNEL = f"{O}/pagewalk.elf"
IMAGE = f"{O}/bench/initramfs.cpio"
BOARD = ["-m", "1G", "-cpu", "max,-erms,-fsrm,-la57", "-no-reboot", "-display", "none", "-net", "none",
         "-monitor", "none", "-serial", "stdio"]
MACHINE = ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-smp", "1", *BOARD]
COMMON = "console=ttyS0 nokaslr norandmaps random.trust_cpu=on panic=-1"
LINUX = ("quiet mitigations=off init_on_alloc=0 randomize_kstack_offset=off hardened_usercopy=off "
         "cgroup_disable=memory preempt=none apparmor=0 selinux=0 lsm=capability")
SECONDS = 1800

# "brk_pair 9170.0 tsc/pair min=9168.0 max=9171.0 ops=10000" (ns without -t), from the kernel with "bench: " before
# it
RESULT = re.compile(r"^(?:bench: )?(\w+) (?:([\d.]+) (?:tsc|ns)/(\w+) min=[\d.]+ max=[\d.]+ ops=(\d+)|FAIL (\d+))\s*$", re.M)
BOOT = re.compile(r"^boot: (\d+) TSC ticks from entry to init, (\d+) KiB not free", re.M)


def parallel(cpus):
    """A machine whose processors run at the same time, as far as the host has as many."""
    return ["-accel", "tcg,thread=multi", "-smp", str(cpus), *BOARD]


def boot(kernel, words, init_args, extra=(), log=None, machine=tuple(MACHINE)):
    """The console's text of one run."""
    command = [QEMU, *extra, *machine, "-kernel", kernel, "-initrd", IMAGE,
               "-append", f"{COMMON} {words} -- {init_args}"]
    try:
        run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             timeout=SECONDS, check=False)
        text = run.stdout.decode("utf-8", "replace").replace("\r", "")
    except subprocess.TimeoutExpired as late:
        text = (late.stdout or b"").decode("utf-8", "replace") + f"\n(stopped after {SECONDS} s)\n"
    except OSError as err:
        sys.exit(f"{QEMU}: {err.strerror}")
    if log:
        with open(log, "w", encoding="utf-8") as out:
            out.write(text)
    return text


def read_counts(path):
    """What the plugin wrote: instructions by address, a list with a number for each processor; the regions."""
    counts = {}
    regions = 0
    with open(path, encoding="ascii") as lines:
        for line in lines:
            if line.startswith("#"):
                regions = int(line.split()[2])
                continue
            addr, *by_cpu = line.split()
            counts[int(addr, 16)] = [int(n) for n in by_cpu]
    return counts, regions


def find_linux(wanted):
    """A path, or None for the recorded figures."""
    if wanted == "recorded":
        return None
    if wanted:
        return wanted
    got = subprocess.run(["tools/fetch-linux", f"{O}/oracle-linux"], stdout=subprocess.PIPE, text=True, check=False)
    return got.stdout.strip() or None


def results(text):
    """Rows of a console's text: name -> (ticks for one operation or None, operations)."""
    found = {}
    for name, value, _per, ops, _err in RESULT.findall(text):
        found[name] = (float(value), int(ops)) if value else (None, 0)
    return found
