; arch/x86_64/switch.asm - one kernel stack for another
;
; A task that does not run has its callee-saved registers on its stack and its stack pointer in thread.sp:
;
;     thread.sp ->  r15 r14 r13 r12 rbx rbp  return address
;
; A new task's stack is made to look the same, with thread_start as the return address, its entry function in rbx
; and the argument in r12 (thread.c).

bits 64
default abs

	extern return_from_thread

section .text progbits alloc exec nowrite align=16

; struct task_struct *switch_stacks(struct thread_struct *prev, const struct thread_struct *next,
;				    struct task_struct *prev_task)
; rdi, rsi: thread_structs, sp at offset 0.  rdx: handed over in a register, to whoever runs on the other stack.
; Returns it in rax.
	global switch_stacks
switch_stacks:
	push rbp
	push rbx
	push r12
	push r13
	push r14
	push r15
	mov [rdi], rsp
	mov rsp, [rsi]
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbx
	pop rbp
	mov rax, rdx
	ret

; First instructions of a task: rbx(rax = the task before, r12), then to user mode with the pt_regs above.
	global thread_start
thread_start:
	sub rsp, 8			; padding, as entry.asm has it
	xor ebp, ebp
	mov rdi, rax
	mov rsi, r12
	call rbx
	jmp return_from_thread

section .note.GNU-stack noalloc noexec nowrite progbits
