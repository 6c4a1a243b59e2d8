/*
 * tests/oracle/futex.c - futex operation by operation, robust locks, membarrier
 *
 * A question about sleepers waits until they sleep, by their state in /proc, then asks, then sees who has come back.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lib/oracle.h"
#include "lib/thread.h"

#define WAIT        0
#define WAKE        1
#define REQUEUE     3
#define CMP_REQUEUE 4
#define WAKE_OP     5
#define WAIT_BITSET 9
#define WAKE_BITSET 10
#define PRIVATE     128
#define REALTIME    256
#define OP(shift, op, arg, cmp, with) \
	((shift) << 31 | (op) << 28 | (cmp) << 24 | ((unsigned)(arg)&0xfff) << 12 | ((with)&0xfff))

#define MAX_SLEEPERS 6

struct sleeper {
	struct thread thread;
	volatile unsigned int *word;
	int op;
	unsigned int bits;
	volatile long result;
	volatile int back;
};

static struct sleeper sleepers[MAX_SLEEPERS];
static int nr_sleepers;
static volatile int nr_back;

static long futex(volatile void *word, int op, long val, volatile void *arg, volatile void *word2,
		  unsigned int val3)
{
	return RAW(__NR_futex, word, op, val, arg, word2, val3);
}

static void sleep_on(void *arg)
{
	struct sleeper *s = arg;

	s->result = futex(s->word, s->op, (int)*s->word, 0, 0, s->bits);
	s->back = 1;
	__atomic_add_fetch(&nr_back, 1, __ATOMIC_SEQ_CST);
}

static void one_more(volatile unsigned int *word, int op, unsigned int bits)
{
	struct sleeper *s = &sleepers[nr_sleepers++];
	long tid;

	*s = (struct sleeper){ .word = word, .op = op, .bits = bits };
	tid = thread_start(&s->thread, THREAD_FLAGS, sleep_on, s);
	if (tid < 0)
		give_up("no thread");
	await_state((int)tid, 'S');
}

/*
 * Who has come back so far: those of whom nothing is heard still sleep.  Not in which order: of two woken at once
 * either may be the first, on several processors.
 */
static const char *who_is_back(int expected)
{
	const char *s = "";

	while (nr_back < expected)
		RAW(__NR_sched_yield);
	for (int i = 0; i < nr_sleepers; i++)
		if (sleepers[i].back)
			s = text("%s %d:%s", s, i, answer(sleepers[i].result));
	return *s ? s + 1 : "nobody";
}

/* The rest is woken by a broadcast on both words and forgotten. */
static void wake_the_rest(volatile unsigned int *a, volatile unsigned int *b)
{
	for (int op = 0; op <= PRIVATE; op += PRIVATE) {
		futex(a, WAKE | op, 1000, 0, 0, 0);
		futex(b, WAKE | op, 1000, 0, 0, 0);
	}
	for (int i = 0; i < nr_sleepers; i++)
		thread_join(&sleepers[i].thread);
	nr_sleepers = 0;
	nr_back = 0;
}

static void errors(void)
{
	static const struct {
		const char *name;
		int op;
	} of[] = { { "WAIT", WAIT },
		   { "WAIT private", WAIT | PRIVATE },
		   { "WAKE", WAKE },
		   { "WAKE private", WAKE | PRIVATE },
		   { "REQUEUE", REQUEUE },
		   { "CMP_REQUEUE private", CMP_REQUEUE | PRIVATE },
		   { "WAKE_OP", WAKE_OP },
		   { "WAKE_OP private", WAKE_OP | PRIVATE },
		   { "WAIT_BITSET", WAIT_BITSET | PRIVATE },
		   { "WAKE_BITSET", WAKE_BITSET } };
	unsigned int word = 5, *none = (void *)map_pages(1, NONE),
		     *lower = (void *)map_pages(1, RW);
	char *gap = hole(1);

	*lower = 5;
	RAW(__NR_mprotect, lower, PAGE, R);
	for (int i = 0; i < NR(of); i++) {
		int op = of[i].op;

		ask(text("%s, odd address", of[i].name),
		    futex((char *)&word + 2, op, 1, 0, &word, 1));
		ask(text("%s, the kernel", of[i].name), futex((void *)KERNEL, op, 1, 0, &word, 1));
		ask(text("%s, non-canonical", of[i].name),
		    futex((void *)NONCANON, op, 1, 0, &word, 1));
		ask(text("%s, not mapped", of[i].name), futex(gap, op, 1, 0, &word, 1));
		ask(text("%s, PROT_NONE", of[i].name), futex(none, op, 1, 0, &word, 1));
		ask(text("%s, read-only", of[i].name), futex(lower, op, 1, 0, &word, 1));
		ask(text("%s, with a clock", of[i].name),
		    futex(&word, op | REALTIME, 1, 0, &word, 0));
		if (op == WAIT || op == WAIT_BITSET || op == WAKE || op == WAKE_BITSET)
			continue;
		ask(text("%s, second odd", of[i].name),
		    futex(&word, op, 1, 0, (char *)&word + 1, OP(0u, 1u, 0, 0u, 0u)));
		ask(text("%s, second not mapped", of[i].name),
		    futex(&word, op, 1, 0, gap, OP(0u, 1u, 0, 0u, 0u)));
		ask(text("%s, second read-only", of[i].name),
		    futex(&word, op, 1, 0, lower, OP(0u, 1u, 0, 0u, 0u)));
		ask(text("%s, both the same", of[i].name), futex(&word, op, 1, 0, &word, 5));
		ask(text("%s, negative", of[i].name), futex(&word, op, -1, 0, &word, 5));
		ask(text("%s, second negative", of[i].name),
		    futex(&word, op, 1, (void *)-1, &word, 5));
	}
	ask("WAIT_BITSET, no bits", futex(&word, WAIT_BITSET, 5, 0, 0, 0));
	ask("WAKE_BITSET, no bits", futex(&word, WAKE_BITSET, 5, 0, 0, 0));
	ask("WAIT, another value", futex(&word, WAIT, 6, 0, 0, 0));
	ask("CMP_REQUEUE, another value", futex(&word, CMP_REQUEUE, 1, 0, &word, 6));
	ask("WAKE, none sleeps", futex(&word, WAKE, 1, 0, 0, 0));
	ask("WAKE, 0", futex(&word, WAKE, 0, 0, 0, 0));
	ask("WAKE, -1", futex(&word, WAKE, -1, 0, 0, 0));
	ask("operation 2", futex(&word, 2, 0, 0, 0, 0));
	ask("operation 14", futex(&word, 14, 0, 0, 0, 0));
	ask("operation 127", futex(&word, 127, 0, 0, 0, 0));
	ask("unknown flag", futex(&word, WAKE | 512, 0, 0, 0, 0));
}

static void times(void)
{
	struct timespec zero = { 0, 0 }, short_time = { 0, 2000000 }, negative = { -1, 0 },
			wrong = { 0, 1000000000 }, past = { 1, 0 };
	unsigned int word = 5;

	ask("WAIT, 0", futex(&word, WAIT, 5, &zero, 0, 0));
	ask("WAIT, 2 ms", futex(&word, WAIT, 5, &short_time, 0, 0));
	ask("WAIT, negative", futex(&word, WAIT, 5, &negative, 0, 0));
	ask("WAIT, a billion ns", futex(&word, WAIT, 5, &wrong, 0, 0));
	ask("WAIT, bad time", futex(&word, WAIT, 5, BAD, 0, 0));
	ask("WAIT, bad time, another value", futex(&word, WAIT, 6, BAD, 0, 0));
	ask("WAIT_BITSET, the past", futex(&word, WAIT_BITSET, 5, &zero, 0, 1));
	ask("WAIT_BITSET, the past by the clock",
	    futex(&word, WAIT_BITSET | REALTIME, 5, &past, 0, 1));
	ask("WAIT_BITSET, bad time", futex(&word, WAIT_BITSET, 5, BAD, 0, 1));
	ask("WAKE, bad time", futex(&word, WAKE, 5, BAD, 0, 1));
	ask("WAIT, wrong time and address", futex((void *)1, WAIT, 5, &wrong, 0, 0));
	clock_gettime(CLOCK_MONOTONIC, &past);
	past.tv_nsec += 2000000;
	if (past.tv_nsec >= 1000000000) {
		past.tv_nsec -= 1000000000;
		past.tv_sec++;
	}
	ask("WAIT_BITSET, 2 ms from now", futex(&word, WAIT_BITSET, 5, &past, 0, 1));
	clock_gettime(CLOCK_REALTIME, &past);
	ask("WAIT_BITSET, now by the clock", futex(&word, WAIT_BITSET | REALTIME, 5, &past, 0, 1));
}

static volatile unsigned int a, b;

static void waking(void)
{
	for (int i = 0; i < 4; i++)
		one_more(&a, WAIT | PRIVATE, 0);
	ask("WAKE another word", futex(&b, WAKE | PRIVATE, 10, 0, 0, 0));
	ask("WAKE shared", futex(&a, WAKE, 10, 0, 0, 0));
	ask("WAKE 0", futex(&a, WAKE | PRIVATE, 0, 0, 0, 0));
	ask("WAKE 2", futex(&a, WAKE | PRIVATE, 2, 0, 0, 0));
	say("WAKE 2, back", "%s", who_is_back(3));
	ask("WAKE 10", futex(&a, WAKE | PRIVATE, 10, 0, 0, 0));
	say("WAKE 10, back", "%s", who_is_back(4));
	wake_the_rest(&a, &b);
	one_more(&a, WAIT, 0);
	ask("WAKE private of a shared wait", futex(&a, WAKE | PRIVATE, 1, 0, 0, 0));
	ask("WAKE", futex(&a, WAKE, 1, 0, 0, 0));
	say("WAKE, back", "%s", who_is_back(1));
	wake_the_rest(&a, &b);
}

static void bitsets(void)
{
	one_more(&a, WAIT_BITSET | PRIVATE, 1);
	one_more(&a, WAIT_BITSET | PRIVATE, 2);
	one_more(&a, WAIT_BITSET | PRIVATE, 3);
	one_more(&a, WAIT | PRIVATE, 0);
	ask("WAKE_BITSET 4", futex(&a, WAKE_BITSET | PRIVATE, 10, 0, 0, 4));
	say("WAKE_BITSET 4, back", "%s", who_is_back(1));
	ask("WAKE_BITSET 2, one", futex(&a, WAKE_BITSET | PRIVATE, 1, 0, 0, 2));
	say("WAKE_BITSET 2, one, back", "%s", who_is_back(2));
	ask("WAKE_BITSET 2, all", futex(&a, WAKE_BITSET | PRIVATE, 10, 0, 0, 2));
	say("WAKE_BITSET 2, all, back", "%s", who_is_back(3));
	ask("WAKE", futex(&a, WAKE | PRIVATE, 10, 0, 0, 0));
	say("WAKE, back", "%s", who_is_back(4));
	wake_the_rest(&a, &b);
}

static void requeueing(void)
{
	a = 3;
	for (int i = 0; i < 5; i++)
		one_more(&a, WAIT | PRIVATE, 0);
	ask("CMP_REQUEUE, another value", futex(&a, CMP_REQUEUE | PRIVATE, 1, (void *)10, &b, 4));
	ask("CMP_REQUEUE, 1 and 2", futex(&a, CMP_REQUEUE | PRIVATE, 1, (void *)2, &b, 3));
	say("CMP_REQUEUE, 1 and 2, back", "%s", who_is_back(1));
	ask("WAKE the second", futex(&b, WAKE | PRIVATE, 1, 0, 0, 0));
	say("WAKE the second, back", "%s", who_is_back(2));
	ask("REQUEUE, 0 and 1", futex(&a, REQUEUE | PRIVATE, 0, (void *)1, &b, 0));
	ask("WAKE the first", futex(&a, WAKE | PRIVATE, 10, 0, 0, 0));
	say("WAKE the first, back", "%s", who_is_back(3));
	ask("WAKE the second (2)", futex(&b, WAKE | PRIVATE, 10, 0, 0, 0));
	say("WAKE the second (2), back", "%s", who_is_back(5));
	wake_the_rest(&a, &b);
	for (int i = 0; i < 3; i++)
		one_more(&a, WAIT | PRIVATE, 0);
	ask("REQUEUE to itself", futex(&a, REQUEUE | PRIVATE, 1, (void *)10, &a, 0));
	say("REQUEUE to itself, back", "%s", who_is_back(1));
	ask("WAKE", futex(&a, WAKE | PRIVATE, 10, 0, 0, 0));
	wake_the_rest(&a, &b);
}

static void wake_ops(void)
{
	static const struct {
		const char *name;
		unsigned int before, op;
	} of[] = {
		{ "SET 7, EQ 5", 5, OP(0u, 0u, 7, 0u, 5u) },
		{ "SET 7, NE 5", 5, OP(0u, 0u, 7, 1u, 5u) },
		{ "ADD -1, LT 0", 5, OP(0u, 1u, -1, 2u, 0u) },
		{ "ADD 2047, LE 5", 5, OP(0u, 1u, 2047, 3u, 5u) },
		{ "OR 8, GT 4", 5, OP(0u, 2u, 8, 4u, 4u) },
		{ "ANDN 4, GE 6", 5, OP(0u, 3u, 4, 5u, 6u) },
		{ "XOR 3, EQ -1", 0xffffffff, OP(0u, 4u, 3, 0u, -1u) },
		{ "SET 1 << 20", 5, OP(1u, 0u, 20, 0u, 5u) },
		{ "OR 1 << 35", 5, OP(1u, 2u, 35, 0u, 5u) },
		{ "operation 5", 5, OP(0u, 5u, 0, 0u, 5u) },
		{ "comparison 6", 5, OP(0u, 0u, 9, 6u, 5u) },
	};

	for (int i = 0; i < NR(of); i++) {
		a = 1;
		b = of[i].before;
		one_more(&a, WAIT | PRIVATE, 0);
		one_more(&a, WAIT | PRIVATE, 0);
		one_more(&b, WAIT | PRIVATE, 0);
		ask(of[i].name, futex(&a, WAKE_OP | PRIVATE, 1, (void *)10, &b, of[i].op));
		say(text("%s, the word", of[i].name), "0x%x", b);
		wake_the_rest(&a, &b);
	}
}

static volatile int handled;

static void on_signal(int sig)
{
	handled = sig;
}

static void interrupted(void)
{
	struct sigaction act = { .sa_handler = on_signal };

	sigaction(SIGUSR1, &act, NULL);
	act.sa_flags = SA_RESTART;
	sigaction(SIGUSR2, &act, NULL);
	one_more(&a, WAIT | PRIVATE, 0);
	RAW(__NR_tgkill, getpid(), sleepers[0].thread.tid, SIGUSR1);
	say("a handler", "%s", who_is_back(1));
	wake_the_rest(&a, &b);
	one_more(&a, WAIT | PRIVATE, 0);
	handled = 0;
	RAW(__NR_tgkill, getpid(), sleepers[0].thread.tid, SIGUSR2);
	while (!handled)
		RAW(__NR_sched_yield);
	await_state(sleepers[0].thread.tid, 'S');
	ask("with SA_RESTART it sleeps again", futex(&a, WAKE | PRIVATE, 1, 0, 0, 0));
	say("with SA_RESTART it sleeps again, back", "%s", who_is_back(1));
	wake_the_rest(&a, &b);
}

/* --- keys --- */

/* A child sleeps on @theirs, the parent wakes @ours: how many, and how the child's call ended. */
static void across(const char *name, volatile unsigned int *theirs, int wait,
		   volatile unsigned int *ours, int wake)
{
	int status, pid;
	long n;

	pid = fork();
	if (pid == 0) {
		long r = futex(theirs, wait, (int)*theirs, 0, 0, ~0u);

		_exit(r == 0 ? 0 : 1);
	}
	await_state(pid, 'S');
	n = futex(ours, wake, 1, 0, 0, 0);
	if (n != 1)
		kill(pid, SIGKILL);
	RAW(__NR_wait4, pid, &status, 0, 0);
	say(name, "%s, %s", answer(n), status_text(status));
}

static void keys(void)
{
	int fd = page_file("f", 2 * PAGE);
	volatile unsigned int *shared = (void *)RAW(__NR_mmap, 0, PAGE, RW,
						    MAP_SHARED | MAP_ANONYMOUS, -1, 0),
			      *priv = (void *)map_pages(1, RW),
			      *file = (void *)RAW(__NR_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0),
			      *again = (void *)RAW(__NR_mmap, 0, PAGE, RW, MAP_SHARED, fd, 0),
			      *second = (void *)RAW(__NR_mmap, 0, PAGE, RW, MAP_SHARED, fd, PAGE),
			      *copy = (void *)RAW(__NR_mmap, 0, PAGE, RW, MAP_PRIVATE, fd, 0),
			      *reading = (void *)RAW(__NR_mmap, 0, PAGE, R, MAP_SHARED, fd, 0),
			      *reading_copy =
				      (void *)RAW(__NR_mmap, 0, PAGE, R, MAP_PRIVATE, fd, 0);

	*priv = 1;
	across("shared memory", shared, WAIT, shared, WAKE);
	across("shared memory, private calls", shared, WAIT | PRIVATE, shared, WAKE | PRIVATE);
	across("shared memory, private wait", shared, WAIT | PRIVATE, shared, WAKE);
	across("private memory", priv, WAIT, priv, WAKE);
	across("a file", file, WAIT, file, WAKE);
	across("a file, another address", file, WAIT, again, WAKE);
	across("a file, another page", file, WAIT, second, WAKE);
	across("a file, another word", file, WAIT, file + 1, WAKE);
	across("a file, a private mapping wakes", file, WAIT, copy, WAKE);
	across("a file, a private mapping waits", copy, WAIT, file, WAKE);
	across("a file, a read-only mapping wakes", file, WAIT, reading, WAKE);
	across("a file, a read-only mapping waits", reading, WAIT, file, WAKE);
	across("a file, a read-only private mapping wakes", file, WAIT, reading_copy, WAKE);
	across("a file, a read-only private mapping waits", reading_copy, WAIT, file, WAKE);
	across("bitset over a file", file, WAIT_BITSET, again, WAKE);
}

/* --- robust locks --- */

struct robust {
	struct robust *next;
	volatile unsigned int word;
};

static struct {
	struct robust *list;
	long offset;
	struct robust *pending;
} head;
static struct robust locks[4];
#define WAITERS    0x80000000u
#define OWNER_DIED 0x40000000u

static const char *word_text(unsigned int word, unsigned int tid)
{
	return text("%s%s%s", word & WAITERS ? "waiters " : "",
		    word & OWNER_DIED ? "owner-died " : "",
		    !(word & 0x3fffffff)         ? "free"
		    : (word & 0x3fffffff) == tid ? "owned"
						 : "another's");
}

static int what_is_held;

static void die_with_locks(void *arg)
{
	unsigned int tid = (unsigned int)RAW(__NR_gettid);
	unsigned long bad = 0;

	(void)arg;
	head.offset = offsetof(struct robust, word);
	head.list = (void *)&head;
	head.pending = NULL;
	for (int i = 0; i < 4; i++)
		locks[i].next = i < 3 ? &locks[i + 1] : (void *)&head;
	head.list = &locks[0];
	locks[0].word = tid;
	locks[1].word = tid | WAITERS;
	locks[2].word = 12345; /* somebody else's */
	locks[3].word = tid | OWNER_DIED;
	switch (what_is_held) {
	case 1: /* a ring without the head */
		locks[1].next = &locks[0];
		break;
	case 2: /* leads nowhere */
		locks[0].next = BAD;
		break;
	case 3: /* only the pending one */
		head.list = (void *)&head;
		head.pending = &locks[0];
		break;
	case 4: /* pending, in the list as well */
		head.pending = &locks[1];
		break;
	case 5: /* an offset that leads into the kernel */
		head.offset = (long)(KERNEL - (unsigned long)&locks[0]);
		break;
	case 6: /* priority inheritance */
		head.list = (void *)((unsigned long)&locks[0] | 1);
		locks[0].next = (void *)((unsigned long)&locks[1] | 1);
		break;
	case 7:
		bad = 8;
		break;
	}
	RAW(__NR_set_robust_list, bad ? (void *)bad : &head, 24);
	a = tid;
}

static void robust_ends(void)
{
	static const char *const names[] = { "a list",
					     "a ring",
					     "a list that leads nowhere",
					     "a pending lock",
					     "pending and held",
					     "an offset into the kernel",
					     "priority inheritance",
					     "a head that is none" };

	for (what_is_held = 0; what_is_held < NR(names); what_is_held++) {
		struct thread t = { 0 };

		for (int i = 0; i < 4; i++)
			locks[i].word = 0;
		thread_start(&t, THREAD_FLAGS, die_with_locks, NULL);
		thread_join(&t);
		for (int i = 0; i < 4; i++)
			say(text("%s, lock %d", names[what_is_held], i), "%s",
			    word_text(locks[i].word, a));
	}
}

static struct robust *robust_page;

static void robust_calls(void)
{
	unsigned long list = 0, len = 0;
	int status, pid;

	ask("set, 23 bytes", RAW(__NR_set_robust_list, &head, 23));
	ask("set", RAW(__NR_set_robust_list, &head, 24));
	ask("get", RAW(__NR_get_robust_list, 0, &list, &len));
	say("what was set", "%s, %lu", list == (unsigned long)&head ? "it" : "other", len);
	ask("get, bad list", RAW(__NR_get_robust_list, 0, BAD, &len));
	ask("get, bad length", RAW(__NR_get_robust_list, 0, &list, BAD));
	ask("get, none", RAW(__NR_get_robust_list, 0x3ffffff, &list, &len));
	ask("get, init's", RAW(__NR_get_robust_list, 1, &list, &len));
	pid = fork();
	if (pid == 0) {
		RAW(__NR_get_robust_list, 0, &list, &len);
		_exit(list == 0 ? 0 : list == (unsigned long)&head ? 1 : 2);
	}
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("a child's", "%s", status_text(status));
	/* A process that is killed with a lock in shared memory. */
	robust_page = (void *)RAW(__NR_mmap, 0, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid = fork();
	if (pid == 0) {
		head.offset = offsetof(struct robust, word);
		head.list = robust_page;
		head.pending = NULL;
		robust_page->next = (void *)&head;
		RAW(__NR_set_robust_list, &head, 24);
		robust_page->word = (unsigned int)getpid() | WAITERS;
		for (;;)
			RAW(__NR_pause);
	}
	while (!robust_page->word)
		RAW(__NR_sched_yield);
	one_more(&robust_page->word, WAIT, 0);
	kill(pid, SIGKILL);
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("the waiter when the owner is killed", "%s", who_is_back(1));
	say("the word", "%s", word_text(robust_page->word, (unsigned int)pid));
	RAW(__NR_setresuid, 1000, 1000, 1000);
	ask("get, init's without rights", RAW(__NR_get_robust_list, 1, &list, &len));
}

/* --- membarrier --- */

static void membarriers(void)
{
	static const char *const names[] = { "GLOBAL",
					     "GLOBAL_EXPEDITED",
					     "REGISTER_GLOBAL_EXPEDITED",
					     "PRIVATE_EXPEDITED",
					     "REGISTER_PRIVATE_EXPEDITED",
					     "PRIVATE_EXPEDITED_SYNC_CORE",
					     "REGISTER_PRIVATE_EXPEDITED_SYNC_CORE" };
	int status, pid;

	say("known without rseq", "0x%lx", RAW(__NR_membarrier, 0, 0, 0) & 0x7f);
	ask("command 3", RAW(__NR_membarrier, 3, 0, 0));
	ask("command 1024", RAW(__NR_membarrier, 1024, 0, 0));
	ask("command -1", RAW(__NR_membarrier, -1, 0, 0));
	for (int i = 0; i < NR(names); i++)
		ask(text("%s, a flag", names[i]), RAW(__NR_membarrier, 1 << i, 1, 0));
	for (int round = 1; round <= 2; round++)
		for (int i = 0; i < NR(names); i++)
			ask(text("%s, round %d", names[i], round),
			    RAW(__NR_membarrier, 1 << i, 0, 0));
	pid = fork();
	if (pid == 0)
		_exit(RAW(__NR_membarrier, 8, 0, 0) ? 1 : 0);
	RAW(__NR_wait4, pid, &status, 0, 0);
	say("registered in a child", "%s", status_text(status));
}

ORACLE(GROUP(errors), GROUP(times), GROUP(waking), GROUP(bitsets), GROUP(requeueing),
       GROUP(wake_ops), GROUP(interrupted), GROUP(keys), GROUP(robust_ends), GROUP(robust_calls),
       GROUP(membarriers))
