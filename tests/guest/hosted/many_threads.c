/*
 * tests/guest/hosted/many_threads.c - four thousand threads at once, or as many as there is room for, and again
 *
 * What cannot be had is refused with EAGAIN or ENOMEM, and when the threads have ended there is room for as many as
 * before: a second and third time.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define MANY      4000
#define STACK     (64 * 1024)
#define NR_ROUNDS 3

static const char *program = "hosted_many_threads";
static pthread_t threads[MANY];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t open_door = PTHREAD_COND_INITIALIZER, all_inside = PTHREAD_COND_INITIALIZER;
static int inside, door_is_open;

static void *wait_inside(void *arg)
{
	pthread_mutex_lock(&mutex);
	inside++;
	pthread_cond_signal(&all_inside);
	while (!door_is_open)
		pthread_cond_wait(&open_door, &mutex);
	inside--;
	pthread_mutex_unlock(&mutex);
	return arg;
}

/* pthread_join sees the end of a thread's memory; a moment later it has left the table and counts no more. */
static void until_alone(void)
{
	for (int nr = 0; nr != 1;) {
		char line[512] = "", *field;
		int fd = open("/proc/self/stat", O_RDONLY);

		CHECK(fd >= 0 && read(fd, line, sizeof(line) - 1) > 0);
		close(fd);
		field = strrchr(line, ')');
		for (int i = 2; field && i < 20; i++) /* num_threads is the 20th */
			field = strchr(field + 1, ' ');
		nr = field ? atoi(field) : 1;
		sched_yield();
	}
}

/* How many there were at once. */
static long crowd(int limit)
{
	pthread_attr_t attr;
	long n;

	door_is_open = 0;
	CHECK(pthread_attr_init(&attr) == 0 && pthread_attr_setstacksize(&attr, STACK) == 0);
	for (n = 0; n < limit; n++) {
		int err = pthread_create(&threads[n], &attr, wait_inside, (void *)n);

		if (err) {
			CHECK(err == EAGAIN || err == ENOMEM);
			break;
		}
	}
	pthread_mutex_lock(&mutex);
	while (inside < n)
		pthread_cond_wait(&all_inside, &mutex);
	door_is_open = 1;
	pthread_cond_broadcast(&open_door);
	pthread_mutex_unlock(&mutex);
	for (long i = 0; i < n; i++) {
		void *result = NULL;

		CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)i);
	}
	CHECK(inside == 0);
	until_alone();
	return n;
}

/* For a user without rights the limit on processes holds for threads: EAGAIN at the very one. */
static int crowd_under_limit(void)
{
	struct rlimit lim = { 20, 20 };
	pid_t pid;

	if (setrlimit(RLIMIT_NPROC, &lim) || setuid(4321))
		return 1;
	/* The main thread counts; the library may keep none of its own. */
	if (crowd(100) != 19 || crowd(100) != 19)
		return 2;
	for (int n = 0; n < 100; n++) {
		pid = fork();
		if (pid == 0) {
			pause();
			_exit(0);
		}
		if (pid < 0) {
			int err = errno;

			signal(SIGTERM, SIG_IGN);
			kill(-1, SIGTERM);
			while (wait(NULL) > 0)
				;
			return err == EAGAIN && n == 19 ? checks_failed : 3;
		}
	}
	return 4;
}

int main(void)
{
	long first = crowd(MANY);
	int status;
	pid_t pid;

	CHECK(first > 100);
	for (int i = 1; i < NR_ROUNDS; i++)
		CHECK(crowd((int)first) == first);
	pid = fork();
	if (pid == 0)
		_exit(crowd_under_limit());
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	return verdict(program);
}
