/* Job files: a run set written down.
 *
 * INI as fio's: sections in brackets, `key = value` below them, comments after # or ; at the
 * beginning of a line or behind a blank, and `include = FILE` (beside the including one) in any
 * place.  What the keys mean is the caller's; here only the form is read. */
#ifndef HARNESS_JOB_H
#define HARNESS_JOB_H

#include <stddef.h>

#define JOB_DEPTH 8 /* of includes within includes */

struct job_line {
	const char *where;   /* "FILE:LINE"; stays */
	const char *section; /* stays */
	const char *key;     /* NULL = a section begins */
	const char *value;   /* stays */
};

/* Calls `take` for every section and every key in their order.  It returns 0, or -1 with `why`.
 * Returns 0, or -1 with `why` beginning with "FILE:LINE: " (or naming the file that cannot be
 * read). */
int job_read(const char *path, int (*take)(const struct job_line *, void *, char *, size_t),
	     void *arg, char *why, size_t why_size);

#endif
