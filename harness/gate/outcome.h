/* What a gate found, as one object: whoever measures adds to it, and every output is written
 * from it, so that no two of them can disagree. */
#ifndef HARNESS_GATE_OUTCOME_H
#define HARNESS_GATE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include "harness/gate/verdict.h"
#include "harness/stats/statistics.h"

/* What a line of the outcome came to.  Accepted: it would have failed, and the baseline says
 * why that is wanted.  Skipped: it could not be measured here, for a reason that is no failure.
 * Broken: the harness or an allocator failed. */
enum gate_state {
	GATE_STATE_PASS,
	GATE_STATE_FAIL,
	GATE_STATE_INCONCLUSIVE,
	GATE_STATE_ACCEPTED,
	GATE_STATE_SKIPPED,
	GATE_STATE_BROKEN,
	GATE_STATES
};
/* "pass", "fail", "inconclusive", "accepted", "skipped", "broken" */
extern const char *const gate_states[GATE_STATES];

enum gate_unit { GATE_COUNT, GATE_BYTES, GATE_BYTE_EVENTS, GATE_NS, GATE_UNITS };
/* "count", "bytes", "byte_events", "ns" */
extern const char *const gate_units[GATE_UNITS];

/* A function (or another part) of a cell in which base and head differ. */
struct gate_part {
	char *name;
	double base, head;
};

/* One pair of values behind a sampled line, as measured in one block. */
struct gate_pair {
	double base, head;
};

/* One metric of one cell, or of all cells of a tier together (cell NULL): their geometric mean,
 * or, without a ratio, why the tier could not be measured. */
struct gate_line {
	int tier; /* 0 to 3 */
	char *cell, *metric;
	enum gate_unit unit;
	double base, head;      /* NaN: not measured */
	struct interval ratio;  /* head / base; n = 1 and low = high = point: exact */
	double limit;           /* as a share: above 1 + limit it fails; NaN: it has none */
	double smallest_effect; /* that this cell could show, as a share; NaN: exact */
	enum gate_state state;
	char *reason;            /* why it is not a plain pass or fail; NULL = none */
	char *command;           /* that measures this line again; NULL = none */
	struct gate_part *parts; /* what differs most first */
	size_t nparts;
	struct gate_pair *pairs; /* in the order of the blocks; none where values are exact */
	size_t npairs;
};

/* One of the two that are compared. */
struct gate_side {
	char *name, *path, *build_id, *version; /* NULL: not known */
};

struct gate_field { /* of the count class, or of the machine */
	char *key, *value;
};

struct gate_outcome {
	struct gate_side base, head;
	char *baseline; /* file; NULL: a pair measured now */
	struct gate_field *fields;
	size_t nfields;
	struct gate_line *lines; /* in the order they were added */
	size_t nlines;
	double alpha;        /* chance of any false fail of sampled lines */
	double false_alarms; /* expected in 1,000 runs of this gate; NaN: nothing was sampled */
	double aa_percentile; /* 95th of |A/A - 1|; NaN: none */
	size_t aa_pairs;
	double seconds;           /* what it took */
	bool inconclusive_passes; /* --inconclusive=pass */
};

/* All zero but for numbers that are not known.  Nothing here fails but by ending the program
 * where memory is out. */
void gate_outcome_init(struct gate_outcome *outcome);
void gate_outcome_free(struct gate_outcome *outcome);

/* A new line at the end, valid until the next; texts are copied. */
struct gate_line *gate_outcome_add(struct gate_outcome *outcome, int tier, const char *cell,
				   const char *metric, enum gate_unit unit);
void gate_line_part(struct gate_line *line, const char *name, double base, double head);
void gate_line_pair(struct gate_line *line, double base, double head);
/* Replaces a text that the outcome owns.  Such a text is UTF-8 that any format can hold and no
 * terminal obeys: what is none, and control characters but newline and tab, become U+FFFD. */
void gate_text(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void gate_outcome_field(struct gate_outcome *outcome, const char *key, const char *value);

/* How many lines came to each state. */
void gate_outcome_counts(const struct gate_outcome *outcome, size_t counts[GATE_STATES]);
/* Of all lines: broken where one is, else fail, else inconclusive, else pass (accepted and
 * skipped lines do not count; with nothing left it is skipped). */
enum gate_state gate_outcome_state(const struct gate_outcome *outcome);
/* 0 pass, 1 fail, 3 broken, 4 inconclusive (0 where that passes), 77 skipped. */
int gate_outcome_status(const struct gate_outcome *outcome);

#endif
