/* The sections of a report, each added to the end of a document; their order is that of
 * sections.c. */
#ifndef HARNESS_SECTION_H
#define HARNESS_SECTION_H

#include "harness/analysis/doubts.h"
#include "harness/analysis/findings.h"
#include "harness/analysis/fleet.h"
#include "harness/figures/figures.h"
#include "harness/report/document.h"

void section_glance(struct document *d, const struct comparison *c);
void section_summary(struct document *d, const struct study *study);
/* CPU time, then memory, relative to the reference. */
void section_time(struct document *d, const struct comparison *c);
void section_memory(struct document *d, const struct study *study);
/* Nothing where no terms were given. */
void section_cost(struct document *d, const struct study *study);
/* The same as a document of its own, with one table; where `f` is null it says only `why`.
 * Free it with document_free. */
struct document *cost_document(const struct comparison *c, const struct fleet *f,
			       const char *why);
void section_figures(struct document *d, const struct study *study,
		     const struct figures *figures);
/* Nothing of older sets, which have no sets of counters. */
void section_counters(struct document *d, const struct comparison *c);
/* Nothing without cells of mode instructions, and of sets whose records do not tell the
 * allocator's part. */
void section_instructions(struct document *d, const struct comparison *c);
void section_latency(struct document *d, const struct comparison *c);
/* Nothing where no trace was replayed. */
void section_replays(struct document *d, const struct comparison *c);
/* Nothing without cells of modes locality and sharing. */
void section_locality(struct document *d, const struct comparison *c);
/* Nothing of a set of one machine. */
void section_nodes(struct document *d, const struct comparison *c);
/* The machines in a sentence; nothing of a set of one. */
void section_nodes_line(struct document *d, const struct comparison *c);
void section_gaps(struct document *d, const struct comparison *c);
void section_contenders(struct document *d, const struct study *study);
void section_workloads(struct document *d, const struct comparison *c);
void section_environment(struct document *d, const struct comparison *c);
/* One line, not a section. */
void section_machine(struct document *d, const struct comparison *c);
void section_methods(struct document *d, const struct comparison *c);
void section_reproduce(struct document *d, const struct study *study);

/* The table of a metric's ratios, of all cells and contenders. */
void section_ratios(struct document *d, const struct comparison *c, enum metric metric);
/* A ratio with its interval as a field; n is noted where it is less than `blocks`. */
void section_ratio(struct document *d, const struct interval *ratio, size_t blocks);
/* The same with doubts that are known already; their reasons are noted.  Returns the field. */
struct field *section_interval(struct document *d, const struct interval *ratio,
			       const struct doubts *doubts);
/* Three fields: a mean, the median of its cells, and the range of what is left when one of them
 * is left out, with a note of which two if `named`. */
void section_mean(struct document *d, const struct mean *mean, bool named);
/* Marks a field of numbers as uncertain, and notes why, where there is a doubt. */
void section_doubt(struct field *field, const struct doubts *doubts);

/* How the numbers of a metric read. */
enum unit section_unit(const struct finding_metric *metric);

/* What the manifest says under `key`, or that it says nothing. */
const char *section_recorded(const struct comparison *c, const char *key);
const char *section_reference(const struct comparison *c);
/* On whose C library all ran, as "world stable (glibc 2.36)"; free it. */
char *section_world(const struct comparison *c);

#endif
