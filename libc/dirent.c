/*
 * libc/dirent.c - reading folders
 *
 * getdents64 fills a buffer with records of different lengths; readdir hands them out one by one.
 *
 * Sources: getdents64(2), readdir(3).
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

struct libc_dir {
	int fd;
	long pos, end;
	char buf[2048] __attribute__((aligned(8)));
};

DIR *opendir(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir;

	if (fd < 0)
		return NULL;
	dir = malloc(sizeof(*dir));
	if (!dir) {
		close(fd);
		return NULL;
	}
	dir->fd = fd;
	dir->pos = dir->end = 0;
	return dir;
}

struct dirent *readdir(DIR *dir)
{
	struct dirent *d;

	if (dir->pos == dir->end) {
		dir->end = SYS(__NR_getdents64, dir->fd, dir->buf, sizeof(dir->buf));
		dir->pos = 0;
		if (dir->end <= 0) {
			dir->end = 0;
			return NULL;
		}
	}
	d = (struct dirent *)(dir->buf + dir->pos);
	dir->pos += d->d_reclen;
	return d;
}

int closedir(DIR *dir)
{
	int err = close(dir->fd);

	free(dir);
	return err;
}
