; boot/boot.asm - the first instructions: from 32-bit protected mode to C in the upper half
;
; Two boot protocols enter here, both in 32-bit mode without paging: Multiboot2 at e_entry, with its magic in eax
; and the address of its information in ebx; PVH at the address in the ELF note, with the start info in ebx.
; Both go one way from then on:
;
;     processor good enough?  ->  page tables  ->  long mode  ->  upper half  ->  x86_start(magic, info, tsc)
;
; The first page tables are few and coarse; paging_init replaces them and frees the kernel of the low half:
;
;     PML4[0]    -+                                        identity: for the jump itself
;     PML4[273]  -+-> PDPT[0..3] -> PD0 .. PD3             0 .. 4 GiB in 2 MiB pages, at PAGE_OFFSET too
;     PML4[511]  ---> PDPT[510]  -> PD0                    the kernel image: first GiB at KERNEL_BASE
;
; Whatever is wrong before C can run ends in one line on COM1 and the text screen, and a halt: there is no
; interrupt table yet, so every fault would be a triple fault.
;
; Only what runs below 4 GiB is here; upper_half.asm goes on.  (NASM describes one code section per file to
; debuggers: a second one here would be code that gdb finds without knowing whose it is.)
;
; Sources: Multiboot2 "I386 machine state", "The layout of Multiboot2 header"; Xen "x86/HVM direct boot ABI";
; Intel SDM 3A, "Initializing IA-32e Mode".

%define MB2_HEADER_MAGIC 0xe85250d6
%define PVH_MAGIC	 0x336ec578	; what the start info itself begins with: stands for PVH from here on
%define XEN_ELFNOTE_PHYS32_ENTRY 18
%define COM1		 0x3f8

%define CR0_MP (1 << 1)
%define CR0_EM (1 << 2)
%define CR0_TS (1 << 3)
%define CR0_NE (1 << 5)
%define CR0_WP (1 << 16)
%define CR0_PG (1 << 31)
%define CR4_PAE (1 << 5)
%define EFER_LME (1 << 8)
%define EFER_NX	 (1 << 11)

; CPUID.1:EDX  FPU, PSE, TSC, MSR, PAE, CX8, CMOV, FXSR, SSE, SSE2: what x86-64 programs are compiled for
%define NEED_1_EDX ((1 << 0) | (1 << 3) | (1 << 4) | (1 << 5) | (1 << 6) | (1 << 8) | (1 << 15) | (7 << 24))
%define CPUID_LM (1 << 29)
%define CPUID_NX (1 << 20)

; ---------------------------------------------------------------------------------------------------------
section .multiboot2 progbits alloc noexec nowrite align=8

header:
	dd MB2_HEADER_MAGIC, 0, header_end - header
	dd 0x100000000 - (MB2_HEADER_MAGIC + (header_end - header))
	dw 6, 0			; modules on page boundaries: their pages are taken over
	dd 8
	dw 5, 1			; a framebuffer, if there is one: any size and depth
	dd 20, 0, 0, 0
	align 8, db 0
	dw 0, 0
	dd 8
header_end:

section .note.pvh note alloc noexec nowrite align=4

	dd 4, 4, XEN_ELFNOTE_PHYS32_ENTRY
	db "Xen", 0
	dd pvh_start

; ---------------------------------------------------------------------------------------------------------
section .boot.bss nobits alloc noexec write align=4096

pml4:	    resb 4096
pdpt_low:   resb 4096
pdpt_high:  resb 4096
pd:	    resb 4 * 4096
	    resb 512
stack32:
	    global boot_tsc
boot_tsc:   resq 1

section .boot.rodata progbits alloc noexec nowrite align=8

gdt:
	dq 0, 0
	dq 0x00af9b000000ffff		; 0x10 64-bit code
	dq 0x00cf93000000ffff		; 0x18 data
gdt_end:
gdt_ptr:
	dw gdt_end - gdt - 1
	dd gdt

msg_no_cpuid: db "Pagewalk cannot run: this processor has no CPUID instruction", 0
msg_old:      db "Pagewalk cannot run: this processor lacks a basic feature (SSE2, PAE, TSC, ...)", 0
msg_no_lm:    db "Pagewalk cannot run: this processor has no 64-bit mode", 0
msg_no_nx:    db "Pagewalk cannot run: this processor cannot forbid execution of data pages (NX)", 0

; ---------------------------------------------------------------------------------------------------------
section .boot.text progbits alloc exec nowrite align=16
bits 32

	global _start, pvh_start
	extern upper_half

; PVH: ebx = hvm_start_info
pvh_start:
	mov eax, PVH_MAGIC
; Multiboot2: eax = magic, ebx = boot information
_start:
	cli
	cld
	mov esp, stack32
	mov edi, eax
	mov esi, ebx

	; The time of entry comes first, but a processor without RDTSC must not be asked.
	pushfd				; CPUID exists if bit 21 of EFLAGS can be changed
	pop eax
	mov ecx, eax
	xor eax, 1 << 21
	push eax
	popfd
	pushfd
	pop eax
	xor eax, ecx
	mov ebp, msg_no_cpuid
	test eax, 1 << 21
	jz die
	mov eax, 1
	cpuid
	mov ebp, msg_old
	and edx, NEED_1_EDX
	cmp edx, NEED_1_EDX
	jne die
	rdtsc
	mov [boot_tsc], eax
	mov [boot_tsc + 4], edx

	mov ebp, msg_no_lm
	mov eax, 0x80000000
	cpuid
	cmp eax, 0x80000001
	jb die
	mov eax, 0x80000001
	cpuid
	test edx, CPUID_LM
	jz die
	mov ebp, msg_no_nx
	test edx, CPUID_NX
	jz die

	call build_tables
	mov eax, cr4
	or eax, CR4_PAE
	mov cr4, eax
	mov eax, pml4
	mov cr3, eax
	mov ecx, 0xc0000080		; EFER
	rdmsr
	or eax, EFER_LME | EFER_NX
	wrmsr
	mov eax, cr0
	and eax, ~(CR0_EM | CR0_TS)
	or eax, CR0_MP | CR0_NE | CR0_WP | CR0_PG
	mov cr0, eax
	lgdt [gdt_ptr]
	jmp 0x10:long_mode

; The tables start as zeros.  Clobbers eax, ecx, edx.
build_tables:
	mov eax, 0x83			; present, writable, large
	mov edx, pd
	mov ecx, 4 * 512
.pd:
	mov [edx], eax
	add eax, 0x200000
	add edx, 8
	dec ecx
	jnz .pd
	mov eax, pd + 3
	mov [pdpt_high + 510 * 8], eax
	mov edx, pdpt_low
	mov ecx, 4
.pdpt:
	mov [edx], eax
	add eax, 4096
	add edx, 8
	dec ecx
	jnz .pdpt
	mov eax, pdpt_low + 3
	mov [pml4], eax
	mov [pml4 + 273 * 8], eax
	mov eax, pdpt_high + 3
	mov [pml4 + 511 * 8], eax
	ret

; Does not return.  ebp = message.  COM1 as left by the firmware, or 115200 8N1 if it was not set up.
die:
	mov dx, COM1 + 3
	mov al, 0x80			; divisor latch
	out dx, al
	mov dx, COM1
	mov al, 1
	out dx, al
	inc dx
	xor eax, eax
	out dx, al
	mov dx, COM1 + 3
	mov al, 3			; 8 bits, no parity, 1 stop bit
	out dx, al
	mov edi, 0xb8000		; the top line of the text screen, if there is one
.next:
	movzx ebx, byte [ebp]
	inc ebp
	test ebx, ebx
	jz .end
	mov byte [edi], bl
	mov byte [edi + 1], 0x0f
	add edi, 2
	call putc
	jmp .next
.end:
	mov ebx, 13
	call putc
	mov ebx, 10
	call putc
.halt:
	hlt
	jmp .halt

; ebx = character.  Waits a bounded time: a missing UART must not hang the message on the screen.
putc:
	mov ecx, 100000
	mov dx, COM1 + 5
.wait:
	in al, dx
	test al, 0x20			; transmitter empty
	jnz .send
	dec ecx
	jnz .wait
.send:
	mov dx, COM1
	mov eax, ebx
	out dx, al
	ret

bits 64
default abs

long_mode:
	mov rax, qword upper_half
	jmp rax

section .note.GNU-stack noalloc noexec nowrite progbits
