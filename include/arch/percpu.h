/*
 * include/arch/percpu.h - one copy of a variable for each CPU, found through GS
 *
 * A per-CPU variable is linked in section .percpu.  The boot CPU uses that section itself, with a GS base of 0,
 * so that per-CPU data works from the first C line on; every other CPU gets a copy of the section as it was at
 * boot, and its GS base is the distance from section to copy.  `%gs:symbol` is thus this CPU's copy in one
 * instruction, which no interrupt can split.
 */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include <lib/types.h>

#define NR_CPUS                     64

#define DEFINE_PER_CPU(type, name)  __attribute__((section(".percpu"))) __typeof__(type) name
#define DECLARE_PER_CPU(type, name) extern __attribute__((section(".percpu"))) __typeof__(type) name

extern unsigned int nr_cpu_ids; /* CPUs that may ever run: 0 .. nr_cpu_ids - 1 */
extern unsigned long per_cpu_offset[NR_CPUS];
DECLARE_PER_CPU(unsigned int, cpu_number);
DECLARE_PER_CPU(unsigned long, this_cpu_off); /* == per_cpu_offset[cpu_number] */

#define this_cpu_read(var)                                                                \
	({                                                                                \
		__typeof__(var) __v;                                                      \
		static_assert(sizeof(__v) == 1 || sizeof(__v) == 2 || sizeof(__v) == 4 || \
				      sizeof(__v) == 8,                                   \
			      "word");                                                    \
		__asm__ volatile("mov %%gs:%1, %0" : "=r"(__v) : "m"(var));               \
		__v;                                                                      \
	})
#define this_cpu_write(var, val)                                                       \
	do {                                                                           \
		__typeof__(var) __v = (val);                                           \
		__asm__ volatile("mov %1, %%gs:%0" : "=m"(var) : "r"(__v) : "memory"); \
	} while (0)
#define this_cpu_add(var, val)                                                         \
	do {                                                                           \
		__typeof__(var) __v = (__typeof__(var))(val);                          \
		__asm__ volatile("add %1, %%gs:%0" : "+m"(var) : "r"(__v) : "memory"); \
	} while (0)
#define this_cpu_inc(var)          this_cpu_add(var, 1)
#define this_cpu_dec(var)          this_cpu_add(var, -1)

#define this_cpu_ptr(ptr)          ((__typeof__(ptr))((unsigned long)(ptr) + this_cpu_read(this_cpu_off)))
#define per_cpu_ptr(ptr, cpu)      ((__typeof__(ptr))((unsigned long)(ptr) + per_cpu_offset[cpu]))

#define smp_processor_id()         this_cpu_read(cpu_number)
#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpu_ids; (cpu)++)

#endif
