; libc/syscall.asm - the gate into the kernel, and the two calls that C cannot make
;
; The kernel takes number and arguments in rax, rdi, rsi, rdx, r10, r8, r9, returns in rax and destroys
; rcx (it holds the return address) and r11 (it holds rflags).  C passes rdi, rsi, rdx, rcx, r8, r9, then
; the stack.  So the number, coming first, shifts everything by one.

	bits 64
%include "uapi_nr.inc"
	section .text
	extern	__syscall_ret

; long __syscall6(long nr, long a, long b, long c, long d, long e, long f)
;   in:  rdi = nr, rsi rdx rcx r8 r9 = a b c d e, [rsp + 8] = f
;   out: rax = what the kernel returned; clobbers what a C function may
	global	__syscall6:function
__syscall6:
	mov	rax, rdi
	mov	rdi, rsi
	mov	rsi, rdx
	mov	rdx, rcx
	mov	r10, r8
	mov	r8, r9
	mov	r9, [rsp + 8]
	syscall
	ret

; pid_t vfork(void)
;   The child runs on the parent's stack while the parent sleeps; its calls overwrite the slot with our
;   return address.  So that is kept in rdx, which the kernel preserves for both.
	global	vfork:function
vfork:
	pop	rdx
	mov	eax, NR_vfork
	syscall
	push	rdx
	mov	rdi, rax
	jmp	__syscall_ret

; void __sigreturn(void)
;   The handler's return address, given to the kernel as sa_restorer.  rsp points at the frame's ucontext.
	global	__sigreturn:function
__sigreturn:
	mov	eax, NR_rt_sigreturn
	syscall

	section .note.GNU-stack noalloc noexec nowrite progbits
