#include "workloads/lib/locality.h"

#include "workloads/shared/rng.h"
#include "workloads/shared/workload.h"

#define FIRST_PLACES (1u << 16)

static void set_start(struct locality_set *set, unsigned shift)
{
	*set = (struct locality_set){.shift = shift, .mask = FIRST_PLACES - 1};
	set->places = wl_table(FIRST_PLACES * sizeof(*set->places));
}

static struct locality_place *place_of(const struct locality_set *set, uint64_t number)
{
	uint64_t i = rng_mix(number) & set->mask;

	while (set->places[i].number && set->places[i].number != number)
		i = (i + 1) & set->mask;
	return &set->places[i];
}

static void set_grow(struct locality_set *set)
{
	struct locality_place *old = set->places;
	uint64_t places = set->mask + 1;

	set->mask = 2 * places - 1;
	set->places = wl_table(2 * places * sizeof(*old));
	for (uint64_t i = 0; i < places; i++)
		if (old[i].number)
			*place_of(set, old[i].number) = old[i];
	wl_table_free(old, places * sizeof(*old));
}

static void set_touch(struct locality_set *set, uintptr_t at, uint64_t window)
{
	uint64_t number = (at >> set->shift) + 1;
	struct locality_place *place = place_of(set, number);

	if (!place->number) {
		if (set->used * 2 > set->mask) {
			set_grow(set);
			place = place_of(set, number);
		}
		place->number = number;
		set->used++;
	} else if (place->window == window) {
		return;
	}
	place->window = window;
	set->in_this++;
}

void locality_start(struct locality *l, bool sharing)
{
	*l = (struct locality){.sharing = sharing};
	if (sharing && coherence_start(&l->coherence) < 0)
		wl_die(NULL, "no memory for a table of cache lines");
	set_start(&l->lines, 6);
	set_start(&l->pages, 12);
	set_start(&l->regions, 21);
}

/* Looks a page up in one set of ways, most recent first, and puts it first.  Returns
 * whether it was there. */
static int look_up(uint64_t *ways, int count, uint64_t page)
{
	int at = 0, hit;

	while (at < count - 1 && ways[at] != page)
		at++;
	hit = ways[at] == page;
	for (; at > 0; at--)
		ways[at] = ways[at - 1];
	ways[0] = page;
	return hit;
}

static void translate(struct locality *l, uintptr_t at)
{
	uint64_t page = at >> 12;

	if (look_up(l->l1[page % LOCALITY_L1_SETS], LOCALITY_L1_WAYS, page + 1))
		return;
	l->l1_misses++;
	if (!look_up(l->l2[page % LOCALITY_L2_SETS], LOCALITY_L2_WAYS, page + 1))
		l->l2_misses++;
}

void locality_touch(struct locality *l, unsigned thread, uintptr_t at, size_t bytes,
		    bool writes)
{
	uintptr_t line = at & ~(uintptr_t)63;

	/* Windows are numbered from 1: 0 is that of an empty place. */
	for (; bytes && line < at + bytes; line += 64) {
		l->touches++;
		set_touch(&l->lines, line, l->windows + 1);
		set_touch(&l->pages, line, l->windows + 1);
		set_touch(&l->regions, line, l->windows + 1);
		translate(l, line);
		if (l->sharing && coherence_access(&l->coherence, thread, line, writes) < 0)
			wl_die(NULL, "no memory for a table of cache lines");
	}
}

static void end_window(struct locality_set *set)
{
	set->in_window += set->in_this;
	set->in_this = 0;
}

void locality_operation(struct locality *l)
{
	if (++l->operations % LOCALITY_WINDOW)
		return;
	l->windows++;
	end_window(&l->lines);
	end_window(&l->pages);
	end_window(&l->regions);
}

void locality_take(const struct locality *l, struct channel_locality *f)
{
	f->operations = l->operations;
	f->windows = l->windows;
	f->touches = l->touches;
	f->lines = l->lines.used;
	f->pages = l->pages.used;
	f->regions = l->regions.used;
	f->lines_in_windows = l->lines.in_window;
	f->pages_in_windows = l->pages.in_window;
	f->regions_in_windows = l->regions.in_window;
	f->l1_misses = l->l1_misses;
	f->l2_misses = l->l2_misses;
	f->sharing = l->sharing;
	f->shared_lines = l->coherence.shared;
	f->transfers = l->coherence.transfers;
}
