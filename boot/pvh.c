/*
 * boot/pvh.c - the start info of the PVH protocol, with which an emulator boots the ELF file directly
 *
 * The start info is a web of physical pointers: command line, modules, memory map.  They are followed through a
 * function that the caller gives, which refuses what cannot be read; the host's fuzzer gives one over a byte
 * array.  Counts are bounded before they are used.
 *
 * Source: Xen, "x86/HVM direct boot ABI", and its public/arch-x86/hvm/start_info.h.
 */
#include "boot_parse.h"
#include <lib/string.h>

#define PVH_START_MAGIC 0x336ec578u

struct hvm_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modlist_paddr, cmdline_paddr, rsdp_paddr;
	u64 memmap_paddr; /* from version 1 on */
	u32 memmap_entries, reserved;
};
#define START_INFO_V0_SIZE 40

struct hvm_modlist_entry {
	u64 paddr, size, cmdline_paddr, reserved;
};

struct hvm_memmap_table_entry {
	u64 addr, size;
	u32 type, reserved; /* E820's numbers */
};

/* Copy a NUL-terminated string; true when it did not fit or could not be read to its end. */
static bool read_string(boot_read_phys_fn read, paddr_t pa, char *to, size_t size)
{
	size_t n = 0;
	char c = '\0';

	while (n < size && read(pa + n, &c, 1) && c)
		to[n++] = c;
	if (n < size) {
		to[n] = '\0';
		return c != '\0';
	}
	to[size - 1] = '\0';
	return true;
}

static const char *read_memmap(const struct hvm_start_info *si, boot_read_phys_fn read,
			       struct boot_info *out)
{
	if (si->version < 1 || !si->memmap_paddr || !si->memmap_entries)
		return "the start info has no memory map";
	for (u32 i = 0; i < si->memmap_entries; i++) {
		struct hvm_memmap_table_entry e;

		if (!read(si->memmap_paddr + i * sizeof(e), &e, sizeof(e)))
			return "the memory map cannot be read";
		if (!boot_add_mem(out, e.addr, e.size, e.type))
			return "the memory map has too many ranges";
	}
	return boot_has_ram(out) ? NULL : "there is no memory map with any RAM in it";
}

static const char *read_modules(const struct hvm_start_info *si, boot_read_phys_fn read,
				struct boot_info *out)
{
	u32 nr = min(si->nr_modules, (u32)BOOT_MAX_MODULES);

	for (u32 i = 0; i < nr; i++) {
		struct boot_module *m = &out->module[i];
		struct hvm_modlist_entry e;

		if (!read(si->modlist_paddr + i * sizeof(e), &e, sizeof(e)))
			return "the list of modules cannot be read";
		if (e.paddr >= BOOT_PHYS_LIMIT || e.size > BOOT_PHYS_LIMIT - e.paddr)
			return "a module has no valid range";
		m->start = e.paddr;
		m->size = e.size;
		if (e.cmdline_paddr)
			read_string(read, e.cmdline_paddr, m->cmdline, sizeof(m->cmdline));
	}
	out->nr_modules = nr;
	return NULL;
}

/**
 * pvh_parse - fill @out from the start info at physical address @start_info
 * @read: copies bytes of physical memory; false when it cannot
 *
 * Return: 0, or -EINVAL with *@why set; @out is then undefined.
 */
int pvh_parse(paddr_t start_info, boot_read_phys_fn read, struct boot_info *out, const char **why)
{
	struct hvm_start_info si = { 0 };

	memset(out, 0, sizeof(*out));
	out->protocol = "PVH";
	*why = "the start info cannot be read";
	if (!read(start_info, &si, START_INFO_V0_SIZE))
		return -EINVAL;
	*why = "the start info has a wrong magic number";
	if (si.magic != PVH_START_MAGIC)
		return -EINVAL;
	*why = "the start info cannot be read";
	if (si.version >= 1 && !read(start_info, &si, sizeof(si)))
		return -EINVAL;
	out->rsdp = si.rsdp_paddr;
	if (si.cmdline_paddr)
		out->cmdline_truncated =
			read_string(read, si.cmdline_paddr, out->cmdline, sizeof(out->cmdline));
	*why = read_memmap(&si, read, out);
	if (!*why)
		*why = read_modules(&si, read, out);
	return *why ? -EINVAL : 0;
}
