/*
 * kernel/bench.c - what the kernel's own building blocks cost, measured at boot when asked
 *
 * `bench` on the command line runs all rows before PID 1 becomes a program, `bench=PART` those whose name holds PART.
 * Each row allocates and frees, or locks and unlocks, or looks up, again and again, and prints one line, in the form
 * that user programs use (tests/bench/main.c):
 *
 *     bench: page_order0 27.0 tsc/pair min=27.0 max=27.2 ops=2000
 *
 * Under QEMU's -icount the TSC counts instructions; elsewhere these are cycles of the TSC.  The loop and
 * the call around an operation are measured too, empty, and taken off.  Interrupts stay on: a tick that comes in between shows as max.  DEBUG builds poison
 * and check: their figures mean nothing.
 *
 * Nothing is kept afterwards.  A row that runs out of memory says FAIL.
 *
 * Context: PID 1 before it becomes a program: a kernel thread, alone.
 */
#include <arch/cpu.h>
#include <kernel/init.h>
#include <kernel/log.h>
#include <kernel/mutex.h>
#include <kernel/rlimit.h>
#include <kernel/rwsem.h>
#include <kernel/spinlock.h>
#include <kernel/workqueue.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/slab.h>
#include <mm/vmalloc.h>

#define BATCHES  5
#define NR_OPS   2000
#define NR_VMAS  64 /* of the address space that find_vma searches: a small program's */
#define VMA_SIZE (2 * PAGE_SIZE)

struct bench {
	const char *name, *per;
	bool (*run)(unsigned long arg); /* one operation; false: no memory */
	unsigned long arg;
	unsigned int ops;
};

static struct kmem_cache *bench_cache;
static struct mm_struct *bench_mm;
static struct work_struct bench_work;
static vaddr_t bench_vmas; /* first mapping; one every two VMA_SIZE */
static DEFINE_SPINLOCK(bench_spinlock, LOCK_MM_MISC);
static DEFINE_MUTEX(bench_mutex, LOCK_FILE_MISC);
static struct rw_semaphore bench_rwsem = RWSEM_INIT(bench_rwsem, LOCK_FILE_MISC);

/* --- operations --- */

static __always_inline bool page_pair(unsigned int order)
{
	struct page *page = alloc_pages(GFP_KERNEL, order);

	if (!page)
		return false;
	__free_pages(page, order);
	return true;
}

static bool run_page(unsigned long arg)
{
	(void)arg;
	return page_pair(0);
}

static bool run_pages(unsigned long order)
{
	return page_pair((unsigned int)order);
}

static bool run_cache(unsigned long arg)
{
	void *obj = kmem_cache_alloc(bench_cache, GFP_KERNEL);

	(void)arg;
	if (!obj)
		return false;
	kmem_cache_free(bench_cache, obj);
	return true;
}

static bool run_kmalloc(unsigned long size)
{
	void *p = kmalloc(size, GFP_KERNEL);

	if (!p)
		return false;
	kfree(p);
	return true;
}

static bool run_vmalloc(unsigned long size)
{
	void *p = vmalloc(size);

	if (!p)
		return false;
	vfree(p);
	return true;
}

static bool run_spinlock(unsigned long arg)
{
	(void)arg;
	spin_lock(&bench_spinlock);
	spin_unlock(&bench_spinlock);
	return true;
}

static bool run_mutex(unsigned long arg)
{
	(void)arg;
	mutex_lock(&bench_mutex);
	mutex_unlock(&bench_mutex);
	return true;
}

static bool run_rwsem(unsigned long arg)
{
	(void)arg;
	down_read(&bench_rwsem);
	up_read(&bench_rwsem);
	return true;
}

static void do_nothing(struct work_struct *work)
{
	(void)work;
}

/* To the worker and back: two switches. */
static bool run_work(unsigned long arg)
{
	(void)arg;
	queue_work(&bench_work);
	flush_work(&bench_work);
	return true;
}

/* Another mapping each time: 7 and NR_VMAS have no common divisor. */
static bool run_find_vma(unsigned long arg)
{
	static unsigned long turn;
	vaddr_t addr = bench_vmas + (turn++ * 7 % NR_VMAS) * 2 * VMA_SIZE;
	struct vm_area_struct *vma;

	(void)arg;
	down_read(&bench_mm->mmap_lock);
	vma = find_vma(bench_mm, addr);
	up_read(&bench_mm->mmap_lock);
	return vma && vma->vm_start == addr;
}

static const struct bench benches[] = {
	{ "page_order0", "pair", run_page, 0, NR_OPS },
	{ "page_order3", "pair", run_pages, 3, NR_OPS },
	{ "page_order9", "pair", run_pages, 9, NR_OPS },
	{ "page_order10", "pair", run_pages, 10, NR_OPS },
	{ "kmem_cache_192", "pair", run_cache, 0, NR_OPS },
	{ "kmalloc_64", "pair", run_kmalloc, 64, NR_OPS },
	{ "kmalloc_1024", "pair", run_kmalloc, 1024, NR_OPS },
	{ "kmalloc_4096", "pair", run_kmalloc, 4096, NR_OPS },
	{ "kmalloc_16384", "pair", run_kmalloc, 16384, NR_OPS },
	{ "vmalloc_4k", "pair", run_vmalloc, PAGE_SIZE, NR_OPS },
	{ "vmalloc_1m", "pair", run_vmalloc, 1UL << 20, 50 },
	{ "spinlock", "pair", run_spinlock, 0, NR_OPS },
	{ "mutex", "pair", run_mutex, 0, NR_OPS },
	{ "rwsem_read", "pair", run_rwsem, 0, NR_OPS },
	{ "work", "roundtrip", run_work, 0, NR_OPS },
	{ "find_vma", "call", run_find_vma, 0, NR_OPS },
};

/* --- measuring --- */

static bool run_nothing(unsigned long arg)
{
	return arg == 0;
}

/* Ten times the ticks per operation; negative when it failed. */
static s64 one_batch(const struct bench *b)
{
	u64 start = rdtsc();

	for (unsigned int i = 0; i < b->ops; i++)
		if (!b->run(b->arg))
			return -1;
	return (s64)((rdtsc() - start) * 10 / b->ops);
}

static void insert_sorted(s64 *values, unsigned int n, s64 value)
{
	while (n && values[n - 1] > value) {
		values[n] = values[n - 1];
		n--;
	}
	values[n] = value;
}

static void run_bench(const struct bench *b)
{
	const struct bench nothing = { .run = run_nothing, .ops = b->ops };
	s64 ticks[BATCHES];

	for (int i = -1; i < BATCHES; i++) { /* -1 warms up */
		s64 t = one_batch(b);

		if (t < 0) {
			pr_info("bench: %s FAIL %d\n", b->name, ENOMEM);
			return;
		}
		if (i >= 0)
			insert_sorted(ticks, (unsigned int)i, t - one_batch(&nothing));
	}
	pr_info("bench: %s %ld.%ld tsc/%s min=%ld.%ld max=%ld.%ld ops=%u\n", b->name,
		ticks[BATCHES / 2] / 10, ticks[BATCHES / 2] % 10, b->per, ticks[0] / 10,
		ticks[0] % 10, ticks[BATCHES - 1] / 10, ticks[BATCHES - 1] % 10, b->ops * BATCHES);
}

/* --- what the rows need --- */

static int make_vmas(void)
{
	const struct mm_limits unlimited = {
		.as = RLIM_INFINITY,
		.data = RLIM_INFINITY,
		.stack = RLIM_INFINITY,
		.memlock = RLIM_INFINITY,
	};

	bench_vmas = 1UL << 32;
	for (unsigned long i = 0; i < NR_VMAS; i++) {
		long ret = vm_mmap(bench_mm, &unlimited, NULL, bench_vmas + i * 2 * VMA_SIZE,
				   VMA_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, 0);

		if (IS_ERR_VALUE(ret))
			return (int)ret;
	}
	return 0;
}

static int prepare(void)
{
	INIT_WORK(&bench_work, do_nothing);
	bench_cache = kmem_cache_create("bench-192", 192, 0, 0, NULL);
	if (!bench_cache)
		return -ENOMEM;
	bench_mm = mm_alloc();
	if (!bench_mm)
		return -ENOMEM;
	mm_set_layout(bench_mm, 8UL << 20, 0, false);
	return make_vmas();
}

static void give_back(void)
{
	if (bench_mm)
		mmput(bench_mm);
	kmem_cache_destroy(bench_cache);
}

/**
 * bench_run - the rows that the command line asks for; nothing when it does not
 *
 * Context: may sleep; before the first program.
 */
void bench_run(void)
{
	const char *part = cmdline_get("bench");

	if (!part)
		return;
	if (prepare()) {
		pr_err("bench: no memory\n");
	} else {
		for (unsigned int i = 0; i < ARRAY_SIZE(benches); i++)
			if (strstr(benches[i].name, part))
				run_bench(&benches[i]);
	}
	give_back();
}
