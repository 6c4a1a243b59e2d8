/*
 * tools/qemu-plugin/insncount.c - a QEMU plugin that counts how often each instruction is executed
 *
 * The emulator hands every block of guest code to the plugin when it translates it; the plugin has it add one to a
 * counter wherever an instruction begins.  The counters are written to a file at the end, a line for each address:
 *
 *     ffffffff80104a30 4000
 *
 * with cpus=N a line has N numbers, one for each processor.  tools/profile turns addresses into functions and lines,
 * tools/bench-smp adds them up.
 *
 * A program can say which part of a run counts.  It executes `nopl MARK(%rax)`, a no-operation whose displacement
 * names its meaning: MARK_BEGIN opens a region, MARK_END closes it.  With window=marks only what runs between the two
 * is written, summed over all regions, and the file begins with their number; the marks themselves are outside.  A
 * process that is switched away within its region takes those that run meanwhile with it, which is what a row about
 * switching wants to count.
 *
 * Arguments: out=FILE; window=marks or window=all (the default); cpus=N.
 *
 * Without cpus= the translated code adds to the counters itself, without atomics: one emulator thread is assumed
 * (-accel tcg,thread=single).  With it, processors may run in threads of their own (thread=multi): each instruction calls a
 * function, which adds to its own processor's counter; that takes ten times as long, and an instruction that faults counts
 * twice, once when it faults and once when it is done.  Regions are then opened and closed by one processor for all:
 * what the others execute meanwhile counts, so they had better wait; the few instructions about the marks may be missed.
 *
 * Each round of a string instruction counts as one instruction, here as in the guest's TSC under -icount.
 *
 * Debian packages the emulator but not the header of its plugin interface; the part used here is declared below, by
 * the documentation of version 1: "QEMU TCG Plugins", "API".
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- the emulator's interface --- */

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum qemu_plugin_op { QEMU_PLUGIN_INLINE_ADD_U64 };
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

typedef void (*tb_trans_cb)(qemu_plugin_id_t id, struct qemu_plugin_tb *tb);
typedef void (*vcpu_cb)(unsigned int vcpu, void *data);
typedef void (*exit_cb)(qemu_plugin_id_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, tb_trans_cb cb);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, vcpu_cb cb,
					    enum qemu_plugin_cb_flags flags, void *data);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *insn,
						enum qemu_plugin_op op, void *ptr, uint64_t imm);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_cb cb, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

EXPORT
extern int qemu_plugin_version;
EXPORT
int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv);
int qemu_plugin_version = 1;

/* --- counters: they never move, for translated code holds their addresses --- */

#define MARK_BEGIN   0x50570001u
#define MARK_END     0x50570002u

#define BUCKETS      (1u << 16)
#define MAX_CPUS     64
#define MAX_COUNTERS (1u << 21) /* addresses; Linux's boot needs a fourth of that */

struct counter {
	struct counter *next; /* in its bucket */
	uint64_t addr;
	size_t index; /* in the arrays of struct cpu */
};

/* Arrays of MAX_COUNTERS: memory that is not touched costs nothing. */
struct cpu {
	uint64_t *count; /* since the start of the machine */
	uint64_t *base;  /* count when the region was opened */
	uint64_t *sum;   /* over closed regions */
};

static struct cpu cpus[MAX_CPUS];
static unsigned int nr_cpus; /* 0: one emulator thread */
static struct counter *bucket[BUCKETS];
static size_t nr_counters;
static const char *out_path = "insncount.out";
static bool only_marked, open_region;
static uint64_t nr_regions;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* all of these; not the counts */

static void *allocate(size_t n, size_t size)
{
	void *p = calloc(n, size);

	if (!p) {
		perror("insncount");
		exit(1);
	}
	return p;
}

static unsigned int nr_columns(void)
{
	return nr_cpus ? nr_cpus : 1;
}

static size_t index_of(uint64_t addr)
{
	struct counter **head = &bucket[(addr ^ addr >> 16) % BUCKETS], *c;

	pthread_mutex_lock(&lock);
	for (c = *head; c && c->addr != addr; c = c->next)
		;
	if (!c) {
		if (nr_counters == MAX_COUNTERS) {
			fprintf(stderr, "insncount: more than %u addresses\n", MAX_COUNTERS);
			exit(1);
		}
		c = allocate(1, sizeof(*c));
		c->addr = addr;
		c->index = nr_counters++;
		c->next = *head;
		*head = c;
	}
	pthread_mutex_unlock(&lock);
	return c->index;
}

static void count_one(unsigned int vcpu, void *index)
{
	if (vcpu < nr_cpus)
		cpus[vcpu].count[(size_t)index]++;
}

/* --- regions --- */

static void begin_region(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; i < nr_columns(); i++)
		memcpy(cpus[i].base, cpus[i].count, nr_counters * sizeof(uint64_t));
	open_region = true;
	pthread_mutex_unlock(&lock);
}

/* An address that was first translated inside the region has base 0, as it should. */
static void end_region(unsigned int vcpu, void *data)
{
	(void)vcpu;
	(void)data;
	pthread_mutex_lock(&lock);
	for (unsigned int i = 0; open_region && i < nr_columns(); i++)
		for (size_t n = 0; n < nr_counters; n++)
			cpus[i].sum[n] += cpus[i].count[n] - cpus[i].base[n];
	nr_regions += open_region;
	open_region = false;
	pthread_mutex_unlock(&lock);
}

/* The mark that @insn is, or 0: 0f 1f 80 and four bytes of displacement. */
static uint32_t mark_of(const struct qemu_plugin_insn *insn)
{
	static const unsigned char nopl[] = { 0x0f, 0x1f, 0x80 };
	const unsigned char *code = qemu_plugin_insn_data(insn);
	uint32_t mark;

	if (qemu_plugin_insn_size(insn) != sizeof(nopl) + sizeof(mark) ||
	    memcmp(code, nopl, sizeof(nopl)))
		return 0;
	memcpy(&mark, code + sizeof(nopl), sizeof(mark));
	return mark;
}

static void count_insn(struct qemu_plugin_insn *insn)
{
	size_t index = index_of(qemu_plugin_insn_vaddr(insn));

	if (nr_cpus)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, count_one, QEMU_PLUGIN_CB_NO_REGS,
						       (void *)index);
	else
		qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
							   &cpus[0].count[index], 1);
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	(void)id;
	for (size_t i = 0; i < qemu_plugin_tb_n_insns(tb); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t mark = mark_of(insn);

		if (mark == MARK_BEGIN)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_region,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		else if (mark == MARK_END)
			qemu_plugin_register_vcpu_insn_exec_cb(insn, end_region,
							       QEMU_PLUGIN_CB_NO_REGS, NULL);
		else
			count_insn(insn);
	}
}

/* --- the file --- */

static uint64_t counted(unsigned int cpu, size_t index)
{
	return only_marked ? cpus[cpu].sum[index] : cpus[cpu].count[index];
}

static void write_line(FILE *out, const struct counter *c)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < nr_columns(); i++)
		total += counted(i, c->index);
	if (!total)
		return;
	fprintf(out, "%" PRIx64, c->addr);
	for (unsigned int i = 0; i < nr_columns(); i++)
		fprintf(out, " %" PRIu64, counted(i, c->index));
	fputc('\n', out);
}

static void write_counts(qemu_plugin_id_t id, void *data)
{
	FILE *out = fopen(out_path, "w");

	(void)id;
	(void)data;
	if (!out) {
		perror(out_path);
		return;
	}
	fprintf(out, "# regions %" PRIu64 "\n", nr_regions);
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct counter *c = bucket[i]; c; c = c->next)
			write_line(out, c);
	if (fclose(out))
		perror(out_path);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_info *info, int argc, char **argv)
{
	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "out=", 4)) {
			out_path = strdup(argv[i] + 4);
		} else if (!strcmp(argv[i], "window=marks")) {
			only_marked = true;
		} else if (!strncmp(argv[i], "cpus=", 5)) {
			nr_cpus = (unsigned int)strtoul(argv[i] + 5, NULL, 10);
		} else if (strcmp(argv[i], "window=all")) {
			fprintf(stderr, "insncount: unknown argument %s\n", argv[i]);
			return -1;
		}
	}
	if (nr_cpus > MAX_CPUS) {
		fprintf(stderr, "insncount: at most %u processors\n", MAX_CPUS);
		return -1;
	}
	for (unsigned int i = 0; i < nr_columns(); i++) {
		cpus[i].count = allocate(MAX_COUNTERS, sizeof(uint64_t));
		cpus[i].base = allocate(MAX_COUNTERS, sizeof(uint64_t));
		cpus[i].sum = allocate(MAX_COUNTERS, sizeof(uint64_t));
	}
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
	qemu_plugin_register_atexit_cb(id, write_counts, NULL);
	return 0;
}
