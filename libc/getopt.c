/*
 * libc/getopt.c - options of a command line
 *
 * Short options only: -a -b value -bvalue -ab; -- ends them.  The first word that is no option ends them
 * too, as POSIX wants: arguments are not reordered.
 *
 * Sources: getopt(3), POSIX "Utility Syntax Guidelines".
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *optarg;
int optind = 1, opterr = 1, optopt;

static int complain(const char *prog, const char *what, int letter)
{
	optopt = letter;
	if (opterr)
		fprintf(stderr, "%s: %s -- '%c'\n", prog, what, letter);
	return '?';
}

int getopt(int argc, char *const argv[], const char *options)
{
	static const char *next = ""; /* inside a word of several letters */
	const char *known;
	int letter;

	if (!*next) {
		if (optind >= argc || argv[optind][0] != '-' || !argv[optind][1])
			return -1;
		next = argv[optind++] + 1;
		if (strcmp(next, "-") == 0) {
			next = "";
			return -1;
		}
	}
	letter = *next++;
	known = letter == ':' ? NULL : strchr(options, letter);
	if (!known)
		return complain(argv[0], "invalid option", letter);
	if (known[1] != ':')
		return letter;
	if (*next) {
		optarg = (char *)next;
		next = "";
	} else if (optind < argc) {
		optarg = argv[optind++];
	} else {
		return complain(argv[0], "option requires an argument", letter);
	}
	return letter;
}
