/* The page of a report. */
#ifndef HARNESS_HTML_PAGE_H
#define HARNESS_HTML_PAGE_H

#include "harness/figures/figures.h"

/* Writes `path` with everything in it: one file, no script, nothing loaded.  A page
 * that was there is replaced only by a whole one.  Returns false after one line on
 * stderr. */
bool page_write(struct report *r, const char *path);

/* Whether there are traces among the cells that ran. */
bool page_has_replays(const struct report *r);

/* Its tables, in html_tables.c, html_memory.c, html_replay.c and html_lists.c. */
void page_geomeans(struct report *r, FILE *f);
void page_ratios(struct report *r, FILE *f, enum metric metric);
void page_held(struct report *r, FILE *f);
void page_marks(struct report *r, FILE *f);
void page_latency(struct report *r, FILE *f);
void page_replays(struct report *r, FILE *f);
void page_gaps(struct report *r, FILE *f);
void page_contenders(struct report *r, FILE *f);
void page_cells(struct report *r, FILE *f);
void page_environment(struct report *r, FILE *f);

/* Cells of cell × contender that have no good sample, or a bad one beside good ones. */
size_t page_count_gaps(const struct report *r);

/* Has the contender no sample, or none but skipped ones because it is not there?  It then has
 * no column in the tables of ratios, and one gap, not one per cell. */
bool page_never_ran(const struct report *r, size_t contender);

#endif
