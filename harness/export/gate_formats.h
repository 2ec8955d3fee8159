/* What the writers of a gate's outcome share: one view of it with the words that all of them
 * use, so that none counts, names or orders for itself; and the writers. */
#ifndef HARNESS_EXPORT_GATE_FORMATS_H
#define HARNESS_EXPORT_GATE_FORMATS_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/gate/outcome.h"
#include "harness/report/document.h"

#define GATE_SCHEMA "ashlar-gate 1" /* of the own JSON */

struct gate_view {
	const struct gate_outcome *outcome;
	size_t counts[GATE_STATES];
	enum gate_state state;
	int status;
	char *verdict; /* "fail: 31 lines: 2 fail, 1 inconclusive, 28 pass" */
	/* Per line of the outcome: what its cell is called; where it has none "geometric mean",
	 * or "whole tier" where that could not be measured. No two lines have tier, metric and
	 * this alike: of equals the second is "CELL (2)". */
	char **cell;
	size_t *worst; /* the lines' numbers: broken, fail, inconclusive, accepted, skipped,
			  pass, and in each what is farthest above its limit first */
};

struct gate_view *gate_view_make(const struct gate_outcome *outcome);
void gate_view_free(struct gate_view *view);

/* Whether the line stands in the way of a merge. */
bool gate_blocks(const struct gate_view *view, const struct gate_line *line);
bool gate_is_exact(const struct gate_line *line);
/* The lowest and highest ratio that a line cannot tell from its own; false where it is exact or
 * was not measured. */
bool gate_has_interval(const struct gate_line *line);

/* Words on the heap; free them. */
char *gate_amount(enum gate_unit unit, double value); /* "1.25 MiB"; "–" for NaN */
/* "ratio 1.0123 [1.0101, 1.0145] of 20 pairs, limit 1.005"; "not measured" where there is none.
 */
char *gate_ratio_words(const struct gate_line *line);
/* What a reader needs of a line: the ratio, the reason, the command. */
char *gate_line_words(const struct gate_line *line);

/* The outcome as a document with no more than `rows` lines, the worst; what is left out is said
 * in a sentence.  A text longer than `longest` bytes is cut (0: none is). */
struct document *gate_document(const struct gate_view *view, size_t rows, size_t longest);

/* The writers; errors are the stream's.  `room` is how many bytes it may become, 0: any. */
void gate_write_text(const struct gate_view *view, FILE *f, size_t room);
void gate_write_markdown(const struct gate_view *view, FILE *f, size_t room);
void gate_write_junit(const struct gate_view *view, FILE *f, size_t room);
void gate_write_github(const struct gate_view *view, FILE *f, size_t room);
void gate_write_json(const struct gate_view *view, FILE *f, size_t room);
void gate_write_benchmark_json(const struct gate_view *view, FILE *f, size_t room);
void gate_write_benchstat(const struct gate_view *view, FILE *f, size_t room);
void gate_write_openmetrics(const struct gate_view *view, FILE *f, size_t room);

#endif
