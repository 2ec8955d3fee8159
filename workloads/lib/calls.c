/* The calls that are more than a call: timed and verified ones, and those at checkpoints. */
#include "workloads/lib/calls.h"

#include <math.h>
#include "workloads/lib/cdf.h"
#include "workloads/lib/clock.h"
#include "workloads/lib/footprint.h"
#include "workloads/lib/locality.h"
#include "workloads/lib/turns.h"
#include "workloads/shared/histogram.h"
#include "workloads/lib/verify.h"

void wl_out_of_memory(struct wl_thread *t, size_t size)
{
	wl_die(t->run, "out of memory: the allocator returned NULL for %zu bytes", size);
}

/* Distances are geometric, so that no period of the workload meets a period of the
 * sampling. */
static void next_gap(struct wl_thread *t)
{
	double mean = (double)t->run->channel->sample_every;

	t->countdown =
		mean <= 1 ? 1 : 1 + (int64_t)(log1p(-rng_unit(&t->gap)) / log1p(-1 / mean));
}

static void record(struct wl_thread *t, enum channel_hist_kind kind, uint64_t ticks)
{
	histogram_add(&t->latency[kind], clock_ticks_to_ns(ticks));
	next_gap(t);
}

/* Before a call that is neither timed nor verified, and takes `old` away where that is no NULL:
 * another thread can get its address once the call is made. */
static void look(struct wl_thread *t, const void *old)
{
	if (t->run->mode == WL_FOOTPRINT)
		t->countdown = footprint_look(t->run, t->count);
	else if (old && t->run->mode == WL_CDF)
		cdf_died(old);
	else if (old && t->run->locality)
		locality_touch(t->run->locality, t->index, (uintptr_t)old, 1, false);
}

/* A call is over: of a model an operation, and another thread may have its turn. */
static void over(struct wl_thread *t)
{
	if (t->run->locality)
		locality_operation(t->run->locality);
	if (t->run->turns)
		turns_step(t->run->turns, t->index);
}

/* Around a call that a tool looks at. */
static inline void enter(const struct wl_thread *t)
{
	if (t->run->marks)
		*(volatile uint8_t *)&t->run->marks[t->index].entered = 1;
}

static inline void leave(const struct wl_thread *t)
{
	if (t->run->marks)
		*(volatile uint8_t *)&t->run->marks[t->index].left = 1;
}

/* After one that has given `p`. */
static void *born(struct wl_thread *t, void *p, size_t size)
{
	wl_count_alloc(t, p, size);
	if (t->run->mode == WL_CDF)
		cdf_born(p, size);
	over(t);
	return p;
}

void *wl_malloc_special(struct wl_thread *t, size_t size)
{
	uint64_t from;
	void *p;

	if (t->verify) {
		p = wl_count_alloc(t, malloc(size), size);
		verify_new(t->run, p, size, VERIFY_ALIGNMENT);
		return p;
	}
	if (t->run->mode != WL_LATENCY) {
		look(t, NULL);
		enter(t);
		p = malloc(size);
		leave(t);
		return born(t, p, size);
	}
	from = clock_ticks();
	p = malloc(size);
	record(t, CHANNEL_HIST_ALLOC, clock_ticks() - from);
	return wl_count_alloc(t, p, size);
}

void *wl_calloc_special(struct wl_thread *t, size_t count, size_t size)
{
	uint64_t from;
	void *p;

	if (t->verify) {
		p = wl_count_alloc(t, calloc(count, size), count * size);
		verify_zero(t->run, p, count * size);
		verify_new(t->run, p, count * size, VERIFY_ALIGNMENT);
		return p;
	}
	if (t->run->mode != WL_LATENCY) {
		look(t, NULL);
		enter(t);
		p = calloc(count, size);
		leave(t);
		return born(t, p, count * size);
	}
	from = clock_ticks();
	p = calloc(count, size);
	record(t, CHANNEL_HIST_ALLOC, clock_ticks() - from);
	return wl_count_alloc(t, p, count * size);
}

static void *any_alignment(size_t alignment, size_t size)
{
	void *p;

	if (posix_memalign(&p, alignment < sizeof(p) ? sizeof(p) : alignment, size))
		return NULL;
	return p;
}

static inline void *aligned(struct wl_thread *t, void *(*call)(size_t, size_t),
			    size_t alignment, size_t size)
{
	uint64_t from;
	void *p;

	if (t->verify) {
		p = wl_count_alloc(t, call(alignment, size), size);
		verify_new(t->run, p, size, alignment);
		return p;
	}
	if (t->run->mode != WL_LATENCY) {
		look(t, NULL);
		enter(t);
		p = call(alignment, size);
		leave(t);
		return born(t, p, size);
	}
	from = clock_ticks();
	p = call(alignment, size);
	record(t, CHANNEL_HIST_ALLOC, clock_ticks() - from);
	return wl_count_alloc(t, p, size);
}

void *wl_aligned_special(struct wl_thread *t, size_t alignment, size_t size)
{
	return aligned(t, aligned_alloc, alignment, size);
}

void *wl_posix_memalign_special(struct wl_thread *t, size_t alignment, size_t size)
{
	return aligned(t, any_alignment, alignment, size);
}

void *wl_realloc_special(struct wl_thread *t, void *old, size_t old_size, size_t size)
{
	struct verify_block was;
	uint64_t from = 0;
	void *p;

	if (t->verify) {
		was = verify_gone(t->run, old, old_size);
	} else if (t->run->mode == WL_LATENCY) {
		from = clock_ticks();
	} else {
		look(t, old);
		enter(t);
	}
	p = realloc(old, size);
	if (t->run->mode == WL_LATENCY)
		record(t, CHANNEL_HIST_ALLOC, clock_ticks() - from);
	else
		leave(t);
	if (!p)
		wl_out_of_memory(t, size);
	if (t->verify)
		verify_moved(t->run, &was, p, size);
	else if (t->run->mode == WL_CDF)
		cdf_born(p, size);
	t->count->reallocs++;
	t->count->live_bytes += (int64_t)size - (int64_t)old_size;
	over(t);
	return p;
}

void wl_free_special(struct wl_thread *t, void *p, size_t size)
{
	if (t->verify) {
		verify_gone(t->run, p, size);
		free(p);
	} else if (t->run->mode != WL_LATENCY) {
		look(t, p);
		enter(t);
		free(p);
		leave(t);
	} else {
		uint64_t from = clock_ticks();

		free(p);
		record(t, CHANNEL_HIST_FREE, clock_ticks() - from);
	}
	t->count->frees++;
	t->count->live_objects--;
	t->count->live_bytes -= (int64_t)size;
	over(t);
}

void wl_touch_watched(struct wl_thread *t, void *p, size_t size, enum wl_touch how)
{
	struct locality *l = t->run->locality;
	uintptr_t at = (uintptr_t)p;

	if (!l || how == WL_TOUCH_NONE || !size)
		return;
	locality_touch(l, t->index, at, how == WL_TOUCH_ALL ? size : 1, true);
	if (how != WL_TOUCH_PAGES)
		return;
	for (size_t page = WL_OS_PAGE; page < size; page += WL_OS_PAGE)
		locality_touch(l, t->index, at + page, 1, true);
	locality_touch(l, t->index, at + size - 1, 1, true);
}

void wl_own(struct wl_thread *t, void *p, size_t bytes)
{
	if (t->verify)
		verify_own(t->run, p, bytes);
	else if (t->watched)
		wl_touch_watched(t, p, bytes, WL_TOUCH_ALL);
}

bool wl_is_live_watched(struct wl_thread *t, const void *p)
{
	if (t->run->locality)
		locality_touch(t->run->locality, t->index, (uintptr_t)p, 1, false);
	return !t->verify || verify_is_live(p);
}
