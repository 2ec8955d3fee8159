/* The clock for single calls: the CPU's own counter where it is constant, turned
 * into nanoseconds by a factor measured once, else (and under valgrind) clock_gettime().
 *
 * rdtscp waits for the instructions before it, so a pair of them encloses the call
 * between; what a pair costs is measured too and reported, never subtracted. */
#ifndef WORKLOADS_CLOCK_H
#define WORKLOADS_CLOCK_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

static inline uint64_t clock_ns(clockid_t which)
{
	struct timespec t;

	clock_gettime(which, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

extern bool clock_counter_constant;   /* set by clock_calibrate() */
extern bool clock_moves;              /* likewise: false where libashlar-still.so holds it */
extern uint64_t clock_ns_per_tick_32; /* in units of 2^-32 ns */

static inline uint64_t clock_ticks(void)
{
#if defined(__x86_64__)
	if (clock_counter_constant) {
		uint32_t low, high, cpu;

		__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(cpu) : : "memory");
		return (uint64_t)high << 32 | low;
	}
#elif defined(__aarch64__)
	if (clock_counter_constant) {
		uint64_t ticks;

		__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
		return ticks;
	}
#endif
	return clock_ns(CLOCK_MONOTONIC);
}

/* A difference of ticks as ns. */
static inline uint64_t clock_ticks_to_ns(uint64_t ticks)
{
	return (uint64_t)(((unsigned __int128)ticks * clock_ns_per_tick_32) >> 32);
}

/* Chooses the counter and measures its rate over 10 ms against CLOCK_MONOTONIC.  Under
 * valgrind it is clock_gettime(), whatever the CPU has. */
void clock_calibrate(void);

/* Median over 1001 pairs of the time between two readings with nothing between, ns. */
uint64_t clock_cost_ns(void);

#endif
