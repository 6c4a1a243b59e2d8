/*
 * arch/x86_64/acpi.c - finding the firmware's tables in memory
 *
 * The tables lie in memory that is not RAM to us, so they are looked at through the fixmap's window, one at a time;
 * what is needed is copied out by the parsers (acpi_tables.c).  A machine without ACPI, or with damaged tables, gets
 * the defaults of a PC: one processor, local APIC and IO-APIC at their usual addresses, ISA lines unmoved.
 *
 * The DSDT may be larger than the window: it is searched piece by piece, each overlapping the next by more than
 * the package looked for is long.
 */
#include <arch/acpi.h>
#include <kernel/boot_info.h>
#include <kernel/printk.h>
#include <lib/string.h>
#include "arch_internal.h"

#define EBDA_SEGMENT_PTR 0x40e
#define BIOS_ROM_START   0xe0000UL
#define BIOS_ROM_END     0x100000UL
#define S5_OVERLAP       64u

struct acpi_madt acpi_madt;
struct acpi_fadt acpi_fadt;
struct acpi_s5 acpi_s5;
bool acpi_has_madt, acpi_has_fadt, acpi_has_s5;

/* Look for the RSDP on 16-byte boundaries of [start, start + len). */
static bool scan_rsdp(paddr_t start, size_t len, struct acpi_rsdp *rsdp)
{
	const char *p = fix_window_map(start, len);
	bool found = false;

	for (size_t off = 0; p && off + 36 <= len && !found; off += 16)
		found = acpi_parse_rsdp(p + off, len - off, rsdp) == 0;
	fix_window_unmap();
	return found;
}

static bool find_rsdp(const struct boot_info *bi, struct acpi_rsdp *rsdp)
{
	const u16 *seg;
	paddr_t ebda = 0;

	if (bi->rsdp_len && !acpi_parse_rsdp(bi->rsdp_copy, bi->rsdp_len, rsdp))
		return true;
	if (bi->rsdp && scan_rsdp(bi->rsdp, 36, rsdp))
		return true;
	if (bi->efi)
		return false; /* nothing is promised about low memory there */
	seg = fix_window_map(EBDA_SEGMENT_PTR, sizeof(*seg));
	if (seg)
		ebda = (paddr_t)*seg << 4;
	fix_window_unmap();
	if (ebda >= 0x80000 && ebda < 0xa0000 && scan_rsdp(ebda, 1024, rsdp))
		return true;
	for (paddr_t pa = BIOS_ROM_START; pa < BIOS_ROM_END; pa += 0x10000)
		if (scan_rsdp(pa, 0x10000, rsdp))
			return true;
	return false;
}

/* Map a whole table; NULL when it is damaged or too long. */
static const void *map_table(paddr_t pa, size_t *len)
{
	const void *p = fix_window_map(pa, ACPI_HEADER_SIZE);

	if (!p)
		return NULL;
	*len = acpi_table_length(p);
	fix_window_unmap();
	p = *len >= ACPI_HEADER_SIZE ? fix_window_map(pa, *len) : NULL;
	if (p && acpi_check_table(p, *len, NULL)) {
		fix_window_unmap();
		return NULL;
	}
	return p;
}

static void parse_table(paddr_t pa)
{
	size_t len;
	const void *p = map_table(pa, &len);

	if (!p)
		return;
	if (!memcmp(p, "APIC", 4)) {
		struct acpi_madt madt;

		if (!acpi_parse_madt(p, len, &madt) && madt.nr_ioapics) {
			acpi_madt = madt;
			acpi_has_madt = true;
		}
	} else if (!memcmp(p, "FACP", 4)) {
		acpi_has_fadt = !acpi_parse_fadt(p, len, &acpi_fadt);
	}
	fix_window_unmap();
}

static void find_power_off(paddr_t dsdt)
{
	const void *p = fix_window_map(dsdt, ACPI_HEADER_SIZE);
	u32 len = p ? acpi_table_length(p) : 0;

	fix_window_unmap();
	for (u32 off = 0; off < len && !acpi_has_s5;) {
		u32 n = min(len - off, (u32)FIX_WINDOW_SIZE);

		p = fix_window_map(dsdt + off, n);
		if (!p)
			return;
		acpi_has_s5 = !acpi_find_s5(p, n, &acpi_s5);
		fix_window_unmap();
		if (n == len - off)
			break;
		off += n - S5_OVERLAP;
	}
}

static void pc_defaults(void)
{
	acpi_madt = (struct acpi_madt){ .lapic_addr = 0xfee00000, .nr_cpus = 1, .nr_ioapics = 1 };
	acpi_madt.cpu_apic_id[0] = boot_cpu_data.apicid;
	acpi_madt.ioapic[0].addr = 0xfec00000;
}

/**
 * acpi_init - read RSDP, MADT, FADT and \_S5
 *
 * Context: after paging_init; allocates nothing.
 */
void acpi_init(const struct boot_info *bi)
{
	struct acpi_rsdp rsdp;
	size_t len;
	const void *sdt;
	u64 pa;

	pc_defaults();
	if (!find_rsdp(bi, &rsdp)) {
		pr_info("ACPI: no tables; assuming a plain PC\n");
		return;
	}
	/* The list and its tables share one window, so the list is mapped anew for each entry. */
	for (unsigned int i = 0;; i++) {
		sdt = map_table(rsdp.table, &len);
		pa = sdt ? acpi_sdt_entry(sdt, rsdp.xsdt, i) : 0;
		fix_window_unmap();
		if (!pa)
			break;
		parse_table(pa);
	}
	if (acpi_has_fadt)
		find_power_off(acpi_fadt.dsdt);
	pr_info("ACPI: %s at %#lx: %u processor(s), %u IO-APIC(s)%s%s\n",
		rsdp.xsdt ? "XSDT" : "RSDT", (unsigned long)rsdp.table, acpi_madt.nr_cpus,
		acpi_madt.nr_ioapics, acpi_has_madt ? "" : ", no MADT",
		acpi_has_s5 ? ", power-off" : "");
}
