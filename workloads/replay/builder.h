/* Builds a script from the events of a trace: what waits for what, how far apart
 * threads may be, which thread uses which context.  Allocates by malloc. */
#ifndef REPLAY_BUILDER_H
#define REPLAY_BUILDER_H

#include <stddef.h>
#include "workloads/replay/script.h"
#include "workloads/trace/event.h"
#include "workloads/trace/summary.h"

struct builder;

/* `whole` sums up the events that will come.  NULL with `why` filled. */
struct builder *builder_make(const struct replay_settings *settings,
			     const struct trace_summary *whole, char *why, size_t why_size);

/* The next event in merged order.  Returns 0, or -1 with `why` filled. */
int builder_add(struct builder *builder, const struct trace_event *event, char *why,
		size_t why_size);

/* After the last event: the run shall be held to this table of who frees whose objects,
 * the trace's own, instead of the one that came with the events.  -1 without memory. */
int builder_promise(struct builder *builder, const struct trace_summary *promised);

/* Bytes that the script will take, after the last event. */
uint64_t builder_bytes(const struct builder *builder);

/* Writes all but `settings` and `state` into memory of builder_bytes(), zeroed but for
 * these.  `promised` is what the trace itself says it holds (NULL: it says nothing),
 * against which the steps are counted again. */
void builder_write(const struct builder *builder, const struct trace_summary *whole,
		   const struct trace_summary *promised, struct replay_script *script);

void builder_free(struct builder *builder);

#endif
