; libc/crt0.asm - the first instructions of every program
;
; execve leaves this stack (System V AMD64 psABI, "Process Initialization"), rsp a multiple of 16:
;
;     rsp ->  argc
;             argv[0] ... argv[argc-1]  NULL
;             envp[0] ...               NULL
;             auxv[0] ...               AT_NULL
;             strings
;
; All else is unspecified.  rbp = 0 ends every backtrace.  __libc_start does the rest in C.

	bits 64
	section .text
	extern __libc_start

	global _start:function
_start:
	xor	ebp, ebp
	mov	rdi, rsp
	call	__libc_start
	ud2				; __libc_start does not return

	section .note.GNU-stack noalloc noexec nowrite progbits
