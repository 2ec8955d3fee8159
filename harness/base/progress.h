/* How far a run set or a report is: one line that is rewritten on a terminal, else a plain line
 * now and then. */
#ifndef HARNESS_PROGRESS_H
#define HARNESS_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
	FILE *to;
	bool terminal, quiet;
	int total, done;
	uint64_t last_ns; /* of a plain line */
};

/* `to`: standard error where the result itself goes to standard output. */
void progress_begin(struct progress *progress, FILE *to, int total, int done, bool quiet);
/* Before a sample: what is next, and the seconds that are left as far as is known
 * (negative: not known yet). */
void progress_show(struct progress *progress, const char *cell, const char *mode, int block,
		   const char *allocator, double left_s);
/* The same of steps that are of one kind each. */
void progress_step(struct progress *progress, const char *what);
/* After a sample that did not go well: a line of its own on every kind of output. */
void progress_note(struct progress *progress, const char *cell, const char *allocator,
		   const char *status, const char *reason);
void progress_end(struct progress *progress);

#endif
