/*
 * tests/guest/stress_ipc.c - pipes, poll and futexes with many on both ends
 *
 * Every message is numbered and summed: it must come once, whole, and to one reader.  A wake-up that is lost leaves
 * somebody asleep for ever, which shows as a hang.
 */
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <uapi/futex.h>
#include "lib/stress.h"

#define WORKERS  6 /* even numbers write, odd ones read */
#define MESSAGES 200

struct message {
	unsigned long writer, number, data[13], sum;
};

static unsigned long sum_of(const struct message *m)
{
	unsigned long sum = m->writer * 31 + m->number;

	for (int i = 0; i < NR(m->data); i++)
		sum = sum * 31 + m->data[i];
	return sum;
}

static struct board {
	volatile unsigned char seen[WORKERS][MESSAGES];
	struct futex_lock lock;
	struct meeting meeting;
	volatile long counter, writers, waiting, awake;
	volatile int sequence, go;
	volatile long slots[WORKERS];
} * board;

static int ends[2], more_ends[2][2];

static void make_board(void)
{
	board = shared_pages((sizeof(*board) + PAGE - 1) / PAGE);
	board->writers = WORKERS / 2;
}

static void fill_message(struct message *m, long writer, int number, struct random *random)
{
	m->writer = (unsigned long)writer;
	m->number = (unsigned long)number;
	for (int k = 0; k < NR(m->data); k++)
		m->data[k] = random_next(random);
	m->sum = sum_of(m);
}

static void take_message(const struct message *m)
{
	if (m->writer >= WORKERS || m->number >= MESSAGES || m->sum != sum_of(m))
		fail("a broken message: writer %lu, number %lu", m->writer, m->number);
	if (__atomic_exchange_n(&board->seen[m->writer][m->number], 1, __ATOMIC_RELAXED))
		fail("message %lu of writer %lu came twice", m->number, m->writer);
}

static void all_came(void)
{
	for (int w = 0; w < WORKERS; w += 2)
		for (int i = 0; i < MESSAGES; i++)
			CHECK_EQ(board->seen[w][i], 1);
	memset((void *)(long)board->seen, 0, sizeof(board->seen));
	board->writers = WORKERS / 2;
}

/*
 * The last writer ends the conversation: by closing the end that all threads share; among processes, which have one
 * each, by a message without a number for every reader.
 */
static void writer_done(int shared_table)
{
	struct message end = { .number = MESSAGES };

	if (__atomic_sub_fetch(&board->writers, 1, __ATOMIC_ACQ_REL))
		return;
	if (shared_table)
		RAW(__NR_close, ends[1]);
	for (int i = 0; !shared_table && i < WORKERS / 2; i++)
		if (RAW(__NR_write, ends[1], &end, sizeof(end)) != sizeof(end))
			fail("write");
}

static void talk(long me, int shared_table)
{
	struct random random = random_for(me);
	struct message m;

	for (int i = 0; me % 2 == 0 && i < MESSAGES; i++) {
		fill_message(&m, me, i, &random);
		if (RAW(__NR_write, ends[1], &m, sizeof(m)) != sizeof(m))
			fail("write");
	}
	if (me % 2 == 0) {
		writer_done(shared_table);
		return;
	}
	for (;;) {
		long n = RAW(__NR_read, ends[0], &m, sizeof(m));

		if (n == 0 || (n == sizeof(m) && m.number == MESSAGES))
			return;
		if (n != sizeof(m))
			fail("read: %ld", n);
		take_message(&m);
	}
}

static void talk_in_thread(void *number)
{
	talk((long)number, 1);
}

static void talk_in_process(void *number)
{
	talk((long)number, 0);
}

static void every_message_comes_once(void)
{
	make_board();
	CHECK(pipe(ends) == 0);
	run_threads(WORKERS, talk_in_thread);
	all_came();
	close(ends[0]);
	CHECK(pipe(ends) == 0);
	run_processes(WORKERS, talk_in_process);
	all_came();
}

/* --- the same over two pipes that do not block, with poll --- */

static void wait_for(short events, const int *fds)
{
	struct pollfd p[2] = { { fds[0], events, 0 }, { fds[1], events, 0 } };
	long n = RAW(__NR_poll, p, 2, -1);

	if (n <= 0 || (p[0].revents | p[1].revents) & POLLNVAL)
		fail("poll: %ld", n);
}

static void talk_and_poll(void *number)
{
	struct random random = random_for((long)number);
	int reads[2] = { more_ends[0][0], more_ends[1][0] };
	int writes[2] = { more_ends[0][1], more_ends[1][1] };
	long me = (long)number, n;
	struct message m;
	int ended = 0, which = 0;

	for (int i = 0; me % 2 == 0 && i < MESSAGES; i++) {
		fill_message(&m, me, i, &random);
		while ((n = RAW(__NR_write, writes[below(&random, 2)], &m, sizeof(m))) == -EAGAIN)
			wait_for(POLLOUT, writes);
		if (n != sizeof(m))
			fail("write: %ld", n);
	}
	if (me % 2 == 0) {
		if (__atomic_sub_fetch(&board->writers, 1, __ATOMIC_ACQ_REL) == 0) {
			RAW(__NR_close, writes[0]);
			RAW(__NR_close, writes[1]);
		}
		return;
	}
	while (ended != 3) {
		which = !which;
		n = RAW(__NR_read, reads[which], &m, sizeof(m));
		if (n == -EAGAIN)
			wait_for(POLLIN, reads);
		else if (n == 0)
			ended |= 1 << which;
		else if (n == sizeof(m))
			take_message(&m);
		else
			fail("read: %ld", n);
	}
}

static void poll_misses_nothing(void)
{
	make_board();
	for (int i = 0; i < 2; i++) {
		CHECK(pipe2(more_ends[i], O_NONBLOCK) == 0);
		CHECK(fcntl(more_ends[i][0], 1031 /* F_SETPIPE_SZ */, PAGE) >= 0);
	}
	run_threads(WORKERS, talk_and_poll);
	all_came();
}

/* --- a stream cut at random places --- */

#define STREAM (48 * 1024)

static unsigned char stream_byte(unsigned long at)
{
	return (unsigned char)(at * 7 + (at >> 8) * 13);
}

static void stream(void *number)
{
	struct random random = random_for((long)number);
	unsigned char data[6000];

	for (unsigned long at = 0; at < STREAM;) {
		unsigned long want = 1 + below(&random, sizeof(data));
		long n;

		if (want > STREAM - at)
			want = STREAM - at;
		for (unsigned long i = 0; number == 0 && i < want; i++)
			data[i] = stream_byte(at + i);
		n = RAW(number == 0 ? __NR_write : __NR_read, ends[number == 0], data, want);
		if (n <= 0)
			fail("%s: %ld", number == 0 ? "write" : "read", n);
		for (long i = 0; number && i < n; i++)
			if (data[i] != stream_byte(at + (unsigned long)i))
				fail("byte %lu of the stream is 0x%x", at + (unsigned long)i,
				     data[i]);
		at += (unsigned long)n;
	}
}

static void a_stream_keeps_its_order(void)
{
	CHECK(pipe(ends) == 0);
	run_threads(2, stream);
	run_processes(2, stream);
}

/* --- futexes --- */

#define TURNS 250

static void take_lock(void *number)
{
	struct random random = random_for((long)number);

	for (int i = 0; i < TURNS; i++) {
		long seen;

		lock(&board->lock);
		seen = board->counter;
		if (below(&random, 8) == 0)
			sched_yield();
		board->counter = seen + 1;
		unlock(&board->lock);
	}
}

static void a_futex_lock_excludes(void)
{
	make_board();
	run_threads(WORKERS, take_lock);
	CHECK_EQ(board->counter, WORKERS * TURNS);
	run_processes(WORKERS, take_lock);
	CHECK_EQ(board->counter, 2 * WORKERS * TURNS);
}

static void meet_often(void *number)
{
	for (long i = 1; i <= TURNS / 2; i++) {
		board->slots[(long)number] = i;
		meet(&board->meeting, WORKERS);
		for (int k = 0; k < WORKERS; k++)
			if (board->slots[k] < i)
				fail("worker %d is at %ld, and not %ld", k, board->slots[k], i);
		meet(&board->meeting, WORKERS);
	}
}

static void nobody_is_left_at_a_meeting(void)
{
	make_board();
	run_threads(WORKERS, meet_often);
	memset((void *)(long)board->slots, 0, sizeof(board->slots));
	run_processes(WORKERS, meet_often);
}

/* A condition variable: all but one wait on `sequence`; the one moves them to the lock's word, waking one. */
static void wait_and_be_moved(void *number)
{
	for (int i = 0; i < TURNS / 4; i++) {
		int at;

		if ((long)number) {
			lock(&board->lock);
			at = board->sequence;
			board->waiting++;
			unlock(&board->lock);
			while (board->sequence == at)
				futex_wait(&board->sequence, at);
			while (__atomic_exchange_n(&board->lock.state, 2, __ATOMIC_ACQUIRE))
				futex_wait(&board->lock.state, 2);
			board->awake++;
			unlock(&board->lock);
		} else {
			for (;;) {
				lock(&board->lock);
				if (board->waiting == WORKERS - 1)
					break;
				unlock(&board->lock);
				sched_yield();
			}
			board->waiting = 0;
			at = __atomic_add_fetch(&board->sequence, 1, __ATOMIC_RELEASE);
			RAW(__NR_futex, &board->sequence, FUTEX_CMP_REQUEUE, 1, (long)0x7fffffff,
			    &board->lock.state, at);
			unlock(&board->lock);
		}
		meet(&board->meeting, WORKERS);
	}
}

static void requeued_waiters_wake(void)
{
	make_board();
	run_threads(WORKERS, wait_and_be_moved);
	CHECK_EQ(board->awake, TURNS / 4 * (WORKERS - 1));
}

/* Each waits with a mask and a time of its own; who is woken by mask and who by time is all the same. */
static void wait_with_times(void *number)
{
	struct random random = random_for((long)number);

	for (int i = 0; i < TURNS / 2; i++) {
		unsigned int mask = 1u << below(&random, 3);
		long time[2] = { 0, (long)below(&random, 300000) }, ret;

		if (below(&random, 2)) {
			ret = RAW(__NR_futex, &board->go, FUTEX_WAKE_BITSET | FUTEX_PRIVATE_FLAG,
				  10, 0, 0, mask);
			if (ret < 0 || ret > WORKERS)
				fail("woke %ld", ret);
			continue;
		}
		ret = RAW(__NR_futex, &board->go, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, 0, time, 0, 0);
		if (ret && ret != -ETIMEDOUT && ret != -EAGAIN)
			fail("waited: %ld", ret);
	}
}

static void waits_end_by_time_or_by_waking(void)
{
	make_board();
	run_threads(WORKERS, wait_with_times);
}

STRESS_MAIN("stress_ipc", CASE(every_message_comes_once), CASE(poll_misses_nothing),
	    CASE(a_stream_keeps_its_order), CASE(a_futex_lock_excludes),
	    CASE(nobody_is_left_at_a_meeting), CASE(requeued_waiters_wake),
	    CASE(waits_end_by_time_or_by_waking))
