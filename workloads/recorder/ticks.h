/* The recorder's clock: a reading comes after all instructions before it have been
 * done.  A plain rdtsc may be read early, before a pointer was handed over that a free on
 * another CPU is stamped with. */
#ifndef RECORDER_TICKS_H
#define RECORDER_TICKS_H

#include <stdint.h>
#include <time.h>
#include "workloads/recorder/raw.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static inline uint64_t ticks_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline enum raw_clock ticks_choose(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;

	/* 0x80000007 EDX bit 8: the rate is constant; 0x80000001 EDX bit 27: rdtscp. */
	if (!__get_cpuid(0x80000007, &a, &b, &c, &d) || !(d & 1u << 8))
		return RAW_CLOCK_NS;
	if (__get_cpuid(0x80000001, &a, &b, &c, &d) && (d & 1u << 27))
		return RAW_CLOCK_RDTSCP;
	return RAW_CLOCK_LFENCE;
#elif defined(__aarch64__)
	return RAW_CLOCK_CNTVCT;
#else
	return RAW_CLOCK_NS;
#endif
}

static inline uint64_t ticks_read(enum raw_clock clock)
{
#if defined(__x86_64__)
	uint32_t low, high, cpu;

	if (clock == RAW_CLOCK_RDTSCP) {
		__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(cpu) : : "memory");
		return (uint64_t)high << 32 | low;
	}
	if (clock == RAW_CLOCK_LFENCE) {
		__asm__ volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high) : : "memory");
		return (uint64_t)high << 32 | low;
	}
#elif defined(__aarch64__)
	uint64_t value;

	if (clock == RAW_CLOCK_CNTVCT) {
		__asm__ volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(value) : : "memory");
		return value;
	}
#endif
	return ticks_ns();
}

#endif
