/*
 * tests/unit/boot.c - what the boot loaders say: Multiboot2's tags, PVH's pointers, the memory map made tidy
 *
 * HOST-SOURCES: boot/boot_info.c boot/multiboot2.c boot/pvh.c
 */
#include <kernel/boot_info.h>
#include <lib/string.h>

#include "env.h"

static struct boot_info bi;
static const char *why;

/* ---------------------------------------------------------------------------------- the memory map */

/* Map as "start+size:type", hexadecimal. */
static const char *show_map(void)
{
	static char text[8192];
	size_t len = 0;

	text[0] = '\0';
	for (unsigned int i = 0; i < bi.nr_mem; i++)
		len += (size_t)scnprintf(text + len, sizeof(text) - len, "%s%lx+%lx:%u",
					 i ? " " : "", bi.mem[i].start,
					 (unsigned long)bi.mem[i].size, bi.mem[i].type);
	return text;
}

static void add(paddr_t start, u64 size, u32 type)
{
	bi.mem[bi.nr_mem++] = (struct boot_mem){ start, size, type };
}

TEST(unsorted_neighbours_are_merged)
{
	add(0x3000, 0x1000, BOOT_MEM_RAM);
	add(0x1000, 0x2000, BOOT_MEM_RAM);
	boot_info_tidy(&bi);
	EXPECT_STR(show_map(), "1000+3000:1");
}

/*  1111111111  +  ...222....  ->  1112221111  */
TEST(reserved_wins_over_ram)
{
	add(0, 0xa000, BOOT_MEM_RAM);
	add(0x3000, 0x3000, BOOT_MEM_RESERVED);
	boot_info_tidy(&bi);
	EXPECT_STR(show_map(), "0+3000:1 3000+3000:2 6000+4000:1");
}

/*  The most restrictive of three stays, wherever the others end. */
TEST(overlaps_of_several_kinds)
{
	add(0, 0x4000, BOOT_MEM_RAM);
	add(0x2000, 0x4000, BOOT_MEM_ACPI);
	add(0x3000, 0x1000, BOOT_MEM_BAD);
	boot_info_tidy(&bi);
	EXPECT_STR(show_map(), "0+2000:1 2000+1000:3 3000+1000:5 4000+2000:3");
}

TEST(a_map_that_would_grow_too_long_loses_ranges_only)
{
	for (unsigned int i = 0; i < BOOT_MAX_MEM - 1; i++)
		add(0x10000 + i * 0x2000UL, 0x1000, BOOT_MEM_RESERVED);
	add(0, 1UL << 40, BOOT_MEM_RAM);
	boot_info_tidy(&bi);
	EXPECT_EQ(bi.nr_mem, BOOT_MAX_MEM);
	for (unsigned int i = 1; i < bi.nr_mem; i++)
		EXPECT_LE(bi.mem[i - 1].start + bi.mem[i - 1].size, bi.mem[i].start);
}

/* Every byte of random maps has the largest type stated for it. */
TEST(random_maps_keep_the_most_restrictive_type)
{
	for (unsigned long round = 0; round < test_rounds(300); round++) {
		u32 want[64] = { 0 }, got[64] = { 0 };

		bi.nr_mem = 0;
		for (unsigned int n = (unsigned int)test_random_below(12) + 1; n--;) {
			u64 start = test_random_below(60), size = test_random_below(64 - start) + 1;
			u32 type = (u32)test_random_below(5) + 1;

			add(start, size, type);
			for (u64 i = start; i < start + size; i++)
				want[i] = max(want[i], type);
		}
		boot_info_tidy(&bi);
		for (unsigned int i = 0; i < bi.nr_mem; i++) {
			ASSERT(i == 0 ||
			       bi.mem[i - 1].start + bi.mem[i - 1].size < bi.mem[i].start ||
			       bi.mem[i - 1].type != bi.mem[i].type);
			for (u64 b = 0; b < bi.mem[i].size; b++)
				got[bi.mem[i].start + b] = bi.mem[i].type;
		}
		ASSERT_EQ(memcmp(want, got, sizeof(want)), 0);
	}
}

/* -------------------------------------------------------------------------------------- Multiboot2 */

static u8 info[4096] __aligned(8);
static u32 info_len;

static void put32(u8 *p, u32 v)
{
	memcpy(p, &v, 4);
}

static void begin(void)
{
	memset(info, 0, sizeof(info));
	info_len = 8;
}

/* A tag with its payload at the next multiple of 8; the payload's place. */
static u8 *tag(u32 type, u32 payload)
{
	u8 *p = info + info_len;

	put32(p, type);
	put32(p + 4, payload + 8);
	info_len += ALIGN(payload + 8, 8u);
	return p + 8;
}

static void mmap_tag(paddr_t start, u64 size, u32 type)
{
	u8 *p = tag(6, 32);

	put32(p, 24);
	memcpy(p + 8, &start, 8);
	memcpy(p + 16, &size, 8);
	put32(p + 24, type);
}

static int finish(void)
{
	tag(0, 0);
	put32(info, info_len);
	return multiboot2_parse(info, info_len, &bi, &why);
}

TEST(multiboot2_fields_arrive)
{
	u8 *p;

	begin();
	memcpy(tag(1, 12), "console=x y", 12);
	memcpy(tag(2, 5), "GRUB", 5);
	mmap_tag(0x100000, 0x3f00000, 1);
	p = tag(3, 8 + 5);
	put32(p, 0x200000);
	put32(p + 4, 0x234567);
	memcpy(p + 8, "cpio", 5);
	memcpy(tag(14, 20), "RSD PTR old copy 20b", 20);
	memcpy(tag(15, 36), "RSD PTR new copy, thirty-six bytes..", 36);
	tag(12, 8);
	ASSERT_EQ(finish(), 0);
	EXPECT_STR(bi.protocol, "Multiboot2");
	EXPECT_STR(bi.cmdline, "console=x y");
	EXPECT_STR(bi.loader, "GRUB");
	EXPECT_STR(show_map(), "100000+3f00000:1");
	EXPECT_EQ(bi.nr_modules, 1);
	EXPECT_EQ(bi.module[0].start, 0x200000);
	EXPECT_EQ(bi.module[0].size, 0x34567);
	EXPECT_STR(bi.module[0].cmdline, "cpio");
	EXPECT_EQ(bi.rsdp_len, 36);
	EXPECT(bi.efi);
}

TEST(a_long_command_line_is_cut_and_said_so)
{
	static u8 big[8192] __aligned(8);

	memset(big, 'x', sizeof(big));
	put32(big + 8, 1);
	put32(big + 12, 8 + 4000);
	put32(big + 8 + 4008, 6);
	put32(big + 8 + 4008 + 4, 8 + 32);
	put32(big + 8 + 4008 + 8, 24);
	memcpy(big + 8 + 4008 + 16, (const u64[]){ 0x1000, 0x1000 }, 16);
	put32(big + 8 + 4008 + 32, 1);
	put32(big + 8 + 4008 + 40, 0);
	put32(big + 8 + 4008 + 44, 8);
	put32(big, 8 + 4008 + 48);
	ASSERT_EQ(multiboot2_parse(big, sizeof(big), &bi, &why), 0);
	EXPECT(bi.cmdline_truncated);
	EXPECT_EQ(strlen(bi.cmdline), BOOT_CMDLINE_MAX - 1);
}

TEST(multiboot2_refuses_a_map_without_ram)
{
	begin();
	mmap_tag(0, 0x1000, 2);
	EXPECT_EQ(finish(), -EINVAL);
	EXPECT_STR(why, "there is no memory map with any RAM in it");
}

TEST(multiboot2_refuses_impossible_sizes)
{
	begin();
	mmap_tag(0x1000, 0x1000, 1);
	put32(info + 8 + 8, 4096); /* entry size */
	EXPECT_EQ(finish(), -EINVAL);
	EXPECT_STR(why, "the memory map has entries of an impossible size");

	begin();
	mmap_tag(0x1000, 0x1000, 1);
	put32(info + 12, 7); /* tag size, below its own header */
	EXPECT_EQ(finish(), -EINVAL);
	EXPECT_STR(why, "a tag of the boot information has an impossible size");

	begin();
	mmap_tag(0x1000, 0x1000, 1);
	put32(info, info_len); /* no end tag */
	EXPECT_EQ(multiboot2_parse(info, info_len, &bi, &why), -EINVAL);
	EXPECT_STR(why, "the boot information does not end");

	put32(info, sizeof(info) + 8);
	EXPECT_EQ(multiboot2_parse(info, sizeof(info), &bi, &why), -EINVAL);
	EXPECT_STR(why, "the boot information has an impossible size");
}

TEST(multiboot2_refuses_a_module_that_ends_before_it_begins)
{
	u8 *p;

	begin();
	mmap_tag(0x1000, 0x1000, 1);
	p = tag(3, 9);
	put32(p, 0x2000);
	put32(p + 4, 0x1000);
	EXPECT_EQ(finish(), -EINVAL);
	EXPECT_STR(why, "a module has no valid range");
}

/* --------------------------------------------------------------------------------------------- PVH */

static u8 phys[8192];

static bool read_phys(paddr_t pa, void *buf, size_t len)
{
	if (pa >= sizeof(phys) || len > sizeof(phys) - pa)
		return false;
	memcpy(buf, phys + pa, len);
	return true;
}

static void put64(u8 *p, u64 v)
{
	memcpy(p, &v, 8);
}

static void good_pvh(void)
{
	memset(phys, 0, sizeof(phys));
	put32(phys + 0x100, 0x336ec578);
	put32(phys + 0x104, 1); /* version */
	put32(phys + 0x10c, 1); /* modules */
	put64(phys + 0x110, 0x200);
	put64(phys + 0x118, 0x300);   /* command line */
	put64(phys + 0x120, 0xf59d0); /* RSDP */
	put64(phys + 0x128, 0x400);   /* memory map */
	put32(phys + 0x130, 2);
	put64(phys + 0x200, 0x800000); /* module */
	put64(phys + 0x208, 0x1234);
	memcpy(phys + 0x300, "quiet", 6);
	put64(phys + 0x400, 0);
	put64(phys + 0x408, 0x9fc00);
	put32(phys + 0x410, 1);
	put64(phys + 0x418, 0x9fc00);
	put64(phys + 0x420, 0x400);
	put32(phys + 0x428, 77); /* unknown: reserved */
}

TEST(pvh_fields_arrive)
{
	good_pvh();
	ASSERT_EQ(pvh_parse(0x100, read_phys, &bi, &why), 0);
	EXPECT_STR(bi.protocol, "PVH");
	EXPECT_STR(bi.cmdline, "quiet");
	EXPECT_STR(show_map(), "0+9fc00:1 9fc00+400:2");
	EXPECT_EQ(bi.rsdp, 0xf59d0);
	EXPECT_EQ(bi.nr_modules, 1);
	EXPECT_EQ(bi.module[0].start, 0x800000);
	EXPECT_EQ(bi.module[0].size, 0x1234);
}

TEST(pvh_refuses_what_cannot_be)
{
	good_pvh();
	put32(phys + 0x100, 0x336ec579);
	EXPECT_EQ(pvh_parse(0x100, read_phys, &bi, &why), -EINVAL);
	EXPECT_STR(why, "the start info has a wrong magic number");

	good_pvh();
	EXPECT_EQ(pvh_parse(sizeof(phys) - 8, read_phys, &bi, &why), -EINVAL);
	EXPECT_STR(why, "the start info cannot be read");

	good_pvh();
	put32(phys + 0x104, 0);
	EXPECT_EQ(pvh_parse(0x100, read_phys, &bi, &why), -EINVAL);
	EXPECT_STR(why, "the start info has no memory map");

	good_pvh();
	put32(phys + 0x130, 0xffffffff);
	EXPECT_EQ(pvh_parse(0x100, read_phys, &bi, &why), -EINVAL);

	good_pvh();
	put64(phys + 0x110, ~7UL);
	EXPECT_EQ(pvh_parse(0x100, read_phys, &bi, &why), -EINVAL);
	EXPECT_STR(why, "the list of modules cannot be read");
}

TEST(pvh_command_line_that_does_not_end_is_cut)
{
	good_pvh();
	put64(phys + 0x118, sizeof(phys) - 4);
	memset(phys + sizeof(phys) - 4, 'x', 4);
	ASSERT_EQ(pvh_parse(0x100, read_phys, &bi, &why), 0);
	EXPECT(bi.cmdline_truncated);
	EXPECT_STR(bi.cmdline, "xxxx");
}
