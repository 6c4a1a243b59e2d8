/*
 * include/kernel/boot_info.h - what the boot loader told us, whichever loader it was
 *
 * The Multiboot2 and PVH parsers fill one of these from untrusted bytes; nobody looks at the original again.
 */
#ifndef KERNEL_BOOT_INFO_H
#define KERNEL_BOOT_INFO_H

#include <lib/types.h>

enum boot_mem_type { /* E820's numbers */
		     BOOT_MEM_RAM = 1,
		     BOOT_MEM_RESERVED,
		     BOOT_MEM_ACPI,
		     BOOT_MEM_NVS,
		     BOOT_MEM_BAD
};

#define BOOT_MAX_MEM     128
#define BOOT_MAX_MODULES 8
#define BOOT_CMDLINE_MAX 2048

struct boot_mem {
	paddr_t start;
	u64 size;
	u32 type;
}; /* bytes; sorted, not overlapping */
struct boot_module {
	paddr_t start;
	u64 size;
	char cmdline[64];
};

struct boot_framebuffer {
	paddr_t addr;
	u32 pitch, width, height;
	u8 bpp, type; /* type: Multiboot2's 0 indexed, 1 RGB, 2 text */
	u8 red_pos, red_size, green_pos, green_size, blue_pos, blue_size;
};

struct boot_info {
	const char *protocol; /* "Multiboot2", "PVH" */
	char loader[64];
	char cmdline[BOOT_CMDLINE_MAX];
	bool cmdline_truncated;
	unsigned int nr_mem, nr_modules;
	struct boot_mem mem[BOOT_MAX_MEM];
	struct boot_module module[BOOT_MAX_MODULES];
	paddr_t rsdp;     /* address of the ACPI RSDP, 0 if not told */
	u8 rsdp_copy[64]; /* Multiboot2 hands a copy; length 0 if none */
	u32 rsdp_len;
	bool efi;
	bool has_fb;
	struct boot_framebuffer fb;
	u64 entry_tsc; /* TSC at e_entry */
};

extern struct boot_info boot_info;

/* Pure parsers, fuzzed on the host.  0, or -EINVAL with *why pointing at one sentence. */
int multiboot2_parse(const void *info, size_t max_len, struct boot_info *out, const char **why);
/* access: copies len bytes of physical memory, false when it cannot (the PVH structures hold pointers) */
typedef bool (*boot_read_phys_fn)(paddr_t pa, void *buf, size_t len);
int pvh_parse(paddr_t start_info, boot_read_phys_fn read, struct boot_info *out, const char **why);
/* boot_info_tidy - sort the memory map, let reserved win over RAM where they overlap, merge neighbours */
void boot_info_tidy(struct boot_info *bi);

#endif
