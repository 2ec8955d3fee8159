/* The figures of a report: each is a table of numbers, a gnuplot script that stands
 * alone beside it, and the pictures the script makes. */
#ifndef HARNESS_REPORT_FIGURES_H
#define HARNESS_REPORT_FIGURES_H

#include <stdio.h>

#include "harness/analysis/comparison.h"
#include "harness/figures/style.h"

/* What the writers of tables, figures and page share. */
struct report {
	struct result_set *set;
	struct comparison *c;
	char *dir; /* DIR/report */
	struct style *styles;
	size_t *shown, nshown, nulls; /* see styles_shown */
	struct held *held;            /* see held_of */
};

struct figure {
	const char *name; /* NAME.gp, NAME.tsv, NAME.svg, NAME.png */
	const char *title;
	/* Writes NAME.tsv.  Returns false on an error it has printed.  Leaves `absent`
	 * set when the results hold nothing to draw. */
	bool (*write)(struct report *r, struct figure *figure);
	char *caption; /* what it shows and what was left out */
	char *absent;  /* why there is no such figure, or null */
	bool drawn;
};

extern struct figure report_figures[];
extern const size_t report_nfigures;

/* Writes all tables, copies the scripts and draws.  Returns 0, or 3 after one line on
 * stderr; tables and scripts are then there as far as they got. */
int figures_make(struct report *r);
void figures_free(void);

/* A table DIR/report/NAME.tsv: what it holds as comment, then the header line.
 * Null after one line on stderr. */
FILE *table_open(const struct report *r, const char *name, const char *what,
		 const char *header);
/* A tab and a number; NaN as such. */
void table_number(FILE *f, double value);
bool table_close(const struct report *r, const char *name, FILE *f);

/* Any other file DIR/report/NAMESUFFIX, with the same answers. */
FILE *output_open(const struct report *r, const char *name, const char *suffix);
bool output_close(const struct report *r, const char *name, const char *suffix, FILE *f);

/* Sets *text (freeing what it held). */
void text_set(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_append(char **text, const char *format, ...) __attribute__((format(printf, 2, 3)));

bool write_time_ratios(struct report *r, struct figure *figure);
bool write_memory_ratios(struct report *r, struct figure *figure);
bool write_forest(struct report *r, struct figure *figure);
bool write_trade_off(struct report *r, struct figure *figure);
bool write_scalability(struct report *r, struct figure *figure);
bool write_kernel_cost(struct report *r, struct figure *figure);
bool write_instructions(struct report *r, struct figure *figure);
bool write_sizes(struct report *r, struct figure *figure);
bool write_lifetimes(struct report *r, struct figure *figure);
bool write_drain_timeline(struct report *r, struct figure *figure);
bool write_timelines(struct report *r, struct figure *figure);
bool write_fragmentation(struct report *r, struct figure *figure);
bool write_page_floor(struct report *r, struct figure *figure);
bool write_call_latency(struct report *r, struct figure *figure);
bool write_request_latency(struct report *r, struct figure *figure);

/* The cell whose memory over time is shown for itself: frag-drain with its idle phase if it
 * ran, else any cell made for it, else the only own workload of the set, else none
 * (SIZE_MAX). */
size_t drain_cell(const struct report *r);

/* Of a cell and contender at phase number `phase`, medians over blocks; resident memory is
 * less the driver's tables.  False where nothing is known. */
struct phase_memory {
	double rss_per_floor, rss_per_live, floor_per_live, live_bytes;
	size_t n;
};
bool phase_memory(const struct report *r, size_t cell, size_t contender, size_t phase,
		  struct phase_memory *m);
/* Name and number of the phases of a cell, of its first sample that has any. */
json_t *cell_phases(const struct report *r, size_t cell);
/* Does any shown contender have a floor at this phase? */
bool phase_has_floor(const struct report *r, size_t cell, size_t phase);

/* Is it a cell of an own workload in which memory is looked at (throughput, memory)? */
bool cell_has_memory(const struct report *r, size_t cell);
/* Mean resident memory over mean live bytes of a run, with the interval of its median over
 * blocks (n = 0 where no sample has both), and the mean of the live bytes.  The mean of the
 * quotients would be that of the moments in which next to nothing lives. */
struct held {
	struct interval ratio;
	double live_bytes;
};
/* Of all cells and contenders; free() it. */
struct held *held_make(const struct report *r);
const struct held *held_of(const struct report *r, size_t cell, size_t contender);
/* Where less lives than this, the program's own few MiB are what a quotient tells of: such
 * rows are left out of the page's tables. */
#define HELD_LEAST 0x1p20

/* The rows of a sample's timeline from its first live byte on, resident bytes less the
 * driver's tables; all rows as they are where it does not tell what lives. */
size_t held_rows(const struct report *r, const struct result_sample *s,
		 struct timeline_row **rows);
/* The table held.tsv of all cells and contenders. */
bool held_write(struct report *r);

/* The merged histogram of all good samples of a cell and contender, empty if none. */
void latency_collect(const struct report *r, size_t cell, size_t contender, const char *kind,
		     struct distribution *d);

/* A percentile (0 to 1) of one kind against the reference's in the same block: the median of
 * the ratios over blocks.  n is 0 where no block has enough values of both. */
struct interval latency_ratio(const struct report *r, size_t cell, size_t contender,
			      const char *kind, double percentile);

#endif
