/* By how much head may exceed base: of each metric, of single cells where a job file says so.
 */
#ifndef HARNESS_GATE_LIMITS_H
#define HARNESS_GATE_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

/* In place of a cell's name: the geometric mean over the cells of a metric. */
#define GATE_MEAN ".mean"

struct gate_limit {
	char *metric; /* with GATE_MEAN behind it: of its mean */
	char *cells;  /* a glob; NULL = all */
	double share; /* above 1 + share it fails */
};

struct gate_limits {
	struct gate_limit *list; /* the last that fits counts */
	size_t count;
};

/* Those that hold unless somebody says otherwise. */
void gate_limits_begin(struct gate_limits *limits);
void gate_limits_free(struct gate_limits *limits);

/* "0.5%" for a metric ("instructions", "instructions.mean") in the cells that a glob names
 * (NULL: all).  Returns 0, or -1 with `why` naming what is accepted. */
int gate_limits_set(struct gate_limits *limits, const char *metric, const char *cells,
		    const char *text, char *why, size_t why_size);

/* The limit of a cell's metric, of the mean where cell is NULL; NaN where it has none. */
double gate_limit_of(const struct gate_limits *limits, const char *metric, const char *cell);

/* Whether a job file's section is of limits: [gate] or [gate CELLS]. */
bool gate_limits_section(const char *section);

/* Sections [gate] and [gate CELLS] of a job file; others are not ours.  Returns 0, or -1 with
 * `why` beginning with the place. */
int gate_limits_read(struct gate_limits *limits, const char *path, char *why, size_t why_size);

#endif
