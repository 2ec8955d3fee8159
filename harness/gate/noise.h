/* What this machine calls a difference of nothing: pairs of one build with itself (A/A), by
 * cell and metric, those measured now and those kept in the user's cache from earlier gates. */
#ifndef HARNESS_GATE_NOISE_H
#define HARNESS_GATE_NOISE_H

#include <stddef.h>
#include "harness/contenders/contender.h"

/* Kept pairs that are older say nothing of the machine of today. */
#define NOISE_DAYS 7

struct noise_pair {
	char *when; /* UTC, ISO 8601 */
	char *base; /* what ran twice: its build-id and variables */
	char *cell, *metric;
	double seconds;   /* that the pair took */
	double log_ratio; /* of the second run to the first */
};

struct noise {
	char *file; /* NULL = nothing is kept */
	char *base; /* of which pairs are wanted; the file has those of others, too */
	struct noise_pair *list;
	size_t count;
	size_t kept;       /* the first so many are of earlier gates */
	const char *since; /* begin of the first of those that are of base; NULL = none is */
};

/* What ran twice, on the heap; NULL where it has no build-id by which it could be known again.
 */
char *noise_base(const struct contender *contender);
/* The pairs of this machine's class and this suite version that are not older than NOISE_DAYS;
 * none where there is no such file.  What is asked for and added is of `base` (copied). */
void noise_read(struct noise *noise, const char *cache, const char *machine_class,
		const char *base);
void noise_add(struct noise *noise, const char *when, const char *cell, const char *metric,
	       double seconds, double log_ratio);
/* Writes all of them.  Returns 0, or -1 with errno: the gate needs it not. */
int noise_keep(const struct noise *noise);
/* The log ratios of a cell's metric into out (room for noise->count), of all cells where cell
 * is NULL.  Returns their number. */
size_t noise_of(const struct noise *noise, const char *cell, const char *metric, double *out);
/* Median seconds of a pair of the cell; NaN where there is none. */
double noise_seconds(const struct noise *noise, const char *cell);
void noise_free(struct noise *noise);

#endif
