; arch/x86_64/trampoline.asm - the first instructions of every processor but the first
;
; The start-up interrupt (SIPI) names a page below 1 MiB; the processor begins there in real mode, with CS holding the
; page and IP 0.  The kernel's image lies elsewhere, so trampoline .. trampoline_end is copied to that page,
; TRAMPOLINE_PHYS, and every address in it is computed for there.  The page carries its own descriptors and the
; address of page tables that map two things: the page itself at its physical address, read and execute only, and
; the kernel's half.  Nothing is written to it: the descriptors' accessed bits are set already.
;
;     real mode  ->  protected mode  ->  long mode, identity  ->  secondary_entry, at the kernel's addresses
;
; secondary_entry takes the ticket (struct secondary_start in smpboot.c).  Who finds it taken was given up on and comes
; too late: that processor halts, on no stack, touching nothing.
;
; Sources: Intel SDM 3A, "Multiple-Processor (MP) Initialization", "Initializing IA-32e Mode".

%define BASE	0x8000			; TRAMPOLINE_PHYS
%define AT(x)	(BASE + (x) - trampoline)

%define CR0_PE	(1 << 0)
%define CR0_MP	(1 << 1)
%define CR0_NE	(1 << 5)
%define CR0_WP	(1 << 16)
%define CR0_NW	(1 << 29)
%define CR0_CD	(1 << 30)
%define CR0_PG	(1 << 31)
%define CR4_PAE	(1 << 5)
%define MSR_EFER 0xc0000080
%define EFER_LME (1 << 8)
%define EFER_NX	 (1 << 11)
%define MSR_GS_BASE 0xc0000101

; struct secondary_start
%define START_TICKET	0
%define START_CR3	8
%define START_STACK	16
%define START_GS_BASE	24
%define START_CPU	32

	global trampoline, trampoline_cr3, trampoline_end, secondary_entry
	extern secondary_start, start_secondary

section .rodata progbits alloc noexec nowrite align=16

	align 16
trampoline:
bits 16
	cli
	cld
	mov ax, cs
	mov ds, ax
	o32 lgdt [gdt_ptr - trampoline]
	mov eax, cr0
	and eax, ~(CR0_CD | CR0_NW)	; INIT leaves the caches off
	or eax, CR0_PE
	mov cr0, eax
	jmp dword 0x08:AT(protected)

bits 32
protected:
	mov eax, 0x18
	mov ds, eax
	mov ss, eax
	mov eax, CR4_PAE
	mov cr4, eax
	mov eax, [AT(trampoline_cr3)]
	mov cr3, eax
	mov ecx, MSR_EFER
	rdmsr
	or eax, EFER_LME | EFER_NX
	wrmsr
	mov eax, cr0
	or eax, CR0_PG | CR0_WP | CR0_NE | CR0_MP
	mov cr0, eax
	jmp 0x10:AT(long_mode)

bits 64
long_mode:
	mov rax, qword secondary_entry
	jmp rax

	align 8
gdt:
	dq 0
	dq 0x00cf9b000000ffff		; 0x08 32-bit code
	dq 0x00af9b000000ffff		; 0x10 64-bit code
	dq 0x00cf93000000ffff		; 0x18 data
gdt_ptr:
	dw gdt_ptr - gdt - 1
	dd AT(gdt)
	align 4
trampoline_cr3:
	dd 0				; below 4 GiB, set in the copy
trampoline_end:

section .text progbits alloc exec nowrite align=16
bits 64
default abs

secondary_entry:
	xor eax, eax
	mov ds, eax
	mov es, eax
	mov fs, eax
	mov gs, eax
	xchg rax, [secondary_start + START_TICKET]
	test rax, rax
	jz .late
	mov rax, [secondary_start + START_CR3]
	mov cr3, rax			; the low mapping is gone
	mov rsp, [secondary_start + START_STACK]
	mov eax, [secondary_start + START_GS_BASE]
	mov edx, [secondary_start + START_GS_BASE + 4]
	mov ecx, MSR_GS_BASE
	wrmsr
	mov edi, [secondary_start + START_CPU]
	xor ebp, ebp			; ends backtraces
	call start_secondary
	ud2
.late:
	hlt
	jmp .late

section .note.GNU-stack noalloc noexec nowrite progbits
