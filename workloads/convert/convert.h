/* Makes a trace of what the recorder left behind for one program image. */
#ifndef RECORDER_CONVERT_H
#define RECORDER_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/recorder/raw.h"
#include "workloads/trace/keys.h"

struct raw_images {
	struct raw_process *list; /* by start, then pid */
	size_t count;
};

/* All images of the folder.  Returns 0, or -1 with `why` filled. */
int raw_images_read(struct raw_images *images, const char *folder, char *why, size_t why_size);
void raw_images_free(struct raw_images *images);

/* Ticks as time: a factor in units of 2^-32 ns, from the image's start and a later moment
 * of the same clock on the same machine. */
uint64_t raw_ns_per_tick_32(const struct raw_process *image, uint64_t ticks, uint64_t ns);

struct raw_result {
	uint64_t events, threads;
	uint64_t raw_bytes, packed_bytes; /* for the caller to fill who reads it back */
	uint64_t duration_ns;
	uint64_t failed;        /* allocations that returned NULL */
	uint64_t null_frees;    /* free(NULL) */
	uint64_t unknown_frees; /* of objects from before the recording; left out */
	uint64_t lost_frees;    /* an address came again without its free: one was put in */
	uint64_t inversions;    /* stamps that contradict each other across threads */
	uint64_t moved;         /* events moved to keep the order */
};

/* At most `most` events (0: all).  `notes` get what the result says.  Returns 0; 1 when
 * nothing was recorded, and no file is made; -1 with `why` filled and no file, also when
 * the recorder lost records. */
int raw_convert(const char *folder, const struct raw_process *image, uint64_t ns_per_tick_32,
		uint64_t most, const struct trace_keys *header, struct trace_keys *notes,
		const char *path, struct raw_result *result, char *why, size_t why_size);

#endif
