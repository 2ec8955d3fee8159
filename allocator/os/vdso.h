/* The clock that the kernel maps into every process (vDSO), found without libc.
 *
 * libc's clock_gettime may be another library's, which allocates, or lies on purpose so that
 * the program believes in another time: what lies idle would then never be old enough to be
 * given back. */
#ifndef ASH_OS_VDSO_H
#define ASH_OS_VDSO_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Whoever defines it gives the allocator its clock, as clock_gettime; it must not allocate. For
 * runs that are to repeat, in which time stands still. */
extern int ashlar_clock_gettime(clockid_t clock, struct timespec *now) __attribute__((weak));

/* Reads the image, where AT_SYSINFO_EHDR says that it lies (0 = there is none).  Once, before
 * other threads ask for the time. */
void ash_vdso_init(unsigned long image);
bool ash_vdso_found(void);

/* As clock_gettime of libc; by a system call where the vDSO has none (an emulator) or does not
 * know the clock. */
int ash_vdso_clock_gettime(clockid_t clock, struct timespec *now);
/* CLOCK_MONOTONIC in ns; 0 where it is not to be had without a system call.  errno stays. */
uint64_t ash_vdso_now_ns(void);

#endif
