/*
 * tests/guest/hosted/threads.c - POSIX threads as the C libraries make them of clone, futex and signals
 *
 * Each part has an outcome that does not depend on who runs when.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#define THREADS 8
#define ROUNDS  500

static const char *program = "hosted_threads";
static pthread_t threads[THREADS];

static void run_all(void *(*fn)(void *))
{
	for (long i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, fn, (void *)i) == 0);
}

static void join_all(void)
{
	for (long i = 0; i < THREADS; i++) {
		void *result = NULL;

		CHECK(pthread_join(threads[i], &result) == 0);
		CHECK(result == (void *)i);
	}
}

/* --- mutex: a sum that only mutual exclusion keeps right --- */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static volatile long sum;

static void *add(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&mutex);
		sum = sum + 1;
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void mutexes(void)
{
	pthread_mutexattr_t attr;
	pthread_mutex_t m;
	struct timespec past = { 1, 0 };

	run_all(add);
	join_all();
	CHECK(sum == THREADS * ROUNDS);
	CHECK(pthread_mutexattr_init(&attr) == 0);
	CHECK(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE) == 0);
	CHECK(pthread_mutex_init(&m, &attr) == 0);
	CHECK(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == 0);
	CHECK(pthread_mutex_unlock(&m) == 0 && pthread_mutex_unlock(&m) == 0);
	CHECK(pthread_mutex_unlock(&m) == EPERM);
	CHECK(pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK) == 0);
	CHECK(pthread_mutex_init(&m, &attr) == 0);
	CHECK(pthread_mutex_lock(&m) == 0 && pthread_mutex_lock(&m) == EDEADLK);
	CHECK(pthread_mutex_trylock(&m) == EBUSY);
	CHECK(pthread_mutex_unlock(&m) == 0);
	CHECK(pthread_mutex_lock(&mutex) == 0);
	CHECK(pthread_mutex_timedlock(&mutex, &past) == ETIMEDOUT);
	CHECK(pthread_mutex_unlock(&mutex) == 0);
}

/* --- condition: a token that goes round --- */

static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static volatile long turn, laps;

static void *pass_token(void *arg)
{
	for (int i = 0; i < ROUNDS / 10; i++) {
		pthread_mutex_lock(&mutex);
		while (turn != (long)arg)
			pthread_cond_wait(&cond, &mutex);
		turn = (turn + 1) % THREADS;
		laps++;
		pthread_cond_broadcast(&cond);
		pthread_mutex_unlock(&mutex);
	}
	return arg;
}

static void conditions(void)
{
	struct timespec past = { 1, 0 };

	run_all(pass_token);
	join_all();
	CHECK(laps == THREADS * (ROUNDS / 10) && turn == 0);
	pthread_mutex_lock(&mutex);
	CHECK(pthread_cond_timedwait(&cond, &mutex, &past) == ETIMEDOUT);
	pthread_mutex_unlock(&mutex);
}

/* --- barrier: nobody is a round ahead --- */

static pthread_barrier_t barrier;
static atomic_int arrived, serials, ahead;

static void *meet(void *arg)
{
	for (int i = 1; i <= ROUNDS / 10; i++) {
		int r;

		atomic_fetch_add(&arrived, 1);
		r = pthread_barrier_wait(&barrier);
		serials += r == PTHREAD_BARRIER_SERIAL_THREAD;
		ahead += atomic_load(&arrived) < i * THREADS;
		(void)pthread_barrier_wait(&barrier);
	}
	return arg;
}

static void barriers(void)
{
	CHECK(pthread_barrier_init(&barrier, NULL, THREADS) == 0);
	run_all(meet);
	join_all();
	CHECK(serials == ROUNDS / 10 && ahead == 0);
	CHECK(pthread_barrier_destroy(&barrier) == 0);
}

/* --- reader-writer lock, once, semaphore --- */

static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static volatile long left, right;
static atomic_int torn;

static void *read_or_write(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 8 == (long)arg) {
			pthread_rwlock_wrlock(&rwlock);
			left = left + 1;
			right = right + 1;
		} else {
			pthread_rwlock_rdlock(&rwlock);
			torn += left != right;
		}
		pthread_rwlock_unlock(&rwlock);
	}
	return arg;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static atomic_int inits;
static sem_t items;

static void init_once(void)
{
	inits++;
}

static void *call_once(void *arg)
{
	pthread_once(&once, init_once);
	CHECK(inits == 1);
	CHECK(sem_post(&items) == 0);
	return arg;
}

static void other_locks(void)
{
	long expected = 0;

	for (int i = 0; i < ROUNDS; i++)
		expected += i % 8 < THREADS;
	run_all(read_or_write);
	join_all();
	CHECK(left == expected && right == expected && torn == 0);
	CHECK(sem_init(&items, 0, 0) == 0);
	run_all(call_once);
	for (int i = 0; i < THREADS; i++)
		CHECK(sem_wait(&items) == 0);
	join_all();
	CHECK(inits == 1 && sem_trywait(&items) == -1 && errno == EAGAIN);
}

/* --- thread-local storage, keys, detached threads, stacks of a given size --- */

static _Thread_local long mine = 42;
static pthread_key_t key;
static atomic_int destroyed, detached_done;

static void destroy(void *value)
{
	destroyed += value != NULL;
}

static void *use_tls(void *arg)
{
	CHECK(mine == 42 && pthread_getspecific(key) == NULL);
	mine = (long)arg;
	CHECK(pthread_setspecific(key, &mine) == 0);
	errno = (int)(long)arg;
	sched_yield();
	CHECK(mine == (long)arg && errno == (int)(long)arg);
	CHECK(pthread_getspecific(key) == &mine);
	return arg;
}

static void *in_detached(void *arg)
{
	volatile char deep[100000];

	memset((void *)deep, 1, sizeof(deep));
	detached_done += deep[99999];
	sem_post(&items);
	return arg;
}

static void storage(void)
{
	pthread_attr_t attr;
	pthread_t t;

	CHECK(pthread_key_create(&key, destroy) == 0);
	run_all(use_tls);
	join_all();
	CHECK(mine == 42 && destroyed == THREADS);
	CHECK(pthread_attr_init(&attr) == 0);
	CHECK(pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED) == 0);
	CHECK(pthread_attr_setstacksize(&attr, 256 * 1024) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&t, &attr, in_detached, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(sem_wait(&items) == 0);
	CHECK(detached_done == THREADS);
}

/* --- cancellation --- */

static atomic_int cleaned;

static void clean(void *arg)
{
	(void)arg;
	cleaned++;
}

static void *wait_for_ever(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	sem_post(&items);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return arg;
}

static void unlock(void *arg)
{
	pthread_mutex_unlock(arg);
}

static void *wait_at_condition(void *arg)
{
	pthread_mutex_lock(&mutex);
	pthread_cleanup_push(unlock, &mutex);
	sem_post(&items);
	for (;;)
		pthread_cond_wait(&cond, &mutex);
	pthread_cleanup_pop(0);
	return arg;
}

static void *spin_asynchronously(void *arg)
{
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	sem_post(&items);
	for (;;)
		;
	return arg;
}

static void cancellation(void)
{
	void *(*const ways[])(void *) = { wait_for_ever, wait_at_condition, spin_asynchronously };

	for (int i = 0; i < 3; i++) {
		void *result = NULL;
		pthread_t t;

		CHECK(pthread_create(&t, NULL, ways[i], NULL) == 0);
		CHECK(sem_wait(&items) == 0);
		CHECK(pthread_cancel(t) == 0);
		CHECK(pthread_join(t, &result) == 0 && result == PTHREAD_CANCELED);
	}
	CHECK(cleaned == 1);
	CHECK(pthread_mutex_trylock(&mutex) == 0 && pthread_mutex_unlock(&mutex) == 0);
}

/* --- signals --- */

static atomic_int handled_by;

static void on_signal(int sig)
{
	(void)sig;
	handled_by = (int)syscall(SYS_gettid);
	sem_post(&items);
}

static void *sit(void *arg)
{
	sem_t *done = arg;

	handled_by = (int)syscall(SYS_gettid);
	sem_post(&items);
	while (sem_wait(done))
		CHECK(errno == EINTR);
	return NULL;
}

static void *take(void *arg)
{
	sigset_t set;
	int sig = 0;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(sigwait(&set, &sig) == 0 && sig == SIGUSR2);
	sem_post(&items);
	return arg;
}

static void signals(void)
{
	struct sigaction act;
	sigset_t set;
	pthread_t t;
	sem_t done;
	int tid;

	memset(&act, 0, sizeof(act));
	act.sa_handler = on_signal;
	CHECK(sigaction(SIGUSR1, &act, NULL) == 0);
	CHECK(sem_init(&done, 0, 0) == 0);
	CHECK(pthread_create(&t, NULL, sit, &done) == 0);
	CHECK(sem_wait(&items) == 0);
	tid = handled_by;
	handled_by = 0;
	CHECK(pthread_kill(t, SIGUSR1) == 0);
	while (sem_wait(&items))
		CHECK(errno == EINTR);
	CHECK(handled_by == tid);
	CHECK(sem_post(&done) == 0 && pthread_join(t, NULL) == 0);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	CHECK(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
	run_all(take);
	for (int i = 0; i < THREADS; i++) {
		CHECK(kill(getpid(), SIGUSR2) == 0);
		CHECK(sem_wait(&items) ==
		      0); /* an ordinary signal pends once: the next after it is taken */
	}
	join_all();
}

/* --- robust and shared mutexes --- */

static pthread_mutex_t *shared;

static void *lock_and_leave(void *arg)
{
	CHECK(pthread_mutex_lock(shared) == 0);
	return arg;
}

static void robust(void)
{
	pthread_mutexattr_t attr;
	pthread_t t;
	int status;
	pid_t pid;

	shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(shared != MAP_FAILED);
	CHECK(pthread_mutexattr_init(&attr) == 0);
	CHECK(pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) == 0);
	CHECK(pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) == 0);
	CHECK(pthread_mutex_init(shared, &attr) == 0);
	CHECK(pthread_create(&t, NULL, lock_and_leave, NULL) == 0 && pthread_join(t, NULL) == 0);
	CHECK(pthread_mutex_lock(shared) == EOWNERDEAD);
	CHECK(pthread_mutex_consistent(shared) == 0 && pthread_mutex_unlock(shared) == 0);
	pid = fork();
	if (pid == 0) {
		pthread_mutex_lock(shared);
		kill(getpid(), SIGKILL);
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	CHECK(pthread_mutex_lock(shared) == EOWNERDEAD);
	CHECK(pthread_mutex_unlock(shared) == 0);
	CHECK(pthread_mutex_lock(shared) == ENOTRECOVERABLE);
}

/* --- the process --- */

static void *exec_hello(void *arg)
{
	(void)arg;
	execl("/proc/self/exe", "threads", "exit7", NULL);
	_exit(1);
}

static void *exit_process(void *arg)
{
	exit((int)(long)arg);
}

static void processes(void)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		pthread_t t;

		run_all(spin_asynchronously);
		pthread_create(&t, NULL, exit_process, (void *)9L);
		for (;;)
			pause();
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 9);
	pid = fork();
	if (pid == 0) {
		pthread_t t;

		run_all(spin_asynchronously);
		pthread_create(&t, NULL, exec_hello, NULL);
		for (;;)
			pause();
	}
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
	pid = fork();
	if (pid == 0) {
		run_all(spin_asynchronously);
		pthread_exit(NULL); /* the leader goes first */
	}
	usleep(1000);
	CHECK(waitpid(pid, &status, WNOHANG) == 0);
	CHECK(kill(pid, SIGTERM) == 0);
	CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) &&
	      WTERMSIG(status) == SIGTERM);
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "exit7") == 0)
		return 7;
	mutexes();
	conditions();
	barriers();
	other_locks();
	storage();
	cancellation();
	signals();
	robust();
	processes();
	return verdict(program);
}
