/* diurnal: live bytes follow the days, as a service's do.
 *
 * The number of live objects goes up and down along a curve of one day, some days in a
 * row, while objects are replaced all the time.  Growing adds objects, shrinking frees
 * random ones, so the low of each night is a heap full of holes.  The curve is a cosine
 * with a flat top, between `night_percent` and the peak.
 *
 * What allocators give back by time shows only where a night lasts: `hour_ms` slows days. */
#include <math.h>
#include <stdio.h>
#include "workloads/lib/blocks.h"
#include "workloads/lib/clock.h"
#include "workloads/lib/dist.h"

enum { OPS, LIVE_MIB, NIGHT, DAYS, HOUR };

#define HOURS 24
#define MOST_DAYS 12

static const struct wl_param params[] = {
	{"ops", "replacements, spread over all hours", "0.5 to 0.8 s under glibc", 2500000, 1,
	 1000000000},
	{"live_mib", "live bytes at the peak, MiB", "own: a heap beyond 32 MiB", 64, 1, 65536},
	{"night_percent", "live objects at the low, percent of the peak",
	 "own: services see 2 to 5 times less at night", 30, 1, 100},
	{"days", "cycles", "own: the second low shows what the first peak left", 4, 1,
	 MOST_DAYS},
	{"hour_ms", "least time that an hour takes, without a call after its work, ms",
	 "0: days follow each other as fast as they go", 0, 0, 3600000},
	{NULL, NULL, NULL, 0, 0, 0},
};

#define SIZE_LOW 32
#define SIZE_HIGH 4095
#define MEAN_SIZE 837.5 /* (4096 - 32) / log(4096 / 32) */

struct state {
	uint64_t n;
	struct block *block;
};

static uint64_t peak_count(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[LIVE_MIB] * 0x1p20 / MEAN_SIZE) + 1;
}

/* Hour 0 is the low; the square root flattens the top of the day. */
static uint64_t count_at(const struct wl_run *run, int hour)
{
	double night = (double)run->values[NIGHT] / 100;
	double height = (1 - cos(2 * M_PI * hour / HOURS)) / 2;
	double level = night + (1 - night) * sqrt(height);

	return (uint64_t)((double)peak_count(run) * level) + 1;
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint64_t n = 0;

	run->state = s;
	s->block = wl_table((peak_count(run) + 1) * sizeof(*s->block));
	for (int64_t hour = 0; hour < HOURS * run->values[DAYS]; hour++) {
		uint64_t next = count_at(run, (int)(hour % HOURS));

		run->expected_allocs += next > n ? next - n : 0;
		n = next;
	}
	run->expected_allocs += (uint64_t)run->values[OPS];
	return 0;
}

static void make(struct wl_thread *t, struct block *b)
{
	block_make(t, b, dist_loguniform(&t->rng, SIZE_LOW, SIZE_HIGH), WL_TOUCH_ALL);
}

static void move_to(struct wl_thread *t, struct state *s, uint64_t to)
{
	while (s->n < to)
		make(t, &s->block[s->n++]);
	blocks_shrink(t, s->block, &s->n, to);
}

/* Rests until `hours` have passed since start_ns. */
static void keep_time(struct wl_run *run, uint64_t start_ns, int64_t hours)
{
	int64_t past_ms = (int64_t)((clock_ns(CLOCK_MONOTONIC) - start_ns) / 1000000);

	if (past_ms < hours * run->values[HOUR])
		wl_idle(run, hours * run->values[HOUR] - past_ms);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	int64_t hours = HOURS * run->values[DAYS], ops = run->values[OPS];
	uint64_t start_ns = clock_ns(CLOCK_MONOTONIC);
	char name[32];

	for (int64_t hour = 0; hour < hours; hour++) {
		int64_t now = ops * (hour + 1) / hours - ops * hour / hours;

		move_to(t, s, count_at(run, (int)(hour % HOURS)));
		for (; now > 0; now--) {
			struct block *b = &s->block[rng_below(&t->rng, s->n)];

			block_drop(t, b);
			make(t, b);
		}
		if (hour % (HOURS / 2) == 0) {
			snprintf(name, sizeof(name), "%s-%lld", hour % HOURS ? "noon" : "night",
				 (long long)(hour / HOURS + 1));
			wl_phase(run, name);
		}
		keep_time(run, start_ns, hour + 1);
	}
	move_to(t, s, 0);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->block, s->n, WL_TOUCH_ALL);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[LIVE_MIB] << 20;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] * MEAN_SIZE) +
	       (uint64_t)run->values[DAYS] * peak_bytes(run);
}

const struct workload workload_diurnal = {
	.name = "diurnal",
	.summary = "live objects follow a day's curve between night and peak, several days",
	.isolates = "memory held at night against memory in use, and whether days add up",
	.cannot_tell =
		"time-based return of memory, unless hour_ms makes the nights last; a day is "
		"a tenth of a second without",
	.source = "own; day curves of services, sizes 32 to 4095 as many per doubling",
	.touch = "every byte is written, the first read before the free",
	.params = params,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "allocations",
	.live = live,
};
