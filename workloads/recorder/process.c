/* One process: its start, its fork, the first and the last record of each thread. */
#include "workloads/recorder/process.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>
#include "workloads/recorder/image.h"
#include "workloads/recorder/known.h"
#include "workloads/recorder/lane.h"
#include "workloads/recorder/next.h"

static pthread_key_t key;
static bool decided; /* whether to record */

/* Other keys' destructors may still free: comes last by asking for every round. */
static void thread_ends(void *unused)
{
	(void)unused;
	if (++lane.rounds < PTHREAD_DESTRUCTOR_ITERATIONS) {
		pthread_setspecific(key, &lane);
	} else if (lane.state == LANE_OPEN) {
		lane_put(RAW_END, 0, 0);
		lane_close();
	}
}

static void start_recording(void)
{
	const char *given;

	/* The dynamic linker allocates before there is an environment. */
	if (decided || !environ || !next.ready)
		return;
	decided = true;
	given = getenv(RAW_VARIABLE);
	if (!given || !image_folder(given) || pthread_key_create(&key, thread_ends) != 0)
		return;
	if (!image_begin())
		lane.state = LANE_OFF;
}

/* The parent's windows are not here (MADV_DONTFORK), and of its threads only this one. */
static void begin_child(void)
{
	lane = (struct lane){.depth = lane.depth};
	known_forget();
	if (!image_begin_child())
		lane.state = LANE_OFF;
}

bool recorder_open(void)
{
	if (recorder && image_in_child())
		begin_child();
	if (lane.state == LANE_NEW) {
		start_recording();
		if (!recorder)
			return false;
		if (!lane.numbered)
			lane.number = atomic_fetch_add(&recorder->threads, 1);
		lane.numbered = true;
		lane.state = LANE_OPEN;
		pthread_setspecific(key, &lane);
		known_put(pthread_self(), lane.number);
	}
	return lane.state != LANE_OFF && recorder;
}

void lane_put_slow(struct raw_record record)
{
	int kept = errno;
	uint64_t base = recorder_base;

	lane.depth++; /* nothing below is the program's own */
	if (recorder_open()) {
		/* Counted from another base, or from none: the recording has just begun. */
		if (recorder_base != base)
			record.stamp = image_now() << 8 | (record.stamp & 0xff);
		lane_put_open(&record);
	}
	lane.depth--;
	errno = kept;
}

__attribute__((constructor)) static void start(void)
{
	int kept = errno;

	next_resolve();
	lane.depth++;
	recorder_open();
	lane.depth--;
	errno = kept;
}
