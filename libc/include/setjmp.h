/* setjmp.h - leave a function for a place marked earlier; rbx rbp r12-r15 rsp rip [mask] */
#ifndef LIBC_SETJMP_H
#define LIBC_SETJMP_H

typedef unsigned long jmp_buf[8];

/* The sig forms also keep the signal mask: to leave a handler, use these. */
struct libc_sigjmp {
	jmp_buf jb;
	int mask_saved;
	unsigned long mask;
};
typedef struct libc_sigjmp sigjmp_buf[1];

int setjmp(jmp_buf jb) __attribute__((returns_twice));
_Noreturn void longjmp(jmp_buf jb, int value);
void __sigjmp_save(sigjmp_buf jb, int save_mask);
_Noreturn void siglongjmp(sigjmp_buf jb, int value);
/* A macro, as the frame that calls setjmp must still exist when siglongjmp comes back to it. */
#define sigsetjmp(env, save) (__sigjmp_save(env, save), setjmp((env)->jb))

#endif
