/* Mode footprint: what the process holds resident at checkpoints that are counted in allocation
 * calls, so that nothing in the figures depends on how fast the machine was.
 *
 * Counted are the pages that the program itself has made: anonymous ones and those of memory
 * that is shared without a file, also what was swapped out, and private copies of file pages.
 * Not counted are files' own pages (the kernel maps those around a fault by what happens to be
 * cached), the stack (the environment lies there), the run's own tables, and pages that the
 * allocator has given back by MADV_FREE, since the kernel takes them whenever it likes.  It is
 * read from /proc/self/smaps, which walks the page tables: the counters behind statm and status
 * lag by up to 64 pages per thread before Linux 6.2.  Nothing is allocated for it. */
#ifndef WORKLOADS_FOOTPRINT_H
#define WORKLOADS_FOOTPRINT_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/workload.h"

/* Tables for it.  After setup(), when the number of allocation calls is known; calls are made
 * by one thread alone, which counts them there.  Returns the calls until the first checkpoint.
 */
int64_t footprint_start(struct wl_run *run, const struct channel_thread *count);

/* Before a call: takes the checkpoints that are due; returns the calls that can be made at
 * least until the next. */
int64_t footprint_look(struct wl_run *run, const struct channel_thread *count);

/* After run(): what is still due, the last among it. */
void footprint_end(struct wl_run *run, const struct channel_thread *count);

/* What the lines of a text like /proc/PID/smaps add up to, tables included: all zero before the
 * first, complete after an empty one. */
struct footprint_sum {
	uint64_t bytes;
	/* Of the mapping that is being read. */
	uint64_t rss, anonymous, swapped, lazy, huge;
	int kind;
};
void footprint_line(struct footprint_sum *sum, const char *line);

#endif
