/*
 * kernel/events.c - the events of all CPUs as one stream
 *
 *     CPU 0   . . 17 18 19 20          each CPU overwrites its own ring (kernel/trace.c)
 *     CPU 1   . . 40 41
 *                  ^-- a reader's place in each; it takes the record with the smallest time
 *
 * Reading takes nothing away: every open file has its own place, and begins with the oldest record there is.  What was
 * overwritten before it was read is told as one EV_LOST with the number of records.  A record that is written
 * just now ends a reading; the order by time may therefore be wrong by as long as writing one record takes.
 *
 * Text, one line a record:
 *
 *     seconds.nanoseconds cpu pid kind key=value ...
 *     12.345678901 0 37 fault addr=0x7ffff3a00000 pfn=0x3fe10 by=anon
 *
 * Switching.  The filter and the rings are read by tracepoints without a lock, so they change only while nobody can be
 * in one: the mask is cleared, and a grace period waited for (no tracepoint sleeps).  The same protects readers,
 * who copy records inside rcu_read_lock.
 *
 *     off -- on, or a filter --> running -- stop --> stopped -- off --> off
 *      no rings                  rings, mask            rings            freed
 *
 * Locking: events_mutex for switching; a reader's own state is its file's.
 */
#include <fs/vfs.h>
#include <kernel/events.h>
#include <kernel/mutex.h>
#include <kernel/rcu.h>
#include <kernel/sched.h>
#include <lib/kstrtox.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <mm/mm.h>
#include <mm/mmzone.h>
#include <mm/vmalloc.h>

#define DEFAULT_RECORDS 8192u /* per CPU: 384 KiB */
#define MIN_RECORDS     16u
#define MAX_RECORDS     (1u << 20)
#define EVENT_LINE_MAX  128u /* bytes of one line of text */
#define ALL_KINDS       ((1u << NR_MM_EVENTS) - 1)

static DEFINE_MUTEX(events_mutex, LOCK_EVENTS);
static unsigned int nr_records = DEFAULT_RECORDS; /* events_mutex: of each ring, a power of two */
static bool have_rings;                           /* events_mutex */
static u32 wanted_kinds;                          /* events_mutex: of the last filter */
DECLARE_WAIT_QUEUE_HEAD(events_wait);

static const char *const kind_names[NR_MM_EVENTS] = {
	[EV_PAGE_ALLOC] = "page_alloc", [EV_PAGE_FREE] = "page_free",
	[EV_PTE_SET] = "pte_set",       [EV_PTE_CLEAR] = "pte_clear",
	[EV_VMA_ADD] = "vma_add",       [EV_VMA_SPLIT] = "vma_split",
	[EV_VMA_MERGE] = "vma_merge",   [EV_VMA_REMOVE] = "vma_remove",
	[EV_FAULT] = "fault",           [EV_LRU_MOVE] = "lru_move",
	[EV_SWAP_IN] = "swap_in",       [EV_SWAP_OUT] = "swap_out",
	[EV_SWITCH_MM] = "switch_mm",   [EV_VMA_RESIZE] = "vma_resize",
};

static const char *const handler_names[NR_EVENT_FAULTS] = {
	[EVENT_FAULT_REFUSED] = "refused",   [EVENT_FAULT_ZERO_PAGE] = "zero_page",
	[EVENT_FAULT_ANON] = "anon",         [EVENT_FAULT_FILE] = "file",
	[EVENT_FAULT_FILE_COW] = "file_cow", [EVENT_FAULT_SHARED_MKWRITE] = "shared_mkwrite",
	[EVENT_FAULT_COW] = "cow",           [EVENT_FAULT_REUSE] = "reuse",
	[EVENT_FAULT_SPURIOUS] = "spurious",
};

/* From what vmstat counts a handler as; the rest, PGFAULT among it, is EVENT_FAULT_REFUSED. */
static const u8 handler_codes[NR_VM_EVENT_ITEMS] = {
	[PGFAULT_ZERO_PAGE] = EVENT_FAULT_ZERO_PAGE,
	[PGFAULT_ANON] = EVENT_FAULT_ANON,
	[PGFAULT_FILE] = EVENT_FAULT_FILE,
	[PGFAULT_FILE_COW] = EVENT_FAULT_FILE_COW,
	[PGFAULT_SHARED_MKWRITE] = EVENT_FAULT_SHARED_MKWRITE,
	[PGFAULT_COW] = EVENT_FAULT_COW,
	[PGFAULT_REUSE] = EVENT_FAULT_REUSE,
	[PGFAULT_SPURIOUS] = EVENT_FAULT_SPURIOUS,
};

static const char *const list_names[NR_EVENT_LISTS] = {
	[EVENT_INACTIVE_ANON] = "inactive_anon", [EVENT_ACTIVE_ANON] = "active_anon",
	[EVENT_INACTIVE_FILE] = "inactive_file", [EVENT_ACTIVE_FILE] = "active_file",
	[EVENT_UNEVICTABLE] = "unevictable",
};
static_assert((int)EVENT_UNEVICTABLE == (int)LRU_UNEVICTABLE &&
		      (int)NR_EVENT_LISTS == (int)NR_LRU_LISTS,
	      "enum lru_list");

static struct mm_trace_ring *ring_of(unsigned int cpu)
{
	return per_cpu_ptr(&mm_trace_rings, cpu);
}

/* --- switching; events_mutex held --- */

/* After this no tracepoint is being executed. */
static void quiesce(void)
{
	WRITE_ONCE(mm_trace_mask, 0);
	synchronize_rcu();
}

static void free_rings(void)
{
	struct mm_trace_record *old[NR_CPUS];
	unsigned int cpu;

	for_each_possible_cpu(cpu) {
		old[cpu] = ring_of(cpu)->large;
		rcu_assign_pointer(ring_of(cpu)->large, NULL);
	}
	synchronize_rcu();
	for_each_possible_cpu(cpu)
		vfree(old[cpu]);
	have_rings = false;
}

/* The mask is 0. */
static int alloc_rings(void)
{
	struct mm_trace_record *fresh;
	unsigned int cpu;

	have_rings = true;
	for_each_possible_cpu(cpu) {
		fresh = vzalloc(nr_records * sizeof(*fresh));
		if (!fresh) {
			free_rings();
			return -ENOMEM;
		}
		ring_of(cpu)->mask = nr_records - 1;
		rcu_assign_pointer(ring_of(cpu)->large, fresh);
	}
	return 0;
}

static void begin_anew(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		WRITE_ONCE(ring_of(cpu)->first_seq, ring_of(cpu)->next_seq + 1);
}

struct event_setting {
	u32 kinds;
	unsigned int records;
	struct event_filter filter;
};

static int start(const struct event_setting *set)
{
	bool running = events_running();
	int err = 0;

	quiesce();
	if (have_rings && set->records != nr_records)
		free_rings();
	if (!have_rings) {
		nr_records = set->records;
		err = alloc_rings();
		running = false;
	}
	if (err)
		return err;
	if (!running)
		begin_anew();
	event_filter = set->filter;
	event_filter_on = set->filter.nr_pids || set->filter.name[0];
	wanted_kinds = set->kinds;
	WRITE_ONCE(mm_trace_mask, set->kinds);
	return 0;
}

static void stop(bool and_free)
{
	quiesce();
	event_filter_on = false;
	if (and_free && have_rings)
		free_rings();
}

bool events_running(void)
{
	return READ_ONCE(mm_trace_mask) && READ_ONCE(ring_of(0)->large);
}

/* --- words --- */

/* A kind by its whole name, or all whose name begins with it: pte is pte_set and pte_clear. */
static u32 kinds_named(const char *name)
{
	size_t len = strlen(name);
	u32 kinds = 0;

	if (!strcmp(name, "all"))
		return ALL_KINDS;
	for (unsigned int i = 0; i < NR_MM_EVENTS; i++) {
		if (!strncmp(kind_names[i], name, len) &&
		    (!kind_names[i][len] || kind_names[i][len] == '_'))
			kinds |= 1u << i;
	}
	return kinds;
}

/* Cut the next item off a list; NULL at its end. */
static char *next_item(char **list, const char *separators)
{
	char *item = *list, *s;

	while (*item && strchr(separators, *item))
		item++;
	if (!*item)
		return NULL;
	for (s = item; *s && !strchr(separators, *s); s++)
		;
	if (*s)
		*s++ = '\0';
	*list = s;
	return item;
}

static int parse_kinds(char *list, struct event_setting *set)
{
	char *item;

	set->kinds = 0;
	while ((item = next_item(&list, ","))) {
		u32 kinds = kinds_named(item);

		if (!kinds)
			return -EINVAL;
		set->kinds |= kinds;
	}
	return set->kinds ? 0 : -EINVAL;
}

static int parse_pids(char *list, struct event_setting *set)
{
	struct event_filter *f = &set->filter;
	char *item;

	while ((item = next_item(&list, ","))) {
		if (f->nr_pids == EVENT_PIDS || kstrtoint(item, 10, &f->pid[f->nr_pids]) ||
		    f->pid[f->nr_pids] < 0)
			return -EINVAL;
		f->nr_pids++;
	}
	return f->nr_pids ? 0 : -EINVAL;
}

static int parse_size(const char *text, struct event_setting *set)
{
	unsigned int n;

	if (kstrtouint(text, 10, &n) || n < 1 || n > MAX_RECORDS)
		return -EINVAL;
	for (set->records = MIN_RECORDS; set->records < n; set->records *= 2)
		;
	return 0;
}

static int parse_word(char *word, struct event_setting *set)
{
	if (!strcmp(word, "on"))
		return 0;
	if (!strncmp(word, "kind=", 5))
		return parse_kinds(word + 5, set);
	if (!strncmp(word, "pid=", 4))
		return parse_pids(word + 4, set);
	if (!strncmp(word, "size=", 5))
		return parse_size(word + 5, set);
	if (strncmp(word, "name=", 5) != 0 || !word[5])
		return -EINVAL;
	return strscpy(set->filter.name, word + 5, sizeof(set->filter.name)) < 0 ? -EINVAL : 0;
}

static int control_locked(char *text)
{
	struct event_setting set = { .kinds = ALL_KINDS, .records = nr_records };
	char *word = next_item(&text, " \t\n");
	int err = word ? 0 : -EINVAL;

	if (word && (!strcmp(word, "stop") || !strcmp(word, "off"))) {
		if (next_item(&text, " \t\n"))
			return -EINVAL;
		stop(word[0] == 'o');
		return 0;
	}
	for (; word && !err; word = next_item(&text, " \t\n"))
		err = parse_word(word, &set);
	return err ? err : start(&set);
}

int events_control(char *text)
{
	int err;

	mutex_lock(&events_mutex);
	err = control_locked(text);
	mutex_unlock(&events_mutex);
	wake_up_all(&events_wait);
	return err;
}

int events_show(struct seq_file *m, void *v)
{
	const struct event_filter *f = &event_filter;
	unsigned int cpu;

	(void)v;
	mutex_lock(&events_mutex);
	seq_puts(m, events_running() ? "running" : have_rings ? "stopped" : "off");
	if (events_running() && wanted_kinds != ALL_KINDS) {
		const char *sep = " kind=";

		for (unsigned int i = 0; i < NR_MM_EVENTS; i++) {
			if (!(wanted_kinds & (1u << i)))
				continue;
			seq_printf(m, "%s%s", sep, kind_names[i]);
			sep = ",";
		}
	}
	for (unsigned int i = 0; event_filter_on && i < f->nr_pids; i++)
		seq_printf(m, "%s%d", i ? "," : " pid=", f->pid[i]);
	if (event_filter_on && f->name[0])
		seq_printf(m, " name=%s", f->name);
	seq_printf(m, " size=%u\n", nr_records);
	for_each_possible_cpu(cpu) {
		u64 written = have_rings ? ring_of(cpu)->next_seq + 1 - ring_of(cpu)->first_seq : 0;

		seq_printf(m, "cpu %u: %lu recorded, %lu overwritten\n", cpu, written,
			   written > nr_records ? written - nr_records : 0);
	}
	mutex_unlock(&events_mutex);
	return 0;
}

void __events_wake(void)
{
	WRITE_ONCE(events_fresh, false);
	wake_up_all(&events_wait);
}

/* --- reading --- */

/*
 * The record of @cpu that is next to be read, and how many before it were overwritten.  *next moves over those.
 * False: there is none.  Inside rcu_read_lock.
 */
static bool peek(unsigned int cpu, u64 *next, u64 *lost, struct mm_trace_record *rec)
{
	const struct mm_trace_ring *ring = ring_of(cpu);
	const struct mm_trace_record *large = rcu_dereference(ring->large), *slot;

	*next = max(*next, READ_ONCE(ring->first_seq));
	while (large) {
		u64 last = smp_load_acquire(&ring->next_seq);
		u64 oldest = last > ring->mask ? last - ring->mask : 0;

		if (*next > last)
			return false;
		if (*next < oldest) {
			*lost += oldest - *next;
			*next = oldest;
		}
		slot = &large[*next & ring->mask];
		if (smp_load_acquire(&slot->seq) == *next) {
			*rec = *slot;
			smp_rmb();
			if (READ_ONCE(slot->seq) == *next)
				return true;
		} else if (READ_ONCE(ring->next_seq) == last) {
			return false; /* it is being written */
		}
	}
	return false;
}

/*
 * The oldest record of all CPUs, taken out of the stream.  If others of its CPU were lost before it, what comes first
 * is how many, at its time.  Inside rcu_read_lock.
 */
static bool next_record(struct events_reader *r, struct mm_trace_record *out)
{
	u64 next, lost, from_next = 0, from_lost = 0;
	struct mm_trace_record rec;
	unsigned int cpu, from = 0;
	bool found = false;

	for_each_possible_cpu(cpu) {
		next = r->next[cpu];
		lost = 0;
		if (!peek(cpu, &next, &lost, &rec) || (found && rec.time_ns >= out->time_ns))
			continue;
		*out = rec;
		from = cpu;
		from_next = next;
		from_lost = lost;
		found = true;
	}
	if (!found)
		return false;
	r->next[from] = from_next + !from_lost;
	if (from_lost)
		*out = (struct mm_trace_record){
			.time_ns = out->time_ns,
			.cpu = (u16)from,
			.kind = EV_LOST,
			.detail = from_lost,
		};
	return true;
}

static size_t format_text(const struct mm_trace_record *rec, char *buf)
{
	size_t n = (size_t)scnprintf(buf, EVENT_LINE_MAX, "%lu.%09lu %u %d %s",
				     rec->time_ns / 1000000000, rec->time_ns % 1000000000, rec->cpu,
				     rec->pid,
				     rec->kind < NR_MM_EVENTS ? kind_names[rec->kind] : "lost");

	switch (rec->kind) {
	case EV_PAGE_ALLOC:
	case EV_PAGE_FREE:
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n, " pfn=%#lx order=%lu\n",
				       rec->pfn, rec->detail);
		break;
	case EV_PTE_SET:
	case EV_PTE_CLEAR:
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n,
				       " addr=%#lx pfn=%#lx entry=%#lx\n", rec->addr, rec->pfn,
				       rec->detail);
		break;
	case EV_FAULT:
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n, " addr=%#lx pfn=%#lx by=%s\n",
				       rec->addr, rec->pfn, handler_names[rec->detail]);
		break;
	case EV_LRU_MOVE:
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n, " pfn=%#lx to=%s\n", rec->pfn,
				       list_names[rec->detail]);
		break;
	case EV_SWITCH_MM:
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n, " cr3=%#lx mm=%lu\n",
				       rec->pfn << PAGE_SHIFT, rec->detail);
		break;
	case EV_LOST:
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n, " count=%lu\n", rec->detail);
		break;
	default: /* mappings */
		n += (size_t)scnprintf(buf + n, EVENT_LINE_MAX - n, " start=%#lx end=%#lx\n",
				       rec->addr, rec->detail);
	}
	return n;
}

static size_t format_raw(const struct mm_trace_record *rec, char *buf)
{
	memcpy(buf, rec, sizeof(*rec));
	return sizeof(*rec);
}

void events_fill(struct events_reader *r)
{
	const size_t most = r->raw ? sizeof(struct mm_trace_record) : EVENT_LINE_MAX;
	struct mm_trace_record rec;

	r->from = r->count = 0;
	rcu_read_lock();
	while (r->count + most <= sizeof(r->buf) && next_record(r, &rec)) {
		if (rec.kind == EV_FAULT)
			rec.detail = rec.detail < NR_VM_EVENT_ITEMS ? handler_codes[rec.detail]
								    : EVENT_FAULT_REFUSED;
		r->count += r->raw ? format_raw(&rec, r->buf + r->count)
				   : format_text(&rec, r->buf + r->count);
	}
	rcu_read_unlock();
}

bool events_ready(const struct events_reader *r)
{
	unsigned int cpu;

	if (r->count)
		return true;
	for_each_possible_cpu(cpu) {
		const struct mm_trace_ring *ring = ring_of(cpu);

		if (READ_ONCE(ring->large) &&
		    max(READ_ONCE(r->next[cpu]), READ_ONCE(ring->first_seq)) <=
			    READ_ONCE(ring->next_seq))
			return true;
	}
	return false;
}
