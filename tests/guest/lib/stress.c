/*
 * tests/guest/lib/stress.c - rounds of stress, their seeds, and what they leave behind
 *
 * A round runs in a child of its own with an empty folder, so that whatever it breaks ends with it; how it failed
 * comes through a pipe (check.c).  probe_load and probe_store are single instructions at known places: the handler
 * moves a thread that faulted there behind them, with the signal in rax.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "stress.h"

static struct {
	unsigned long seed;
	long rounds, seconds;
	const char *only;
} options = { 1, 2, 0, NULL };

static unsigned long round_seed;

/* One table for each 102 kernel stacks that exist at once, made when there are more than ever before. */
static long kernel_tables_kib = 64;

/* --- random numbers: Marsaglia 2003, "Xorshift RNGs" --- */

struct random random_for(long worker)
{
	struct random r = { (round_seed + 1) * 0x9e3779b97f4a7c15UL ^
			    ((unsigned long)worker + 1) * 0xbf58476d1ce4e5b9UL };

	r.state += !r.state;
	for (int i = 0; i < 4; i++)
		random_next(&r);
	return r;
}

unsigned long random_next(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 7;
	r->state ^= r->state << 17;
	return r->state;
}

unsigned long below(struct random *r, unsigned long n)
{
	return (random_next(r) >> 11) % n;
}

/* --- memory --- */

void *shared_pages(unsigned long pages)
{
	void *p =
		mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		fail("%lu shared pages: %s", pages, strerror(errno));
	return p;
}

/* eax = probe_load(rdi = p, rsi = value), probe_store(rdi = p, rsi = value) */
asm("	.text\n"
    "	.globl probe_load, probe_store\n"
    "probe_load:\n"
    "	xor	%eax, %eax\n"
    "probe_load_at:\n"
    "	mov	(%rdi), %rdx\n"
    "	mov	%rdx, (%rsi)\n"
    "	ret\n"
    "probe_store:\n"
    "	xor	%eax, %eax\n"
    "probe_store_at:\n"
    "	mov	%rsi, (%rdi)\n"
    "probe_end:\n"
    "	ret\n");
extern const char probe_load_at[], probe_store_at[], probe_end[];

static void on_fault(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	const char *at = (const char *)uc->uc_mcontext.gregs[REG_RIP];

	if (at != probe_load_at && at != probe_store_at)
		fail("signal %d at %p, address %p", sig, (const void *)at, info->si_addr);
	uc->uc_mcontext.gregs[REG_RIP] = (long)probe_end;
	uc->uc_mcontext.gregs[REG_RAX] = sig;
}

void catch_faults(void)
{
	struct sigaction sa = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* --- rounds --- */

static void run_round(void *c)
{
	((const struct test_case *)c)->run();
}

/* One round in a child; 0, or it was said what is wrong. */
static int stress_round(const struct test_case *c, unsigned long seed)
{
	static char reason[512];

	round_seed = seed;
	enter_folder("stress");
	reason_of(run_round, (void *)(long)c, reason, sizeof(reason));
	leave_folder("stress");
	if (reason[0])
		printf("not ok %s: seed=%lu: %s\n", c->name, seed, reason);
	return reason[0] != 0;
}

static void read_word(char *word)
{
	char *value = strchr(word, '=');

	if (!value)
		fail("%s: no such option", word);
	*value++ = 0;
	if (strcmp(word, "case") == 0)
		options.only = value;
	else if (strcmp(word, "seed") == 0)
		options.seed = strtoul(value, NULL, 10);
	else if (strcmp(word, "rounds") == 0)
		options.rounds = atol(value);
	else if (strcmp(word, "seconds") == 0)
		options.seconds = atol(value);
	else
		fail("%s: no such option", word);
}

static void read_words(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		for (char *word = argv[i], *next; word; word = next) {
			next = strchr(word, ',');
			if (next)
				*next++ = 0;
			read_word(word);
		}
}

static long seconds_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Rounds of one case with the seeds from @seed on, and the comparison around them. */
static int run_rounds(const struct test_case *c, unsigned long seed)
{
	int failed = stress_round(c, seed);

	usage_before();
	for (long i = 0; !failed && i < options.rounds; i++)
		failed = stress_round(c, seed + (unsigned long)i);
	if (!failed && is_pagewalk()) {
		const char *changes = usage_changes_but(&kernel_tables_kib);

		if (*changes) {
			printf("not ok %s: seed=%lu: not given back:%s\n", c->name, seed, changes);
			failed = 1;
		}
	}
	return failed;
}

int run_stress(const char *program, const struct test_case *cases, int nr, int argc, char **argv)
{
	int failures[nr > 0 ? nr : 1], passed = 0, failed = 0;
	unsigned long seed, passes = 0;
	long end;

	read_words(argc, argv);
	seed = options.seed;
	end = seconds_now() + options.seconds;
	memset(failures, 0, sizeof(failures));
	do {
		printf("# %s: seed=%lu, %ld rounds\n", program, seed, options.rounds);
		for (int i = 0; i < nr; i++)
			if (!failures[i] &&
			    (!options.only || strcmp(options.only, cases[i].name) == 0)) {
				failures[i] = run_rounds(&cases[i], seed);
				if (!failures[i])
					printf("# %s\n", cases[i].name);
				fflush(stdout); /* who waits for us sees that we live */
			}
		seed += (unsigned long)options.rounds;
		passes++;
	} while (seconds_now() < end);
	for (int i = 0; i < nr; i++) {
		if (options.only && strcmp(options.only, cases[i].name) != 0)
			continue;
		if (!failures[i])
			printf("ok %s # %ld rounds\n", cases[i].name,
			       (long)passes * options.rounds);
		failures[i] ? failed++ : passed++;
	}
	printf("%s: %d passed, %d failed\n", program, passed, failed);
	return failed != 0;
}
