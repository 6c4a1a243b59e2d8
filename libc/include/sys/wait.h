/* sys/wait.h - how children ended */
#ifndef LIBC_SYS_WAIT_H
#define LIBC_SYS_WAIT_H

#include <sys/resource.h>
#include <sys/types.h>

#define WNOHANG    1
#define WUNTRACED  2
#define WCONTINUED 8

/*
 * The status word: bits 0-6 the signal that ended it (0: it exited, 0x7f: it is stopped), bit 7 whether it
 * left a core, bits 8-15 the exit code or the stop signal; 0xffff: it was continued.
 */
#define WTERMSIG(s)     ((s)&0x7f)
#define WCOREDUMP(s)    ((s)&0x80)
#define WEXITSTATUS(s)  (((s) >> 8) & 0xff)
#define WSTOPSIG(s)     WEXITSTATUS(s)
#define WIFEXITED(s)    (WTERMSIG(s) == 0)
#define WIFSTOPPED(s)   (((s)&0xff) == 0x7f)
#define WIFCONTINUED(s) ((s) == 0xffff)
#define WIFSIGNALED(s)  (WTERMSIG(s) != 0 && WTERMSIG(s) != 0x7f)

pid_t wait(int *status);
pid_t waitpid(pid_t pid, int *status, int options);
pid_t wait4(pid_t pid, int *status, int options, struct rusage *ru);

#endif
