/* Recorded traces among the workloads: the shipped ones by name, `trace:redis`, any other by
 * its file, `trace:FILE`.
 *
 * A trace is called after its file, without folder and `.trace`, and by `trace:NAME=FILE` as
 * the user likes: names stand in cells, in file names and in labels, where a path would be no
 * use to others and too much for them.  No two traces have one name. */
#ifndef HARNESS_TRACES_H
#define HARNESS_TRACES_H

#include <stdbool.h>
#include <stddef.h>
#include "workloads/shared/workload.h"

/* A folder of traces in place of the shipped ones. */
#define TRACES_ENV "ASHLAR_TRACES"

/* Own workloads, then the shipped traces, then those that traces_find() met by their
 * file; ends with NULL and stays valid until the next file is met. */
const struct workload *const *traces_and_workloads(void);

/* Whether a name is meant for a trace. */
bool traces_named(const char *name);

/* Whether it is meant for one trace, and is no pattern: brackets may be part of a file's name.
 */
bool traces_is_one(const char *name);

/* The workload of a trace by its full name or its file, with the prefix; NULL when there is no
 * such shipped trace and no such file, when it cannot be read, or when another trace has its
 * name: `why` then says what there is, or what is wrong with it. */
const struct workload *traces_find(const char *name, char *why, size_t why_size);

/* Of a trace the path of its file and the SHA-256 of what it holds, "" when it cannot be read;
 * NULL for what is no trace. */
const char *traces_path(const struct workload *workload);
const char *traces_sha256(const struct workload *workload);

/* Makes sure that `name`, as a run set has it, is the trace of that fingerprint: one that is
 * known, or the file `path`.  Returns 0, or -1 with `why`: there is none, or it has changed. */
int traces_expect(const char *name, const char *path, const char *sha256, char *why,
		  size_t why_size);

/* "NAME, NAME" of the shipped ones, or words that there are none. */
void traces_known(char *text, size_t size);

#endif
