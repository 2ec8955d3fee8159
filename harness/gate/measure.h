/* What tiers 0 to 2 measure of one allocator: values that repeat exactly, so that one build's
 * can be kept in a file and compared with the next one's. */
#ifndef HARNESS_GATE_MEASURE_H
#define HARNESS_GATE_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness/contenders/contender.h"
#include "harness/gate/outcome.h"

struct gate_value {
	int tier;
	char *cell, *metric;
	enum gate_unit unit;
	double value;  /* NaN: not measured */
	char *failure; /* why not; NULL = it was */
	char *skipped; /* why not, where that is no failure; NULL = it is one, or it was */
	/* Of a baseline: a change that is wanted, up to this value; NaN and NULL: none. */
	double accepted;
	char *because;
	/* What it is made of: functions with their instructions.  Those with less than
	 * share_least are left out; 0: none is. */
	struct gate_share *shares;
	size_t nshares;
	double share_least;
};

struct gate_share {
	char *name;
	double value;
};

struct gate_values {
	struct gate_value *list;
	size_t count;
};

/* Where and how it is measured. */
struct gate_place {
	const char *folder; /* an empty one of ours, for whatever is written */
	uint64_t seed;
	const char *cells; /* globs of cells, separated by commas; NULL = all of the tier */
	bool quiet;
};

/* A new value at the end, NaN, valid until the next; texts are copied. */
struct gate_value *gate_values_add(struct gate_values *values, int tier, const char *cell,
				   const char *metric, enum gate_unit unit);
void gate_value_share(struct gate_value *value, const char *name, double part);
void gate_values_free(struct gate_values *values);

/* The value of that tier, cell and metric; NULL where there is none. */
const struct gate_value *gate_values_find(const struct gate_values *values, int tier,
					  const char *cell, const char *metric);

/* Each adds the values of its tier under this contender.  What fails is a value with its
 * reason; -1 with `why` is for what lets nothing be measured at all (valgrind is not there,
 * ...). */
int gate_measure_static(const struct gate_place *place, const struct contender *contender,
			struct gate_values *values, char *why, size_t why_size);
int gate_measure_instructions(const struct gate_place *place, const struct contender *contender,
			      struct gate_values *values, char *why, size_t why_size);
int gate_measure_memory(const struct gate_place *place, const struct contender *contender,
			struct gate_values *values, char *why, size_t why_size);

#endif
