#include "workloads/lib/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

bool clock_counter_constant, clock_moves;
uint64_t clock_ns_per_tick_32 = (uint64_t)1 << 32;

#define CALIBRATION_NS 10000000u
#define COST_PAIRS 1001
#define HELD_READINGS 100000 /* all the same: milliseconds of a clock that ticks */

/* Valgrind answers a rotation of one register by 128 bits in all, which does nothing on a
 * CPU, followed by an exchange of another with itself: request 0x1001 asks how many of it
 * run (Valgrind manual, 3.1 The Client Request mechanism). */
static bool under_valgrind(void)
{
	uint64_t answer = 0;
#if defined(__x86_64__) || defined(__aarch64__)
	volatile uint64_t request[6] = {0x1001};
#endif

#if defined(__x86_64__)
	__asm__ volatile("rolq $3, %%rdi; rolq $13, %%rdi; rolq $61, %%rdi; rolq $51, %%rdi\n\t"
			 "xchgq %%rbx, %%rbx"
			 : "=d"(answer)
			 : "a"(request), "0"(answer)
			 : "cc", "memory");
#elif defined(__aarch64__)
	register volatile uint64_t *asked __asm__("x4") = request;
	register uint64_t said __asm__("x3") = 0;

	__asm__ volatile("ror x12, x12, #3; ror x12, x12, #13\n\t"
			 "ror x12, x12, #51; ror x12, x12, #61\n\t"
			 "orr x10, x10, x10"
			 : "+r"(said)
			 : "r"(asked)
			 : "cc", "memory");
	answer = said;
#endif
	return answer != 0;
}

static bool counter_is_constant(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	/* 0x80000007 EDX bit 8: the rate does not follow the frequency or sleep;
	 * 0x80000001 EDX bit 27: rdtscp exists. */
	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & 1u << 8) &&
	       __get_cpuid(0x80000001, &a, &b, &c, &d) && (d & 1u << 27);
#elif defined(__aarch64__)
	return true; /* the architecture's generic timer */
#else
	return false;
#endif
}

void clock_calibrate(void)
{
	uint64_t ns0, ns1, ticks0, ticks1;

	ns0 = clock_ns(CLOCK_MONOTONIC);
	clock_moves = false;
	for (int i = 0; i < HELD_READINGS && !clock_moves; i++)
		clock_moves = clock_ns(CLOCK_MONOTONIC) != ns0;
	/* What the CPU has, valgrind need not know: on some it ends a process at rdtscp.  And a
	 * clock that is held says nothing about the counter's rate. */
	clock_counter_constant = clock_moves && !under_valgrind() && counter_is_constant();
	if (!clock_counter_constant)
		return; /* ticks are ns */
	ns0 = clock_ns(CLOCK_MONOTONIC);
	ticks0 = clock_ticks();
	do {
		ns1 = clock_ns(CLOCK_MONOTONIC);
		ticks1 = clock_ticks();
	} while (ns1 - ns0 < CALIBRATION_NS);
	clock_ns_per_tick_32 =
		(uint64_t)(((unsigned __int128)(ns1 - ns0) << 32) / (ticks1 - ticks0));
}

uint64_t clock_cost_ns(void)
{
	uint64_t cost[COST_PAIRS];

	for (int i = 0; i < COST_PAIRS; i++) {
		uint64_t from = clock_ticks(), took = clock_ticks() - from;
		int at = i;

		for (; at > 0 && cost[at - 1] > took; at--)
			cost[at] = cost[at - 1];
		cost[at] = took;
	}
	return clock_ticks_to_ns(cost[COST_PAIRS / 2]);
}
