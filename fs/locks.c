/*
 * fs/locks.c - advisory locks: records by fcntl(2), whole files by flock(2)
 *
 * Both hang in the inode's i_flock list.  They differ in who owns one, which decides what conflicts and when it ends:
 *
 *     FL_POSIX   owner: the process (its descriptor table)   range    ends with any close of the file by the process
 *     FL_OFD     owner: the open file                        range    ends with the last reference to the open file
 *     FL_FLOCK   owner: the open file                        all      ends with the last reference to the open file
 *
 * POSIX and OFD locks conflict with each other; flock locks only among themselves.  Two locks conflict when their
 * owners differ, their ranges overlap, and one is for writing.
 *
 * Setting a range first cuts it out of what the owner holds (which can split one lock in two) and then adds the new
 * piece: up to two records more, allocated before anything is changed.  Adjacent pieces are not joined: nobody can
 * tell.
 *
 * Waiting: one queue for all; whenever a lock goes, the waiters look again.  A waiting POSIX lock notes whom it waits
 * for, and a chain that comes back to its owner is EDEADLK.
 *
 * Locking: file_lock_lock covers the lists, the waiters and their owners.
 */
#include "internal.h"

enum lock_kind { FL_POSIX, FL_OFD, FL_FLOCK };

struct file_lock {
	struct list_head list;
	enum lock_kind kind;
	int type; /* F_RDLCK, F_WRLCK */
	const void *owner;
	pid_t pid;
	loff_t start, end; /* both included */
};

struct lock_waiter {
	struct list_head list;
	const void *owner, *waits_for;
};

static DEFINE_SPINLOCK(file_lock_lock, LOCK_FILES);
static DECLARE_WAIT_QUEUE_HEAD(lock_wait);
static LIST_HEAD(waiters);

static bool conflicts(const struct file_lock *a, const struct file_lock *b)
{
	if (a->owner == b->owner || (a->kind == FL_FLOCK) != (b->kind == FL_FLOCK))
		return false;
	if (a->end < b->start || b->end < a->start)
		return false;
	return a->type == F_WRLCK || b->type == F_WRLCK;
}

static struct file_lock *find_conflict(struct inode *inode, const struct file_lock *want)
{
	struct file_lock *fl;

	list_for_each_entry(fl, &inode->i_flock, list)
		if (conflicts(fl, want))
			return fl;
	return NULL;
}

/* Would @owner, waiting for @holder, close a circle? */
static bool would_deadlock(const void *owner, const void *holder)
{
	unsigned int steps = 0;
	struct lock_waiter *w;
	bool found;

	do {
		if (holder == owner)
			return true;
		found = false;
		list_for_each_entry(w, &waiters, list)
			if (w->owner == holder) {
				holder = w->waits_for;
				found = true;
				break;
			}
	} while (found && ++steps < 64);
	return false;
}

/* Cut [want->start, want->end] out of what the owner holds; *spare serves a split and is then NULL. */
static void cut_owner(struct inode *inode, const struct file_lock *want, struct file_lock **spare,
		      struct list_head *dead)
{
	struct file_lock *fl, *next;

	list_for_each_entry_safe(fl, next, &inode->i_flock, list) {
		if (fl->owner != want->owner || fl->kind != want->kind)
			continue;
		if (fl->end < want->start || fl->start > want->end)
			continue;
		if (fl->start < want->start && fl->end > want->end) {
			struct file_lock *upper = *spare;

			*spare = NULL;
			*upper = *fl;
			upper->start = want->end + 1;
			fl->end = want->start - 1;
			list_add(&upper->list, &fl->list);
		} else if (fl->start < want->start) {
			fl->end = want->start - 1;
		} else if (fl->end > want->end) {
			fl->start = want->end + 1;
		} else {
			list_move(&fl->list, dead);
		}
	}
}

static void free_locks(struct list_head *dead)
{
	struct file_lock *fl, *next;

	list_for_each_entry_safe(fl, next, dead, list)
		kfree(fl);
}

/* One try.  0; -EAGAIN with *holder set when somebody else is in the way. */
static int try_lock(struct inode *inode, const struct file_lock *want, struct file_lock **add,
		    struct file_lock **spare, struct list_head *dead, const void **holder)
{
	struct file_lock *other = want->type == F_UNLCK ? NULL : find_conflict(inode, want);

	assert_spin_locked(&file_lock_lock);
	if (other) {
		*holder = other->owner;
		return -EAGAIN;
	}
	cut_owner(inode, want, spare, dead);
	if (want->type != F_UNLCK) {
		**add = *want;
		list_add_tail(&(*add)->list, &inode->i_flock);
		*add = NULL;
	}
	return 0;
}

/**
 * set_lock - set, change or (F_UNLCK) remove a lock
 * @wait: sleep while others are in the way
 *
 * Return: 0; -EAGAIN, -EDEADLK, -ENOLCK (no memory), -ERESTARTSYS.
 */
static int set_lock(struct inode *inode, const struct file_lock *want, bool wait)
{
	struct file_lock *add = kmalloc(sizeof(*add), GFP_KERNEL),
			 *spare = kmalloc(sizeof(*spare), GFP_KERNEL);
	struct lock_waiter waiter = { .owner = want->owner };
	struct wait_queue_entry entry;
	LIST_HEAD(dead);
	int err = add && spare ? 0 : -ENOLCK;

	init_wait(&entry);
	while (!err) {
		prepare_to_wait(&lock_wait, &entry, TASK_INTERRUPTIBLE);
		spin_lock(&file_lock_lock);
		err = try_lock(inode, want, &add, &spare, &dead, &waiter.waits_for);
		if (err == -EAGAIN && wait) {
			if (want->kind != FL_FLOCK &&
			    would_deadlock(want->owner, waiter.waits_for)) {
				err = -EDEADLK;
			} else {
				list_add(&waiter.list, &waiters);
				err = 1;
			}
		}
		spin_unlock(&file_lock_lock);
		if (err != 1)
			break;
		err = signal_pending(current) ? -ERESTARTSYS : 0;
		if (!err)
			schedule();
		spin_lock(&file_lock_lock);
		list_del(&waiter.list);
		spin_unlock(&file_lock_lock);
	}
	finish_wait(&lock_wait, &entry);
	if (!err)
		wake_up_all(&lock_wait); /* what was cut may let others in */
	free_locks(&dead);
	kfree(spare);
	kfree(add);
	return err;
}

static void remove_owned(struct inode *inode, const void *owner, bool posix)
{
	struct file_lock *fl, *next;
	LIST_HEAD(dead);

	spin_lock(&file_lock_lock);
	list_for_each_entry_safe(fl, next, &inode->i_flock, list)
		if (fl->owner == owner && (fl->kind == FL_POSIX) == posix)
			list_move(&fl->list, &dead);
	spin_unlock(&file_lock_lock);
	if (list_empty(&dead))
		return;
	free_locks(&dead);
	wake_up_all(&lock_wait);
}

/* locks_remove_posix - a process closed a descriptor of @inode */
void locks_remove_posix(struct inode *inode, struct files_struct *owner)
{
	remove_owned(inode, owner, true);
}

/* locks_remove_flock - the last reference to @file is going */
void locks_remove_flock(struct file *file)
{
	remove_owned(file->f_inode, file, false);
}

/* --- fcntl(2) --- */

/* The range of a struct flock in bytes from the start; l_len may be negative, 0 is "to the end". */
static int flock_range(struct file *file, const struct flock *l, struct file_lock *fl)
{
	loff_t start = l->l_start, base = 0;

	if (l->l_whence == SEEK_CUR)
		base = file->f_pos;
	else if (l->l_whence == SEEK_END)
		base = (loff_t)file->f_inode->i_data.i_size;
	else if (l->l_whence != SEEK_SET)
		return -EINVAL;
	if (__builtin_add_overflow(start, base, &start))
		return -EOVERFLOW;
	if (start < 0)
		return -EINVAL;
	fl->start = start;
	fl->end = INT64_MAX;
	if (l->l_len > 0) {
		if (__builtin_add_overflow(start, l->l_len - 1, &fl->end))
			return -EOVERFLOW;
	} else if (l->l_len < 0) {
		if (start + l->l_len < 0)
			return -EINVAL;
		fl->start = start + l->l_len;
		fl->end = start - 1;
	}
	return 0;
}

static int get_lock(struct file *file, const struct file_lock *want, struct flock *l)
{
	struct file_lock *fl;

	if (want->type == F_UNLCK)
		return -EINVAL;
	spin_lock(&file_lock_lock);
	fl = find_conflict(file->f_inode, want);
	if (fl) {
		l->l_type = (short)fl->type;
		l->l_whence = SEEK_SET;
		l->l_start = fl->start;
		l->l_len = fl->end == INT64_MAX ? 0 : fl->end - fl->start + 1;
		l->l_pid = fl->kind == FL_OFD ? -1 : fl->pid;
	} else {
		l->l_type = F_UNLCK;
	}
	spin_unlock(&file_lock_lock);
	return 0;
}

/*
 * A lock of the process, set by way of @fd.  Another thread may close @fd meanwhile, and its close find no lock yet:
 * then nobody would ever remove this one, so it goes again.  The close takes the number away before it looks for
 * locks, and we set the lock before we look at the number: one of the two sees the other.
 */
static int set_posix_lock(unsigned int fd, struct file *file, const struct file_lock *want,
			  bool wait)
{
	int err = set_lock(file->f_inode, want, wait);

	if (err || want->type == F_UNLCK || fd_is_file(fd, file))
		return err;
	locks_remove_posix(file->f_inode, current->files);
	return -EBADF;
}

/* posix_lock_ioctl - F_GETLK, F_SETLK, F_SETLKW and their OFD kin, by way of @fd; Ref: fcntl(2) */
int posix_lock_ioctl(unsigned int fd, struct file *file, unsigned int cmd, struct flock *ulock)
{
	bool ofd = cmd == F_OFD_GETLK || cmd == F_OFD_SETLK || cmd == F_OFD_SETLKW;
	struct file_lock want = { .kind = ofd ? FL_OFD : FL_POSIX, .pid = current->tgid };
	struct flock l;
	int err;

	if (copy_from_user(&l, ulock, sizeof(l)))
		return -EFAULT;
	if (l.l_type != F_RDLCK && l.l_type != F_WRLCK && l.l_type != F_UNLCK)
		return -EINVAL;
	if (ofd && l.l_pid)
		return -EINVAL;
	want.type = l.l_type;
	want.owner = ofd ? (void *)file : (void *)current->files;
	err = flock_range(file, &l, &want);
	if (err)
		return err;
	if (cmd == F_GETLK || cmd == F_OFD_GETLK) {
		err = get_lock(file, &want, &l);
		if (!err && copy_to_user(ulock, &l, sizeof(l)))
			err = -EFAULT;
		return err;
	}
	if ((want.type == F_RDLCK && !(file->f_mode & FMODE_READ)) ||
	    (want.type == F_WRLCK && !(file->f_mode & FMODE_WRITE)))
		return -EBADF;
	if (!ofd)
		return set_posix_lock(fd, file, &want, cmd == F_SETLKW);
	file->f_flock = 1;
	return set_lock(file->f_inode, &want, cmd == F_OFD_SETLKW);
}

/* sys_flock - Ref: flock(2).  -EBADF, -EINVAL, -EWOULDBLOCK, -EINTR, -ENOLCK */
long sys_flock(unsigned int fd, unsigned int op)
{
	static const int types[] = { -1, F_RDLCK, F_WRLCK, -1, -1, -1, -1, -1, F_UNLCK };
	unsigned int kind = op & ~(unsigned int)LOCK_NB;
	struct file_lock want = { .kind = FL_FLOCK, .pid = current->tgid, .end = INT64_MAX };
	struct fd f;
	int err;

	if (kind >= ARRAY_SIZE(types) || types[kind] < 0)
		return -EINVAL;
	f = fdget(fd);
	if (!f.file)
		return -EBADF;
	want.type = types[kind];
	want.owner = f.file;
	f.file->f_flock = 1;
	err = set_lock(f.file->f_inode, &want, !(op & LOCK_NB));
	fdput(f);
	return err;
}
