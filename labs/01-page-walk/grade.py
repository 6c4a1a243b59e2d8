"""grade.py - lab 01, a page walk: what is asked, and what the answers must be

Three kinds of question, all with addresses, protections and contents from the seed:

  - about pages that the probe mapped, touched, protected, shared and forked;
  - about the kernel's direct map, which has large pages;
  - about entries that the grader wrote itself into the stopped machine's tables, for what the kernel never makes: a
    gigabyte page with its PAT bit, rights taken away by an upper level, a table where there is no memory.

Each answer is compared with a walk that the grader does itself, through the emulator, in the memory of the stopped
machine.  Contents of pages tell whether the right one was found.
"""
import os
import re

from lab_machine import (ACCESSED_DIRTY, FRAME, LEVELS, MEMORY_MIB, NX, P, PSE, RW, US, Death, Walk, symbols)

LIMIT = 1000    # million instructions; a good answer takes less than a tenth
PAGE = 4096
PAGE_OFFSET = 0xFFFF888000000000
PAT_OF_LARGE = 1 << 12
PAT_OF_PTE = 1 << 7
SOFTWARE_BITS = 0x7F << 52
SIZES = {PAGE: "4 KiB", 1 << 21: "2 MiB", 1 << 30: "1 GiB"}

GROUPS = [
    ("four-levels", 20, "4 KiB pages: four entries and the byte's physical address"),
    ("stops", 15, "the walk ends at the first entry that is not present, at each level"),
    ("large", 15, "2 MiB and 1 GiB pages end the walk early"),
    ("bits", 10, "bits above and below the frame number stay out of the address"),
    ("permissions", 20, "what all levels together allow"),
    ("identity", 10, "the page found is the page meant: shared, and copied on write"),
    ("no-side-effects", 5, "looking does not fault anything in"),
    ("robust", 5, "a table outside of memory ends the walk, not the kernel"),
]

ENTRY = re.compile(r"^(pgd|pud|pmd|pte)  0x([0-9a-f]+) +(\d+)  0x([0-9a-f]+)  \S+$", re.M)
PAGE_LINE = re.compile(r"^page (512 GiB|1 GiB|2 MiB|4 KiB), byte 0x([0-9a-f]+), allows (.*)$", re.M)


class Answer:
    def __init__(self, err, text):
        self.err = err
        self.entries = [int(match[4], 16) for match in ENTRY.finditer(text)]
        page = PAGE_LINE.search(text)
        self.page = page and page[1]
        self.phys = page and int(page[2], 16)
        self.allows = page and page[3]


class Question:
    def __init__(self, label, group, address, verb="ask"):
        self.label, self.group, self.address, self.verb = label, group, address, verb
        self.reference = None

    def line(self):
        return f"{self.verb} {self.label} {self.address:#x}"


def why_not_answered(answer):
    if answer.err == 38:
        return "pt_walk is not written yet (ENOSYS)"
    return f"the kernel refuses: {os.strerror(answer.err)}"


def compare_path(reference, answer):
    """The first thing wrong with the entries and the page, or None."""
    entries = reference.entries
    for level, (mine, theirs) in enumerate(zip(entries, answer.entries)):
        if (mine ^ theirs) & ~ACCESSED_DIRTY:
            return f"the {LEVELS[level]} entry is {mine:#018x} in memory; the answer has {theirs:#018x}"
    last = LEVELS[len(entries) - 1]
    if len(answer.entries) > len(entries):
        if reference.page:
            return (f"goes on below a large page: bit 7 of the {last} entry {entries[-1]:#018x} is set, "
                    f"so it maps {SIZES[reference.page]} and names no table")
        return f"goes on after the {last} entry {entries[-1]:#018x}, which leads nowhere"
    if len(answer.entries) < len(entries):
        return f"ends after {len(answer.entries)} entries; the processor meets {len(entries)}, down to the {last}'s"
    if bool(reference.page) != bool(answer.page):
        return (f"says that nothing is mapped; the {last} entry {entries[-1]:#018x} maps {SIZES[reference.page]}"
                if reference.page else f"says that a page is mapped; the {last} entry {entries[-1]:#018x} has none")
    return compare_page(reference, answer) if reference.page else None


def compare_page(reference, answer):
    if answer.page != SIZES[reference.page]:
        return f"says a page of {answer.page}; it has {SIZES[reference.page]}"
    wrong = answer.phys ^ reference.phys
    if not wrong:
        return None
    both = f"physical address {answer.phys:#x}, should be {reference.phys:#x}"
    if wrong & ~(FRAME | (PAGE - 1)):
        return f"{both}: upper bits of the entry (NX is bit 63; 52 to 62 are software's) are left in it"
    if wrong & (reference.page - 1):
        return f"{both}: the offset within {SIZES[reference.page]} is the address's, not the entry's"
    return both


def compare_rights(reference, answer):
    if not answer.page:
        return "says that nothing is mapped"
    right = reference.allows()
    if answer.allows == right:
        return None
    last = Walk.allows(type("Last", (), {"entries": reference.entries[-1:]}))
    hint = "; that is the last entry alone, an upper level takes away more" if answer.allows == last else ""
    return f"says {answer.allows!r}; all entries together allow {right!r}{hint}"


class Exam:
    def __init__(self, random, kernel):
        self.random = random
        self.questions = {}
        self.death = None
        self.text = ""
        self.edits = []         # label, [(level, change)]
        self.contents = {}      # label -> what is in memory where its answer points
        self.slots = random.sample(range(1, 200), 32)
        self.image = [address for address, name in symbols(kernel) if name in ("pt_walk", "handle_mm_fault")]

    # --- the plan ---

    def place(self, aligned=8):
        """A random user address with a top-level slot to itself, so that its tables are its own."""
        index = [self.random.randrange(4, 508) for _level in range(3)]
        address = self.slots.pop()
        for part in index:
            address = address << 9 | part
        return address << 12 | self.random.randrange(0, PAGE, aligned)

    def map(self, address, prot, backing="anon"):
        pages = self.random.randrange(1, 4)
        start = (address & -PAGE) - self.random.randrange(pages) * PAGE
        return f"map {start:#x} {pages * PAGE:#x} {prot} {backing}"

    def ask(self, label, group, address, verb="ask"):
        self.questions[label] = Question(label, group, address, verb)
        return self.questions[label].line()

    def store(self, address, verb="store"):
        value = self.random.randrange(1 << 63)
        return f"{verb} {address:#x} {value:#x}", value

    def touched(self, prot):
        """(address, lines) of a page that is there and may then be used as @prot says."""
        address = self.place()
        page = address & -PAGE
        return address, [f"map {page:#x} {PAGE:#x} rw anon", self.store(address)[0],
                         f"protect {page:#x} {PAGE:#x} {prot}"]

    def plan(self):
        steps = self.plan_natural()
        steps += self.plan_fork()
        steps += self.plan_edited()
        return "\n".join(steps) + "\n"

    def plan_natural(self):
        setup, asks = [], []
        for number, prot in enumerate(("rwx", "rx", "rwx")):
            address, lines = self.touched(prot)
            setup += lines
            asks.append(self.ask(f"page{number}", "four-levels", address + self.random.randrange(8)))
        for number, prot in enumerate(("r", "rw", "rx", "rwx")):
            address, lines = self.touched(prot)
            setup += lines
            asks.append(self.ask(f"right{number}", "permissions", address))
            if "x" not in prot:
                asks.append(self.ask(f"nx{number}", "bits", address))
        asks += self.plan_absent(setup)
        for number in range(3):
            address = PAGE_OFFSET + self.random.randrange(MEMORY_MIB << 20)
            asks.append(self.ask(f"direct{number}", "large", address))
        for number, address in enumerate(self.image):
            asks.append(self.ask(f"image{number}", "permissions", address + self.random.randrange(64)))
        self.random.shuffle(asks)
        self.nonce_at = self.place()
        line, self.nonce = self.store(self.nonce_at)
        setup += [self.map(self.nonce_at, "rw"), line, f"ask warm {self.nonce_at:#x}", "faults warm"]
        return setup + ["meet ready", "faults before", *asks, "faults after"]

    def plan_absent(self, setup):
        """Nothing there: each level is once the first that is not present."""
        address, lines = self.touched("rw")
        setup += lines
        asks = [self.ask("none-pgd", "stops", self.place()),
                self.ask("none-pud", "stops", address ^ 1 << 31),
                self.ask("none-pmd", "stops", address ^ 1 << 22),
                self.ask("none-pte", "stops", address ^ 1 << 13)]
        asleep = self.place()
        setup.append(self.map(asleep, "rw"))
        asks.append(self.ask("untouched", "stops", asleep))
        address, lines = self.touched("-")
        setup += lines
        asks.append(self.ask("prot-none", "stops", address))
        return asks

    def plan_fork(self):
        first, second, copied = (self.place(PAGE) for _count in range(3))
        offset = self.random.randrange(0, PAGE, 8)
        share, self.shared_value = self.store(first + offset)
        before, self.old_value = self.store(copied + offset)
        after, self.new_value = self.store(copied + offset, "child-store")
        return [f"map {first:#x} {PAGE:#x} rwx /shared", f"map {second:#x} {PAGE:#x} rx /shared",
                f"map {copied:#x} {PAGE:#x} rwx anon", share, before, f"load {second:#x}",
                self.ask("shared-here", "identity", first + offset),
                self.ask("shared-there", "identity", second + offset), "fork",
                self.ask("parent-before", "identity", copied + offset),
                self.ask("child-before", "identity", copied + offset, "ask-child"), after,
                self.ask("parent-after", "identity", copied + offset),
                self.ask("child-after", "identity", copied + offset, "ask-child"), "meet forked", "reap"]

    def plan_edited(self):
        big = self.random.randrange(1, 6) << 21
        bigger = self.random.randrange(2, 64) << 30
        flags = P | RW | US | PSE | ACCESSED_DIRTY
        outside = self.random.randrange(1 << 40, 1 << 48, PAGE)
        upper = self.random.randrange(1, 1 << 7) << 52 & SOFTWARE_BITS
        edits = [
            ("no-write-pgd", "permissions", 0, lambda e: e & ~RW),
            ("no-user-pud", "permissions", 1, lambda e: e & ~US),
            ("no-execute-pmd", "permissions", 2, lambda e: e | NX),
            ("absent-pgd", "stops", 0, lambda e: e & ~P),
            ("absent-pud", "stops", 1, lambda e: e & ~P),
            ("absent-pmd", "stops", 2, lambda e: e & ~P),
            ("absent-pte", "stops", 3, lambda e: e & ~P),
            ("made-2M", "large", 2, lambda e: big | flags | PAT_OF_LARGE),
            ("made-1G", "large", 1, lambda e: bigger | flags | PAT_OF_LARGE),
            ("software-pte", "bits", 3, lambda e: e | upper | PAT_OF_PTE | NX),
            ("software-pud", "bits", 1, lambda e: e | upper),
            ("outside-pmd", "robust", 2, lambda e: e & ~FRAME | outside),
        ]
        setup, asks = [], []
        for label, group, level, change in edits:
            address, lines = self.touched("rwx")
            setup += lines
            asks.append(self.ask(label, group, address))
            self.edits.append((label, level, change))
        return [*setup, "meet edit", *asks, "meet undo"]

    # --- the run ---

    def hold(self, machine):
        try:
            self.meet(machine, "ready", self.see_natural)
            self.meet(machine, "forked", self.see_contents)
            self.meet(machine, "edit", self.edit)
            self.meet(machine, "undo", self.undo)
            machine.until(r"^@done\n")
        except Death as death:
            self.death = str(death)
            raise
        finally:
            self.text = machine.text

    def meet(self, machine, label, action):
        _text, match = machine.until(rf"^(?:@meet {label} 0x([0-9a-f]+)|@broken .*)\n")
        self.text = machine.text
        if not match[1]:
            raise Death(f"the kernel cannot do what the test needs: {match[0][8:].strip()}")
        machine.stop()
        memory = machine.memory
        try:
            root = machine.registers()["CR3"] & FRAME
            nonce = Walk(memory, root, self.nonce_at)
            if nonce.phys is None or memory.read_u64(nonce.phys) != self.nonce:
                raise Death("the page tables in use are not those of the program that runs; were they overwritten?")
            action(memory, root)
            go = Walk(memory, root, int(match[1], 16))
            memory.write_u64(go.phys, memory.read_u64(go.phys) + 1)
        finally:
            machine.go_on()

    def refer(self, memory, root, labels):
        for label in labels:
            self.questions[label].reference = Walk(memory, root, self.questions[label].address)

    def see_natural(self, memory, root):
        edited = {label for label, _level, _change in self.edits}
        self.refer(memory, root, [question.label for question in self.questions.values()
                                  if question.group != "identity" and question.label not in edited])

    def see_contents(self, memory, root):
        self.refer(memory, root, ["shared-here", "shared-there", "parent-after"])
        for label, answer in self.answers().items():
            if label in self.questions and self.questions[label].group == "identity" and answer.phys is not None:
                self.contents[label] = memory.read_u64(answer.phys & ~7)

    def edit(self, memory, root):
        self.before = []
        for label, level, change in self.edits:
            walk = Walk(memory, root, self.questions[label].address)
            self.before.append((walk.slot(level), walk.entries[level]))
            memory.write_u64(walk.slot(level), change(walk.entries[level]))
        self.refer(memory, root, [label for label, _level, _change in self.edits])

    def undo(self, memory, _root):
        for slot, entry in self.before:
            memory.write_u64(slot, entry)

    # --- the verdict ---

    def answers(self):
        found = re.finditer(r"^@answer (\S+) (\d+)\n(.*?)^@end$", self.text, re.M | re.S)
        return {match[1]: Answer(int(match[2]), match[3]) for match in found}

    def judge(self, report):
        answers = self.answers()
        unanswered = None
        for question in self.questions.values():
            answer = answers.get(question.label)
            if answer is None:
                unanswered = unanswered or question.label
                problem = f"no answer: {self.death or 'the run ended before'}"
            elif answer.err:
                problem = why_not_answered(answer)
            elif question.reference is None:
                continue
            elif question.group == "permissions":
                problem = compare_rights(question.reference, answer)
            else:
                problem = compare_path(question.reference, answer)
            if problem:
                report.lose(question.group, f"{question.label}, address {question.address:#x}: {problem}")
        self.judge_identity(report, answers)
        self.judge_faults(report)
        if self.death and not unanswered:
            report.lose("robust", f"all was answered, but then: {self.death}")

    def judge_identity(self, report, answers):
        def one(label, value, what):
            if label in answers and self.contents.get(label) != value:
                report.lose("identity", f"{label}: {what} is not in memory where the answer points")

        def page(label):
            return answers[label].phys if label in answers else None

        one("shared-here", self.shared_value, "what was stored")
        one("shared-there", self.shared_value, "what was stored through the other mapping")
        if page("shared-here") != page("shared-there"):
            report.lose("identity", "two mappings of one file page lead to different pages")
        if page("parent-before") != page("child-before"):
            report.lose("identity", "after fork, before any write, parent and child do not share the page")
        if page("child-after") is not None and page("parent-after") == page("child-after"):
            report.lose("identity", "the child wrote, and still shares the parent's page")
        one("parent-after", self.old_value, "what the parent stored")
        one("child-after", self.new_value, "what the child stored")

    def judge_faults(self, report):
        counts = dict(re.findall(r"^@faults (\w+) (\d+)$", self.text, re.M))
        if "before" not in counts or "after" not in counts:
            report.lose("no-side-effects", f"not measured: {self.death or 'the run ended before'}")
        elif counts["before"] != counts["after"]:
            more = int(counts["after"]) - int(counts["before"])
            report.lose("no-side-effects", f"asking caused {more} page fault{'s' if more > 1 else ''}")
        elif not any(not answer.err for answer in self.answers().values()):
            report.lose("no-side-effects", "nothing was answered, so nothing was looked at")
