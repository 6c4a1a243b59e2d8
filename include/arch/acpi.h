/*
 * include/arch/acpi.h - what the firmware's tables say, as far as it is needed
 *
 * The parsers are pure functions over bytes that are taken as hostile; the host tests and fuzzes them.
 * Source: ACPI Specification 6.4, "ACPI Software Programming Model".
 */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include <lib/types.h>

#define ACPI_HEADER_SIZE   36u
#define ACPI_MAX_CPUS      64
#define ACPI_MAX_IOAPICS   8
#define ACPI_MAX_NODES     8
#define ACPI_MAX_MEMRANGES 32
#define NR_ISA_IRQS        16

struct acpi_rsdp {
	u64 table; /* RSDT or XSDT */
	bool xsdt; /* entries are 8 bytes, not 4 */
};

struct acpi_irq_override {
	bool present, active_low, level;
	u32 gsi;
};

struct acpi_madt {
	u64 lapic_addr;
	unsigned int nr_cpus, nr_ioapics;
	unsigned int nr_dropped;        /* usable processors beyond ACPI_MAX_CPUS */
	u32 cpu_apic_id[ACPI_MAX_CPUS]; /* usable processors, in the table's order */
	struct {
		u32 id, gsi_base;
		u64 addr;
	} ioapic[ACPI_MAX_IOAPICS];
	struct acpi_irq_override isa[NR_ISA_IRQS];
};

struct acpi_fadt {
	u64 dsdt;
	u16 pm1a_cnt, pm1b_cnt, pm_timer; /* I/O ports, 0 if absent */
	u16 smi_cmd;
	u8 acpi_enable;
	bool pm_timer_32bit;
	bool has_reset;
	u8 reset_space, reset_value; /* space: 0 memory, 1 I/O, 2 PCI configuration */
	u64 reset_addr;
};

struct acpi_srat {
	unsigned int nr_nodes, nr_cpus, nr_mem;
	u32 domain[ACPI_MAX_NODES]; /* proximity domain of each node, in order of appearance */
	struct {
		u32 apic_id;
		u8 nid;
	} cpu[ACPI_MAX_CPUS];
	struct {
		u64 base, size;
		u8 nid;
	} mem[ACPI_MAX_MEMRANGES];
};

struct acpi_s5 {
	u8 slp_typa, slp_typb;
};

/* All parsers: 0, or -EINVAL with *out undefined. len is the number of readable bytes. */
int acpi_parse_rsdp(const void *buf, size_t len, struct acpi_rsdp *out);
/* acpi_check_table - header plausible, length within len, checksum right, signature as given (NULL: any) */
int acpi_check_table(const void *table, size_t len, const char *signature);
/* acpi_sdt_entry - address of the nth table in a checked RSDT/XSDT; 0 beyond the last */
u64 acpi_sdt_entry(const void *sdt, bool xsdt, unsigned int n);
int acpi_parse_madt(const void *table, size_t len, struct acpi_madt *out);
int acpi_parse_fadt(const void *table, size_t len, struct acpi_fadt *out);
int acpi_parse_srat(const void *table, size_t len, struct acpi_srat *out);
/* acpi_parse_slit - distances between the nodes that srat numbered, 10 being local */
int acpi_parse_slit(const void *table, size_t len, const struct acpi_srat *srat,
		    u8 distance[ACPI_MAX_NODES][ACPI_MAX_NODES]);
/* acpi_find_s5 - look for the package \_S5 in a piece of AML */
int acpi_find_s5(const void *aml, size_t len, struct acpi_s5 *out);
u32 acpi_table_length(const void *header);

/* What acpi_init found; defaults of a PC where a table is missing. */
extern struct acpi_madt acpi_madt;
extern struct acpi_fadt acpi_fadt;
extern bool acpi_has_madt, acpi_has_fadt, acpi_has_s5;
extern struct acpi_s5 acpi_s5;

#endif
