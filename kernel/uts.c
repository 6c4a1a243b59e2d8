/*
 * kernel/uts.c - the names of this system: uname(2), sethostname(2), setdomainname(2)
 *
 * Programs read from the release which kernel they run on: the interface here is that of Linux 6.1, and the suffix
 * says whose it is.  C libraries refuse a release that is too old for them.  The version carries no date, so that
 * the same sources give the same kernel.
 *
 * personality(2) may make it lie: PER_LINUX32 answers as a 32-bit machine, UNAME26 as a 2.6 kernel.
 *
 * Locking: uts_lock, rank LOCK_UTS, for nodename and domainname.  Their last byte is 0 at every moment, so a
 * reader that only prints one may go without.
 *
 * Sources: uname(2), gethostname(2), personality(2).
 */
#include <arch/uaccess.h>
#include <kernel/sched.h>
#include <kernel/spinlock.h>
#include <kernel/syscalls_kernel.h>
#include <kernel/uts.h>
#include <lib/printf.h>
#include <lib/string.h>
#include <uapi/personality.h>

#define UTS_RELEASE "6.1.0-pagewalk"

struct new_utsname uts = {
	.sysname = "Linux",
	.nodename = "pagewalk",
	.release = UTS_RELEASE,
	.version = "#1 SMP Pagewalk",
	.machine = "x86_64",
	.domainname = "(none)",
};

static DEFINE_SPINLOCK(uts_lock, LOCK_UTS);

/* The release as a 2.6 kernel: 6.1.0-x becomes 2.6.61-x, as Linux counts it. */
static void set_release_26(char *release)
{
	scnprintf(release, __NEW_UTS_LEN + 1, "2.6.%u%s", 60 + 1, strchr(UTS_RELEASE, '-'));
}

long sys_uname(struct new_utsname *uname)
{
	unsigned int persona = current->personality;
	struct new_utsname names;

	spin_lock(&uts_lock);
	names = uts;
	spin_unlock(&uts_lock);
	if (persona & UNAME26)
		set_release_26(names.release);
	if ((persona & PER_MASK) == PER_LINUX32)
		strscpy(names.machine, "i686", sizeof(names.machine));
	return copy_to_user(uname, &names, sizeof(names)) ? -EFAULT : 0;
}

/* uts_get_name, uts_set_name - one member of uts, whole, for /proc/sys/kernel; @text has __NEW_UTS_LEN + 1 bytes */
void uts_get_name(const char *name, char *text)
{
	spin_lock(&uts_lock);
	memcpy(text, name, __NEW_UTS_LEN + 1);
	spin_unlock(&uts_lock);
}

void uts_set_name(char *name, const char *text)
{
	spin_lock(&uts_lock);
	memcpy(name, text, __NEW_UTS_LEN + 1);
	spin_unlock(&uts_lock);
}

static long set_name(char *name, const char *uname, int len)
{
	char text[__NEW_UTS_LEN + 1] = { 0 };

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (len < 0 || len > __NEW_UTS_LEN)
		return -EINVAL;
	if (copy_from_user(text, uname, (size_t)len))
		return -EFAULT;
	uts_set_name(name, text);
	return 0;
}

long sys_sethostname(const char *name, int len)
{
	return set_name(uts.nodename, name, len);
}

long sys_setdomainname(const char *name, int len)
{
	return set_name(uts.domainname, name, len);
}
