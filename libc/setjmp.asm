; libc/setjmp.asm - save what a function must preserve, and go back to it
;
; jmp_buf: rbx rbp r12 r13 r14 r15 rsp rip, eight bytes each; rsp as it is after setjmp's return.

	bits 64
	section .text

; int setjmp(jmp_buf jb): rdi = jb; returns 0, or longjmp's value
	global	setjmp:function
setjmp:
	mov	[rdi], rbx
	mov	[rdi + 8], rbp
	mov	[rdi + 16], r12
	mov	[rdi + 24], r13
	mov	[rdi + 32], r14
	mov	[rdi + 40], r15
	lea	rdx, [rsp + 8]
	mov	[rdi + 48], rdx
	mov	rdx, [rsp]
	mov	[rdi + 56], rdx
	xor	eax, eax
	ret

; void longjmp(jmp_buf jb, int value): rdi = jb, esi = value; 0 becomes 1
	global	longjmp:function
longjmp:
	mov	eax, esi
	cmp	eax, 1
	adc	eax, 0
	mov	rbx, [rdi]
	mov	rbp, [rdi + 8]
	mov	r12, [rdi + 16]
	mov	r13, [rdi + 24]
	mov	r14, [rdi + 32]
	mov	r15, [rdi + 40]
	mov	rsp, [rdi + 48]
	jmp	[rdi + 56]

	section .note.GNU-stack noalloc noexec nowrite progbits
