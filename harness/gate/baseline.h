/* Baselines on paper: a file of JSON, reviewed like code, so its order is fixed and a change of
 * one value is a change of one line.
 *
 *	{"schema": "ashlar-baseline 1", "baselines": [{"class": {"compiler": ...},
 *	  "cells": {CELL: {METRIC: {"value": N, "shares": {FUNCTION: N}, "tier": T,
 *	                            "accepted": N, "because": "..."}}}}]}
 *
 * A file may hold baselines of several count classes. */
#ifndef HARNESS_GATE_BASELINE_H
#define HARNESS_GATE_BASELINE_H

#include <jansson.h>
#include "harness/gate/count_class.h"
#include "harness/gate/measure.h"

/* Shares of a value that are kept, at least this part of it: less is noise in a review. */
#define GATE_BASELINE_SHARE 0.005

/* Instructions that differ by a smaller share than this stay as they are in the file: they move
 * by some millionths with how long the numbers are that the driver reads of the kernel at its
 * marks, which is nothing to review. */
#define GATE_BASELINE_SAME 0.00005

/* The file's content, checked; a new one where there is no such file and `make`.  NULL with
 * `why`, which is "" where there is no such file. */
json_t *gate_baseline_read(const char *path, bool make, char *why, size_t why_size);

/* Returns 0, or -1 with `why`; the file is then as it was. */
int gate_baseline_write(const char *path, const json_t *file, char *why, size_t why_size);

/* Adds the values of a class to `values`.  False where the file has none of that class:
 * *nearest is then how the most similar one differs, on the heap, or NULL where there is none
 * with the same fields. */
bool gate_baseline_find(const json_t *file, const struct gate_class *class,
			struct gate_values *values, char **nearest);

/* Puts the values of a tier into the baseline of the class, which is made where it is missing:
 * in place of all that it had of the tier, or, with `keep`, only of their cells and metrics.
 * Values that were not measured are left out. */
void gate_baseline_put(json_t *file, const struct gate_class *class, int tier,
		       const struct gate_values *values, bool keep);

/* Notes that a value is wanted.  False where the baseline lacks it. */
bool gate_baseline_accept(json_t *file, const struct gate_class *class, const char *cell,
			  const char *metric, double value, const char *because);

#endif
