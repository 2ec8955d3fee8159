/* req-region: a web server's requests, whose objects die together.
 *
 * A request takes a pool block, header and output buffers and some dozens of small
 * objects, and frees all of them at its end, youngest first; one small object in a
 * hundred escapes into long-lived state (a session, a cache entry) and takes the place
 * of an older one there.  The buffer sizes are nginx's defaults; nginx itself hides
 * its small objects in the pool, which other servers do not. */
#include "workloads/lib/blocks.h"
#include "workloads/lib/dist.h"
#include "workloads/lib/open_loop.h"

enum { OPS, RATE, OBJECTS_MIN, OBJECTS_MAX, ESCAPE, KEPT };

#define MOST_OBJECTS 1000
#define BUFFERS 5

static const struct wl_param params[] = {
	{"ops", "requests", "0.5 to 0.8 s under glibc", 160000, 1, 100000000},
	{"rate", "requests per second at which they arrive; 0 = one after the other",
	 "capacity", 0, 0, 100000000},
	{"objects_min", "fewest small objects of a request", "own: a request of a small page",
	 20, 0, MOST_OBJECTS},
	{"objects_max", "most small objects of a request", "own: a request of a large page",
	 100, 0, MOST_OBJECTS},
	{"escape_permille", "small objects that outlive their request, of a thousand",
	 "own: 1 %, which a generational heap would hardly see", 10, 0, 1000},
	{"kept", "long-lived objects at a time", "own: some 6 MiB among the short-lived", 60000,
	 1, 10000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* nginx: request_pool_size, client_header_buffer_size, large_client_header_buffers and
 * twice output_buffers. */
static const size_t buffers[BUFFERS] = {4096, 1024, 8192, 32768, 32768};

struct state {
	struct block own[MOST_OBJECTS + BUFFERS]; /* of the request */
	struct block *kept;
	uint64_t next_kept;
};

/* Settled by the request's number, so that setup() can count them. */
static uint64_t objects_of(const struct wl_run *run, uint64_t request)
{
	uint64_t low = (uint64_t)run->values[OBJECTS_MIN],
		 span = (uint64_t)run->values[OBJECTS_MAX] - low + 1;

	return low + (rng_mix(request ^ rng_mix(run->seed)) >> 32) % span;
}

static int setup(struct wl_run *run)
{
	struct state *s;

	if (sizes_ordered(run, OBJECTS_MIN, OBJECTS_MAX) < 0)
		return -1;
	s = run->state = wl_table(sizeof(*s));
	s->kept = wl_table((size_t)run->values[KEPT] * sizeof(*s->kept));
	for (int64_t i = 0; i < run->values[OPS]; i++)
		run->expected_allocs += BUFFERS + objects_of(run, (uint64_t)i);
	return 0;
}

/* Median 64 bytes, one in a hundred above 660: strings, headers, list nodes. */
static size_t small_size(struct wl_thread *t)
{
	double size = dist_lognormal(&t->rng, 4.16, 1.0);

	return size < 16 ? 16 : size > 8192 ? 8192 : (size_t)size;
}

static void keep(struct wl_run *run, struct wl_thread *t, struct state *s, struct block *b)
{
	struct block *place = &s->kept[s->next_kept++ % (uint64_t)run->values[KEPT]];

	if (place->at)
		block_drop(t, place);
	*place = *b;
	b->at = NULL;
}

static void serve(struct wl_run *run, struct wl_thread *t, uint64_t request)
{
	struct state *s = run->state;
	uint64_t n = objects_of(run, request), made = 0;

	for (int i = 0; i < BUFFERS; i++)
		block_make(t, &s->own[made++], buffers[i],
			   i < 3 ? WL_TOUCH_ALL : WL_TOUCH_PAGES);
	for (uint64_t i = 0; i < n; i++) {
		block_make(t, &s->own[made], small_size(t), WL_TOUCH_ALL);
		if (rng_below(&t->rng, 1000) < (uint64_t)run->values[ESCAPE])
			keep(run, t, s, &s->own[made]);
		made++;
	}
	while (made-- > 0)
		if (s->own[made].at)
			block_drop(t, &s->own[made]);
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	open_loop(run, t, (uint64_t)run->values[OPS], serve);
	wl_phase(run, "steady");
	blocks_drop(t, s->kept, (uint64_t)run->values[KEPT]);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	blocks_live(floor, s->kept, (uint64_t)run->values[KEPT], WL_TOUCH_ALL);
}

#define MEAN_SMALL 110 /* exp(4.16 + 1/2), and the floor of 16 */
#define BUFFER_BYTES 78848

static uint64_t total_bytes(const struct wl_run *run)
{
	uint64_t small = (uint64_t)(run->values[OBJECTS_MIN] + run->values[OBJECTS_MAX]) *
			 MEAN_SMALL / 2;

	return (uint64_t)run->values[OPS] * (small + BUFFER_BYTES);
}

static uint64_t peak_bytes(const struct wl_run *run)
{
	return (uint64_t)(run->values[KEPT] + run->values[OBJECTS_MAX]) * MEAN_SMALL +
	       BUFFER_BYTES;
}

const struct workload workload_req_region = {
	.name = "req-region",
	.summary = "requests with buffers and dozens of small objects, freed together, 1 % "
		   "escaping",
	.isolates = "bursts of allocations that die together around a few that stay",
	.cannot_tell = "networks, several threads, and servers that allocate from pools",
	.source = "nginx's default buffer sizes; numbers of small objects are our own",
	.touch = "small objects and header buffers in full, output buffers one byte per page",
	.params = params,
	.open_loop = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.ops_unit = "requests",
	.live = live,
};
