/*
 * kernel/cmdline.c - the kernel's command line
 *
 *     console=ttyS0 quiet foo bar=1 -- single        "quoted words may hold blanks"
 *
 * A quote may also come as \" and a backslash as \\: GRUB passes them on like that.
 *
 * Words the kernel knows are its own.  Others go to PID 1 as Linux passes them: with `=` into its environment,
 * without as arguments; and every word behind ` -- ` is an argument.  Words with a dot before the `=` belong to
 * modules on Linux; they are dropped.
 *
 * Parsed once, before there is an allocator, on the boot CPU alone; read-only afterwards.
 *
 * Source: Linux's Documentation/admin-guide/kernel-parameters.rst.
 */
#include <kernel/init.h>
#include <kernel/printk.h>
#include <lib/string.h>

char saved_command_line[BOOT_CMDLINE_MAX];

#define MAX_WORDS 128

static char words_buf[BOOT_CMDLINE_MAX]; /* the line, cut into words by NULs */
static const char *words[MAX_WORDS];
static unsigned int nr_words;
static unsigned int first_init_word = MAX_WORDS; /* words from here on stood behind -- */

static const char *const known[] = {
	"console",
	"rdinit",
	"init",
	"mem",
	"maxcpus",
	"norandmaps",
	"vsyscall",
	"panic",
	"quiet",
	"loglevel",
	"debug",
	"strace",
	"strace_to",
	"bench",
	"torture",
	"BOOT_IMAGE",
	/* Linux's, with nothing to do for them here: a command line for both kernels gives init the same words. */
	"root",
	"rootfstype",
	"rootflags",
	"ro",
	"rw",
	"initrd",
	"noinitrd",
	"nokaslr",
	"earlyprintk",
	"mitigations",
	"transparent_hugepage",
	"init_on_alloc",
	"init_on_free",
	"randomize_kstack_offset",
	"hardened_usercopy",
	"cgroup_disable",
	"preempt",
	"apparmor",
	"selinux",
	"security",
	"lsm",
	"nosmp",
	"nosmap",
	"nosmep",
	"reboot",
};

static bool name_is(const char *word, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(word, name, len) && (!word[len] || word[len] == '=');
}

static bool is_known(const char *word)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++) {
		if (name_is(word, known[i]))
			return true;
	}
	return false;
}

const char *cmdline_get(const char *name)
{
	const char *found = NULL;

	for (unsigned int i = 0; i < nr_words && i < first_init_word; i++) {
		if (name_is(words[i], name)) {
			const char *eq = strchr(words[i], '=');

			found = eq ? eq + 1 : "";
		}
	}
	return found;
}

bool cmdline_has(const char *name)
{
	return cmdline_get(name) != NULL;
}

/* Cut the next word off *line, quotes taken away; NULL at the end. */
static char *next_word(char **line)
{
	char *s = *line, *out, *word;
	bool quoted = false;

	while (*s == ' ' || *s == '\t' || *s == '\n')
		s++;
	if (!*s)
		return NULL;
	for (word = out = s; *s && (quoted || (*s != ' ' && *s != '\t' && *s != '\n')); s++) {
		if (*s == '\\' && (s[1] == '"' || s[1] == '\'' || s[1] == '\\'))
			s++;
		if (*s == '"')
			quoted = !quoted;
		else
			*out++ = *s;
	}
	if (*s)
		s++;
	*out = '\0';
	*line = s;
	return word;
}

/* For PID 1, and as what?  Words of modules, name.parameter=, are for nobody. */
static bool is_for_init(unsigned int i, bool env)
{
	const char *eq = strchr(words[i], '='), *dot = strchr(words[i], '.');

	if (i >= first_init_word)
		return !env;
	if (is_known(words[i]) || (eq && dot && dot < eq))
		return false;
	return env == (eq != NULL);
}

/* A later value of the same variable counts. */
static bool is_set_again(unsigned int i)
{
	size_t len = (size_t)(strchr(words[i], '=') - words[i]) + 1;

	for (unsigned int j = i + 1; j < nr_words && j < first_init_word; j++) {
		if (!strncmp(words[i], words[j], len))
			return true;
	}
	return false;
}

unsigned int cmdline_init_words(bool env, const char **out, unsigned int max)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr_words; i++) {
		if (!is_for_init(i, env) || (env && is_set_again(i)))
			continue;
		if (n == max) {
			pr_warn("command line: too much for init, \"%s\" and what follows is dropped\n",
				words[i]);
			break;
		}
		out[n++] = words[i];
	}
	return n;
}

/**
 * cmdline_parse - cut the boot loader's line into words
 *
 * Context: once, before anything asks.
 */
void cmdline_parse(const char *line)
{
	char *rest = words_buf, *word;

	strncpy(saved_command_line, line, sizeof(saved_command_line) - 1);
	memcpy(words_buf, saved_command_line, sizeof(words_buf));
	while ((word = next_word(&rest))) {
		if (first_init_word == MAX_WORDS && !strcmp(word, "--")) {
			first_init_word = nr_words;
		} else if (nr_words < MAX_WORDS) {
			words[nr_words++] = word;
		} else {
			pr_warn("command line: more than %u words, the rest is ignored\n",
				MAX_WORDS);
			return;
		}
	}
}
