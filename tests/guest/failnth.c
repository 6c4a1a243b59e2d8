/*
 * tests/guest/failnth.c - every allocation of a call fails once, and nothing is lost
 *
 *     failnth [DRILL ...]
 *
 * For each drill: a child prepares, asks for its nth allocation from now on to fail (/proc/self/fail-nth, in DEBUG
 * builds of Pagewalk), makes the call, and ends; for n = 1, 2, 3, ... until the call needs fewer than n.
 * Each time the call must succeed all the same or say ENOMEM (or what Linux says in its place), or, where nobody
 * can be told, the child is killed.  After each n free memory and the objects in use of every slab cache must be
 * exactly what they were (lib/usage.h).
 *
 * On a kernel that cannot do this there is one line that says so.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/check.h"
#include "lib/usage.h"

#define MANY       400 /* no call here needs that many allocations */
#define EXCEEDED   200 /* exit status: the nth allocation never came */
#define EXEC_PROBE "--left-over"
#define ALARM      30
#define DETACH     2 /* MNT_DETACH */

#define MAY_DIE    0x1 /* killed, when memory is missing where no error can be returned */

struct drill {
	const char *name;
	void (*prepare)(void);
	long (*call)(void); /* result, an error as -errno */
	int flags;
	int also; /* another errno that stands for ENOMEM here */
};

static int nth_fd = -1, fd, fds[2];
static char *area;
static char page[2 * PAGE];

static void arm(int n)
{
	char text[16];

	if (nth_fd < 0)
		nth_fd = open("/proc/self/fail-nth", O_RDWR);
	(void)!write(nth_fd, text, (size_t)snprintf(text, sizeof(text), "%d", n));
}

/* What is left of n: 0 if an allocation has failed.  Turns it off. */
static int disarm(void)
{
	char text[16] = "";

	/* Reading allocates: it takes part, which only means that some n test nothing but this read. */
	if (pread(nth_fd, text, sizeof(text) - 1, 0) < 0)
		text[0] = 0;
	(void)!write(nth_fd, "0", 1);
	return atoi(text);
}

/* --- preparations --- */

static void nothing(void)
{
}

static void make_file(void)
{
	memset(page, 'x', sizeof(page));
	write_file("file", page, sizeof(page), 0755);
	fd = open("file", O_RDWR);
}

static void make_area(void)
{
	area = map_pages(16, PROT_READ | PROT_WRITE);
	for (int i = 0; i < 16; i++)
		area[i * PAGE] = 1;
}

static void make_fresh_area(void)
{
	area = mmap((void *)0x500000000000, 16 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void make_mapped_file(void)
{
	make_file();
	area = mmap((void *)0x500000000000, 2 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_FIXED, fd, 0);
}

static void make_shared_file(void)
{
	fd = open("file", O_RDWR | O_CREAT, 0644);
	(void)!ftruncate(fd, 8 * PAGE);
	area = mmap((void *)0x500000000000, 8 * PAGE, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_FIXED, fd, 0);
}

static void make_pipe(void)
{
	(void)!pipe(fds);
}

static void make_area_and_pipe(void)
{
	make_area();
	make_pipe();
}

static void make_full_pipe(void)
{
	make_pipe();
	(void)!write(fds[1], page, sizeof(page));
}

static void make_folder(void)
{
	mkdir("d", 0755);
	mkdir("d/e", 0755);
	make_file();
	write_file("d/f", "x", 1, 0644);
}

static void make_script(void)
{
	write_file("script", "#!/proc/self/exe " EXEC_PROBE "\n", strlen(EXEC_PROBE) + 19, 0755);
}

/* --- processes --- */

static char *probe_argv[] = { "failnth", EXEC_PROBE, NULL };

/* What fork has left of n is for the child's execve and the first steps of the program. */
static long do_fork_exec(void)
{
	pid_t pid = fork();
	char digits[16];
	int status, left;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		close(fds[1]); /* if the parent dies, that is the end of the pipe */
		digits[0] = 0;
		(void)!read(fds[0], digits, sizeof(digits));
		left = atoi(digits);
		if (!left)
			_exit(0);
		nth_fd = -1;
		arm(left);
		execv("/proc/self/exe", probe_argv);
		_exit(errno);
	}
	left = disarm();
	(void)!write(fds[1], digits, (size_t)snprintf(digits, sizeof(digits), "%d", left) + 1);
	waitpid(pid, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXCEEDED)
		arm(1); /* nothing failed: so says what is left */
	else if (WIFEXITED(status) && WEXITSTATUS(status))
		return -WEXITSTATUS(status);
	return 0;
}

static long do_exec_elf(void)
{
	return RAW(__NR_execve, "/proc/self/exe", probe_argv, environ);
}

static long do_exec_script(void)
{
	return RAW(__NR_execve, "script", probe_argv, environ);
}

static long do_exec_many_strings(void)
{
	static char *argv[600];

	memset(page, 'a', sizeof(page) - 1);
	argv[0] = "failnth";
	argv[1] = EXEC_PROBE;
	for (int i = 2; i < 40; i++)
		argv[i] = page;
	return RAW(__NR_execve, "/proc/self/exe", argv, environ);
}

static long do_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : waitpid(pid, NULL, 0);
}

static long do_vfork(void)
{
	pid_t pid = vfork();

	if (pid == 0)
		_exit(0);
	return pid < 0 ? -errno : waitpid(pid, NULL, 0);
}

/* --- address space --- */

static long do_mmap(void)
{
	return RAW(__NR_mmap, 0, 4 * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long do_mmap_populate(void)
{
	return RAW(__NR_mmap, 0x500000000000, 4 * PAGE, PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
}

static long do_mmap_file(void)
{
	return RAW(__NR_mmap, 0, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
}

static long do_mmap_over(void)
{
	return RAW(__NR_mmap, area + 4 * PAGE, 4 * PAGE, PROT_READ,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static long do_munmap_middle(void)
{
	return RAW(__NR_munmap, area + 4 * PAGE, 4 * PAGE);
}

static long do_munmap_two_halves(void)
{
	long err = RAW(__NR_mprotect, area + 8 * PAGE, 8 * PAGE, PROT_READ);

	return err ? err : RAW(__NR_munmap, area + 4 * PAGE, 8 * PAGE);
}

static long do_mprotect_middle(void)
{
	return RAW(__NR_mprotect, area + 4 * PAGE, 4 * PAGE, PROT_READ);
}

static long do_mremap_move(void)
{
	return RAW(__NR_mremap, area, 16 * PAGE, 32 * PAGE, 3, 0x510000000000);
}

static long do_mremap_part(void)
{
	return RAW(__NR_mremap, area + 4 * PAGE, 4 * PAGE, 8 * PAGE, 1, 0);
}

static long do_brk(void)
{
	unsigned long now = (unsigned long)RAW(__NR_brk, 0), want = now + 64 * PAGE;

	return (unsigned long)RAW(__NR_brk, want) == want ? 0 : -ENOMEM;
}

static long do_madvise(void)
{
	return RAW(__NR_madvise, area, 8 * PAGE, MADV_DONTNEED);
}

static long do_mincore(void)
{
	return RAW(__NR_mincore, area, 16 * PAGE, page);
}

/* --- faults --- */

static long do_fault_write(void)
{
	for (int i = 0; i < 16; i += 3)
		area[i * PAGE] = 1;
	return 0;
}

static long do_fault_read(void)
{
	touch_read(area);
	touch_write(area);
	return 0;
}

static long do_fault_file(void)
{
	touch_read(area);
	touch_write(area);
	touch_write(area + PAGE);
	return 0;
}

static long do_fault_shared(void)
{
	touch_read(area);
	touch_write(area);
	touch_write(area + 5 * PAGE);
	return 0;
}

static long do_fault_cow(void)
{
	pid_t pid;

	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) { /* holds the pages until the parent is through, or dead */
		close(fds[1]);
		_exit((int)RAW(__NR_read, fds[0], page, 1));
	}
	do_fault_write();
	close(fds[1]);
	return waitpid(pid, NULL, 0);
}

static int grow_stack(int depth)
{
	volatile char frame[PAGE];

	frame[0] = (char)depth;
	return depth ? grow_stack(depth - 1) + frame[0] : 0;
}

static long do_fault_stack(void)
{
	return grow_stack(60) == 12345 ? -EIO : 0;
}

/* --- files --- */

static long do_open(void)
{
	return RAW(__NR_open, "file", O_RDWR, 0);
}

static long do_creat(void)
{
	return RAW(__NR_open, "new", O_RDWR | O_CREAT, 0644);
}

static long do_mkdir(void)
{
	return RAW(__NR_mkdir, "new", 0755);
}

static long do_mknod(void)
{
	return RAW(__NR_mknod, "new", S_IFIFO | 0644, 0);
}

static long do_symlink(void)
{
	long err = RAW(__NR_symlink, "file", "new");

	return err ? err : RAW(__NR_open, "new", O_RDONLY);
}

static long do_link(void)
{
	return RAW(__NR_link, "file", "new");
}

static long do_rename(void)
{
	return RAW(__NR_rename, "file", "d/f");
}

static long do_rename_folder(void)
{
	return RAW(__NR_rename, "d/e", "new");
}

static long do_unlink(void)
{
	long err = RAW(__NR_unlink, "d/f");

	return err ? err : RAW(__NR_rmdir, "d/e");
}

static long do_stat(void)
{
	return RAW(__NR_stat, "d/../d/./f", page);
}

static long do_getdents(void)
{
	long dir = RAW(__NR_open, "d", O_RDONLY | O_DIRECTORY);

	return dir < 0 ? dir : RAW(__NR_getdents64, dir, page, sizeof(page));
}

static long do_getdents_proc(void)
{
	long dir = RAW(__NR_open, "/proc/self/fd", O_RDONLY | O_DIRECTORY);

	return dir < 0 ? dir : RAW(__NR_getdents64, dir, page, sizeof(page));
}

static long do_readlink(void)
{
	return RAW(__NR_readlink, "/proc/self/exe", page, PAGE);
}

static long do_getcwd(void)
{
	return RAW(__NR_getcwd, page, PAGE);
}

static long do_chdir(void)
{
	return RAW(__NR_chdir, "d");
}

static long do_write(void)
{
	return RAW(__NR_pwrite64, fd, page, 100, 20 * PAGE);
}

static long do_write_long(void)
{
	return RAW(__NR_pwrite64, fd, page, sizeof(page), 64 * PAGE - 10);
}

static long do_read(void)
{
	return RAW(__NR_pread64, fd, page, sizeof(page), 0);
}

static long do_read_to_fresh(void)
{
	return RAW(__NR_pread64, fd, area, PAGE, 0);
}

static void make_file_and_fresh(void)
{
	make_file();
	make_fresh_area();
}

static long do_writev(void)
{
	static struct iovec vec[64];

	for (int i = 0; i < NR(vec); i++)
		vec[i] = (struct iovec){ page, 10 };
	return RAW(__NR_writev, fd, vec, NR(vec));
}

static long do_truncate(void)
{
	long err = RAW(__NR_ftruncate, fd, 100);

	return err ? err : RAW(__NR_ftruncate, fd, 100 * PAGE);
}

static long do_fallocate(void)
{
	return RAW(__NR_fallocate, fd, 0, 0, 8 * PAGE);
}

static long do_sendfile(void)
{
	long out = RAW(__NR_open, "new", O_RDWR | O_CREAT, 0644);

	return out < 0 ? out : RAW(__NR_sendfile, out, fd, NULL, sizeof(page));
}

static long read_proc(const char *path)
{
	long f = RAW(__NR_open, path, O_RDONLY), n;

	if (f < 0)
		return f;
	do
		n = RAW(__NR_read, f, page, 1000);
	while (n > 0);
	return n;
}

static long do_proc_maps(void)
{
	return read_proc("/proc/self/maps");
}

static long do_proc_status(void)
{
	return read_proc("/proc/self/status");
}

static long do_proc_cmdline(void)
{
	return read_proc("/proc/self/cmdline");
}

static long do_proc_mounts(void)
{
	return read_proc("/proc/mounts");
}

static long do_proc_meminfo(void)
{
	return read_proc("/proc/slabinfo");
}

static long do_pipe(void)
{
	return RAW(__NR_pipe, fds);
}

static long do_pipe_write(void)
{
	return RAW(__NR_write, fds[1], page, sizeof(page));
}

static long do_pipe_read(void)
{
	return RAW(__NR_read, fds[0], page, sizeof(page));
}

static long do_pipe_size(void)
{
	return RAW(__NR_fcntl, fds[0], 1031 /* F_SETPIPE_SZ */, 64 * PAGE);
}

static long do_open_fifo(void)
{
	return RAW(__NR_open, "fifo", O_RDWR);
}

static void make_fifo(void)
{
	RAW(__NR_mknod, "fifo", S_IFIFO | 0644, 0);
}

static long do_dup_high(void)
{
	return RAW(__NR_dup2, fd, 900);
}

static long do_lock(void)
{
	/* struct flock: the middle of a write lock is given up */
	struct {
		short type, whence;
		long start, len, pid;
	} lock = { 1, SEEK_SET, 100, 100, 0 }, part = { 2, SEEK_SET, 120, 10, 0 };
	long err = RAW(__NR_fcntl, fd, 6 /* F_SETLK */, &lock);

	if (!err)
		err = RAW(__NR_fcntl, fd, 6, &part);
	return err ? err : RAW(__NR_flock, fd, 2);
}

static long do_poll(void)
{
	static struct pollfd polls[600];

	for (int i = 0; i < NR(polls); i++)
		polls[i] = (struct pollfd){ .fd = i & 1 ? fds[0] : fds[1], .events = POLLIN };
	return RAW(__NR_poll, polls, NR(polls), 1);
}

static long do_select(void)
{
	static unsigned long set[16];
	struct timeval tv = { 0, 1000 };

	set[fds[0] / 64] |= 1UL << fds[0] % 64;
	return RAW(__NR_select, 900, set, NULL, NULL, &tv);
}

static long do_mount(void)
{
	long err = RAW(__NR_mount, "none", "d", "tmpfs", 0, "size=1m");

	return err ? err : RAW(__NR_umount2, "d", 0);
}

static long do_mount_proc(void)
{
	long err = RAW(__NR_mount, "none", "d", "proc", 0, NULL);

	return err ? err : RAW(__NR_umount2, "d", 0);
}

/* --- signals and others --- */

static volatile int signals_seen;

static void on_signal(int sig)
{
	(void)sig;
	signals_seen++;
}

static void make_handler(void)
{
	signal(SIGUSR1, on_signal);
	signal(34, on_signal);
}

static long do_signal(void)
{
	long err = RAW(__NR_kill, getpid(), SIGUSR1);

	return err ? err : signals_seen ? 0 : -EIO;
}

static long do_queue_signal(void)
{
	siginfo_t info = { .si_signo = 34, .si_code = -1 };
	long err = RAW(__NR_rt_sigqueueinfo, getpid(), 34, &info);

	return err ? err : signals_seen ? 0 : -EIO;
}

static long do_timer(void)
{
	struct itimerval timer = { { 0, 0 }, { 100, 0 } };
	struct timespec nap = { 0, 1000 };
	long err = RAW(__NR_setitimer, 0, &timer, NULL);

	return err ? err : RAW(__NR_nanosleep, &nap, NULL);
}

static long do_groups(void)
{
	static int groups[20];

	for (int i = 0; i < NR(groups); i++)
		groups[i] = i;
	return RAW(__NR_setgroups, NR(groups), groups);
}

/* clang-format off */
static const struct drill drills[] = {
	{ "fork_exec", make_pipe, do_fork_exec, MAY_DIE, E2BIG },
	{ "fork", make_area, do_fork, MAY_DIE, 0 },
	{ "vfork", nothing, do_vfork, 0, 0 },
	{ "exec_elf", nothing, do_exec_elf, MAY_DIE, E2BIG },
	{ "exec_script", make_script, do_exec_script, MAY_DIE, E2BIG },
	{ "exec_many_strings", nothing, do_exec_many_strings, MAY_DIE, E2BIG },
	{ "mmap", nothing, do_mmap, 0, 0 },
	{ "mmap_populate", nothing, do_mmap_populate, 0, 0 },
	{ "mmap_file", make_file, do_mmap_file, 0, 0 },
	{ "mmap_over", make_area, do_mmap_over, 0, 0 },
	{ "munmap_middle", make_area, do_munmap_middle, 0, 0 },
	{ "munmap_two_halves", make_area, do_munmap_two_halves, 0, 0 },
	{ "mprotect_middle", make_area, do_mprotect_middle, 0, 0 },
	{ "mremap_move", make_area, do_mremap_move, 0, 0 },
	{ "mremap_part", make_area, do_mremap_part, 0, 0 },
	{ "brk", nothing, do_brk, 0, 0 },
	{ "madvise", make_area, do_madvise, 0, 0 },
	{ "mincore", make_area, do_mincore, 0, EAGAIN },
	{ "fault_write", make_fresh_area, do_fault_write, MAY_DIE, 0 },
	{ "fault_read", make_fresh_area, do_fault_read, MAY_DIE, 0 },
	{ "fault_file", make_mapped_file, do_fault_file, MAY_DIE, 0 },
	{ "fault_shared", make_shared_file, do_fault_shared, MAY_DIE, 0 },
	{ "fault_cow", make_area_and_pipe, do_fault_cow, MAY_DIE, 0 },
	{ "fault_stack", nothing, do_fault_stack, MAY_DIE, 0 },
	{ "open", make_file, do_open, 0, 0 },
	{ "creat", nothing, do_creat, 0, ENOSPC },
	{ "mkdir", nothing, do_mkdir, 0, ENOSPC },
	{ "mknod", nothing, do_mknod, 0, ENOSPC },
	{ "symlink", make_file, do_symlink, 0, ENOSPC },
	{ "link", make_file, do_link, 0, 0 },
	{ "rename", make_folder, do_rename, 0, 0 },
	{ "rename_folder", make_folder, do_rename_folder, 0, 0 },
	{ "unlink", make_folder, do_unlink, 0, 0 },
	{ "stat", make_folder, do_stat, 0, 0 },
	{ "getdents", make_folder, do_getdents, 0, 0 },
	{ "getdents_proc", nothing, do_getdents_proc, 0, 0 },
	{ "readlink", nothing, do_readlink, 0, 0 },
	{ "getcwd", nothing, do_getcwd, 0, 0 },
	{ "chdir", make_folder, do_chdir, 0, 0 },
	{ "write", make_file, do_write, 0, ENOSPC },
	{ "write_long", make_file, do_write_long, 0, ENOSPC },
	{ "read", make_file, do_read, 0, 0 },
	{ "read_to_fresh", make_file_and_fresh, do_read_to_fresh, 0, EFAULT },
	{ "writev", make_file, do_writev, MAY_DIE, ENOSPC },
	{ "truncate", make_file, do_truncate, 0, 0 },
	{ "fallocate", make_file, do_fallocate, 0, ENOSPC },
	{ "sendfile", make_file, do_sendfile, 0, ENOSPC },
	{ "proc_maps", nothing, do_proc_maps, 0, 0 },
	{ "proc_status", nothing, do_proc_status, 0, 0 },
	{ "proc_cmdline", nothing, do_proc_cmdline, 0, 0 },
	{ "proc_mounts", nothing, do_proc_mounts, 0, 0 },
	{ "proc_slabinfo", nothing, do_proc_meminfo, 0, 0 },
	{ "pipe", nothing, do_pipe, 0, ENFILE },
	{ "pipe_write", make_pipe, do_pipe_write, 0, 0 },
	{ "pipe_read", make_full_pipe, do_pipe_read, 0, 0 },
	{ "pipe_size", make_pipe, do_pipe_size, 0, 0 },
	{ "open_fifo", make_fifo, do_open_fifo, 0, 0 },
	{ "dup_high", make_file, do_dup_high, 0, EMFILE },
	{ "lock", make_file, do_lock, 0, ENOLCK },
	{ "poll", make_pipe, do_poll, MAY_DIE, 0 },
	{ "select", make_pipe, do_select, MAY_DIE, 0 },
	{ "mount", make_folder, do_mount, 0, 0 },
	{ "mount_proc", make_folder, do_mount_proc, 0, 0 },
	{ "signal", make_handler, do_signal, MAY_DIE, EAGAIN },
	{ "queue_signal", make_handler, do_queue_signal, MAY_DIE, EAGAIN },
	{ "timer", nothing, do_timer, 0, 0 },
	{ "groups", nothing, do_groups, MAY_DIE, 0 },
};
/* clang-format on */

_Noreturn static void attempt_child(const struct drill *d, int n)
{
	long result;
	int left;

	alarm(ALARM);
	(void)!RAW(__NR_getppid);
	d->prepare();
	arm(0); /* opens the file */
	arm(n);
	result = d->call();
	left = disarm();
	if (result < 0 && result > -EXCEEDED &&
	    (left || (result != -ENOMEM && result != -EAGAIN && result != -d->also)))
		_exit((int)-result);
	_exit(left ? EXCEEDED : 0);
}

static int processes(void)
{
	static char info[256]; /* struct sysinfo */
	unsigned short procs;

	RAW(__NR_sysinfo, info);
	memcpy(&procs, info + 80, sizeof(procs));
	return procs;
}

/* PID 1 is told of each orphan's end by a signal.  Until it has taken it, that is a kernel object of its own. */
static int signal_waits_for_init(void)
{
	char text[2048], *line;
	int f = open("/proc/1/status", O_RDONLY);
	ssize_t len = f < 0 ? 0 : read(f, text, sizeof(text) - 1);

	close(f);
	text[len > 0 ? len : 0] = 0;
	line = strstr(text, "ShdPnd:");
	return line && strtoul(line + strlen("ShdPnd:"), NULL, 16);
}

/* 0: go on with the next n; 1: the drill is done; -1: something is wrong, in @why. */
static int attempt(const struct drill *d, int n, char *why, size_t size)
{
	const char *changes;
	int status, before = processes();
	pid_t pid;

	enter_folder("failnth");
	pid = fork();
	if (pid < 0) {
		snprintf(why, size, "fork: %s", strerror(errno));
		return -1;
	}
	if (pid == 0)
		attempt_child(d, n);
	waitpid(pid, &status, 0);
	while (processes() != before || signal_waits_for_init()) /* orphans: PID 1 buries them */
		usleep(1000);
	while (RAW(__NR_umount2, "d", DETACH) == 0)
		;
	leave_folder("failnth");
	changes = usage_changes();
	if (*changes) {
		snprintf(why, size, "allocation %d fails (status 0x%x), and is lost:%s", n, status,
			 changes);
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXCEEDED)
		return 1;
	if (WIFSIGNALED(status) && (!(d->flags & MAY_DIE) || WTERMSIG(status) == SIGALRM)) {
		snprintf(why, size, "allocation %d fails: ended by %s", n,
			 strsignal(WTERMSIG(status)));
		return -1;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status)) {
		snprintf(why, size, "allocation %d fails: error %s", n,
			 strerror(WEXITSTATUS(status)));
		return -1;
	}
	return 0;
}

/* The number of allocations that failed in turn, or -1. */
static int run_drill(const struct drill *d)
{
	static char why[600];
	int n, done = 0;

	/* Twice without a failure: what is filled for good, is filled then. */
	for (int i = 0; i < 2; i++) {
		usage_before();
		attempt(d, MANY * 10, why, sizeof(why));
	}
	usage_before();
	for (n = 1; n < MANY && !done; n++)
		done = attempt(d, n, why, sizeof(why));
	if (done > 0) {
		printf("ok %s_survives_each_failed_allocation # %d of them\n", d->name, n - 2);
		return n - 2;
	}
	printf("not ok %s_survives_each_failed_allocation: %s\n", d->name,
	       done ? why : "never enough");
	return -1;
}

static int chosen(const char *name, char **names)
{
	if (!*names)
		return 1;
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return 1;
	return 0;
}

/* Behind execve: did the failure come, this side of reading how much is left? */
static int left_over(void)
{
	int f = open("/proc/self/fail-nth", O_RDWR);
	char text[16] = "";

	if (f < 0 || read(f, text, sizeof(text) - 1) < 0)
		return 0;
	return atoi(text) ? EXCEEDED : 0;
}

int main(int argc, char **argv)
{
	int passed = 0, failed = 0;

	if (argc > 1 && strcmp(argv[1], EXEC_PROBE) == 0)
		return left_over();
	if (!can_fail_allocations()) {
		printf("ok each_failed_allocation_is_survived # skipped: this kernel cannot make them fail\n");
		printf("failnth: 1 passed, 0 failed\n");
		return 0;
	}
	for (int i = 0; i < NR(drills); i++) {
		if (!chosen(drills[i].name, argv + 1))
			continue;
		if (run_drill(&drills[i]) < 0)
			failed++;
		else
			passed++;
		fflush(stdout);
	}
	printf("failnth: %d passed, %d failed\n", passed, failed);
	return failed != 0;
}
