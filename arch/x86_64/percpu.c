/*
 * arch/x86_64/percpu.c - where each processor's copy of the per-CPU section is
 *
 * The boot CPU uses the linked section itself: its offset is 0, so that per-CPU variables work before anything
 * has been allocated.  nr_cpu_ids is how many copies exist: smpboot.c makes them and sets it.
 */
#include <arch/percpu.h>

unsigned int nr_cpu_ids = 1;
unsigned long per_cpu_offset[NR_CPUS];
DEFINE_PER_CPU(unsigned int, cpu_number);
DEFINE_PER_CPU(unsigned long, this_cpu_off);
