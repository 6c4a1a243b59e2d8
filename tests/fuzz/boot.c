/*
 * tests/fuzz/boot.c - boot loader data and firmware tables with random damage
 *
 * Each round takes plausible bytes, changes a few at random, cuts the end off at random, and parses them from a heap
 * block of exactly that size, so that the address sanitizer sees every read beyond it.  The parsers may refuse;
 * what they accept must keep what the rest of the kernel relies on.
 *
 * HOST-SOURCES: boot/boot_info.c boot/multiboot2.c boot/pvh.c arch/x86_64/acpi_tables.c
 */
#include <stdlib.h>

#include <arch/acpi.h>
#include <kernel/boot_info.h>
#include <lib/string.h>

#include "env.h"

#define ROUNDS 20000

static struct boot_info bi;

/* Interesting values turn up more often than chance has them: sizes and counts break at the edges. */
static u8 random_byte(void)
{
	static const u8 edges[] = { 0, 1, 2, 7, 8, 9, 0x7f, 0x80, 0xfe, 0xff };

	return test_chance(2) ? edges[test_random_below(sizeof(edges))] : (u8)test_random();
}

static void damage(u8 *p, size_t len)
{
	for (u64 n = test_random_below(8); n-- && len;)
		p[test_random_below(len)] = random_byte();
}

/* A copy of at most @len bytes in a block of its own; sometimes shorter. */
static u8 *copy_exact(const u8 *from, size_t *len)
{
	u8 *p;

	if (test_chance(3))
		*len = test_random_below(*len + 1);
	p = malloc(*len ? *len : 1);
	ASSERT(p);
	memcpy(p, from, *len);
	return p;
}

static void check_boot_info(void)
{
	EXPECT(memchr(bi.cmdline, 0, sizeof(bi.cmdline)));
	EXPECT(memchr(bi.loader, 0, sizeof(bi.loader)));
	ASSERT_LE(bi.nr_mem, BOOT_MAX_MEM);
	ASSERT_LE(bi.nr_modules, BOOT_MAX_MODULES);
	ASSERT_LE(bi.rsdp_len, sizeof(bi.rsdp_copy));
	for (unsigned int i = 0; i < bi.nr_modules; i++) {
		EXPECT_LE(bi.module[i].start, bi.module[i].start + bi.module[i].size);
		EXPECT(memchr(bi.module[i].cmdline, 0, sizeof(bi.module[i].cmdline)));
	}
	boot_info_tidy(&bi);
	for (unsigned int i = 0; i < bi.nr_mem; i++) {
		EXPECT_NE(bi.mem[i].size, 0);
		EXPECT_LE(bi.mem[i].start + bi.mem[i].size, 1UL << 52);
		if (i)
			EXPECT_LE(bi.mem[i - 1].start + bi.mem[i - 1].size, bi.mem[i].start);
	}
}

static void put32(u8 *p, u32 v)
{
	memcpy(p, &v, 4);
}

static size_t put_tag(u8 *p, u32 type, u32 payload)
{
	put32(p, type);
	put32(p + 4, payload + 8);
	for (u32 i = 0; i < payload; i++)
		p[8 + i] = random_byte();
	return ALIGN(payload + 8, 8u);
}

TEST(multiboot2_survives_damage)
{
	static const u8 types[] = { 1, 2, 3, 4, 6, 8, 11, 12, 14, 15, 21, 99 };
	unsigned long accepted = 0;

	for (unsigned long round = 0; round < test_rounds(ROUNDS); round++) {
		static u8 image[2048];
		const char *why = NULL;
		size_t len = 8;
		u8 *p;

		memset(image, 0, sizeof(image));
		for (u64 n = test_random_below(8); n--;)
			len += put_tag(image + len, types[test_random_below(sizeof(types))],
				       (u32)test_random_below(100));
		put_tag(image + len, 6, 32);
		put32(image + len + 8, 24);
		put32(image + len + 8 + 24, 1);
		len += 40;
		len += put_tag(image + len, 0, 0);
		put32(image, (u32)len);
		damage(image, len);
		p = copy_exact(image, &len);
		if (!multiboot2_parse(p, len, &bi, &why)) {
			accepted++;
			check_boot_info();
		} else {
			ASSERT(why);
		}
		free(p);
	}
	EXPECT_NE(accepted, 0);
}

static u8 *phys;
static size_t phys_len;

static bool read_phys(paddr_t pa, void *buf, size_t len)
{
	if (pa >= phys_len || len > phys_len - pa)
		return false;
	memcpy(buf, phys + pa, len);
	return true;
}

TEST(pvh_survives_damage)
{
	unsigned long accepted = 0;

	for (unsigned long round = 0; round < test_rounds(ROUNDS); round++) {
		static const u64 start_info[] = { 0x1336ec578, 3UL << 32, 0x100, 0x80,
						  0xf0000,     0x200,     10 };
		static u8 image[1024];
		const char *why = NULL;

		for (size_t i = 0; i < sizeof(image); i++)
			image[i] = random_byte();
		memcpy(image, start_info, sizeof(start_info));
		put32(image + 0x200 + 16, 1);
		damage(image, test_chance(2) ? sizeof(start_info) : sizeof(image));
		phys_len = sizeof(image);
		phys = copy_exact(image, &phys_len);
		if (!pvh_parse(test_chance(20) ? test_random() : 0, read_phys, &bi, &why)) {
			accepted++;
			check_boot_info();
		} else {
			ASSERT(why);
		}
		free(phys);
	}
	EXPECT_NE(accepted, 0);
}

/* A table with random records and, mostly, a right checksum: damage must get past the first check. */
static u8 *random_table(const char *signature, u32 fixed, size_t *len)
{
	static u8 t[1024];
	size_t n = fixed;
	u8 sum = 0;

	for (size_t i = 0; i < sizeof(t); i++)
		t[i] = random_byte();
	memcpy(t, signature, 4);
	while (n < 600 && !test_chance(12)) {
		u8 size = (u8)(test_chance(10) ? random_byte() : 8 + test_random_below(40));

		t[n] = (u8)test_random_below(12);
		t[n + 1] = size;
		n += size;
	}
	put32(t + 4, (u32)(test_chance(20) ? test_random() : n));
	t[9] = 0;
	for (size_t i = 0; i < n; i++)
		sum = (u8)(sum + t[i]);
	if (!test_chance(20))
		t[9] = (u8)-sum;
	*len = n;
	return copy_exact(t, len);
}

TEST(acpi_tables_survive_damage)
{
	for (unsigned long round = 0; round < test_rounds(ROUNDS); round++) {
		u8 distance[ACPI_MAX_NODES][ACPI_MAX_NODES];
		struct acpi_rsdp rsdp;
		struct acpi_madt madt;
		struct acpi_fadt fadt;
		struct acpi_srat srat;
		struct acpi_s5 s5;
		size_t len;
		u8 *p = random_table("APIC", 44, &len);

		if (!acpi_parse_madt(p, len, &madt)) {
			ASSERT_LE(madt.nr_cpus, ACPI_MAX_CPUS);
			ASSERT_LE(madt.nr_ioapics, ACPI_MAX_IOAPICS);
		}
		acpi_find_s5(p, len, &s5);
		acpi_parse_rsdp(p, len, &rsdp);
		if (!acpi_check_table(p, len, NULL))
			for (unsigned int i = 0; acpi_sdt_entry(p, test_chance(2), i) && i < 1000;
			     i++)
				;
		free(p);
		p = random_table("FACP", 116 + (u32)test_random_below(150), &len);
		acpi_parse_fadt(p, len, &fadt);
		free(p);
		p = random_table("SRAT", 48, &len);
		if (acpi_parse_srat(p, len, &srat))
			srat = (struct acpi_srat){ .nr_nodes = 2, .domain = { 0, random_byte() } };
		ASSERT_LE(srat.nr_nodes, ACPI_MAX_NODES);
		for (unsigned int i = 0; i < srat.nr_mem; i++)
			ASSERT_LT(srat.mem[i].nid, srat.nr_nodes);
		free(p);
		p = random_table("SLIT", 44, &len);
		acpi_parse_slit(p, len, &srat, distance);
		free(p);
	}
}
