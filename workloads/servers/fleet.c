/* fleet-0 to fleet-9: the sizes, rates and lifetimes of ten server binaries at Google.
 *
 * A birth and death process after fleetbench: each size is allocated at its measured
 * rate, and lives for an exponential time whose mean is, by Little's law, its measured
 * live count divided by its rate.  The heap begins in its steady state (ramp), scaled
 * to heap_mib; rates keep their shape, so a smaller heap turns over sooner.
 *
 * Time is counted in allocations.  Which object is born and which die at each step is
 * settled before the run, in tables read from front to back: the driver's own cache
 * misses are those of one array of live pointers. */
#include "workloads/lib/calls.h"
#include "workloads/servers/data/tables.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/page_floor.h"

enum { OPS, HEAP_MIB };

static const struct wl_param params[] = {
	{"ops", "allocations in the steady state", "0.5 to 0.8 s under glibc", 3000000, 1,
	 500000000},
	{"heap_mib", "mean live bytes, MiB",
	 "the source's heap scaled to what a short run renews", 64, 1, 16384},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* Objects 0..first-1 are born in the ramp, the others one per step after it. */
struct state {
	uint32_t first, steps, places; /* places: greatest number of live objects */
	uint32_t *size;                /* per object */
	uint32_t *place;               /* per object: its entry in `live` */
	uint32_t *deaths;              /* objects in the order in which they die */
	uint32_t *deaths_until;        /* per step: how many of them before its birth */
	void **live;                   /* per place; NULL at marks = none */
	uint32_t born, dead;           /* kept at marks only */
};

static const struct fleet_table *const binaries[] = {
	&fleet_0, &fleet_1, &fleet_2, &fleet_3, &fleet_4,
	&fleet_5, &fleet_6, &fleet_7, &fleet_8, &fleet_9,
};

/* The workload's name ends in the source's number of the binary. */
static const struct fleet_table *table_of(const struct wl_run *run)
{
	return binaries[run->workload->name[sizeof("fleet-") - 1] - '0'];
}

static double mean_live_size(const struct fleet_table *table)
{
	double bytes = 0, objects = 0;

	for (unsigned i = 0; i < table->count; i++) {
		bytes += (double)table->rows[i].size * table->rows[i].live;
		objects += table->rows[i].live;
	}
	return bytes / objects;
}

static double mean_alloc_size(const struct fleet_table *table)
{
	double bytes = 0, rate = 0;

	for (unsigned i = 0; i < table->count; i++) {
		bytes += (double)table->rows[i].size * table->rows[i].rate;
		rate += table->rows[i].rate;
	}
	return bytes / rate;
}

static double mean_live_objects(const struct wl_run *run)
{
	return (double)run->values[HEAP_MIB] * 0x1p20 / mean_live_size(table_of(run));
}

/* Mean lifetime of row i in allocations: its live objects / its share of the births. */
static double mean_lifetime(const struct wl_run *run, unsigned i)
{
	const struct fleet_table *table = table_of(run);
	double live = 0, rate = 0;

	for (unsigned n = 0; n < table->count; n++) {
		live += table->rows[n].live;
		rate += table->rows[n].rate;
	}
	return mean_live_objects(run) * (table->rows[i].live / live) /
	       (table->rows[i].rate / rate);
}

/* Draws each object's size and the step before whose birth it dies (steps = lives to
 * the end).  What is alive at the start has, exponential times having no memory, the
 * same lifetimes as what is born later. */
static void draw(struct wl_run *run, struct state *s, uint32_t *death)
{
	const struct fleet_table *table = table_of(run);
	struct rng *r = &run->threads[0].rng;
	double *weight = wl_table(table->count * sizeof(*weight));
	double *lifetime = wl_table(table->count * sizeof(*lifetime));
	struct dist_alias by_rate, by_live;

	for (unsigned i = 0; i < table->count; i++) {
		weight[i] = table->rows[i].rate;
		lifetime[i] = mean_lifetime(run, i);
	}
	dist_alias_init(&by_rate, weight, table->count);
	for (unsigned i = 0; i < table->count; i++)
		weight[i] = table->rows[i].live;
	dist_alias_init(&by_live, weight, table->count);
	for (uint32_t o = 0; o < s->first + s->steps; o++) {
		uint32_t row = dist_alias_pick(o < s->first ? &by_live : &by_rate, r);
		double from = o < s->first ? 0 : o - s->first + 1;
		double until = from + dist_exponential(r, lifetime[row]);

		s->size[o] = table->rows[row].size;
		death[o] = until < s->steps ? (uint32_t)until : s->steps;
	}
	wl_table_free(weight, table->count * sizeof(*weight));
	wl_table_free(lifetime, table->count * sizeof(*lifetime));
}

/* Sorts the deaths by their step; those at the end stay in order of birth. */
static void order_deaths(struct state *s, const uint32_t *death)
{
	uint32_t *next = wl_table(((size_t)s->steps + 1) * sizeof(*next)), sum = 0;

	for (uint32_t o = 0; o < s->first + s->steps; o++)
		next[death[o]]++;
	for (uint32_t step = 0; step <= s->steps; step++) {
		uint32_t here = next[step];

		next[step] = sum;
		sum += here;
		s->deaths_until[step] = sum;
	}
	for (uint32_t o = 0; o < s->first + s->steps; o++)
		s->deaths[next[death[o]]++] = o;
	wl_table_free(next, ((size_t)s->steps + 1) * sizeof(*next));
}

/* Gives each object a place, the one that died last first. */
static void give_places(struct state *s)
{
	uint32_t *spare = wl_table(((size_t)s->first + s->steps) * sizeof(*spare));
	uint32_t spares = 0, dead = 0;

	for (uint32_t o = 0; o < s->first + s->steps; o++) {
		if (o >= s->first)
			while (dead < s->deaths_until[o - s->first])
				spare[spares++] = s->place[s->deaths[dead++]];
		s->place[o] = spares ? spare[--spares] : s->places++;
	}
	wl_table_free(spare, ((size_t)s->first + s->steps) * sizeof(*spare));
}

static int setup(struct wl_run *run)
{
	struct state *s = wl_table(sizeof(*s));
	uint32_t objects, *death;

	run->state = s;
	s->first = (uint32_t)mean_live_objects(run);
	s->steps = (uint32_t)run->values[OPS];
	objects = s->first + s->steps;
	s->size = wl_table(objects * sizeof(*s->size));
	s->place = wl_table(objects * sizeof(*s->place));
	s->deaths = wl_table(objects * sizeof(*s->deaths));
	s->deaths_until = wl_table(((size_t)s->steps + 1) * sizeof(*s->deaths_until));
	death = wl_table(objects * sizeof(*death));
	draw(run, s, death);
	order_deaths(s, death);
	wl_table_free(death, objects * sizeof(*death));
	give_places(s);
	s->live = wl_table(s->places * sizeof(*s->live));
	run->expected_allocs = objects;
	return 0;
}

static inline void bear(struct state *s, struct wl_thread *t, uint32_t object)
{
	void *p = wl_malloc(t, s->size[object]);

	wl_touch(t, p, s->size[object], WL_TOUCH_PAGES);
	s->live[s->place[object]] = p;
}

static inline void bury(struct state *s, struct wl_thread *t, uint32_t object)
{
	void *p = s->live[s->place[object]];

	s->live[s->place[object]] = NULL;
	wl_look(p);
	wl_free(t, p, s->size[object]);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];
	uint32_t dead = 0;

	for (uint32_t o = 0; o < s->first; o++)
		bear(s, t, o);
	s->born = s->first;
	wl_phase(run, "ramp");
	for (uint32_t step = 0; step < s->steps; step++) {
		while (dead < s->deaths_until[step])
			bury(s, t, s->deaths[dead++]);
		bear(s, t, s->first + step);
	}
	s->born = s->first + s->steps;
	s->dead = dead;
	wl_phase(run, "steady");
	while (dead < s->born)
		bury(s, t, s->deaths[dead++]);
	s->dead = dead;
	wl_phase(run, "emptied");
	return 0;
}

/* At "ramp" nothing has died; later, what is left of the order of deaths lives. */
static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (uint32_t i = s->dead; i < s->first + s->steps; i++)
		if (s->deaths[i] < s->born)
			page_floor_object(floor, s->live[s->place[s->deaths[i]]],
					  s->size[s->deaths[i]], WL_TOUCH_PAGES);
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] * mean_alloc_size(table_of(run))) +
	       (uint64_t)run->values[HEAP_MIB] * (1u << 20);
}

/* The mean, and room for the swings of the largest sizes. */
static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[HEAP_MIB] * (1u << 20) * 5 / 4 + (16u << 20);
}

/* Size, place and death of each object, in two orders, and the pointers to what lives. */
static uint64_t table_bytes(const struct wl_run *run)
{
	uint64_t first = (uint64_t)mean_live_objects(run),
		 objects = first + (uint64_t)run->values[OPS];

	return objects * 6 * sizeof(uint32_t) + 2 * first * sizeof(void *);
}

#define FLEET(number, of)                                                                    \
	const struct workload workload_fleet_##number = {                                    \
		.name = "fleet-" #number,                                                    \
		.summary = "sizes, rates and lifetimes of a server binary at Google (" of    \
			   ") as a birth and death process",                                 \
		.isolates = "the mix of a large server at a steady heap: caches, placement " \
			    "and waste together",                                            \
		.cannot_tell = "bursts, phases, correlated lifetimes and remote frees: the " \
			       "model has none",                                             \
		.source = "google/fleetbench, binary " #number                               \
			  " (workloads/servers/data/google_fleet.c)",                        \
		.touch = "one byte in each OS page of an object and its last byte are "      \
			 "written, the first is read before the free",                       \
		.params = params,                                                            \
		.setup = setup,                                                              \
		.run = run,                                                                  \
		.total_bytes = total_bytes,                                                  \
		.peak_bytes = peak_bytes,                                                    \
		.table_bytes = table_bytes,                                                  \
		.ops_unit = "allocations",                                                   \
		.live = live,                                                                \
	}

/* What sets each apart: size of its heap at the source, and where its bytes are. */
FLEET(0, "29 GiB heap, live bytes in 1 to 8 KiB");
FLEET(1, "93 MiB heap, nearly all small");
FLEET(2, "12 GiB heap, live bytes in 1 to 8 KiB");
FLEET(3, "3.5 GiB heap, allocated bytes above 8 KiB");
FLEET(4, "1.1 GiB heap, half of it small");
FLEET(5, "616 MiB heap, the source's default");
FLEET(6, "6.7 GiB heap, one allocation in ten above 1 KiB");
FLEET(7, "62 GiB heap, live bytes above 8 KiB");
FLEET(8, "8.6 GiB heap, nearly all live bytes in large objects");
FLEET(9, "15 GiB heap, a tenth of a percent above 48 KiB");
