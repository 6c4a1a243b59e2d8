"""session.py - one session of tests/gdb/run, inside gdb

The machine is stopped before its first instruction.  SESSION names the function below that drives it.  What is
tested is what a person would see: the text of the commands, after the kernel has come to a known place.
"""
import os
import re

import gdb

TRACE = re.compile(r"Traceback|Python Exception|gave up|Error occurred in Python|internal error", re.I)
prefix = os.environ["SESSION_NAME"]


def report(name, ok, why=""):
    lines = str(why).strip().splitlines()[:40]
    print(f"{'ok' if ok else 'not ok'} {prefix}-{name}", flush=True)
    if not ok:
        print("\n".join("    | " + line for line in lines), flush=True)


def ask(command):
    """What a command prints; an error counts as what it printed."""
    try:
        return gdb.execute(command, to_string=True)
    except gdb.error as error:
        return f"error: {error}"


def expect(name, command, *patterns):
    text = ask(command)
    missing = [pattern for pattern in patterns if not re.search(pattern, text, re.M)]
    report(name, not missing and not TRACE.search(text), f"{command}\nlacks {missing}\n{text}")
    return text


def run_to(location, condition=None):
    """Continue to a place, by a hardware breakpoint that is gone afterwards."""
    stop = gdb.Breakpoint(location, type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    if condition:
        stop.condition = condition
    gdb.execute("continue", to_string=True)
    hits = stop.hit_count
    stop.delete()
    return hits > 0


COMMANDS = ["ps", "cpus", "stack", "stack 1", "maps", "maps 1", "maps 12345", "maps nonsense", "vma 0x400000", "walk 0x400000", "walk 0x400000 1",
            "walk 0xffffffff80110000", "walk 0x8000000000000000", "walk &init_mm", "why 0x400000 r", "why 0x400000 w 1",
            "why 0x400000 q", "why 0xffff888000000000 x", "why 0x7fffffffd000 w", "page 0", "page 0x100",
            "page 0x1000", "page 0xffffffffffffffff", "buddy", "slabs", "locks", "log", "log 3", "check",
            "check nonsense", "user nonsense", ""]
PRINTS = ["*$pw_current()", "task_list", "init_mm", "init_mm.mm_rb", "init_mm.mm_users", "*node_data[0]", "$pw_comm()",
          "((struct page *)0xffffea0000000000)[256]", "*(struct page *)8", "*(struct vm_area_struct *)0",
          "*(struct mm_struct *)0xdead000000000100", "(pte_t){ 0x67 }"]


def everything(name):
    """Each command answers in words, whatever the state."""
    bad = []
    for command in [f"pw {c}" for c in COMMANDS] + [f"print {p}" for p in PRINTS]:
        text = ask(command)
        failed = command.startswith("pw") and text.startswith("error:")
        if TRACE.search(text) or failed or not text.strip():
            bad.append(f"{command}: {text.strip() or 'silence'}")
    report(f"{name}-every-command-answers-in-words", not bad, "\n".join(bad))


# --- sessions


def early():
    """Before there is an allocator, before there are page tables of the kernel's own."""
    expect("reset-ps-shows-the-idle-task", "pw ps", r"swapper|no process")
    everything("reset")
    report("entry-is-reached", run_to("x86_start"))
    text = ask("backtrace")
    report("backtrace-names-the-entry", "x86_start" in text and "warning" not in text.lower(), text)
    everything("entry")
    report("mem_init-is-reached", run_to("mem_init"))
    expect("mem_init-buddy-is-not-there", "pw buddy", r"no zones yet")
    expect("mem_init-slabs-are-not-there", "pw slabs", r"no caches yet")
    expect("mem_init-log-is-there", "pw log", r"boot:")
    expect("mem_init-kernel-text-is-walked", "pw walk $pc", r"PGD.*\n.*\[511\]", r"frame  pfn")
    everything("mem_init")
    report("kmem_cache_init-is-reached", run_to("kmem_cache_init"))
    expect("kmem_cache_init-buddy-holds", "pw check buddy memmap", r"^ok .*buddy of node 0", r"^ok .*memory map",
           r" 0 problems")
    everything("kmem_cache_init")


def in_lazy():
    """Stop in the fault handler at lazy's first write to its 64 MiB."""
    gdb.execute("pw user lazy main", to_string=True)
    gdb.execute("continue", to_string=True)
    report("stops-when-the-program-is-executed", ask("print $pw_comm()").strip().endswith('"lazy"'), ask("pw ps"))
    text = ask("info symbol main")
    report("symbols-load-when-it-runs", "main in section .text of" in text, text)
    text = ask("continue") + ask("frame")
    report("breakpoint-in-the-user-program", re.search(r"main \(argc=1.*user/lazy\.c", text), text)
    return run_to("do_anonymous_page", "$_streq($pw_comm(), \"lazy\") && (vmf->flags & 1) && "
                  "vmf->vma->vm_end - vmf->vma->vm_start == 64 << 20")


def fault():
    """A page fault of a named user program, before, within and after its handler."""
    report("stops-in-a-fault-of-lazy", in_lazy(), ask("backtrace"))
    gdb.execute("set $addr = vmf->address", to_string=True)
    expect("ps-shows-it", "pw ps", r"^ +\d+ .* lazy .*on CPU 0", r" init ")
    expect("maps-shows-it", "pw maps", r"r-xp .*/bin/lazy", r"rw-p 00000000 +0x", r"\[stack\]")
    expect("vma-is-found", "pw vma $addr", r"16384 pages", r"operations none: anonymous")
    expect("walk-before-ends-at-an-empty-entry", "pw walk $addr", r"-- PGD -", r"-- PUD -", r"-- PMD -",
           r"no frame; ended by P\w\w: not present", r"^VMA    .* rw-p ")
    expect("why-write", "pw why $addr w", r"find_vma: ", r"=> do_anonymous_page .* new zeroed page")
    expect("why-read", "pw why $addr r", r"=> do_anonymous_page .* zero page")
    expect("why-execute", "pw why $addr x", r"=> SIGSEGV, si_code SEGV_ACCERR")
    expect("why-nothing-there", "pw why 0x10000 r", r"=> SIGSEGV, si_code SEGV_MAPERR")
    expect("why-text-is-not-written", "pw why 0x401000 w", r"r-xp, write is not allowed", r"SEGV_ACCERR")
    expect("why-stack-grows", "pw why $pw_current()->mm->start_stack-0x30000 w", r"grow_stack: .* grows down to",
           r"=> do_anonymous_page")
    expect("why-kernel-address", "pw why 0xffff888000000000 r", r"=> SIGSEGV, si_code SEGV_MAPERR")
    expect("locks-name-the-mapping", "pw locks", r"VMA [0-9a-f]+-[0-9a-f]+ of lazy\[\d+\]: held by 1 fault$",
           r"^CPU 0: interrupts on$")
    expect("cpus-shows-it", "pw cpus", r"^ +0  lazy\[\d+\] +kernel +on +1  lazy\[\d+\] .* do_anonymous_page$")
    expect("check-agrees", "pw check", r"^ok .*VMAs of lazy", r"^ok .*page tables of lazy", r"^ok .*slabs",
           r" 0 problems")
    gdb.execute("finish", to_string=True)
    text = expect("walk-after-shows-the-new-entry", "pw walk $addr", r"PTE -", r"PWUAD?-?-?N|PWU.*N",
                  r"^user   may r w$", r"x is denied by PTE: no execution")
    pfn = re.search(r"pfn (0x[0-9a-f]+)", text)
    if not pfn:
        return
    expect("page-is-anonymous-and-mapped-once", f"pw page {pfn[1]}", r"use +anonymous memory",
           r"mapped 1 times", r"mapped +at 0x[0-9a-f]+ by lazy\[\d+\], PWU")
    expect("why-after-is-no-fault", "pw why $addr w", r"=> no fault")
    expect("buddy-counts", "pw buddy", r"DMA32? ")
    expect("slabs-count", "pw slabs", r"^vm_area_struct ", r"^task_struct ")
    expect("log-is-read", "pw log", r"boot: ", r"initramfs: ")
    everything("running")
    run_to("do_wp_page", "$_streq($pw_comm(), \"lazy\")")
    expect("why-zero-page-is-copied", "pw why vmf->real_address w", r"=> do_wp_page .*COW: wp_page_copy")


IDLE_BUT_LAZY = "$_streq($pw_comm(), \"lazy\") && idle_cpus == 0xb"


def smp():
    """lazy on CPU 2 of 4: the commands follow the CPU that gdb looks at, and count what every CPU has."""
    report("stops-in-a-fault-of-lazy", in_lazy(), ask("backtrace"))
    report("on-the-cpu-that-it-is-bound-to", ask("print $pw_cpu()").strip().endswith("= 2"), ask("info threads"))
    gdb.execute("set $addr = vmf->address", to_string=True)
    expect("ps-says-where", "pw ps", r" lazy .*on CPU 2$", r" swapper/3 .*on CPU 3$", r" swapper/0 .*on CPU 0$")
    text = expect("cpus-shows-all", "pw cpus", r"^ +2  lazy\[\d+\] +kernel +on +1  lazy\[\d+\] .* do_anonymous_page$",
                  r"^ +3  swapper/3\[0\] ")
    report("cpus-has-a-line-each", len(re.findall(r"^ +[0-3]  ", text, re.M)) == 4, text)
    expect("locks-name-the-mapping", "pw locks", r"VMA [0-9a-f]+-[0-9a-f]+ of lazy\[\d+\]: held by 1 fault$",
           *(rf"^CPU {cpu}: interrupts " for cpu in range(4)))
    expect("walk-is-of-this-cpu", "pw walk $addr", r"CR3 of CPU 2, task lazy", r"no frame; ended by ")
    expect("why-is-of-this-task", "pw why $addr w", r"by lazy\[", r"=> do_anonymous_page")
    everything("here")
    gdb.execute("set $lazy = $pw_current()->pid")
    gdb.execute("thread 4", to_string=True)
    expect("another-cpu-has-another-task", "print $pw_current()->comm", r"swapper/3")
    expect("walk-is-of-the-other-cpu", "pw walk $pc", r"CR3 of CPU 3, task swapper/3", r"^frame  pfn")
    expect("stack-tells-the-thread", "pw stack $lazy", r"lazy\[\d+\] on CPU 2: thread apply 3 backtrace")
    everything("there")
    gdb.execute("thread 3", to_string=True)
    report("stops-while-the-others-idle", run_to("mm_fault", IDLE_BUT_LAZY))
    expect("check-agrees", "pw check", r"^ok .*VMAs of lazy", r"^ok .*page tables of lazy", r"^ok .*slabs", r" 0 problems")
    expect("buddy-sums-the-cpus", "pw buddy", r"DMA32? ")
    stacks = sum(int(gdb.parse_and_eval(f"node_data[0]->zones[1].pcp[{cpu}].count")) for cpu in range(4))
    expect("buddy-counts-all-stacks", "pw buddy", rf"DMA32 .* {stacks} +\d+ +\d+  \d+/")
    if prefix.endswith("debug"):
        sleep_with_cpu_data()


def sleep_with_cpu_data():
    """The debug kernel notices a task that sleeps where it must stay on its CPU."""
    gdb.execute("set var $pw_current()->cpu_depth = 1")
    report("sleeping-with-cpu-data-is-a-panic", run_to("machine_halt", "$pw_cpu() == 2"), ask("backtrace"))
    expect("the-panic-says-so", "pw log", r"sleeping while atomic: per-CPU data is in use", r"CPU 3 stopped: task swapper/3")
    everything("after-the-panic")


def broken(name, breaks, command, *patterns):
    """With a word overwritten the command says what is wrong, and everything answers; then the word is put back."""
    old = []
    for place, value in breaks:
        old.append((place, int(gdb.parse_and_eval(f"*(unsigned long *)&({place})"))))
        gdb.execute(f"set var *(unsigned long *)&({place}) = {value}", to_string=True)
    expect(f"{name}-is-reported", command, *patterns)
    everything(name)
    for place, value in reversed(old):
        gdb.execute(f"set var *(unsigned long *)&({place}) = {value:#x}", to_string=True)


def corrupt():
    """Structures that were damaged on purpose."""
    in_lazy()
    gdb.execute("set $mm = $pw_current()->mm", to_string=True)
    gdb.execute("set $zone = &node_data[0]->zones[0]", to_string=True)
    gdb.execute("set $cache = (struct kmem_cache *)((char *)slab_caches.next - "
                "(long)&((struct kmem_cache *)0)->list)", to_string=True)
    orders = range(int(gdb.parse_and_eval("sizeof($zone->free_area) / sizeof($zone->free_area[0])")))
    order = next(o for o in orders if int(gdb.parse_and_eval(f"$zone->free_area[{o}].nr_free")))
    broken("vma-list-ring", [("$mm->mmap->vm_next->vm_next", "(unsigned long)$mm->mmap")], "pw check vmas",
           r"^BAD VMAs of lazy", r"a ring")
    broken("vma-list-stray", [("$mm->mmap->vm_next", "0x1234567800")], "pw maps", r"broken: VMA list: .*can not be read")
    broken("vma-prev", [("$mm->mmap->vm_next->vm_prev", "0")], "pw check vmas", r"V2: .*vm_prev 0x0")
    broken("vma-gap", [("$mm->mmap->rb_subtree_gap", "0x123000")], "pw check vmas", r"V3: largest gap")
    broken("vma-tree-ring", [("$mm->mmap->vm_rb.rb_left", "$mm->mm_rb.rb_node")], "pw check vmas", r"VMA tree: ")
    broken("free-list-next", [(f"$zone->free_area[{order}].free_list.next->next", "0xdead000000000100")],
           "pw check buddy", r"^BAD buddy of node 0 DMA:", r"deleted from a list")
    broken("free-list-ring", [(f"$zone->free_area[{order}].free_list.next->next",
                               f"(unsigned long)$zone->free_area[{order}].free_list.next")],
           "pw check buddy", r"^BAD buddy", r"a ring")
    broken("free-count", [(f"$zone->free_area[{order}].nr_free", "77")], "pw check buddy", r"B3: ")
    broken("slab-list", [("$cache->list.next", "0x10")], "pw slabs", r"broken: list of slab caches")
    broken("slab-name", [("$cache->name", "0x10")], "pw slabs", r"^cache 0xffff")
    gdb.execute("set $slab = (struct page *)((char *)$cache->node[0].partial.next - "
                "(long)&((struct page *)0)->slab_list)", to_string=True)
    owned = int(gdb.parse_and_eval("(long)$cache->cpu[0].page"))  # never in a debug build
    broken("slab-freelist", [("$cache->cpu[0].freelist" if owned else "$slab->slab_freelist",
                              "0xffffffff80000001")], "pw check slabs",
           r"S3: .*which is no object of the slab")
    broken("task-list-null", [("task_list.next", "0")], "pw ps", r"broken: task list: not initialised")
    broken("task-list-stray", [("task_list.next->next", "0x4141414141414141")], "pw ps", r"broken: task list: .*can not")
    broken("current-stray", [("current_task", "0x4141414141414141")], "pw maps", r"broken: memory at 0x4141414141414141")
    broken("mm-stray", [("$pw_current()->mm", "0x4141414141414141")], "pw ps", r"mm: memory at 0x4141")
    broken("pgd-beyond-ram", [("$mm->pgd[0]", "0x7fffffffff067")], "pw check tables", r"^BAD page tables of lazy",
           r"no RAM")
    broken("pgd-beyond-ram-walk", [("$mm->pgd[0]", "0x7fffffffff067")], "pw walk 0x400000", r"can not be read")
    broken("log-positions", [("'kernel/printk.c'::next_pos", "~0")], "pw log", r"broken: log: ")
    broken("nodes", [("nr_online_nodes", "0x414141")], "pw buddy", r"broken: nr_online_nodes")
    expect("all-is-well-when-put-back", "pw check", r" 0 problems")


def panic():
    """A kernel that has panicked: no initramfs, no init."""
    report("panic-ends", run_to("machine_halt"), ask("backtrace"))
    expect("log-has-the-reason", "pw log", r"Kernel panic - not syncing")
    expect("ps-works", "pw ps", r"init")
    expect("buddy-works", "pw buddy", r"DMA32? ")
    everything("panicked")


EVENTS = {"PGFAULT_ZERO_PAGE": "the zero page, read-only", "PGFAULT_ANON": "do_anonymous_page .* new zeroed page",
          "PGFAULT_FILE": "do_read_fault", "PGFAULT_AROUND": "do_read_fault", "PGFAULT_FILE_COW": "do_cow_fault",
          "PGFAULT_SHARED_MKWRITE": "do_shared_fault|wp_page_shared", "PGFAULT_COW": "COW: ",
          "PGFAULT_REUSE": "reuse: ", "PGFAULT_SPURIOUS": "no fault: "}
CODES = {"FAULT_CODE_MAPERR": "SEGV_MAPERR", "FAULT_CODE_ACCERR": "SEGV_ACCERR", "FAULT_CODE_ADRERR": "BUS_ADRERR"}


def events():
    return {name: int(gdb.parse_and_eval(f"vm_event_states.event[{name}]")) for name in EVENTS}


def happened(before):
    """What the handler did, as a pattern of what pw why should have said."""
    from pw import headers
    fault, code = int(gdb.parse_and_eval("$")), int(gdb.parse_and_eval("*$code"))
    if fault & headers.VM_FAULT_SIGBUS:
        return "=> SIGBUS"
    if fault & headers.VM_FAULT_SIGSEGV:
        return "=> SIGSEGV, si_code " + next(text for name, text in CODES.items() if headers.defines[name] == code)
    after = events()
    grown = [pattern for name, pattern in EVENTS.items() if after[name] > before[name]]
    return "|".join(grown) or "nothing was counted"


def predict():
    """pw why, asked at each fault of a program, against what the handler then does."""
    from pw import headers
    program = os.environ["SESSION_PROGRAM"]
    stop = gdb.Breakpoint("mm_fault", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    stop.condition = f"$_streq($pw_comm(), \"{program}\")"
    end = gdb.Breakpoint("machine_power_off", type=gdb.BP_HARDWARE_BREAKPOINT, internal=True)
    wrong, kinds, count = [], set(), 0
    while count < 400:
        gdb.execute("continue", to_string=True)
        if end.hit_count:
            break
        count += 1
        flags, before = int(gdb.parse_and_eval("flags")), events()
        want = "w" if flags & headers.FAULT_FLAG_WRITE else \
            "x" if flags & headers.FAULT_FLAG_INSTRUCTION else "r"
        gdb.execute("set $code = si_code", to_string=True)
        said = ask(f"pw why addr {want}")
        caller = gdb.newest_frame().older().name()
        stop.enabled = False  # the way back may sleep, and another task of that name fault
        gdb.execute("finish", to_string=True)
        stop.enabled = True
        where = gdb.newest_frame().name()
        did = happened(before) if where == caller else f"stopped in {where} instead of {caller}"
        kinds.add(did)
        if not re.search(did, said.split("=>")[-1] if not did.startswith("=>") else said):
            wrong.append(f"did {did}\n{said}")
    report(f"all-{'' if count else 'no '}faults-are-predicted", count and not wrong, "\n".join(wrong))
    return kinds


def predict_segv():
    kinds = predict()
    for text in ("SEGV_MAPERR", "SEGV_ACCERR", "SIGBUS"):
        report(f"saw-{text}", any(text in kind for kind in kinds), kinds)


def predict_cow():
    kinds = predict()
    for text in ("COW", "do_cow_fault", "do_read_fault", "do_anonymous_page"):
        report(f"saw-{text}", any(text in kind for kind in kinds), kinds)


gdb.execute("set confirm off")
gdb.execute("set pagination off")
gdb.execute("set width 0")
gdb.execute("set architecture i386:x86-64", to_string=True)
gdb.execute(f"source {os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../tools/gdb/pagewalk.py')}")
gdb.execute(f"target remote {os.environ['SESSION_SOCKET']}", to_string=True)
{f.__name__: f for f in (early, fault, smp, corrupt, panic, predict_segv, predict_cow)}[os.environ["SESSION"]]()
print("session ends", flush=True)
