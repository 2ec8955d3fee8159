/* Members of an aggregate made ready for the bootstrap, and its resamples. */
#ifndef HARNESS_RESAMPLE_H
#define HARNESS_RESAMPLE_H

#include "harness/stats/statistics.h"
#include "workloads/shared/rng.h"

/* A member: blocks are numbered in the order of its first values. */
struct resampled {
	double *sorted[2]; /* the second is null where it is in no second mean */
	size_t n, *of[2];  /* the block of the i-th of these */
	/* The blocks machine by machine; those of machine k begin at begin[k].  Where machines
	 * are drawn k is one of all members' machines, of which this one may lack some. */
	size_t *blocks, *begin;
	size_t machines; /* with blocks */
	bool drawn;      /* machines are */
};

struct resample {
	struct resampled *member;
	size_t nmembers;
	/* What is drawn once for all: an effect of a machine is common to its cells. */
	size_t *machine, *picked, nmachines;
	unsigned *times; /* that each block of a member is drawn */
	struct rng random;
};

/* Members have a value at least.  Free it. */
void resample_begin(struct resample *r, const struct stat_pairs *members, size_t nmembers,
		    uint64_t seed);
/* Draws the machines of the next resample. */
void resample_machines(struct resample *r);
/* Draws a member's blocks, with replacement, on these machines; median[k] becomes the median of
 * its first and second values. */
void resample_member(struct resample *r, size_t member, double median[2]);
void resample_free(struct resample *r);

#endif
