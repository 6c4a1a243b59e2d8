"""bench_machine.py - the machine in which instructions are counted, for tools/bench and tools/profile

Under -icount shift=0 the emulator's time is 1 ns per instruction, and the guest's TSC counts with it: the same
instructions give the same figures on any host.  Fast string instructions are hidden (-erms,-fsrm), for with them a
kernel clears a page byte by byte, and each byte counts.  Linux and Pagewalk get the same flags, always.
"""
import os
import re
import subprocess
import sys

O = os.environ.get("O", "build")
QEMU = os.environ.get("QEMU", "qemu-system-x86_64")
KERNEL = f"{O}/pagewalk.elf"
IMAGE = f"{O}/bench/initramfs.cpio"
MACHINE = ["-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-smp", "1", "-m", "1G",
           "-cpu", "max,-erms,-fsrm,-la57", "-no-reboot", "-display", "none", "-net", "none", "-monitor", "none",
           "-serial", "stdio"]
COMMON = "console=ttyS0 nokaslr norandmaps random.trust_cpu=on panic=-1"
LINUX = ("quiet mitigations=off init_on_alloc=0 randomize_kstack_offset=off hardened_usercopy=off "
         "cgroup_disable=memory preempt=none apparmor=0 selinux=0 lsm=capability")
SECONDS = 1800

# "brk_pair 9170.0 tsc/pair min=9168.0 max=9171.0 ops=10000", from the kernel with "bench: " before it
RESULT = re.compile(r"^(?:bench: )?(\w+) (?:([\d.]+) tsc/(\w+) min=[\d.]+ max=[\d.]+ ops=(\d+)|FAIL (\d+))\s*$", re.M)
BOOT = re.compile(r"^boot: (\d+) TSC ticks from entry to init, (\d+) KiB not free", re.M)


def boot(kernel, words, init_args, extra=(), log=None):
    """The console's text of one run."""
    command = [QEMU, *extra, *MACHINE, "-kernel", kernel, "-initrd", IMAGE,
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


def results(text):
    """Rows of a console's text: name -> (instructions or None, operations)."""
    found = {}
    for name, value, _per, ops, _err in RESULT.findall(text):
        found[name] = (float(value), int(ops)) if value else (None, 0)
    return found
