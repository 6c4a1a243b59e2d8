; arch/x86_64/entry.asm - every way into the kernel and out of it
;
; Each entry saves the interrupted registers as a struct pt_regs, makes GS the kernel's, and calls one C function:
;
;     SYSCALL               syscall_entry     handle_syscall(regs)
;     page fault            page_fault_entry  handle_page_fault(regs, error code, CR2)
;     the rest              vector stubs      handle_interrupt(regs, vector, error code)
;
; GS.  In user mode GS base is the program's and the kernel's waits in KERNEL_GS_BASE; SWAPGS exchanges them, so it
; is executed exactly once on each way between the modes, decided by the saved CS.  Four exceptions can hit between
; the mode switch and the SWAPGS, where the saved CS says "kernel" and GS is still the program's: NMI, machine
; check, double fault, and #DB (a data breakpoint on the stack segment, held back by MOV SS until SYSCALL has
; entered).  They have stacks of their own (IST), and the word at the top of each stack is the CPU's GS base: in
; kernel mode they load it, whatever GS held, and put the old value back at the end.
;
; One fault happens on the way out: IRETQ refuses a non-canonical address.  Then GS is already the program's and
; the frame of the program still lies on the stack; bad_iret makes of it a #GP that the program committed.
;
; Flags.  SYSCALL clears IF, DF, TF, AC, NT by its mask.  Interrupt gates clear IF, TF, NT; DF and AC are cleared
; here (AC opens user memory under SMAP).  C code runs with the direction flag clear, as the psABI says.
;
; Return by SYSRET only when it does the same as IRETQ: rcx is ip, r11 is flags, ip is a user address (SYSRET to a
; non-canonical one faults in kernel mode on the user's stack), and neither RF nor TF is set (SYSRET drops RF, and would
; trap one instruction late).  The selectors need no look: the saved ones of user mode are always the two that SYSRET
; loads, for the entries, start_thread and signal return write no others.
;
; Stack at the call of every C function here (the CPU aligns it to 16 bytes before its pushes):
;
;     rsp + 176 ->  end of the kernel stack, or the top word of an IST stack
;     rsp + 8   ->  struct pt_regs
;     rsp       ->  padding, so that C finds the alignment it expects
;
; Sources: Intel SDM 2B "SYSCALL", "SYSRET", "IRET"; SDM 3A "Interrupt and Exception Handling"; Linux's
; Documentation/x86/entry_64.rst for the dangers.

bits 64
default abs

; Byte offsets in struct pt_regs
%define R11	48
%define RCX	88
%define ORIG	120
%define RIP	128
%define CS	136
%define FLAGS	144
%define RSP	152
%define REGS	168			; its size

%define USER_DS 0x2b
%define USER_CS 0x33
%define ENOSYS	38
%define MSR_GS_BASE 0xc0000101
%define TSS_SP0 4			; struct tss_struct: stack for entries from user mode
%define TSS_SP2 20			; unused by the CPU: the user's rsp while SYSCALL changes stacks
%define FLAGS_IF (1 << 9)
%define FLAGS_RF_TF ((1 << 16) | (1 << 8))
%define FEATURE_SMAP 148		; X86_FEATURE_SMAP

	extern handle_syscall, handle_interrupt, handle_page_fault, cpu_tss

; Forget a user-access window that the interrupted code had open.  A NOP until the CPU is known to have SMAP.
%macro CLAC 0
%%site:	db 0x0f, 0x1f, 0x00
[section .altinstructions]
	dd %%site - $
	db FEATURE_SMAP, 3, 0x0f, 0x01, 0xca, 0, 0, 0
__SECT__
%endmacro

; r8 .. r15 and the registers between, in pt_regs' order; rdi and rsi have been saved.
%macro PUSH_REST 0
	push rdx
	push rcx
	push rax
	push r8
	push r9
	push r10
	push r11
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
%endmacro

%macro POP_REGS 0
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	pop r11
	pop r10
	pop r9
	pop r8
	pop rax
	pop rcx
	pop rdx
	pop rsi
	pop rdi
%endmacro

section .altinstructions progbits alloc noexec nowrite align=4
section .text progbits alloc exec nowrite align=16

; ---------------------------------------------------------------------------------------------------------
; rcx = user ip, r11 = user flags, rax = number, rdi rsi rdx r10 r8 r9 = arguments; rsp is still the user's
	global syscall_entry
	align 16
syscall_entry:
	swapgs
	mov [gs:cpu_tss + TSS_SP2], rsp
	mov rsp, [gs:cpu_tss + TSS_SP0]
	push USER_DS
	push qword [gs:cpu_tss + TSS_SP2]
	push r11
	push USER_CS
	push rcx
	push rax			; orig_ax
	push rdi
	push rsi
	push rdx
	push rcx
	push -ENOSYS			; ax
	push r8
	push r9
	push r10
	push r11
	push rbx
	push rbp
	push r12
	push r13
	push r14
	push r15
	mov rdi, rsp
	sub rsp, 8
	xor ebp, ebp			; ends backtraces
	sti
	call handle_syscall
	add rsp, 8

	mov rcx, [rsp + RIP]
	mov r11, [rsp + FLAGS]
	cmp rcx, [rsp + RCX]
	jne pop_and_iret
	cmp r11, [rsp + R11]
	jne pop_and_iret
	mov rax, rcx
	shr rax, 47
	jnz pop_and_iret
	test r11d, FLAGS_RF_TF
	jnz pop_and_iret
	pop r15
	pop r14
	pop r13
	pop r12
	pop rbp
	pop rbx
	add rsp, 8			; r11 is loaded
	pop r10
	pop r9
	pop r8
	pop rax
	add rsp, 8			; so is rcx
	pop rdx
	pop rsi
	pop rdi
	mov rsp, [rsp + RSP - ORIG]
	swapgs
	o64 sysret

; The 32-bit form cannot be reached: there is no 32-bit code segment.  AMD's LSTAR companion wants an address.
	global syscall32_entry
syscall32_entry:
	mov eax, -ENOSYS
	o64 sysret

; ---------------------------------------------------------------------------------------------------------
	global page_fault_entry
	align 16
page_fault_entry:
	push rdi			; the CPU's error code lies in orig_ax
	push rsi
	PUSH_REST
	cld
	CLAC
	mov rsi, [rsp + ORIG]
	mov qword [rsp + ORIG], -1
	mov rdi, rsp
	test byte [rsp + CS], 3
	jz .kernel
	swapgs
	mov rdx, cr2			; before anything can fault again
	sub rsp, 8
	xor ebp, ebp
	sti				; user code always runs with interrupts on
	call handle_page_fault
	jmp return_to_user
.kernel:
	mov rdx, cr2
	test dword [rsp + FLAGS], FLAGS_IF
	jz .off
	sti
.off:
	sub rsp, 8
	call handle_page_fault
	jmp return_to_kernel

; ---------------------------------------------------------------------------------------------------------
; [rsp] = vector, [rsp + 8] = error code
	align 16
interrupt_common:
	push rsi
	mov rsi, [rsp + 8]
	mov [rsp + 8], rdi
	PUSH_REST
	cld
	CLAC
	mov rdx, [rsp + ORIG]
	mov qword [rsp + ORIG], -1
	test byte [rsp + CS], 3
	jz .kernel
	swapgs
.user:
	mov rdi, rsp
	sub rsp, 8
	xor ebp, ebp
	call handle_interrupt
	jmp return_to_user
.kernel:
	cmp qword [rsp + RIP], iret_to_user
	je bad_iret
	mov rdi, rsp
	sub rsp, 8
	call handle_interrupt
	jmp return_to_kernel

; IRETQ to user mode faulted.  The program's other registers were loaded already and so lie in our new frame; its
; five words are where IRETQ found them, at the saved rsp.  Join the two.  rsi, rdx = vector, error code.
bad_iret:
	swapgs
	mov rdi, [rsp + RSP]
	sub rdi, RIP
	mov ecx, ORIG / 8
.copy:					; upwards in memory: from the last word on
	mov rax, [rsp + rcx * 8]
	mov [rdi + rcx * 8], rax
	dec ecx
	jns .copy
	mov rsp, rdi
	jmp interrupt_common.user

; From C with padding on the stack, interrupts off.
	align 16
	global return_from_thread
return_from_thread:
return_to_user:
	add rsp, 8
pop_and_iret:
	POP_REGS
	add rsp, 8			; orig_ax
	swapgs
	global iret_to_user
iret_to_user:
	iretq

return_to_kernel:
	cli
	add rsp, 8
	POP_REGS
	add rsp, 8
	iretq

; ---------------------------------------------------------------------------------------------------------
; NMI, #DB, #DF, #MC, on their own stacks.  [rsp] = vector, [rsp + 8] = error code
	align 16
ist_common:
	push rsi
	mov rsi, [rsp + 8]
	mov [rsp + 8], rdi
	PUSH_REST
	cld
	CLAC
	mov rdi, [rsp + ORIG]
	mov qword [rsp + ORIG], -1
	test byte [rsp + CS], 3
	jnz .user
	mov r12, rsi
	mov r13, rdi
	mov ecx, MSR_GS_BASE		; rbx = GS base as it was
	rdmsr
	shl rdx, 32
	lea rbx, [rdx + rax]
	mov rax, [rsp + REGS]		; the kernel's, from the top of this stack
	mov rdx, rax
	shr rdx, 32
	wrmsr
	mov rdi, rsp
	mov rsi, r12
	mov rdx, r13
	sub rsp, 8
	call handle_interrupt
	cli
	mov rax, rbx
	mov rdx, rbx
	shr rdx, 32
	mov ecx, MSR_GS_BASE
	wrmsr
	jmp return_to_kernel
.user:					; no nesting is possible: go on like any exception, on the task's stack
	swapgs
	mov rdx, rdi
	mov rdi, [gs:cpu_tss + TSS_SP0]
	sub rdi, REGS
	mov ecx, REGS / 8 - 1
.copy:
	mov rax, [rsp + rcx * 8]
	mov [rdi + rcx * 8], rax
	dec ecx
	jns .copy
	mov rsp, rdi
	jmp interrupt_common.user

; ---------------------------------------------------------------------------------------------------------
; 256 stubs of 16 bytes: vector v at vector_stubs + 16 * v.  Page faults do not come here.
%define HAS_ERROR(v) (v == 8 || v == 10 || v == 11 || v == 12 || v == 13 || v == 17 || v == 21 || v == 29 || v == 30)
%define HAS_IST(v)   (v == 1 || v == 2 || v == 8 || v == 18)

	global vector_stubs
	align 16
vector_stubs:
%assign v 0
%rep 256
	align 16
%if !HAS_ERROR(v)
	push 0
%endif
	push v
%if HAS_IST(v)
	jmp near ist_common
%else
	jmp near interrupt_common
%endif
%assign v v + 1
%endrep

section .note.GNU-stack noalloc noexec nowrite progbits
