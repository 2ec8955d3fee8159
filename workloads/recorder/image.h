/* One program image that is recorded: what is found out about it, and its file. */
#ifndef RECORDER_IMAGE_H
#define RECORDER_IMAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "workloads/recorder/raw.h"
#include "workloads/recorder/ticks.h"

/* Set once an image records; NULL before and when it does not. */
extern struct raw_process *recorder;
extern enum raw_clock recorder_clock;
extern uint64_t recorder_base; /* reading of the clock that stamps count from */

/* Takes the folder of the files; false when it is no absolute path, or too long. */
bool image_folder(const char *given);
/* Begins recording this image into that folder: sets what stands above.  False after a message
 * when its file cannot be made. */
bool image_begin(void);
/* The same in a child of this image, of which its parent's map is unmapped. */
bool image_begin_child(void);

/* Path of this image's file with that ending, or with that number where it is NULL. */
const char *image_path(char *path, size_t size, const char *ending, uint32_t number);

/* 1 while this process records; 0 in a child made by whatever kind of fork, which the
 * kernel sees to: it gives the child this page empty. */
extern const _Atomic uint32_t *image_alive;

static inline bool image_in_child(void)
{
	return !atomic_load_explicit(image_alive, memory_order_relaxed);
}

static inline uint64_t image_now(void)
{
	return ticks_read(recorder_clock) - recorder_base;
}

#endif
