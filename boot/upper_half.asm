; boot/upper_half.asm - the first instructions at the kernel's own addresses
;
; boot.asm jumps here from the identity mapping, in 64-bit mode, on its temporary tables.  What C needs is little:
; flat data segments, a GS base of 0 (the boot CPU's per-CPU data are the section itself), and a stack.
;
; The boot stack of C lies here, with a page below it that paging_init leaves unmapped.

; ---------------------------------------------------------------------------------------------------------
section .bss nobits alloc noexec write align=4096

	global init_stack
	resb 4096			; guard page
init_stack:
	resb 16384
init_stack_end:

; ---------------------------------------------------------------------------------------------------------
section .text progbits alloc exec nowrite align=16
bits 64
default abs

	global upper_half
	extern boot_tsc, x86_start

; edi = magic, esi = physical address of the information; both zero-extended to 64 bits here
upper_half:
	mov eax, 0x18
	mov ss, eax
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	xor edx, edx
	mov ecx, 0xc0000101		; GS base 0
	wrmsr
	mov edi, edi
	mov esi, esi
	mov edx, boot_tsc
	mov rdx, [rdx]
	mov rsp, init_stack_end
	xor ebp, ebp			; ends backtraces
	call x86_start
	ud2

section .note.GNU-stack noalloc noexec nowrite progbits
