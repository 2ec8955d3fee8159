/* Sizes and lifetimes of a run's objects, as distributions to plot.
 *
 * A lifetime is the number of allocation calls of the whole process from an object's
 * birth to its end: the same on every machine, where nanoseconds would be those of the
 * recorder.  realloc ends one object and begins another.  The book of live objects is
 * shared memory under one lock, as in verify mode; of a run of many millions it holds one
 * object in so many, drawn evenly, whose lifetimes are exact all the same. */
#ifndef WORKLOADS_CDF_H
#define WORKLOADS_CDF_H

#include <stddef.h>
#include "workloads/shared/workload.h"

/* `births` is how many objects the run will make. */
void cdf_start(uint64_t births);
void cdf_born(const void *p, size_t size);
void cdf_died(const void *p);

/* Writes a table of cumulative shares, by count and by bytes.  Returns 0, or -1 with
 * errno. */
int cdf_write(const struct wl_run *run, const char *path);

#endif
