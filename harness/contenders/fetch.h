/* Contenders that no installed package holds, and worlds, into the user's cache. */
#ifndef HARNESS_FETCH_H
#define HARNESS_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/contenders/archive.h"
#include "harness/contenders/contender.h"

/* Suites in which the greatest version of a contender is looked for; ends with NULL.  "" is
 * this system's own. */
extern const char *const fetch_suites[];
/* The same for a world of that name; NULL: there is no such world to fetch. */
const char *const *fetch_world_suites(const char *world);

/* Names of the worlds that can be fetched; ends with NULL. */
extern const char *const fetch_worlds[];

/* Only one at a time works in the cache.  Returns a descriptor to be closed, -1 with `why`. */
int fetch_lock(char *why, size_t why_size);

/* Downloads and unpacks what runs on this system's C library.  Returns 0 with `said` naming
 * package, version and suite, or -1 with the reason in it; both are left in the cache, where
 * contender_resolve() finds them. */
int fetch_contender(const struct archive *archive, const struct contender *contender,
		    char *said, size_t size);

/* Downloads the C library of a suite with what the contenders need, and the greatest version of
 * each contender that runs on it; unpacks all into a folder of the cache, which replaces the
 * one that was there when it is complete.  `tell` is called with what becomes of each
 * contender. Returns 0, or -1 with `why`. */
int fetch_world(const struct archive *archive, const char *name,
		const struct contenders *contenders,
		void (*tell)(const char *contender, bool good, const char *text), char *why,
		size_t why_size);

#endif
