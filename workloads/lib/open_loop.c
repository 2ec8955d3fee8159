#include "workloads/lib/open_loop.h"

#include "workloads/lib/clock.h"
#include "workloads/lib/dist.h"
#include "workloads/shared/histogram.h"

/* Arrival times are drawn apart from all other choices: the calls are the same with
 * and without a rate. */
static void at_rate(struct wl_run *run, struct wl_thread *t, uint64_t requests, int64_t rate,
		    void (*serve)(struct wl_run *, struct wl_thread *, uint64_t))
{
	double gap = 1e9 / (double)rate, start = 0;
	uint64_t base = clock_ticks(), done = 0;
	struct rng arrivals;

	rng_seed(&arrivals, run->seed, UINT64_MAX);
	for (uint64_t i = 0; i < requests; i++) {
		start += dist_exponential(&arrivals, gap);
		/* Where the clock is held, so that counts repeat, nothing would ever be due. */
		while (clock_moves && clock_ticks_to_ns(clock_ticks() - base) < (uint64_t)start)
			continue;
		serve(run, t, i);
		done = clock_ticks_to_ns(clock_ticks() - base);
		if (clock_moves)
			histogram_add(&t->latency[CHANNEL_HIST_REQUEST],
				      done - (uint64_t)start);
	}
	if (clock_moves && requests) {
		run->channel->arrivals_ns = start < 1 ? 1 : (uint64_t)start;
		run->channel->served_ns = done > 0 ? done : 1;
	}
}

void open_loop(struct wl_run *run, struct wl_thread *t, uint64_t requests,
	       void (*serve)(struct wl_run *, struct wl_thread *, uint64_t))
{
	int64_t rate = wl_value(run, "rate");

	if (rate) {
		at_rate(run, t, requests, rate, serve);
	} else {
		for (uint64_t i = 0; i < requests; i++)
			serve(run, t, i);
	}
	run->ops = requests;
}
