; arch/x86_64/string_user.asm - copying between kernel and user memory, and whole pages
;
; User addresses have been range-checked by the callers (uaccess.c).  Eight bytes at a time; when that faults, the
; rest is tried byte by byte, so that the fault is met at its exact byte: what is returned is exact.
;
; The pages are cleared and copied by REP STOSQ and REP MOVSQ: on every x86-64 processor at least half as fast as the
; byte forms that ERMS makes fast, and counted as 513 instructions where each iteration counts.
;
; Source: Intel SDM 2B, "REP" (a fault leaves rcx, rsi, rdi at the state before the faulting iteration).

bits 64
default abs

%define FEATURE_SMAP 148		; X86_FEATURE_SMAP
%define EX_JUMP 0

%macro ALT_SMAP 1
%%site:	db 0x0f, 0x1f, 0x00
[section .altinstructions]
	dd %%site - $
	db FEATURE_SMAP, 3, 0x0f, 0x01, %1, 0, 0, 0
__SECT__
%endmacro
%define STAC ALT_SMAP 0xcb
%define CLAC ALT_SMAP 0xca

%macro EX_TABLE 2			; faulting instruction, where to go on
[section .ex_table]
	dd %1 - $
	dd %2 - $
	dd EX_JUMP
__SECT__
%endmacro

section .altinstructions progbits alloc noexec nowrite align=4
section .ex_table progbits alloc noexec nowrite align=4
section .text progbits alloc exec nowrite align=16

; size_t raw_copy_user(void *to, const void *from, size_t n): bytes not copied.  Clobbers rcx, rdx, rsi, rdi.
	global raw_copy_user
raw_copy_user:
	mov rcx, rdx
	shr rcx, 3
	and edx, 7
	STAC
.words:	rep movsq
	mov ecx, edx
.bytes:	rep movsb
.done:	CLAC
	mov rax, rcx
	ret
.slow:	lea rcx, [rdx + rcx * 8]
	jmp .bytes
	EX_TABLE raw_copy_user.words, raw_copy_user.slow
	EX_TABLE raw_copy_user.bytes, raw_copy_user.done

; size_t raw_clear_user(void *to, size_t n): bytes not cleared.  Clobbers rcx, rsi, rdi.
	global raw_clear_user
raw_clear_user:
	mov rcx, rsi
	shr rcx, 3
	and esi, 7
	xor eax, eax
	STAC
.words:	rep stosq
	mov ecx, esi
.bytes:	rep stosb
.done:	CLAC
	mov rax, rcx
	ret
.slow:	lea rcx, [rsi + rcx * 8]
	jmp .bytes
	EX_TABLE raw_clear_user.words, raw_clear_user.slow
	EX_TABLE raw_clear_user.bytes, raw_clear_user.done

; long raw_strncpy_user(char *to, const char *from, size_t n): length, n without NUL, or -EFAULT.  n > 0.
	global raw_strncpy_user
raw_strncpy_user:
	mov rcx, rdx
	STAC
.next:	mov al, [rsi]
	mov [rdi], al
	test al, al
	jz .end
	inc rsi
	inc rdi
	dec rcx
	jnz .next
.end:	CLAC
	mov rax, rdx
	sub rax, rcx
	ret
.fault:	CLAC
	mov rax, -14
	ret
	EX_TABLE raw_strncpy_user.next, raw_strncpy_user.fault

; long raw_strnlen_user(const char *s, size_t n): length without NUL, n without NUL, or -EFAULT.  n > 0.
	global raw_strnlen_user
raw_strnlen_user:
	xor eax, eax
	STAC
.next:	cmp byte [rdi + rax], 0
	je .end
	inc rax
	cmp rax, rsi
	jb .next
.end:	CLAC
	ret
.fault:	CLAC
	mov rax, -14
	ret
	EX_TABLE raw_strnlen_user.next, raw_strnlen_user.fault

; void clear_page(void *page)
	global clear_page
clear_page:
	mov ecx, 512
	xor eax, eax
	rep stosq
	ret

; void copy_page(void *to, const void *from)
	global copy_page
copy_page:
	mov ecx, 512
	rep movsq
	ret

section .note.GNU-stack noalloc noexec nowrite progbits
