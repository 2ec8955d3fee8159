#include "workloads/lib/clock.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

bool clock_counter_constant;
uint64_t clock_ns_per_tick_32 = (uint64_t)1 << 32;

#define CALIBRATION_NS 10000000u
#define COST_PAIRS 1001

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

	clock_counter_constant = counter_is_constant();
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
