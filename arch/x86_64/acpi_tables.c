/*
 * arch/x86_64/acpi_tables.c - reading the firmware's tables: pure functions over untrusted bytes
 *
 *     RSDP  ->  RSDT (32-bit addresses) or XSDT (64-bit)  ->  MADT  processors, interrupt controllers
 *                                                             FADT  ports, reset, -> DSDT (AML)
 *                                                             SRAT  nodes of memory and processors
 *                                                             SLIT  distances between nodes
 *
 * Every table begins with the same header: signature, length, revision, checksum (all bytes of the table add up to 0).
 * The MADT and the SRAT are lists of records, each with type and length in its first two bytes; a record of a type
 * we do not know is skipped, one whose length cannot be ends the table as damaged.
 *
 * There is no AML interpreter: for switching the power off, the one object needed is the package \_S5, which
 * firmware writes as plain constants, so it is found by its bytes.
 *
 * Source: ACPI Specification 6.4, chapters 5 ("RSDP", "MADT", "FADT", "SRAT", "SLIT"), 7 ("\_Sx"), 20 (AML encoding).
 */
#include <arch/acpi.h>
#include <lib/string.h>

static u16 get16(const u8 *p)
{
	u16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

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

static bool checksum_ok(const u8 *p, size_t len)
{
	u8 sum = 0;

	while (len--)
		sum = (u8)(sum + *p++);
	return sum == 0;
}

int acpi_parse_rsdp(const void *buf, size_t len, struct acpi_rsdp *out)
{
	const u8 *p = buf;

	if (len < 20 || memcmp(p, "RSD PTR ", 8) || !checksum_ok(p, 20))
		return -EINVAL;
	out->xsdt = false;
	out->table = get32(p + 16);
	if (p[15] >= 2 && len >= 36 && get32(p + 20) >= 36 && get32(p + 20) <= len &&
	    checksum_ok(p, get32(p + 20)) && get64(p + 24)) {
		out->xsdt = true;
		out->table = get64(p + 24);
	}
	return out->table ? 0 : -EINVAL;
}

u32 acpi_table_length(const void *header)
{
	return get32((const u8 *)header + 4);
}

int acpi_check_table(const void *table, size_t len, const char *signature)
{
	u32 length;

	if (len < ACPI_HEADER_SIZE)
		return -EINVAL;
	length = acpi_table_length(table);
	if (length < ACPI_HEADER_SIZE || length > len)
		return -EINVAL;
	if (signature && memcmp(table, signature, 4))
		return -EINVAL;
	return checksum_ok(table, length) ? 0 : -EINVAL;
}

u64 acpi_sdt_entry(const void *sdt, bool xsdt, unsigned int n)
{
	const u8 *p = sdt;
	u32 size = xsdt ? 8 : 4, nr = (acpi_table_length(sdt) - ACPI_HEADER_SIZE) / size;

	if (n >= nr)
		return 0;
	p += ACPI_HEADER_SIZE + n * size;
	return xsdt ? get64(p) : get32(p);
}

/* ---------------------------------------------------------------------------------------------- MADT */

enum { MADT_LAPIC, MADT_IOAPIC, MADT_OVERRIDE, MADT_LAPIC_ADDR = 5, MADT_X2APIC = 9 };
#define MADT_ENABLED 1u

static void add_cpu(struct acpi_madt *m, u32 apic_id, u32 flags)
{
	if (!(flags & MADT_ENABLED))
		return;
	for (unsigned int i = 0; i < m->nr_cpus; i++)
		if (m->cpu_apic_id[i] == apic_id)
			return; /* listed in both forms */
	if (m->nr_cpus < ACPI_MAX_CPUS)
		m->cpu_apic_id[m->nr_cpus++] = apic_id;
	else
		m->nr_dropped++;
}

/* Polarity and trigger mode of ISA lines: "conforms to the bus" means active high and edge. */
static void add_override(struct acpi_madt *m, const u8 *p)
{
	struct acpi_irq_override *o;
	u16 flags = get16(p + 8);

	if (p[2] != 0 || p[3] >= NR_ISA_IRQS)
		return;
	o = &m->isa[p[3]];
	o->present = true;
	o->gsi = get32(p + 4);
	o->active_low = (flags & 3) == 3;
	o->level = (flags >> 2 & 3) == 3;
}

static void madt_record(struct acpi_madt *m, const u8 *p, u8 len)
{
	switch (p[0]) {
	case MADT_LAPIC:
		if (len >= 8)
			add_cpu(m, p[3], get32(p + 4));
		break;
	case MADT_X2APIC:
		if (len >= 16)
			add_cpu(m, get32(p + 4), get32(p + 8));
		break;
	case MADT_IOAPIC:
		if (len >= 12 && m->nr_ioapics < ACPI_MAX_IOAPICS) {
			m->ioapic[m->nr_ioapics].id = p[2];
			m->ioapic[m->nr_ioapics].addr = get32(p + 4);
			m->ioapic[m->nr_ioapics].gsi_base = get32(p + 8);
			m->nr_ioapics++;
		}
		break;
	case MADT_OVERRIDE:
		if (len >= 10)
			add_override(m, p);
		break;
	case MADT_LAPIC_ADDR:
		if (len >= 12)
			m->lapic_addr = get64(p + 4);
		break;
	default:
		break;
	}
}

int acpi_parse_madt(const void *table, size_t len, struct acpi_madt *out)
{
	const u8 *p = table;
	u32 off = 44, length;

	memset(out, 0, sizeof(*out));
	if (acpi_check_table(table, len, "APIC") || acpi_table_length(table) < off)
		return -EINVAL;
	length = acpi_table_length(table);
	out->lapic_addr = get32(p + 36);
	while (length - off >= 2) {
		u8 size = p[off + 1];

		if (size < 2 || size > length - off)
			return -EINVAL;
		madt_record(out, p + off, size);
		off += size;
	}
	return 0;
}

/* ---------------------------------------------------------------------------------------------- FADT */

#define FADT_RESET_REG_SUP (1u << 10)
#define FADT_TMR_VAL_EXT   (1u << 8)

/* Port from an extended (12-byte) address structure if it is there and in I/O space, else the old field. */
static u16 fadt_port(const u8 *p, u32 length, u32 old, u32 ext)
{
	if (length >= ext + 12 && p[ext] == 1 && get64(p + ext + 4) && get64(p + ext + 4) <= 0xffff)
		return get16(p + ext + 4);
	return get32(p + old) <= 0xffff ? (u16)get32(p + old) : 0;
}

int acpi_parse_fadt(const void *table, size_t len, struct acpi_fadt *out)
{
	const u8 *p = table;
	u32 length, flags;

	memset(out, 0, sizeof(*out));
	if (acpi_check_table(table, len, "FACP") || acpi_table_length(table) < 116)
		return -EINVAL;
	length = acpi_table_length(table);
	flags = get32(p + 112);
	out->dsdt = get32(p + 40);
	if (length >= 148 && get64(p + 140))
		out->dsdt = get64(p + 140);
	out->smi_cmd = get32(p + 48) <= 0xffff ? (u16)get32(p + 48) : 0;
	out->acpi_enable = p[52];
	out->pm1a_cnt = fadt_port(p, length, 64, 172);
	out->pm1b_cnt = fadt_port(p, length, 68, 184);
	out->pm_timer = fadt_port(p, length, 76, 208);
	out->pm_timer_32bit = flags & FADT_TMR_VAL_EXT;
	if (length >= 129 && (flags & FADT_RESET_REG_SUP)) {
		out->has_reset = true;
		out->reset_space = p[116];
		out->reset_addr = get64(p + 120);
		out->reset_value = p[128];
	}
	return 0;
}

/* ---------------------------------------------------------------------------------------- SRAT, SLIT */

enum { SRAT_CPU, SRAT_MEMORY, SRAT_X2APIC };
#define SRAT_ENABLED 1u

/* The node for a proximity domain, numbered by first appearance; -1 when there are too many. */
static int node_of_domain(struct acpi_srat *s, u32 domain)
{
	for (unsigned int i = 0; i < s->nr_nodes; i++)
		if (s->domain[i] == domain)
			return (int)i;
	if (s->nr_nodes == ACPI_MAX_NODES)
		return -1;
	s->domain[s->nr_nodes] = domain;
	return (int)s->nr_nodes++;
}

static int srat_cpu(struct acpi_srat *s, u32 domain, u32 apic_id, u32 flags)
{
	int nid;

	if (!(flags & SRAT_ENABLED) || s->nr_cpus == ACPI_MAX_CPUS)
		return 0;
	nid = node_of_domain(s, domain);
	if (nid < 0)
		return -EINVAL;
	s->cpu[s->nr_cpus].apic_id = apic_id;
	s->cpu[s->nr_cpus].nid = (u8)nid;
	s->nr_cpus++;
	return 0;
}

static int srat_memory(struct acpi_srat *s, const u8 *p)
{
	u64 base = get64(p + 8), size = get64(p + 16);
	int nid;

	if (!(get32(p + 28) & SRAT_ENABLED) || !size)
		return 0;
	nid = node_of_domain(s, get32(p + 2));
	if (nid < 0 || s->nr_mem == ACPI_MAX_MEMRANGES || base + size < base)
		return -EINVAL;
	s->mem[s->nr_mem].base = base;
	s->mem[s->nr_mem].size = size;
	s->mem[s->nr_mem].nid = (u8)nid;
	s->nr_mem++;
	return 0;
}

static int srat_record(struct acpi_srat *s, const u8 *p, u8 len)
{
	if (p[0] == SRAT_CPU && len >= 16)
		return srat_cpu(s, (u32)p[2] | (u32)p[9] << 8 | (u32)p[10] << 16 | (u32)p[11] << 24,
				p[3], get32(p + 4));
	if (p[0] == SRAT_X2APIC && len >= 24)
		return srat_cpu(s, get32(p + 4), get32(p + 8), get32(p + 12));
	if (p[0] == SRAT_MEMORY && len >= 40)
		return srat_memory(s, p);
	return 0;
}

int acpi_parse_srat(const void *table, size_t len, struct acpi_srat *out)
{
	const u8 *p = table;
	u32 off = 48, length;

	memset(out, 0, sizeof(*out));
	if (acpi_check_table(table, len, "SRAT") || acpi_table_length(table) < off)
		return -EINVAL;
	length = acpi_table_length(table);
	while (length - off >= 2) {
		u8 size = p[off + 1];

		if (size < 2 || size > length - off || srat_record(out, p + off, size))
			return -EINVAL;
		off += size;
	}
	return 0;
}

int acpi_parse_slit(const void *table, size_t len, const struct acpi_srat *srat,
		    u8 distance[ACPI_MAX_NODES][ACPI_MAX_NODES])
{
	const u8 *p = table;
	u64 nr;

	if (acpi_check_table(table, len, "SLIT") || acpi_table_length(table) < 44)
		return -EINVAL;
	nr = get64(p + 36);
	if (!nr || nr > 256 || nr * nr > acpi_table_length(table) - 44)
		return -EINVAL;
	for (unsigned int i = 0; i < srat->nr_nodes; i++) {
		for (unsigned int j = 0; j < srat->nr_nodes; j++) {
			u64 from = srat->domain[i], to = srat->domain[j];

			if (from >= nr || to >= nr)
				return -EINVAL;
			distance[i][j] = p[44 + from * nr + to];
		}
	}
	return 0;
}

/* ----------------------------------------------------------------------------------------------- S5 */

#define AML_PACKAGE     0x12
#define AML_BYTE_PREFIX 0x0a
#define AML_ZERO        0x00
#define AML_ONE         0x01

/* A small integer constant; its length in bytes, 0 if it is something else. */
static size_t aml_small_int(const u8 *p, size_t len, u8 *v)
{
	if (len >= 1 && (p[0] == AML_ZERO || p[0] == AML_ONE)) {
		*v = p[0];
		return 1;
	}
	if (len >= 2 && p[0] == AML_BYTE_PREFIX) {
		*v = p[1];
		return 2;
	}
	return 0;
}

/* After the name "_S5_":  PackageOp PkgLength NumElements  integer integer ... */
static bool s5_package(const u8 *p, size_t len, struct acpi_s5 *out)
{
	size_t off, n;

	if (len < 3 || p[0] != AML_PACKAGE)
		return false;
	off = 2 + (p[1] >> 6); /* PkgLength says in its top bits how many more bytes it has */
	if (off >= len || p[off] < 2)
		return false;
	off++;
	n = aml_small_int(p + off, len - off, &out->slp_typa);
	if (!n)
		return false;
	off += n;
	return aml_small_int(p + off, len - off, &out->slp_typb) != 0;
}

int acpi_find_s5(const void *aml, size_t len, struct acpi_s5 *out)
{
	const u8 *p = aml;

	for (size_t i = 0; i + 4 < len; i++)
		if (p[i] == '_' && p[i + 1] == 'S' && p[i + 2] == '5' && p[i + 3] == '_' &&
		    s5_package(p + i + 4, len - i - 4, out))
			return 0;
	return -EINVAL;
}
