/* Threads of a workload: one context each, waiting time recorded when they end. */
#ifndef WORKLOADS_THREAD_H
#define WORKLOADS_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include "workloads/lib/calls.h"
#include "workloads/shared/workload.h"

struct wl_worker {
	pthread_t id;
	struct wl_thread *context;
	void (*body)(struct wl_thread *context, void *argument);
	void *argument;
	bool joined; /* where threads take turns: by who came next */
};

/* Makes run->threads: the first thread's context and `others` more. */
void wl_threads_setup(struct wl_run *run, unsigned others);

/* After setup(): sets how often calls are timed or checked, from the mode and the
 * number of allocations to come. */
void wl_threads_arm(struct wl_run *run);

/* Starts a thread on a context that no other thread uses now; pthread_create's own
 * allocations are the C library's and not counted.  Failure ends the run. */
void wl_worker_start(struct wl_worker *worker, struct wl_thread *context,
		     void (*body)(struct wl_thread *, void *), void *argument);
void wl_worker_join(struct wl_worker *worker);

/* All of them: lane i (`size` bytes each, its worker first) on context i + 1, with the lane as
 * the argument; returns when the last has ended. */
void wl_workers_run(struct wl_run *run, void *lanes, size_t size,
		    void (*body)(struct wl_thread *, void *));

#endif
