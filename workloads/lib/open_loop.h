/* Requests that arrive when they will, whether or not the server is ready.
 *
 * With rate 0 the next request starts when the last is done: that speed is the
 * capacity.  With a rate, requests have Poisson arrival times that no delay moves, and
 * a request's latency counts from the time at which it should have started: what
 * waits behind a slow request is as late as its client sees it.  Waiting for an
 * arrival is a spin, so CPU time then means nothing.  The channel gets how long the
 * requests took to arrive and how long to be served: more than a hair apart, the server
 * did not keep up, and what its clients waited for grows with the length of the run. */
#ifndef WORKLOADS_OPEN_LOOP_H
#define WORKLOADS_OPEN_LOOP_H

#include "workloads/lib/calls.h"

void open_loop(struct wl_run *run, struct wl_thread *t, uint64_t requests,
	       void (*serve)(struct wl_run *run, struct wl_thread *t, uint64_t request));

#endif
