/* What a contender held while a workload ran: resident memory beside what lived, over time and
 * at phase marks.  Resident memory is less the driver's tables throughout. */
#ifndef HARNESS_HELD_H
#define HARNESS_HELD_H

#include "harness/analysis/comparison.h"

/* Mean resident memory over mean live bytes of a run, with the interval of its median over
 * blocks (n = 0 where no sample has both), and the mean of the live bytes.  The mean of the
 * quotients would be that of the moments in which next to nothing lives. */
struct held {
	struct interval ratio;
	double live_bytes;
};

/* Of all cells and contenders, for held_of; free() it. */
struct held *held_make(const struct comparison *c);
const struct held *held_of(const struct held *all, const struct comparison *c, size_t cell,
			   size_t contender);

/* Where less lives than this, the program's own few MiB are what a quotient tells of: such
 * rows are left out of the report's tables. */
#define HELD_LEAST 0x1p20

/* Is it a cell of an own workload in which memory is looked at (throughput, memory)? */
bool held_in_cell(const struct comparison *c, size_t cell);

/* Of a cell and contender at phase number `phase`, medians over n blocks.  False where nothing
 * is known. */
struct held_phase {
	double rss_per_floor, rss_per_live, floor_per_live, live_bytes;
	size_t n;
};
bool held_at_phase(const struct comparison *c, size_t cell, size_t contender, size_t phase,
		   struct held_phase *m);
/* Resident memory in bytes at the phase mark of this name, with the interval of its median over
 * blocks; n = 0 and NaN where there is none. */
struct interval held_rss_at(const struct comparison *c, size_t cell, size_t contender,
			    const char *phase);
/* The mark of this name in a sample's phases, or null. */
json_t *held_mark(const struct result_sample *s, const char *phase);
/* Name and number of the phases of a cell, of its first sample that has any; else null. */
json_t *held_phases(const struct comparison *c, size_t cell);
/* Does any shown contender have a floor at this phase? */
bool held_phase_has_floor(const struct comparison *c, size_t cell, size_t phase);

/* The first good sample of a cell and contender that has a timeline, or null. */
const struct result_sample *held_sample(const struct comparison *c, size_t cell,
					size_t contender);
/* The rows of a sample's timeline from its first live byte on; all rows as they are, tables
 * included, where it does not tell what lives.  Returns their number; free *rows. */
size_t held_rows(const struct comparison *c, const struct result_sample *s,
		 struct timeline_row **rows);

/* The cell whose memory over time is shown for itself: frag-drain with its idle phase if it
 * ran, else any cell made for it, else the only own workload of the set, else none
 * (SIZE_MAX). */
size_t held_drain_cell(const struct comparison *c);

#endif
