/*
 * tests/unit/apic.c - values for the local APIC, in the modes that the emulator has and in those that it has not
 *
 * Expected values are put together by hand from the SDM's figures of the registers.
 */
#include "../../arch/x86_64/apic_calc.h"

#include "env.h"

TEST(icr_of_xapic_names_the_target_in_the_top_byte)
{
	EXPECT_EQ(apic_icr_value(0, 0xe1, false), 0xe1UL);
	EXPECT_EQ(apic_icr_value(3, 0xe1, false), 0x03000000000000e1UL);
	EXPECT_EQ(apic_icr_value(XAPIC_ID_MAX, ICR_NMI, false), 0xfe00000000000400UL);
}

TEST(icr_of_x2apic_has_all_32_bits_of_the_target)
{
	EXPECT_EQ(apic_icr_value(3, 0xe1, true), 0x00000003000000e1UL);
	EXPECT_EQ(apic_icr_value(0x12345678, ICR_NMI, true), 0x1234567800000400UL);
	EXPECT_EQ(apic_icr_value(0xfffffffe, ICR_STARTUP | 8, true), 0xfffffffe00000608UL);
}

TEST(start_up_commands)
{
	EXPECT_EQ(apic_icr_value(1, ICR_INIT | ICR_LEVEL | ICR_ASSERT, false),
		  0x010000000000c500UL);
	EXPECT_EQ(apic_icr_value(1, ICR_INIT | ICR_LEVEL, true), 0x0000000100008500UL);
	EXPECT_EQ(apic_icr_value(1, ICR_STARTUP | (0x8000 >> 12), true), 0x0000000100000608UL);
}

TEST(deadline_is_ahead_of_now)
{
	EXPECT_EQ(apic_deadline(1000, 0, 3000000), 1001UL);
	EXPECT_EQ(apic_deadline(1000, 1000, 3000000), 1000UL + 3000 + 1);
	EXPECT_EQ(apic_deadline(0, 1, 1000), 1UL); /* less than a tick away */
}

TEST(deadline_far_away_comes_early)
{
	u64 second = apic_deadline(0, DEADLINE_MAX_NS, 5000000);

	EXPECT_EQ(second, 5000000001UL);
	EXPECT_EQ(apic_deadline(0, ~0UL, 5000000), second);
	EXPECT_EQ(apic_deadline(0, DEADLINE_MAX_NS + 1, 5000000), second);
}

TEST(deadline_is_never_the_value_that_disarms)
{
	EXPECT_EQ(apic_deadline(~0UL, 0, 3000000), 1UL);
	EXPECT_EQ(apic_deadline(~0UL - 3000, 1000, 3000000), 1UL);
}
