/* Threads: who created whom, and who waited for whose end. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include "workloads/recorder/known.h"
#include "workloads/recorder/lane.h"
#include "workloads/recorder/next.h"
#include "workloads/recorder/process.h"

#define EXPORT __attribute__((visibility("default")))

/* ---- creation ----------------------------------------------------------------- */

struct launch {
	void *(*start)(void *);
	void *argument;
	uint32_t creator;
	_Atomic uint32_t number;
	atomic_bool taken;
};

/* Between pthread_create and the thread's first step; no allocator may be asked. */
static struct launch launches[256];

static struct launch *take_launch(void)
{
	for (unsigned i = 0; i < sizeof(launches) / sizeof(launches[0]); i++)
		if (!atomic_exchange(&launches[i].taken, true))
			return &launches[i];
	return NULL;
}

static void *run(void *argument)
{
	struct launch *launch = argument;
	void *(*start)(void *) = launch->start;
	uint32_t creator = launch->creator;

	argument = launch->argument;
	lane.number = launch->number;
	lane.numbered = true;
	known_put(pthread_self(), lane.number);
	atomic_store(&launch->taken, false);
	lane_put(RAW_START, 0, (uint64_t)creator + 1);
	return start(argument);
}

EXPORT int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
			  void *(*start)(void *), void *argument)
{
	struct launch *launch;
	uint32_t number;
	int error;

	if (!next.ready)
		next_resolve();
	/* An allocator's own threads are not the program's. */
	if (lane.depth || !recorder_open() || !(launch = take_launch()))
		return next.pthread_create(thread, attributes, start, argument);
	launch->start = start;
	launch->argument = argument;
	launch->creator = lane.number;
	launch->number = number = atomic_fetch_add(&recorder->threads, 1);
	lane_put(RAW_CREATE, 0, number);
	error = next.pthread_create(thread, attributes, run, launch);
	if (error) {
		lane_put(RAW_CREATE_FAILED, 0, 0);
		atomic_store(&launch->taken, false);
	} else if (atomic_load(&launch->taken) && launch->number == number) {
		/* It has not begun, and may be joined before it does: its handle may still
		 * be known as an older thread's.  One that has begun has told itself. */
		known_put(*thread, number);
	}
	return error;
}

/* ---- joining ------------------------------------------------------------------ */

/* The number is looked up before: once joined, the handle may be a new thread's. */
static int joined(int error, uint32_t number)
{
	if (error || lane.depth || !recorder)
		return error;
	if (number == KNOWN_NOT)
		atomic_fetch_add(&recorder->unjoined, 1);
	else
		lane_put(RAW_JOIN, 0, number);
	return error;
}

EXPORT int pthread_join(pthread_t thread, void **result)
{
	uint32_t number = known_number(thread);

	return joined(next.pthread_join(thread, result), number);
}

EXPORT int pthread_tryjoin_np(pthread_t thread, void **result)
{
	uint32_t number = known_number(thread);

	return joined(next.pthread_tryjoin_np(thread, result), number);
}

EXPORT int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until)
{
	uint32_t number = known_number(thread);

	return joined(next.pthread_timedjoin_np(thread, result, until), number);
}

EXPORT int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
				const struct timespec *until)
{
	uint32_t number = known_number(thread);

	return joined(next.pthread_clockjoin_np(thread, result, clock, until), number);
}
