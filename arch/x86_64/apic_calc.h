/*
 * arch/x86_64/apic_calc.h - the arithmetic of the local APIC: values to be written, without writing them
 *
 * Apart from the rest so that the host's tests reach the modes that the emulator has not.
 * Source: Intel SDM 3A, "Interrupt Command Register (ICR)", "x2APIC Interrupt Command Register", "TSC-Deadline Mode".
 */
#ifndef APIC_CALC_H
#define APIC_CALC_H

#include <lib/types.h>

#define XAPIC_ID_MAX    254u         /* 255 is everybody */
#define DEADLINE_MAX_NS 1000000000UL /* beyond, the alarm comes early and is set again */

#define ICR_NMI         (4u << 8)
#define ICR_INIT        (5u << 8)
#define ICR_STARTUP     (6u << 8)
#define ICR_ASSERT      (1u << 14)
#define ICR_LEVEL       (1u << 15)

/* apic_icr_value - the 64 bits that send @command to the processor with id @dest; physical destination */
static inline u64 apic_icr_value(u32 dest, u32 command, bool x2)
{
	return command | (x2 ? (u64)dest << 32 : (u64)dest << 56);
}

/* apic_deadline - TSC value @ns after @tsc, at least one tick on: 0 would disarm; saturates at DEADLINE_MAX_NS */
static inline u64 apic_deadline(u64 tsc, u64 ns, u64 khz)
{
	u64 at = tsc + (ns < DEADLINE_MAX_NS ? ns : DEADLINE_MAX_NS) * khz / 1000000 + 1;

	return at ? at : 1;
}

#endif
