/* stdlib.h - numbers, memory, environment, ending */
#ifndef LIBC_STDLIB_H
#define LIBC_STDLIB_H

#include <stddef.h>
#include <sys/cdefs.h>

#define EXIT_SUCCESS 0
#define EXIT_FAILURE 1
#define RAND_MAX     0x7fffffff

void *malloc(size_t size) __malloc_like;
void *calloc(size_t n, size_t size) __malloc_like;
void *realloc(void *p, size_t size) __attribute__((warn_unused_result));
void *aligned_alloc(size_t align, size_t size) __malloc_like;
void free(void *p);
size_t malloc_usable_size(const void *p);

/* Verify the heap's invariants (malloc.c lists them); returns NULL, or what is wrong. */
const char *malloc_check(void);

long strtol(const char *restrict s, char **restrict end, int base);
long long strtoll(const char *restrict s, char **restrict end, int base);
unsigned long strtoul(const char *restrict s, char **restrict end, int base);
unsigned long long strtoull(const char *restrict s, char **restrict end, int base);
int atoi(const char *s);
long atol(const char *s);

int abs(int n);
long labs(long n);
void srand(unsigned int seed);
int rand(void);
int rand_r(unsigned int *seed);

void qsort(void *base, size_t n, size_t size, int (*cmp)(const void *, const void *));
void *bsearch(const void *key, const void *base, size_t n, size_t size,
	      int (*cmp)(const void *, const void *));

char *getenv(const char *name);
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);

int atexit(void (*func)(void));
_Noreturn void exit(int status);
_Noreturn void _Exit(int status);
_Noreturn void abort(void);
int system(const char *command);
int mkstemp(char *template);

#endif
