/* Events as bytes, one thread's and one chunk's at a time. */
#ifndef TRACE_CODEC_H
#define TRACE_CODEC_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/trace/event.h"

/* What the bytes say by themselves: objects by thread and number, no slots. */
struct raw_event {
	enum trace_op op;
	enum trace_call call;
	uint64_t time;
	uint64_t size;
	uint32_t align_log2, resident, other;
	uint32_t owner;  /* of the object that is freed or resized */
	uint64_t number; /* that object's */
};

#define CODEC_GUESSES 64u
#define CODEC_EVENT_MAX 80u /* bytes of the longest event with its attributes */

/* Equal on both sides before every event. */
struct codec {
	uint32_t tid;
	uint64_t time;
	uint64_t objects; /* numbered so far */
	uint64_t last_size;
	uint64_t guess[CODEC_GUESSES];
};

/* To the state at the start of a chunk. */
void codec_begin(struct codec *codec, uint32_t tid, uint64_t time, uint64_t objects);

/* Appends an event that is within the format's limits; returns where it ends. */
uint8_t *codec_put(struct codec *codec, const struct raw_event *event, uint8_t *to);

/* Takes the next event and moves *from on.  Returns NULL, or what is wrong. */
const char *codec_get(struct codec *codec, const uint8_t **from, const uint8_t *end,
		      struct raw_event *event);

#endif
