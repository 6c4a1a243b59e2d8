/*
 * boot/multiboot2.c - the boot information of GRUB's protocol
 *
 *     u32 total_size, reserved
 *     tag: u32 type, u32 size, payload; the next begins at the next multiple of 8
 *     ...
 *     tag: type 0, size 8
 *
 * The information is taken as hostile: each tag must lie within total_size, total_size within what the caller
 * says may be read, and every field within its tag.  Fields are read by copying, as a tag's payload need not be
 * aligned for its type.  Unknown tags are skipped.
 *
 * Sources: Multiboot2, "Boot information format".
 */
#include "boot_parse.h"
#include <lib/string.h>

enum mb2_tag {
	TAG_END,
	TAG_CMDLINE,
	TAG_LOADER,
	TAG_MODULE,
	TAG_MMAP = 6,
	TAG_FRAMEBUFFER = 8,
	TAG_EFI32 = 11,
	TAG_EFI64 = 12,
	TAG_ACPI_OLD = 14,
	TAG_ACPI_NEW = 15
};
#define TAG_HEADER 8u

static u32 get32(const u8 *p)
{
	u32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static u64 get64(const u8 *p)
{
	u64 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Copy a string that ends with NUL or with its tag; true when it did not fit. */
static bool get_string(char *to, size_t size, const u8 *from, size_t len)
{
	size_t n = strnlen((const char *)from, len);
	bool cut = n >= size;

	n = cut ? size - 1 : n;
	memcpy(to, from, n);
	to[n] = '\0';
	return cut;
}

static const char *parse_mmap(struct boot_info *out, const u8 *p, u32 len)
{
	u32 entry_size;

	if (len < 8)
		return "the memory map is cut off";
	entry_size = get32(p);
	if (entry_size < 20 || entry_size > len)
		return "the memory map has entries of an impossible size";
	for (u32 off = 8; len - off >= entry_size; off += entry_size)
		if (!boot_add_mem(out, get64(p + off), get64(p + off + 8), get32(p + off + 16)))
			return "the memory map has too many ranges";
	return NULL;
}

static const char *parse_module(struct boot_info *out, const u8 *p, u32 len)
{
	struct boot_module *m = &out->module[out->nr_modules];

	if (len < 8 || get32(p + 4) < get32(p))
		return "a module has no valid range";
	if (out->nr_modules == BOOT_MAX_MODULES)
		return NULL; /* one is the initramfs; more than a few are not ours */
	m->start = get32(p);
	m->size = get32(p + 4) - get32(p);
	get_string(m->cmdline, sizeof(m->cmdline), p + 8, len - 8);
	out->nr_modules++;
	return NULL;
}

/* A framebuffer we cannot describe is as good as none. */
static void parse_framebuffer(struct boot_info *out, const u8 *p, u32 len)
{
	struct boot_framebuffer *fb = &out->fb;

	if (len < 24)
		return;
	*fb = (struct boot_framebuffer){ .addr = get64(p),
					 .pitch = get32(p + 8),
					 .width = get32(p + 12),
					 .height = get32(p + 16),
					 .bpp = p[20],
					 .type = p[21] };
	if (fb->type == 1) {
		if (len < 30)
			return;
		fb->red_pos = p[24];
		fb->red_size = p[25];
		fb->green_pos = p[26];
		fb->green_size = p[27];
		fb->blue_pos = p[28];
		fb->blue_size = p[29];
	}
	out->has_fb = true;
}

static const char *parse_tag(struct boot_info *out, u32 type, const u8 *p, u32 len)
{
	switch (type) {
	case TAG_CMDLINE:
		out->cmdline_truncated = get_string(out->cmdline, sizeof(out->cmdline), p, len);
		return NULL;
	case TAG_LOADER:
		get_string(out->loader, sizeof(out->loader), p, len);
		return NULL;
	case TAG_MODULE:
		return parse_module(out, p, len);
	case TAG_MMAP:
		return parse_mmap(out, p, len);
	case TAG_FRAMEBUFFER:
		parse_framebuffer(out, p, len);
		return NULL;
	case TAG_EFI32:
	case TAG_EFI64:
		out->efi = true;
		return NULL;
	case TAG_ACPI_OLD:
		if (out->rsdp_len > 20)
			return NULL; /* the newer copy has been seen */
		fallthrough;
	case TAG_ACPI_NEW:
		out->rsdp_len = min(len, (u32)sizeof(out->rsdp_copy));
		memcpy(out->rsdp_copy, p, out->rsdp_len);
		return NULL;
	default:
		return NULL;
	}
}

/**
 * multiboot2_parse - fill @out from the loader's information at @info
 * @max_len: bytes that may be read at @info
 *
 * Return: 0, or -EINVAL with *@why set; @out is then undefined.
 */
int multiboot2_parse(const void *info, size_t max_len, struct boot_info *out, const char **why)
{
	const u8 *base = info;
	u32 total, off = TAG_HEADER;

	memset(out, 0, sizeof(*out));
	out->protocol = "Multiboot2";
	*why = "the boot information has an impossible size";
	if (max_len < 2 * TAG_HEADER)
		return -EINVAL;
	total = get32(base);
	if (total < 2 * TAG_HEADER || total > max_len)
		return -EINVAL;
	for (;;) {
		u32 type, size;

		*why = "the boot information does not end";
		if (total - off < TAG_HEADER)
			return -EINVAL;
		type = get32(base + off);
		size = get32(base + off + 4);
		*why = "a tag of the boot information has an impossible size";
		if (size < TAG_HEADER || size > total - off)
			return -EINVAL;
		if (type == TAG_END)
			break;
		*why = parse_tag(out, type, base + off + TAG_HEADER, size - TAG_HEADER);
		if (*why)
			return -EINVAL;
		if (total - off < ALIGN(size, 8u))
			off = total;
		else
			off += ALIGN(size, 8u);
	}
	*why = "there is no memory map with any RAM in it";
	if (!boot_has_ram(out))
		return -EINVAL;
	*why = NULL;
	return 0;
}
