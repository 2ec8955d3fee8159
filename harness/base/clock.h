/* The clocks: wall time for what a user waits for, the CPU clock of another
 * process for a server that does not end with its work. */
#ifndef HARNESS_CLOCK_H
#define HARNESS_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* CLOCK_MONOTONIC in ns. */
uint64_t now_ns(void);

/* User plus system time of a process and all its threads so far, in ns, from the
 * scheduler's own account (no ticks).  False when the process is gone. */
bool cpu_ns_of(pid_t pid, uint64_t *ns);

/* Median cost of one now_ns(), and the smallest step between two different
 * readings, both in ns and measured now. */
uint64_t clock_reading_cost(void);
uint64_t clock_step(void);

/* "2026-01-31T12:00:00Z" of the present moment; `size` of 32 is enough. */
const char *clock_utc(char *text, size_t size);

#endif
