/*
 * tests/unit/acpi.c - the firmware's tables, whole and damaged
 *
 * HOST-SOURCES: arch/x86_64/acpi_tables.c
 */
#include <arch/acpi.h>
#include <lib/string.h>

#include "env.h"

static u8 t[1024];
static u32 len;

static void put(const void *bytes, u32 n)
{
	memcpy(t + len, bytes, n);
	len += n;
}
#define PUT(...) put((const u8[]){ __VA_ARGS__ }, sizeof((const u8[]){ __VA_ARGS__ }))

static void begin(const char *signature, u32 fixed)
{
	memset(t, 0, sizeof(t));
	memcpy(t, signature, 4);
	len = fixed;
}

/* Length and checksum, once the content stands. */
static void seal(void)
{
	u8 sum = 0;

	memcpy(t + 4, &len, 4);
	t[9] = 0;
	for (u32 i = 0; i < len; i++)
		sum = (u8)(sum + t[i]);
	t[9] = (u8)-sum;
}

static void set32(u32 off, u32 v)
{
	memcpy(t + off, &v, 4);
}

static void set64(u32 off, u64 v)
{
	memcpy(t + off, &v, 8);
}

TEST(rsdp_of_both_revisions)
{
	u8 p[36] = "RSD PTR ";
	struct acpi_rsdp r;
	u8 sum = 0;

	p[16] = 0x40;
	for (unsigned int i = 0; i < 20; i++)
		sum = (u8)(sum + p[i]);
	p[8] = (u8)-sum;
	ASSERT_EQ(acpi_parse_rsdp(p, 20, &r), 0);
	EXPECT_EQ(r.table, 0x40);
	EXPECT(!r.xsdt);

	p[15] = 2;
	p[8] = (u8)(p[8] - 2);
	p[20] = 36;
	p[25] = 0x10;
	p[32] = (u8) - (36 + 0x10);
	ASSERT_EQ(acpi_parse_rsdp(p, 36, &r), 0);
	EXPECT(r.xsdt);
	EXPECT_EQ(r.table, 0x1000);

	p[33] ^= 1; /* the extended checksum fails: the old fields still count */
	ASSERT_EQ(acpi_parse_rsdp(p, 36, &r), 0);
	EXPECT(!r.xsdt);
	p[1] ^= 1;
	EXPECT_EQ(acpi_parse_rsdp(p, 36, &r), -EINVAL);
}

static void good_madt(void)
{
	begin("APIC", 44);
	set32(36, 0xfee00000);
	PUT(0, 8, 0, 7, 1, 0, 0, 0);                          /* processor, APIC id 7 */
	PUT(0, 8, 1, 9, 0, 0, 0, 0);                          /* not enabled */
	PUT(1, 12, 2, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0);      /* IO-APIC, GSI base 24 */
	PUT(2, 10, 0, 0, 2, 0, 0, 0, 0, 0);                   /* ISA 0 -> GSI 2 */
	PUT(2, 10, 0, 9, 9, 0, 0, 0, 0x0f, 0);                /* ISA 9: level, low */
	PUT(9, 16, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0); /* x2APIC id 256 */
	PUT(99, 3, 42);                                       /* unknown */
	seal();
}

TEST(madt_names_processors_and_controllers)
{
	struct acpi_madt m;

	good_madt();
	ASSERT_EQ(acpi_parse_madt(t, len, &m), 0);
	EXPECT_EQ(m.lapic_addr, 0xfee00000);
	ASSERT_EQ(m.nr_cpus, 2);
	EXPECT_EQ(m.cpu_apic_id[0], 7);
	EXPECT_EQ(m.cpu_apic_id[1], 256);
	ASSERT_EQ(m.nr_ioapics, 1);
	EXPECT_EQ(m.ioapic[0].addr, 0xfec00000);
	EXPECT_EQ(m.ioapic[0].gsi_base, 24);
	EXPECT_EQ(m.isa[0].gsi, 2);
	EXPECT(!m.isa[0].level && !m.isa[0].active_low);
	EXPECT(m.isa[9].level && m.isa[9].active_low);
	EXPECT(!m.isa[1].present);
}

TEST(damaged_tables_are_refused)
{
	struct acpi_madt m;

	good_madt();
	t[50] ^= 1;
	EXPECT_EQ(acpi_parse_madt(t, len, &m), -EINVAL); /* checksum */
	good_madt();
	EXPECT_EQ(acpi_parse_madt(t, len - 1, &m), -EINVAL); /* longer than it may be */
	good_madt();
	t[45] = 0;
	seal();
	EXPECT_EQ(acpi_parse_madt(t, len, &m), -EINVAL); /* a record of no length */
	good_madt();
	t[45] = 255;
	seal();
	EXPECT_EQ(acpi_parse_madt(t, len, &m), -EINVAL); /* a record beyond the end */
	good_madt();
	EXPECT_EQ(acpi_check_table(t, len, "FACP"), -EINVAL);
}

TEST(more_processors_than_fit_are_left_out)
{
	struct acpi_madt m;

	begin("APIC", 44);
	for (unsigned int i = 0; i < ACPI_MAX_CPUS + 5; i++)
		PUT(0, 8, 0, (u8)i, 1, 0, 0, 0);
	seal();
	ASSERT_EQ(acpi_parse_madt(t, len, &m), 0);
	EXPECT_EQ(m.nr_cpus, ACPI_MAX_CPUS);
	EXPECT_EQ(m.nr_dropped, 5);
}

TEST(processors_listed_in_both_forms_count_once)
{
	struct acpi_madt m;

	begin("APIC", 44);
	PUT(0, 8, 0, 0, 1, 0, 0, 0);                                      /* APIC id 0 */
	PUT(0, 8, 1, 1, 1, 0, 0, 0);                                      /* 1 */
	PUT(9, 16, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0);             /* 1 again */
	PUT(9, 16, 0, 0, 0x78, 0x56, 0x34, 0x12, 1, 0, 0, 0, 2, 0, 0, 0); /* all 32 bits */
	PUT(9, 16, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0);             /* not enabled */
	PUT(9, 8, 0, 0, 3, 0, 0, 0);                                      /* too short */
	seal();
	ASSERT_EQ(acpi_parse_madt(t, len, &m), 0);
	ASSERT_EQ(m.nr_cpus, 3);
	EXPECT_EQ(m.cpu_apic_id[1], 1);
	EXPECT_EQ(m.cpu_apic_id[2], 0x12345678);
	EXPECT_EQ(m.nr_dropped, 0);
}

TEST(fadt_prefers_extended_addresses)
{
	struct acpi_fadt f;

	begin("FACP", 244);
	set32(40, 0x1000); /* DSDT */
	set32(48, 0xb2);   /* SMI command */
	t[52] = 0xf1;
	set32(64, 0x604); /* PM1a control */
	set32(76, 0x608); /* timer */
	set32(112, 1u << 10 | 1u << 8);
	t[116] = 1; /* reset register: I/O space */
	set64(120, 0xcf9);
	t[128] = 0x0f;
	set64(140, 0x123456789); /* X_DSDT */
	t[172] = 1;
	set64(176, 0x1804); /* X_PM1a control */
	t[208] = 0;         /* X_PM_TMR in memory: not a port */
	set64(212, 0xfed80000);
	seal();
	ASSERT_EQ(acpi_parse_fadt(t, len, &f), 0);
	EXPECT_EQ(f.dsdt, 0x123456789);
	EXPECT_EQ(f.pm1a_cnt, 0x1804);
	EXPECT_EQ(f.pm1b_cnt, 0);
	EXPECT_EQ(f.pm_timer, 0x608);
	EXPECT(f.pm_timer_32bit);
	EXPECT(f.has_reset);
	EXPECT_EQ(f.reset_addr, 0xcf9);
	EXPECT_EQ(f.reset_value, 0x0f);
	EXPECT_EQ(f.smi_cmd, 0xb2);
}

static void good_srat(void)
{
	begin("SRAT", 48);
	PUT(0, 16, 5, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* APIC id 0 in domain 5 */
	PUT(0, 16, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0); /* APIC id 1 in domain 1 */
	PUT(1, 40, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 0, 0,
	    0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
	seal();
}

TEST(srat_numbers_nodes_by_appearance)
{
	struct acpi_srat s;

	good_srat();
	ASSERT_EQ(acpi_parse_srat(t, len, &s), 0);
	ASSERT_EQ(s.nr_nodes, 2);
	EXPECT_EQ(s.domain[0], 5);
	EXPECT_EQ(s.domain[1], 1);
	ASSERT_EQ(s.nr_mem, 1);
	EXPECT_EQ(s.mem[0].nid, 1);
	EXPECT_EQ(s.mem[0].base, 0x10000000);
	EXPECT_EQ(s.mem[0].size, 0x2000000000);
	ASSERT_EQ(s.nr_cpus, 2);
	EXPECT_EQ(s.cpu[1].nid, 1);
}

TEST(slit_follows_the_domains)
{
	u8 d[ACPI_MAX_NODES][ACPI_MAX_NODES];
	struct acpi_srat s;

	good_srat();
	ASSERT_EQ(acpi_parse_srat(t, len, &s), 0);
	begin("SLIT", 44);
	set64(36, 6);
	for (u8 i = 0; i < 36; i++)
		PUT((u8)(100 + i));
	seal();
	ASSERT_EQ(acpi_parse_slit(t, len, &s, d), 0);
	EXPECT_EQ(d[0][1], 100 + 5 * 6 + 1); /* from domain 5 to domain 1 */
	EXPECT_EQ(d[1][0], 100 + 1 * 6 + 5);
	set64(36, 5); /* domain 5 is outside */
	seal();
	EXPECT_EQ(acpi_parse_slit(t, len, &s, d), -EINVAL);
	set64(36, 1UL << 32); /* its square wraps */
	seal();
	EXPECT_EQ(acpi_parse_slit(t, len, &s, d), -EINVAL);
}

TEST(s5_package_is_found_among_other_names)
{
	static const u8 aml[] = {
		0x08, '_', 'S', '5', '_', 0x0d, 'x',  0, /* a string, not a package */
		0x08, '_', 'S', '5', '_', 0x12, 0x08, 0x04, 0x0a, 0x05, 0x01, 0x00, 0x00
	};
	struct acpi_s5 s;

	ASSERT_EQ(acpi_find_s5(aml, sizeof(aml), &s), 0);
	EXPECT_EQ(s.slp_typa, 5);
	EXPECT_EQ(s.slp_typb, 1);
	EXPECT_EQ(acpi_find_s5(aml, sizeof(aml) - 5, &s), -EINVAL);
	EXPECT_EQ(acpi_find_s5(aml, 0, &s), -EINVAL);
}
