/* Measuring in pairs: a run set of one or two builds, grown stage by stage while what it holds
 * is looked at. */
#ifndef HARNESS_GATE_PAIRS_H
#define HARNESS_GATE_PAIRS_H

#include <stdbool.h>
#include <stdint.h>
#include "harness/analysis/comparison.h"
#include "harness/run/manifest.h"
#include "harness/run/runset.h"

#define PAIRS_BASE "base"
#define PAIRS_HEAD "head"

struct pairs {
	struct manifest manifest;
	struct runset set;
	bool begun; /* the folder is there */
};

/* A run set in the folder `dir`, which is made, of these cells (copied) under `base` and
 * `head`; without head (NULL) base runs twice in each block instead (A/A).  In the set they are
 * called PAIRS_BASE and PAIRS_HEAD, whatever their names.  Returns 0, or -1 with `why`.  Free
 * it in either case. */
int pairs_begin(struct pairs *pairs, const char *dir, const struct cell *cells, int ncells,
		const struct contender *base, const struct contender *head, uint64_t seed,
		char *why, size_t why_size);

/* Measures until cell i has blocks[i] of them (0: none is wanted), or until `deadline_ns` (of
 * now_ns(); 0 = none) leaves no room for one more.  Returns 0, or -1 with `why`; the user's
 * wish to end (interrupt_wanted()) is no failure. */
int pairs_measure(struct pairs *pairs, const int *blocks, uint64_t deadline_ns, bool quiet,
		  char *why, size_t why_size);

/* Whether nothing was measured so far: there was no room for it. */
bool pairs_are_none(const struct pairs *pairs);

/* What was measured so far, against base.  Free it with pairs_close().  NULL with `why`. */
struct comparison *pairs_open(const struct pairs *pairs, char *why, size_t why_size);
void pairs_close(struct comparison *comparison);

/* Mean seconds that a block of the cell took; NaN where it has none. */
double pairs_seconds(const struct comparison *comparison, size_t cell);

void pairs_free(struct pairs *pairs);

#endif
