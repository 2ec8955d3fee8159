/* How long to wait for what would be a hang.  Limits of time are for an idle machine and a
 * plain build: a sanitizer takes a multiple of the CPU time, and of a busy machine's CPUs a
 * test gets a share.  Neither is a failure; a hang is merely found later. */
#ifndef ASH_TEST_PATIENCE_H
#define ASH_TEST_PATIENCE_H

#include <stdlib.h>
#include <unistd.h>

#if defined(__SANITIZE_THREAD__)
#define PATIENCE_BUILD 8
#elif defined(__SANITIZE_ADDRESS__)
#define PATIENCE_BUILD 4
#elif ASH_DEBUG >= 3
#define PATIENCE_BUILD 2
#else
#define PATIENCE_BUILD 1
#endif
#define PATIENCE_LOAD_MOST 8

/* Seconds that take the place of `seconds` here and now. */
static inline unsigned patience(unsigned seconds)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	double load, share = 1;

	if (cpus > 0 && getloadavg(&load, 1) == 1)
		share = load / (double)cpus;
	share = share < 1 ? 1 : share > PATIENCE_LOAD_MOST ? PATIENCE_LOAD_MOST : share;
	return (unsigned)(seconds * share) * PATIENCE_BUILD;
}

#endif
