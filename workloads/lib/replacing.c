#include "workloads/lib/replacing.h"

#include "workloads/lib/dist.h"

static uint64_t value(const struct wl_run *run, unsigned which)
{
	return (uint64_t)run->values[which];
}

struct replacing *replacing_make(struct wl_run *run)
{
	uint64_t threads = value(run, REPLACING_THREADS), ops = value(run, REPLACING_OPS);
	uint64_t slots = value(run, REPLACING_SLOTS);
	struct replacing *lanes;

	if (sizes_ordered(run, REPLACING_SIZE_MIN, REPLACING_SIZE_MAX) < 0)
		return NULL;
	lanes = wl_table(threads * sizeof(*lanes));
	for (uint64_t i = 0; i < threads; i++) {
		lanes[i].ops = ops / threads + (i < ops % threads);
		lanes[i].slot = wl_table(slots * sizeof(struct block));
	}
	run->expected_allocs = ops + threads * slots;
	return lanes;
}

static size_t random_size(struct wl_thread *t)
{
	return dist_inverse_square(&t->rng, value(t->run, REPLACING_SIZE_MIN),
				   value(t->run, REPLACING_SIZE_MAX));
}

void replacing_fill(struct wl_thread *t, struct replacing *lane)
{
	for (uint64_t i = 0; i < value(t->run, REPLACING_SLOTS); i++)
		block_make(t, &lane->slot[i], random_size(t), WL_TOUCH_ALL);
}

void replacing_go(struct wl_thread *t, struct replacing *lane, uint64_t until)
{
	uint64_t slots = value(t->run, REPLACING_SLOTS), done = lane->done;

	for (; done < until; done++) {
		struct block *b = &lane->slot[rng_below(&t->rng, slots)];

		block_drop(t, b);
		block_make(t, b, random_size(t), WL_TOUCH_ALL);
	}
	lane->done = done;
}

void replacing_empty(struct wl_thread *t, struct replacing *lane)
{
	blocks_drop(t, lane->slot, value(t->run, REPLACING_SLOTS));
}

static double mean_size(const struct wl_run *run)
{
	return dist_inverse_square_mean(value(run, REPLACING_SIZE_MIN),
					value(run, REPLACING_SIZE_MAX));
}

static uint64_t objects(const struct wl_run *run)
{
	return value(run, REPLACING_THREADS) * value(run, REPLACING_SLOTS);
}

uint64_t replacing_peak_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)objects(run) * mean_size(run)) + (1 << 20);
}

uint64_t replacing_total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)value(run, REPLACING_OPS) * mean_size(run)) +
	       replacing_peak_bytes(run);
}

uint64_t replacing_table_bytes(const struct wl_run *run)
{
	return objects(run) * sizeof(struct block);
}
