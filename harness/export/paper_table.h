/* The tables of a paper: one a metric, rows are cells, columns contenders.  They are built from
 * the findings, and written as LaTeX (paper_tex.c), CSV and Markdown. */
#ifndef HARNESS_EXPORT_PAPER_TABLE_H
#define HARNESS_EXPORT_PAPER_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "harness/report/report.h"

/* What stands where a number could stand. */
enum entry_state {
	ENTRY_NUMBER,
	ENTRY_FAILED,
	ENTRY_TIMEOUT,
	ENTRY_SATURATED, /* an open loop that did not keep up */
	ENTRY_MISSING,   /* not run, or nothing to compare it with */
	ENTRY_STATES
};

struct entry {
	enum entry_state state;
	struct interval number; /* low and high NaN where there is no interval */
	bool best;              /* its interval excludes every other of the row */
	bool doubtful;          /* not certain; see analysis/doubts.h */
	bool partly;            /* others of its samples failed or timed out */
	char *note;             /* why, in words, or null */
};

struct paper_row {
	char *label;
	char *absolute;      /* the reference's own value with its unit, or null */
	bool doubtful;       /* that value is not certain; its entry notes why */
	struct entry *entry; /* one a column */
	bool mean;           /* a geometric mean of the rows above it */
};

struct paper_table {
	const char *name; /* of its files */
	char *caption;    /* a sentence: what, relative to whom, which interval */
	int decimals;
	bool absolutes; /* whether rows have the reference's own value */
	const char *reference;
	const char **column;    /* names of contenders, which belong to the set */
	size_t ncolumns, nulls; /* the last of them never reuse memory and are never best */
	struct paper_row *row;  /* programs before own workloads */
	size_t nrows;
};

struct paper_tables {
	struct paper_table *list;
	size_t count;
};

/* All tables that have a row: CPU time, peak memory, memory over time, three percentiles of
 * latency, instructions, cache lines.  Free with paper_tables_free. */
struct paper_tables *paper_tables_make(struct report *report);
void paper_tables_free(struct paper_tables *tables);

/* A line for each row and column, after one of names. */
void paper_table_csv(const struct paper_table *table, FILE *f);
/* Its caption and one table, best in bold, what is not certain in italics. */
void paper_table_markdown(const struct paper_table *table, FILE *f);

/* One or more tabulars without a preamble, each no wider than `width_pt` (TeX's points, text of
 * 8 pt) and no longer than what a page holds; they need the package booktabs.  Numbers are
 * aligned at their points, ends of intervals stand below and above. */
void paper_table_tex(const struct paper_table *table, double width_pt, FILE *f);

#endif
