/*
 * tests/guest/hosted/files.c - streams, folders and links through the library
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"

static const char *program = "hosted_files";

int main(void)
{
	char folder[] = "/tmp/hosted-XXXXXX", line[64], cwd[256];
	struct dirent *d;
	struct stat st;
	int names = 0;
	FILE *f;
	DIR *dir;

	CHECK(mkdtemp(folder) && chdir(folder) == 0);
	CHECK(getcwd(cwd, sizeof(cwd)) && strcmp(cwd, folder) == 0);
	f = fopen("lines", "w+");
	CHECK(f);
	for (int i = 0; i < 5000; i++)
		fprintf(f, "line %d\n", i);
	rewind(f);
	for (int i = 0; i < 5000; i++) {
		char want[64];

		snprintf(want, sizeof(want), "line %d\n", i);
		CHECK(fgets(line, sizeof(line), f) && strcmp(line, want) == 0);
	}
	CHECK(fclose(f) == 0);
	CHECK(stat("lines", &st) == 0 && S_ISREG(st.st_mode) && st.st_size == 48890);
	CHECK(symlink("lines", "link") == 0 && lstat("link", &st) == 0 && S_ISLNK(st.st_mode));
	CHECK(rename("lines", "renamed") == 0 && stat("link", &st) < 0);
	CHECK(mkdir("folder", 0755) == 0);
	dir = opendir(".");
	CHECK(dir);
	while (dir && (d = readdir(dir)))
		names += d->d_name[0] != '.';
	CHECK(names == 3);
	closedir(dir);
	CHECK(rmdir("folder") == 0 && unlink("link") == 0 && unlink("renamed") == 0);
	CHECK(chdir("/") == 0 && rmdir(folder) == 0);
	f = popen("echo from a shell", "r");
	if (access("/bin/sh", X_OK) == 0) {
		CHECK(f && fgets(line, sizeof(line), f) && strcmp(line, "from a shell\n") == 0);
		CHECK(pclose(f) == 0);
	}
	return verdict(program);
}
