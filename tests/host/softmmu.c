/* SPDX-License-Identifier: MIT */
/*
 * tests/host/softmmu.c - the processor's memory-management unit, in software
 *
 * A user access goes the way it goes in hardware:
 *
 *      TLB of this CPU -- hit, allowed ----------------------------> RAM
 *            | miss, or a first write                                 ^
 *            v                                                        |
 *      walk the four levels, P W U NX at each, set A (and D) -- ok ---'  (and keep the translation)
 *            | not allowed
 *            v
 *      page fault: mm_fault(), then the access again, or a signal
 *
 * Accessed and dirty bits are set by compare-and-exchange on the entry that the walk has read, so the kernel's
 * concurrent changes are never overwritten.
 *
 * The TLB exists to be wrong when the kernel forgets a flush.  Checks turn that into a failure at the first
 * occasion:
 *   T1  a hit that the page tables would not allow any more, while no other task is inside the kernel (a flush
 *       may be on its way otherwise);
 *   T2  a frame is freed while a TLB still maps it, or has walked through it as a table;
 *   T3  after env_run(), any entry that allows more than the tables;
 *   T4  a hit of an entry whose frame or table was freed, at any time.
 * T2 admits no excuse: flush before free is the rule that mmu_gather exists for.  It does not ask for what no
 * processor could use: entries under a PCID that is not loaded, and on a lazy CPU those that map pages
 * (arch/x86_64/tlb.c); such entries are marked instead, and T4 is what remains to be feared of them.  On a lazy
 * CPU no access may be made at all before switch_mm.
 *
 * Which CPU is visited by a flush, and what it then forgets, is decided by the kernel's own arch/x86_64/tlb.c,
 * which runs here on the instructions below: loading CR3, INVLPG, flushing all.  Without PCIDs a load forgets
 * all but the kernel's entries (init_mm), which are global; with PCIDs it keeps them when asked to.
 *
 * Sources: Intel SDM 3A, "4-Level Paging and 5-Level Paging", "Access Rights", "Accessed and Dirty Flags",
 * "Translation-Lookaside Buffers", "Propagation of Paging-Structure Changes to Multiple Processors".
 */
#include <arch/tlb_hw.h>
#include <mm/mm.h>
#include <stdio.h>

#include "env.h"

#define TLB_ENTRIES 64
#define MAX_FAULTS  1000 /* for one access: more is a loop */

#define SIGNO_BUS   7
#define SIGNO_KILL  9
#define SIGNO_SEGV  11

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC };

struct translation {
	vaddr_t base; /* of the page, whatever its size */
	u64 size;
	paddr_t phys;
	bool write, exec, user, dirty;
	pfn_t tables[4];
};

struct tlb_entry {
	struct mm_struct *mm; /* NULL: empty.  Not to be followed unless it is loaded or init_mm. */
	unsigned int pcid;    /* of init_mm's, which are global, it does not matter */
	bool doomed;          /* what it leads to was freed */
	struct translation t;
};

static struct soft_cpu {
	struct mm_struct *mm;        /* loaded: CR3.  NULL: init_mm */
	struct mm_struct *faults_in; /* NULL: no fault is being handled */
	unsigned int pcid;
	struct tlb_entry tlb[TLB_ENTRIES];
} cpus[ENV_MAX_CPUS];

static bool pcids_exist;

struct user_fault user_fault;
struct env_tlb_stats env_tlb_stats;
struct mm_limits env_limits = {
	.as = ~0UL,
	.data = ~0UL,
	.stack = 8 * MiB,
	.memlock = ~0UL,
	.cap_sys_rawio = false,
};

/* ------------------------------------------------------------------------------------------------
 * The walk
 */

static u64 *table_entry(paddr_t table, unsigned int index)
{
	if (!env_is_ram(table, PAGE_SIZE))
		FAIL("a page-table entry points at %#lx, which is not RAM", table);
	return (u64 *)phys_to_virt(table) + index;
}

/* Sets @bits in *@entry if it still holds @seen; else the walk has to start again. */
static bool set_bits(u64 *entry, u64 seen, u64 bits)
{
	if ((seen & bits) == bits)
		return true;
	return __atomic_compare_exchange_n(entry, &seen, seen | bits, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

enum walk_result { WALK_OK, WALK_NOT_PRESENT, WALK_DENIED, WALK_AGAIN };

static bool allows(const struct translation *t, enum access access)
{
	return t->user && (access != ACCESS_WRITE || t->write) &&
	       (access != ACCESS_EXEC || t->exec);
}

/*
 * One walk for @access by user code, or by the kernel (@kernel: U is not looked at).  With @mark the bits A and D
 * are set as the hardware does.
 */
static enum walk_result walk(const struct mm_struct *mm, vaddr_t addr, enum access access,
			     bool kernel, bool mark, struct translation *t)
{
	static const unsigned int shifts[4] = { PGDIR_SHIFT, PUD_SHIFT, PMD_SHIFT, PAGE_SHIFT };
	paddr_t table = virt_to_phys(mm->pgd);
	u64 *slots[4], seen[4];
	int level;

	*t = (struct translation){ .write = true, .exec = true, .user = true };
	for (level = 0;; level++) {
		u64 entry;

		t->tables[level] = table >> PAGE_SHIFT;
		slots[level] = table_entry(table, (addr >> shifts[level]) & (PTRS_PER_TABLE - 1));
		entry = seen[level] = __atomic_load_n(slots[level], __ATOMIC_SEQ_CST);
		if (!(entry & _PAGE_PRESENT))
			return WALK_NOT_PRESENT;
		if (level == 0 && (entry & _PAGE_PSE))
			FAIL("reserved bit in the top-level entry %#lx of %#lx",
			     (unsigned long)entry, addr);
		t->write &= !!(entry & _PAGE_RW);
		t->user &= !!(entry & _PAGE_USER);
		t->exec &= !(entry & _PAGE_NX);
		if (level == 3 || (level > 0 && (entry & _PAGE_PSE)))
			break;
		table = entry & PTE_PFN_MASK;
	}
	if (kernel)
		t->user = true;
	t->size = 1UL << shifts[level];
	t->base = ALIGN_DOWN(addr, t->size);
	t->phys = seen[level] & PTE_PFN_MASK & ~(t->size - 1);
	t->dirty = !!(seen[level] & _PAGE_DIRTY);
	if (!allows(t, access))
		return WALK_DENIED;
	if (!mark)
		return WALK_OK;
	for (int i = 0; i < level; i++)
		if (!set_bits(slots[i], seen[i], _PAGE_ACCESSED))
			return WALK_AGAIN;
	if (!set_bits(slots[level], seen[level],
		      _PAGE_ACCESSED | (access == ACCESS_WRITE ? _PAGE_DIRTY : 0)))
		return WALK_AGAIN;
	t->dirty |= access == ACCESS_WRITE;
	return WALK_OK;
}

/* ------------------------------------------------------------------------------------------------
 * The TLB
 */

/* Could the CPU use the entry as things are loaded now? */
static bool usable(const struct soft_cpu *cpu, const struct tlb_entry *e)
{
	return e->mm && (e->mm == &init_mm || (cpu->mm && e->pcid == cpu->pcid));
}

/* Hardware looks at PCID and address; that the entry is @mm's is what the kernel must have seen to. */
static struct tlb_entry *tlb_find(struct soft_cpu *cpu, const struct mm_struct *mm, vaddr_t addr)
{
	for (struct tlb_entry *e = cpu->tlb; e < cpu->tlb + TLB_ENTRIES; e++) {
		if (!usable(cpu, e) || (e->mm == &init_mm) != (mm == &init_mm) ||
		    addr < e->t.base || addr - e->t.base >= e->t.size)
			continue;
		if (e->mm != mm)
			FAIL("PCID %u has an entry of another address space", e->pcid);
		return e;
	}
	return NULL;
}

static void tlb_insert(struct soft_cpu *cpu, struct mm_struct *mm, const struct translation *t)
{
	struct tlb_entry *e = tlb_find(cpu, mm, t->base);

	for (struct tlb_entry *empty = cpu->tlb; !e && empty < cpu->tlb + TLB_ENTRIES; empty++)
		if (!empty->mm)
			e = empty;
	if (!e)
		e = &cpu->tlb[test_random_below(TLB_ENTRIES)];
	*e = (struct tlb_entry){ .mm = mm, .pcid = cpu->pcid, .t = *t };
}

/* What an entry allows that the tables do not: text for the report, or NULL. */
static const char *stale(const struct tlb_entry *e)
{
	struct translation now;
	enum walk_result r = walk(e->mm, e->t.base, ACCESS_READ, true, false, &now);

	if (r == WALK_NOT_PRESENT)
		return "nothing is mapped there any more";
	if (now.phys + (e->t.base - now.base) != e->t.phys)
		return "another frame is mapped there now";
	if (e->t.write && !now.write)
		return "it is read-only now";
	if (e->t.exec && !now.exec)
		return "it is not executable now";
	if (e->t.dirty && e->t.write && !now.dirty)
		return "it is clean now, and a write would go unnoticed";
	return NULL;
}

static void report_stale(unsigned int cpu, const struct tlb_entry *e, const char *why)
{
	printf("TLB of CPU %u: %#lx -> frame %#lx, %s%s%s: %s\n", cpu, e->t.base,
	       e->t.phys >> PAGE_SHIFT, e->t.write ? "W" : "R", e->t.exec ? "X" : "",
	       e->t.dirty ? "D" : "", why);
}

void env_tlb_check(void)
{
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		for (struct tlb_entry *e = cpus[cpu].tlb; e < cpus[cpu].tlb + TLB_ENTRIES; e++) {
			bool use = usable(&cpus[cpu], e) &&
				   (e->mm == &init_mm || !tlb_is_lazy(cpu));
			const char *why = use ? stale(e) : NULL;

			if (why) {
				report_stale(cpu, e, why);
				FAIL("missing TLB flush");
			}
		}
	}
}

static bool frames_overlap(pfn_t a, unsigned long na, pfn_t b, unsigned long nb)
{
	return a < b + nb && b < a + na;
}

static bool table_is_in(const struct tlb_entry *e, pfn_t pfn, unsigned long nr)
{
	for (unsigned int i = 0; i < 4; i++)
		if (e->t.tables[i] && frames_overlap(e->t.tables[i], 1, pfn, nr))
			return true;
	return false;
}

/* T2.  The call chain that the failure prints is the one that frees the frame. */
void env_tlb_page_freed(pfn_t pfn, unsigned int order)
{
	unsigned long nr = 1UL << order;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++) {
		struct soft_cpu *c = &cpus[cpu];

		if (c->mm && frames_overlap(virt_to_phys(c->mm->pgd) >> PAGE_SHIFT, 1, pfn, nr))
			FAIL("frame %#lx is freed, but CPU %u has it loaded as top-level table",
			     pfn, cpu);
		for (struct tlb_entry *e = c->tlb; e < c->tlb + TLB_ENTRIES; e++) {
			bool table = e->mm && table_is_in(e, pfn, nr);
			bool page = e->mm && frames_overlap(e->t.phys >> PAGE_SHIFT,
							    e->t.size >> PAGE_SHIFT, pfn, nr);

			if (!table && !page)
				continue;
			if (usable(c, e) && (e->mm == &init_mm || !tlb_is_lazy(cpu)) && page) {
				report_stale(cpu, e, "its frame is being freed");
				FAIL("a page is freed before the TLB flush");
			}
			if (usable(c, e) && table) {
				report_stale(cpu, e, "a table on its path is being freed");
				FAIL("a page table is freed before the TLB flush");
			}
			e->doomed = true;
		}
	}
}

/* --- the instructions of arch/tlb_hw.h --- */

bool hw_has_pcid(void)
{
	return pcids_exist;
}

void hw_enable_pcid(void)
{
	if (cpus[smp_processor_id()].pcid)
		FAIL("PCIDs are enabled with one loaded");
}

void hw_load(struct mm_struct *mm, unsigned int pcid, bool keep)
{
	struct soft_cpu *cpu = &cpus[smp_processor_id()];

	if (!irqs_disabled())
		FAIL("CR3 is loaded with interrupts on");
	if ((pcid || keep) && !pcids_exist)
		FAIL("a PCID is loaded on a processor that has none");
	env_tlb_stats.loads++;
	env_tlb_stats.kept += keep;
	cpu->mm = mm == &init_mm ? NULL : mm;
	cpu->pcid = pcid;
	for (struct tlb_entry *e = cpu->tlb; e < cpu->tlb + TLB_ENTRIES; e++)
		if (e->mm != &init_mm && e->pcid == pcid && !keep)
			e->mm = NULL;
}

void hw_flush_page(vaddr_t addr)
{
	struct soft_cpu *cpu = &cpus[smp_processor_id()];

	for (struct tlb_entry *e = cpu->tlb; e < cpu->tlb + TLB_ENTRIES; e++) {
		bool hit = usable(cpu, e) && addr >= e->t.base && addr - e->t.base < e->t.size;

		env_tlb_stats.kernel += hit && e->mm == &init_mm;
		if (hit)
			e->mm = NULL;
		else if (usable(cpu, e) && e->mm != &init_mm)
			memset(e->t.tables, 0, sizeof(e->t.tables)); /* paging-structure caches */
	}
}

void hw_flush_global(void)
{
	struct soft_cpu *cpu = &cpus[smp_processor_id()];

	env_tlb_stats.kernel++;
	for (struct tlb_entry *e = cpu->tlb; e < cpu->tlb + TLB_ENTRIES; e++)
		e->mm = NULL;
}

static void init_cpu(void *arg __maybe_unused)
{
	tlb_init_cpu();
}

void env_enable_pcid(void)
{
	pcids_exist = true;
	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		env_on_cpu(cpu, init_cpu, NULL);
}

/* --- what the scheduler does --- */

static void load(void *mm)
{
	switch_mm(NULL, mm);
}

static void become_lazy(void *arg __maybe_unused)
{
	enter_lazy_tlb();
}

void env_load(struct mm_struct *mm)
{
	env_on_cpu(smp_processor_id(), load, mm ? mm : &init_mm);
}

void env_kernel_thread(void)
{
	env_on_cpu(smp_processor_id(), become_lazy, NULL);
}

struct mm_struct *env_cpu_mm(unsigned int cpu)
{
	return cpus[cpu].mm;
}

void env_mmput(struct mm_struct *mm)
{
	unsigned int cpu;

	mmgrab(mm); /* what the CPUs borrow */
	for_each_possible_cpu(cpu)
		if (cpus[cpu].mm == mm)
			env_on_cpu(cpu, become_lazy, NULL);
	mmput(mm);
	for_each_possible_cpu(cpu)
		if (cpus[cpu].mm == mm)
			env_on_cpu(cpu, load, &init_mm);
	mmdrop(mm);
}

/* ------------------------------------------------------------------------------------------------
 * Accesses
 */

static void check_hit(const struct tlb_entry *e)
{
	const char *why;

	if (e->doomed) {
		report_stale(smp_processor_id(), e, "what it leads to was freed");
		FAIL("a stale translation is used");
	}
	if (env_others_in_kernel())
		return;
	why = stale(e);
	if (why) {
		report_stale(smp_processor_id(), e, why);
		FAIL("missing TLB flush: user code used a stale translation");
	}
}

/*
 * Where @addr is in RAM, for one access within a page.  False: a page fault; *@protection as bit 0 of the
 * hardware's error code.
 */
static bool translate(struct mm_struct *mm, vaddr_t addr, enum access access, paddr_t *phys,
		      bool *protection)
{
	struct soft_cpu *cpu = &cpus[smp_processor_id()];
	struct tlb_entry *e = tlb_find(cpu, mm, addr);
	struct translation t;

	if (e && allows(&e->t, access) && (access != ACCESS_WRITE || e->t.dirty)) {
		env_tlb_stats.hits++;
		check_hit(e);
		*phys = e->t.phys + (addr - e->t.base);
		return true;
	}
	/* A fault drops the entry that caused it; so does a walk that replaces it. */
	if (e)
		e->mm = NULL;
	env_tlb_stats.misses++;
	for (;;) {
		enum walk_result r = walk(mm, addr, access, false, true, &t);

		if (r == WALK_AGAIN)
			continue;
		*protection = r == WALK_DENIED;
		if (r != WALK_OK)
			return false;
		break;
	}
	tlb_insert(cpu, mm, &t);
	*phys = t.phys + (addr - t.base);
	return true;
}

static void host_limits(struct mm_limits *lim)
{
	*lim = env_limits;
}

void env_run_threads(struct mm_struct *mm, unsigned int n, const env_task_fn *fns,
		     void *const *args)
{
	for (unsigned int i = 1; i < n; i++)
		mmget(mm);
	env_run(n, fns, args);
	for (unsigned int i = 1; i < n; i++)
		mmput(mm);
}

/* Whoever faults in an address space is one of its users: what is freed at once for a sole user relies on it. */
static void check_users(const struct mm_struct *mm)
{
	int faulting = 0;

	for (unsigned int cpu = 0; cpu < nr_cpu_ids; cpu++)
		faulting += cpus[cpu].faults_in == mm;
	if (faulting > atomic_read(&mm->mm_users))
		FAIL("more tasks fault in an address space than it has users");
}

/* Returns the signal, or 0 when the access may be tried again. */
static int take_fault(struct mm_struct *mm, vaddr_t addr, enum access access)
{
	unsigned int flags = FAULT_FLAG_USER | FAULT_FLAG_ALLOW_RETRY;
	vm_fault_t result;

	if (access == ACCESS_WRITE)
		flags |= FAULT_FLAG_WRITE;
	if (access == ACCESS_EXEC)
		flags |= FAULT_FLAG_INSTRUCTION;
	user_fault.faults++;
	user_fault.addr = addr;
	user_fault.si_code = 0;
	cpus[smp_processor_id()].faults_in = mm;
	check_users(mm);
	result = mm_fault(mm, host_limits, addr, flags, &user_fault.si_code);
	cpus[smp_processor_id()].faults_in = NULL;
	user_fault.result = result;
	if (env_locks_held())
		FAIL("mm_fault returned with a lock held");
	if (result & VM_FAULT_OOM)
		return SIGNO_KILL;
	if (result & VM_FAULT_SIGBUS)
		return SIGNO_BUS;
	if (result & VM_FAULT_SIGSEGV)
		return SIGNO_SEGV;
	return 0;
}

/* One access that does not cross a page. */
static int access_within_page(struct mm_struct *mm, vaddr_t addr, enum access access, void *buf,
			      size_t len)
{
	for (unsigned int tries = 0; tries < MAX_FAULTS; tries++) {
		bool protection;
		paddr_t phys;
		int signo;

		/* The way back to user mode. */
		if (cpus[smp_processor_id()].mm != mm || tlb_is_lazy(smp_processor_id()))
			env_load(mm);
		env_set_in_user(true);
		env_seam();
		if (addr >= TASK_SIZE_MAX) {
			env_set_in_user(false);
			user_fault.addr = addr;
			return user_fault.signo = SIGNO_SEGV;
		}
		if (translate(mm, addr, access, &phys, &protection)) {
			void *ram = phys_to_virt(phys);

			if (!env_is_ram(phys, len))
				FAIL("%#lx is mapped to %#lx, which is not RAM", addr, phys);
			if (access == ACCESS_WRITE)
				memcpy(ram, buf, len);
			else if (buf)
				memcpy(buf, ram, len);
			env_set_in_user(false);
			return 0;
		}
		env_set_in_user(false);
		signo = take_fault(mm, addr, access);
		if (signo)
			return user_fault.signo = signo;
	}
	FAIL("%#lx faults for ever: the last result was %#x", addr, user_fault.result);
}

static int access_user(struct mm_struct *mm, vaddr_t addr, enum access access, void *buf,
		       size_t len)
{
	u8 *p = buf;

	user_fault = (struct user_fault){ 0 };
	while (len) {
		size_t step = min(len, PAGE_SIZE - addr % PAGE_SIZE);
		int signo = access_within_page(mm, addr, access, p, step);

		if (signo)
			return signo;
		addr += step;
		p = p ? p + step : NULL;
		len -= step;
	}
	return 0;
}

int user_read(struct mm_struct *mm, vaddr_t addr, void *buf, size_t len)
{
	return access_user(mm, addr, ACCESS_READ, buf, len);
}

int user_write(struct mm_struct *mm, vaddr_t addr, const void *buf, size_t len)
{
	return access_user(mm, addr, ACCESS_WRITE, (void *)(uintptr_t)buf, len);
}

int user_exec(struct mm_struct *mm, vaddr_t addr)
{
	return access_user(mm, addr, ACCESS_EXEC, NULL, 1);
}

static void *kernel_byte(vaddr_t addr, enum access access)
{
	struct soft_cpu *cpu = &cpus[smp_processor_id()];
	struct tlb_entry *e = tlb_find(cpu, &init_mm, addr);
	struct translation t;

	if (e) {
		check_hit(e);
		t = e->t;
	} else if (walk(&init_mm, addr, access, true, true, &t) != WALK_OK) {
		return NULL;
	} else {
		tlb_insert(cpu, &init_mm, &t);
	}
	return allows(&t, access) ? (u8 *)phys_to_virt(t.phys + (addr - t.base)) : NULL;
}

u8 kernel_read8(vaddr_t addr)
{
	u8 *p = kernel_byte(addr, ACCESS_READ);

	if (!p)
		FAIL("kernel address %#lx is not mapped", addr);
	return *p;
}

void kernel_write8(vaddr_t addr, u8 v)
{
	u8 *p = kernel_byte(addr, ACCESS_WRITE);

	if (!p)
		FAIL("kernel address %#lx is not mapped writable", addr);
	*p = v;
}

bool kernel_mapped(vaddr_t addr)
{
	struct translation t;

	return walk(&init_mm, addr, ACCESS_READ, true, false, &t) == WALK_OK;
}
