#include "page/mapping_turns.h"

#include "util/assert.h"
#include "util/atomic.h"

/* (A thread may come late with its look at the clock.) */
static bool is_over(uint64_t since_ns, uint64_t now_ns, uint64_t span_ns)
{
	return (int64_t)(now_ns - since_ns) > (int64_t)span_ns;
}

void ash_turns_gone(struct ash_turns *turns, size_t bytes, uint64_t now_ns, uint64_t span_ns)
{
	size_t gone = is_over(turns->gone_ns, now_ns, span_ns) ? 0 : turns->gone;

	ash_store_relaxed(&turns->gone, gone + bytes);
	turns->gone_ns = now_ns;
}

void ash_turns_missed(struct ash_turns *turns, size_t bytes, uint64_t now_ns, uint64_t span_ns)
{
	size_t now = ash_turns_bytes(turns, now_ns, span_ns);
	size_t gone = is_over(turns->gone_ns, now_ns, span_ns) ? 0 : turns->gone;

	if (bytes > gone)
		bytes = gone;
	ash_store_relaxed(&turns->gone, gone - bytes);
	ash_assert(now <= turns->most);
	if (bytes == 0)
		return;
	ash_store_relaxed(&turns->bytes, bytes < turns->most - now ? now + bytes : turns->most);
	ash_store_relaxed(&turns->turned_ns, now_ns);
}

void ash_turns_served(struct ash_turns *turns, uint64_t now_ns)
{
	ash_store_relaxed(&turns->turned_ns, now_ns);
}

bool ash_turns_clear(struct ash_turns *turns, uint64_t now_ns, uint64_t span_ns)
{
	uint64_t before_ns = turns->cleared_ns;

	turns->cleared_ns = now_ns;
	return ash_turns_bytes(turns, now_ns, span_ns) != 0 ||
	       (before_ns != 0 && !is_over(before_ns, now_ns, span_ns));
}

size_t ash_turns_bytes(const struct ash_turns *turns, uint64_t now_ns, uint64_t span_ns)
{
	size_t bytes = ash_load_relaxed(&turns->bytes);

	return bytes != 0 && !is_over(ash_load_relaxed(&turns->turned_ns), now_ns, span_ns)
		       ? bytes
		       : 0;
}
