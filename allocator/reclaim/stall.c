#include "reclaim/stall.h"

#include "os/os.h"
#include "os/stalls.h"
#include "util/assert.h"
#include "util/atomic.h"

static_assert(ASH_STALL_BOUNDS <= ASH_OS_STALL_BOUNDS, "these are the first of those");

/* Of this thread: the program's calls that work, one inside of another where a fork or a signal
 * came between, and when the first of them began. */
static __thread uint32_t calls;
static __thread uint64_t since_ns;

void ash_stall_begin(struct ash_stall *stall, bool background)
{
	*stall = (struct ash_stall){.cpu_ns = ash_os_thread_cpu_ns(),
				    .ranges = ash_os_given.ranges,
				    .bytes = ash_os_given.bytes,
				    .background = background};
	if (!background && calls++ == 0)
		since_ns = stall->cpu_ns;
	stall->begin_ns = ash_os_stall_begin_at(ash_os_looked_ns);
	ash_os_stalls_apart++;
}

static void raise_to(uint64_t *most, uint64_t n)
{
	uint64_t now = ash_load_relaxed(most);

	while (n > now && !ash_cas_relaxed(most, &now, n))
		;
}

void ash_stall_end(struct ash_heap *heap, const struct ash_stall *begin)
{
	struct ash_stalls *stalls = &heap->stalls;
	uint64_t ns = ash_os_thread_cpu_ns() - begin->cpu_ns;

	ash_assert(ash_os_given.ranges >= begin->ranges && ash_os_given.bytes >= begin->bytes);
	ash_assert(ash_os_stalls_apart > 0);
	ash_os_stalls_apart--;
	if (begin->background) {
		ash_add_relaxed(&stalls->background_ns, ns);
		return;
	}
	ash_assert(calls > 0);
	calls--;
	ash_os_stall_end_at(ASH_OS_STALL_PURGE, begin->begin_ns, ash_os_looked_ns);
	ash_add_relaxed(&stalls->count, 1);
	ash_add_relaxed(&stalls->lasted[ash_os_stall_class(ns, ASH_STALL_BOUNDS)], 1);
	ash_add_relaxed(&stalls->ns, ns);
	raise_to(&stalls->longest_ns, ns);
	raise_to(&stalls->most_ranges, ash_os_given.ranges - begin->ranges);
	raise_to(&stalls->most_bytes, ash_os_given.bytes - begin->bytes);
}

bool ash_stall_lasts(uint64_t ns)
{
	return calls > 0 && ash_os_thread_cpu_ns() - since_ns >= ns;
}

uint64_t ash_stall_left(uint64_t start_ns, uint64_t most_ns)
{
	uint64_t used = ash_os_given_ns() - start_ns;

	return used + most_ns / 8 < most_ns ? most_ns - used : most_ns / 8;
}

void ash_stall_read(const struct ash_heap *heap, struct ash_stalls *into)
{
	const struct ash_stalls *stalls = &heap->stalls;

	into->count = ash_load_relaxed(&stalls->count);
	for (unsigned i = 0; i <= ASH_STALL_BOUNDS; i++)
		into->lasted[i] = ash_load_relaxed(&stalls->lasted[i]);
	into->ns = ash_load_relaxed(&stalls->ns);
	into->longest_ns = ash_load_relaxed(&stalls->longest_ns);
	into->most_ranges = ash_load_relaxed(&stalls->most_ranges);
	into->most_bytes = ash_load_relaxed(&stalls->most_bytes);
	into->background_ns = ash_load_relaxed(&stalls->background_ns);
}
