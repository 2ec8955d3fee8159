/* Threads that replace objects of their own in slots of a table, their sizes by the inverse
 * square, as in bench-malloc-thread of glibc's benchtests: what workloads of that kind share.
 * Their parameters begin with those of the enum. */
#ifndef WORKLOADS_REPLACING_H
#define WORKLOADS_REPLACING_H

#include <stdint.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/thread.h"

enum {
	REPLACING_OPS, /* replacements by all threads together */
	REPLACING_THREADS,
	REPLACING_SLOTS, /* objects per thread */
	REPLACING_SIZE_MIN,
	REPLACING_SIZE_MAX,
	REPLACING_PARAMS
};

/* One thread's. */
struct replacing {
	struct wl_worker worker;
	uint64_t ops, done; /* replacements */
	struct block *slot;
} __attribute__((aligned(128)));

/* One for each thread, and the run's expected calls; NULL, with a message, where the sizes are
 * in the wrong order. */
struct replacing *replacing_make(struct wl_run *run);

void replacing_fill(struct wl_thread *t, struct replacing *lane);
/* Replaces random ones until `done` is `until`. */
void replacing_go(struct wl_thread *t, struct replacing *lane, uint64_t until);
void replacing_empty(struct wl_thread *t, struct replacing *lane);

/* Of all threads, as struct workload asks for them. */
uint64_t replacing_peak_bytes(const struct wl_run *run);
uint64_t replacing_total_bytes(const struct wl_run *run);
uint64_t replacing_table_bytes(const struct wl_run *run);

#endif
