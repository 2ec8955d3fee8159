/* Recorded traces among the workloads: the shipped ones by name, `trace:redis`, any
 * other by its file, `trace:FILE`. */
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

/* The workload of a trace by its full name, with its prefix; NULL when there is no such
 * shipped trace and no such file, or when it cannot be read: `why` then says what there
 * is, or what is wrong with it. */
const struct workload *traces_find(const char *name, char *why, size_t why_size);

/* "NAME, NAME" of the shipped ones, or words that there are none. */
void traces_known(char *text, size_t size);

#endif
