#include "workloads/lib/thread.h"

#include <string.h>
#include "workloads/lib/measure.h"
#include "workloads/lib/turns.h"

/* Allocations per timed call: as rare as still gives this many values, and never
 * rarer than 1 in 256. */
#define WANTED_VALUES 120000u
#define RAREST 256u

/* Requests that arrive at a rate are timed in every mode. */
static bool has_rate(const struct wl_run *run)
{
	return run->workload->open_loop && wl_value(run, "rate") > 0;
}

void wl_threads_setup(struct wl_run *run, unsigned others)
{
	run->nthreads = others + 1;
	run->threads = wl_table(run->nthreads * sizeof(*run->threads));
	for (unsigned i = 0; i < run->nthreads; i++) {
		struct wl_thread *t = &run->threads[i];

		t->run = run;
		t->index = i;
		t->count = &run->channel->threads[i];
		t->verify = run->mode == WL_VERIFY;
		t->watched = t->verify || run->locality;
		t->countdown = INT64_MAX;
		rng_seed(&t->rng, run->seed, 2 * i);
		rng_seed(&t->gap, run->seed, 2 * i + 1);
		if (run->mode == WL_LATENCY || has_rate(run))
			t->latency = wl_table(CHANNEL_HIST_KINDS * sizeof(*t->latency));
	}
}

void wl_threads_arm(struct wl_run *run)
{
	uint64_t every = run->expected_allocs / WANTED_VALUES;

	if (run->mode == WL_THROUGHPUT || wl_repeats(run))
		return;
	if (run->mode == WL_LATENCY)
		run->channel->sample_every = every < 1 ? 1 : every > RAREST ? RAREST : every;
	for (unsigned i = 0; i < run->nthreads; i++)
		run->threads[i].countdown =
			run->mode != WL_LATENCY
				? 0
				: 1 + (int64_t)rng_below(&run->threads[i].gap,
							 run->channel->sample_every);
}

static void join(void *argument)
{
	struct wl_worker *worker = argument;

	pthread_join(worker->id, NULL);
	worker->joined = true;
}

static void *start(void *argument)
{
	struct wl_worker *worker = argument;
	struct turns *turns = worker->context->run->turns;

	if (turns)
		turns_wait(turns, worker->context->index);
	worker->body(worker->context, worker->argument);
	measure_thread_end();
	if (turns)
		turns_leave(turns, worker->context->index, join, worker);
	return NULL;
}

void wl_worker_start(struct wl_worker *worker, struct wl_thread *context,
		     void (*body)(struct wl_thread *, void *), void *argument)
{
	int error;

	worker->context = context;
	worker->body = body;
	worker->argument = argument;
	worker->joined = false;
	if (context->run->turns)
		turns_add(context->run->turns, context->index);
	error = pthread_create(&worker->id, NULL, start, worker);
	if (error)
		wl_die(context->run, "cannot start a thread: %s", strerror(error));
}

void wl_worker_join(struct wl_worker *worker)
{
	if (!worker->joined)
		join(worker);
}

void wl_workers_run(struct wl_run *run, void *lanes, size_t size,
		    void (*body)(struct wl_thread *, void *))
{
	unsigned threads = run->nthreads - 1;

	for (unsigned i = 0; i < threads; i++) {
		void *lane = (char *)lanes + i * size;

		wl_worker_start(lane, &run->threads[i + 1], body, lane);
	}
	if (run->turns) {
		turns_begin(run->turns);
		turns_drain(run->turns);
	}
	for (unsigned i = 0; i < threads; i++) {
		void *lane = (char *)lanes + i * size;

		wl_worker_join(lane);
	}
}
