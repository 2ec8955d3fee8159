/* What an allocator would cost or save a fleet of servers in a year, by the reader's prices.
 *
 * It is told from programs and the user's own commands alone: own workloads do little but
 * allocate, and no fleet is made of them.  The fleet is supposed to run programs like those of
 * the set, each workload with the same weight: to need `time` times the CPU time under another
 * allocator and `memory` times the memory, the geometric means of the set.  What that costs is
 * one of two models:
 *
 * - by resources (memory_bound is NaN): CPUs and memory are bought and left apart, so a
 * server's cores are paid in proportion to CPU time and its memory in proportion to memory;
 * - by servers: for a share of the servers memory decides how many there have to be, for the
 * rest CPU time does, and each of them is paid as a whole.
 *
 * The interval is that of measuring the same cells again (stat_combined_interval): time and
 * memory of a block are drawn together. */
#ifndef HARNESS_FLEET_H
#define HARNESS_FLEET_H

#include <stddef.h>

#include "harness/analysis/means.h"

/* Of 365 days. */
#define FLEET_HOURS 8760

struct fleet_terms {
	double servers;       /* under the reference */
	double core_hour;     /* price of a core for an hour */
	double gib_year;      /* of a GiB of memory for a year */
	double cores, gib;    /* of a server; NaN: as the machine has that measured */
	double memory_bound;  /* share of the servers, 0 to 1, or NaN */
	bool mean_memory;     /* resident memory on average over time, not at its peak */
	const char *currency; /* its name, "" for none */
};

struct fleet_row {
	size_t contender;
	struct interval time, memory; /* ratios to the reference; memory.n = 0: not told */
	struct interval change;       /* of cost, per year; negative: saved */
	struct interval servers;      /* the same as servers of the reference's fleet */
};

struct fleet {
	struct fleet_terms terms;     /* with cores and gib known */
	double cpu_year, memory_year; /* what a server's cores and memory cost in a year */
	bool *of_time, *of_memory;    /* [cell]: is part of that mean */
	size_t cells;                 /* of time */
	struct fleet_row *row;        /* of all that have a mean but the reference, as shown */
	size_t nrows;
	size_t reference;
};

/* Null, with the reason in `why`, where the set cannot tell it: no program and no command in
 * it, nobody to compare with, too little memory to tell, a machine that is not recorded.  Free
 * it with fleet_free. */
struct fleet *fleet_make(const struct comparison *c, const struct means *m,
			 const struct fleet_terms *terms, char *why, size_t why_size);
void fleet_free(struct fleet *f);

/* What a part of the CPU time or of the memory of the whole fleet is worth in a year (2 % of
 * the memory: memory_part = 0.02). */
double fleet_worth(const struct fleet *f, double time_part, double memory_part);

/* In what money changes are told so that the greatest is a number from 1 on: 1e6 with
 * "million", say, or 1 with "". */
double fleet_unit(const struct fleet *f, const char **name);

#endif
