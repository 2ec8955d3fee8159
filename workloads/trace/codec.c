#include "workloads/trace/codec.h"

#include <stdbool.h>
#include <string.h>
#include "workloads/trace/bytes.h"
#include "workloads/trace/format.h"

#define CODE(code, value) ((uint64_t)(value) << 4 | (code))
#define CALLS_ALIGNED 5u
#define ALIGN_LIMIT 48u

void codec_begin(struct codec *codec, uint32_t tid, uint64_t time, uint64_t objects)
{
	memset(codec, 0, sizeof(*codec));
	codec->tid = tid;
	codec->time = time;
	codec->objects = objects;
}

static uint64_t size_delta(struct codec *codec, uint64_t size)
{
	uint64_t delta = zigzag(size, codec->last_size);

	codec->last_size = size;
	return delta;
}

/* Which object: its distance in the own thread, else its number near a guess. */
static uint8_t *put_object(struct codec *codec, const struct raw_event *event, uint8_t *to)
{
	uint64_t *guess = &codec->guess[event->owner % CODEC_GUESSES];

	if (event->owner == codec->tid)
		return put_varint(to, CODE(event->op, codec->objects - 1 - event->number));
	to = put_varint(
		to, CODE(event->op - TRACE_REALLOC + TRACE_CODE_REALLOC_OTHER, event->owner));
	to = put_varint(to, zigzag(event->number, *guess));
	*guess = event->number + 1;
	return to;
}

uint8_t *codec_put(struct codec *codec, const struct raw_event *event, uint8_t *to)
{
	switch (event->op) {
	case TRACE_MALLOC:
	case TRACE_CALLOC:
	case TRACE_ALIGNED:
		to = put_varint(to, CODE(event->op, size_delta(codec, event->size)));
		if (event->op == TRACE_ALIGNED)
			to = put_varint(to, event->align_log2 | (uint64_t)event->call << 6);
		codec->objects++;
		break;
	case TRACE_REALLOC:
		to = put_object(codec, event, to);
		to = put_varint(to, size_delta(codec, event->size));
		codec->objects++;
		break;
	case TRACE_REALLOC_FREE:
		to = put_object(codec, event, to);
		break;
	case TRACE_FREE:
		if (event->resident != TRACE_NOT_MEASURED)
			to = put_varint(to, CODE(TRACE_CODE_RESIDENT, event->resident));
		if (event->call != TRACE_CALL_PLAIN)
			to = put_varint(to, CODE(TRACE_CODE_CALL, event->call));
		to = put_object(codec, event, to);
		break;
	case TRACE_START:
		to = put_varint(to, CODE(TRACE_START, event->other == TRACE_NO_THREAD
							      ? 0
							      : (uint64_t)event->other + 1));
		break;
	default:
		to = put_varint(to, CODE(event->op, event->op == TRACE_END ? 0 : event->other));
	}
	to = put_varint(to, event->time - codec->time);
	codec->time = event->time;
	return to;
}

static bool get_size(struct codec *codec, uint64_t delta, struct raw_event *event)
{
	event->size = codec->last_size = unzigzag(delta, codec->last_size);
	return event->size < TRACE_SIZE_MAX;
}

static const char *get_own(struct codec *codec, uint64_t distance, struct raw_event *event)
{
	if (distance >= codec->objects)
		return "an event names an object before the thread's first";
	event->owner = codec->tid;
	event->number = codec->objects - 1 - distance;
	return NULL;
}

static const char *get_other(struct codec *codec, uint64_t tid, const uint8_t **from,
			     const uint8_t *end, struct raw_event *event)
{
	uint64_t *guess = &codec->guess[tid % CODEC_GUESSES];
	uint64_t delta;

	if (tid >= TRACE_THREADS_MAX || tid == codec->tid)
		return "an event names an object of a thread that cannot be";
	if (!get_varint(from, end, &delta))
		return "an event is cut off";
	event->owner = (uint32_t)tid;
	event->number = unzigzag(delta, *guess);
	if (event->number >= TRACE_OBJECTS_MAX)
		return "an event names an object beyond the last possible";
	*guess = event->number + 1;
	return NULL;
}

/* The attributes that come before a free. */
static const char *get_attributes(uint64_t *code, const uint8_t **from, const uint8_t *end,
				  struct raw_event *event)
{
	bool any = false;

	for (;; any = true) {
		uint64_t value;

		if (!get_varint(from, end, code))
			return "an event is cut off";
		value = *code >> 4;
		if ((*code & 15) == TRACE_CODE_RESIDENT && value < TRACE_NOT_MEASURED &&
		    event->resident == TRACE_NOT_MEASURED)
			event->resident = (uint32_t)value;
		else if ((*code & 15) == TRACE_CODE_CALL && value > 0 &&
			 value <= TRACE_CALL_FREE_ALIGNED_SIZED &&
			 event->call == TRACE_CALL_PLAIN)
			event->call = (enum trace_call)value;
		else
			break;
	}
	if (any && (*code & 15) != TRACE_FREE && (*code & 15) != TRACE_CODE_FREE_OTHER)
		return "an attribute stands before an event that has none";
	return NULL;
}

static const char *get_realloc(struct codec *codec, const uint8_t **from, const uint8_t *end,
			       struct raw_event *event)
{
	uint64_t delta;

	if (!get_varint(from, end, &delta))
		return "an event is cut off";
	if (!get_size(codec, delta, event))
		return "an object's size is beyond 2^56";
	codec->objects++;
	return NULL;
}

static const char *get_body(struct codec *codec, uint64_t code, const uint8_t **from,
			    const uint8_t *end, struct raw_event *event)
{
	uint64_t value = code >> 4, align;
	const char *wrong;

	switch (code & 15) {
	case TRACE_MALLOC:
	case TRACE_CALLOC:
	case TRACE_ALIGNED:
		event->op = (enum trace_op)(code & 15);
		if (!get_size(codec, value, event))
			return "an object's size is beyond 2^56";
		codec->objects++;
		if (event->op != TRACE_ALIGNED)
			return NULL;
		if (!get_varint(from, end, &align))
			return "an event is cut off";
		if ((align & 63) >= ALIGN_LIMIT || align >> 6 >= CALLS_ALIGNED)
			return "an alignment or the call it belongs to is unknown";
		event->align_log2 = (uint32_t)(align & 63);
		event->call = (enum trace_call)(align >> 6);
		return NULL;
	case TRACE_REALLOC:
	case TRACE_CODE_REALLOC_OTHER:
		event->op = TRACE_REALLOC;
		wrong = (code & 15) == TRACE_REALLOC
				? get_own(codec, value, event)
				: get_other(codec, value, from, end, event);
		return wrong ? wrong : get_realloc(codec, from, end, event);
	case TRACE_REALLOC_FREE:
	case TRACE_FREE:
		event->op = (enum trace_op)(code & 15);
		return get_own(codec, value, event);
	case TRACE_CODE_REALLOC_FREE_OTHER:
	case TRACE_CODE_FREE_OTHER:
		event->op =
			(code & 15) == TRACE_CODE_FREE_OTHER ? TRACE_FREE : TRACE_REALLOC_FREE;
		return get_other(codec, value, from, end, event);
	case TRACE_START:
	case TRACE_END:
	case TRACE_CREATE:
	case TRACE_JOIN:
		event->op = (enum trace_op)(code & 15);
		if (value > TRACE_THREADS_MAX || (event->op == TRACE_END && value))
			return "an event names a thread that cannot be";
		event->other = event->op == TRACE_END     ? TRACE_NO_THREAD
			       : event->op != TRACE_START ? (uint32_t)value
			       : value                    ? (uint32_t)value - 1
							  : TRACE_NO_THREAD;
		return NULL;
	default:
		return "an operation is unknown";
	}
}

const char *codec_get(struct codec *codec, const uint8_t **from, const uint8_t *end,
		      struct raw_event *event)
{
	uint64_t code, delta;
	const char *wrong;

	*event = (struct raw_event){.resident = TRACE_NOT_MEASURED, .other = TRACE_NO_THREAD};
	wrong = get_attributes(&code, from, end, event);
	if (!wrong)
		wrong = get_body(codec, code, from, end, event);
	if (wrong)
		return wrong;
	if (!get_varint(from, end, &delta))
		return "an event is cut off";
	if (delta >= TRACE_TIME_MAX || codec->time + delta >= TRACE_TIME_MAX)
		return "a time is beyond the last possible";
	event->time = codec->time += delta;
	if (codec->objects >= TRACE_OBJECTS_MAX)
		return "a thread has more objects than is possible";
	return NULL;
}
