/* kv-server: a cache that answers requests, under a load that does not wait for it.
 *
 * One thread reads and writes items of a chained hash table on the heap.  Keys are
 * popular after Zipf, sizes are those of ETC (Facebook 2012) or of a key-value cache at
 * Meta, the share of writes is that which 20 of Twitter's 53 clusters exceed, items
 * expire after a fixed number of requests, and a read that misses stores the item, as
 * behind a look-aside cache.  The table doubles by one large calloc and a rehash of
 * everything: the one request that does it is slow, as in a real server.
 *
 * At a rate it is an open loop: see open_loop.h. */
#include "workloads/lib/calls.h"
#include "workloads/servers/data/tables.h"
#include "workloads/servers/kv_schedule.h"
#include "workloads/lib/open_loop.h"
#include "workloads/lib/page_floor.h"

enum { OPS, RATE, KEYS, ZIPF, WRITES, TTL, SIZES, CLUSTER };

static const struct wl_param params[] = {
	{"ops", "requests", "0.5 to 0.8 s under glibc", 3000000, 1, 1000000000},
	{"rate", "requests per second at which they arrive; 0 = one after the other",
	 "capacity", 0, 0, 100000000},
	{"keys", "different keys that are asked for", "a live heap of some 60 MiB", 500000, 1,
	 100000000},
	{"zipf_percent", "100 times the exponent of the keys' popularity",
	 "Twitter's 54 clusters: 0 to 188, half above 120; YCSB: 99", 99, 0, 300},
	{"write_percent", "share of writes among the requests",
	 "Twitter: 20 of 53 clusters above 30", 30, 0, 100},
	{"ttl", "requests after which an item expires; 0 = never",
	 "own: a third of the default run, so that most of it runs with expiry", 1000000, 0,
	 1000000000},
	{"sizes", "0 = ETC, 1 = Meta's kvcache",
	 "workloads/servers/kv_schedule.c, workloads/servers/data", 0, 0, 1},
	{"cluster",
	 "1 to 54: sizes, popularity and writes of that cluster at Twitter, in place of sizes, "
	 "zipf_percent and write_percent; 0 = none",
	 "workloads/servers/data/twitter_clusters.c", 0, 0, 54},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* What precedes key and value; 56 bytes is the metadata per item in Twitter's caches. */
struct item {
	struct item *next;
	uint64_t key;
	uint32_t key_size, value_size;
	uint64_t bookkeeping[4];
};

#define OVERHEAD_REQUEST 64 /* parsed command beside the key */
#define OVERHEAD_REPLY 32   /* header line beside the value */

struct state {
	struct kv_schedule schedule;
	struct item **bucket;
	uint64_t buckets, items;
};

static struct kv_plan plan_of(const struct wl_run *run)
{
	struct kv_plan plan = {
		.requests = (uint64_t)run->values[OPS],
		.keys = (uint64_t)run->values[KEYS],
		.ttl = (uint64_t)run->values[TTL],
		.zipf = (double)run->values[ZIPF] / 100,
		.write_percent = (unsigned)run->values[WRITES],
		.sizes = run->values[SIZES] == 1 ? KV_META : KV_ETC,
		.cluster = (unsigned)run->values[CLUSTER],
	};

	if (plan.cluster) {
		plan.sizes = KV_TWITTER;
		plan.zipf = twitter_rows[plan.cluster - 1].zipf / 100.0;
		plan.write_percent = twitter_rows[plan.cluster - 1].writes;
	}
	return plan;
}

static int setup(struct wl_run *run)
{
	struct kv_plan plan = plan_of(run);
	struct state *s;

	if (plan.cluster && !twitter_rows[plan.cluster - 1].key) {
		wl_fail(run,
			"kv-server: cluster=%u: the source has no figures of this one; 1 to 54 "
			"without it is accepted",
			plan.cluster);
		return -1;
	}
	s = run->state = wl_table(sizeof(*s));
	kv_schedule_make(&s->schedule, &plan, &run->threads[0].rng);
	run->expected_allocs = s->schedule.allocs;
	return 0;
}

static size_t item_size(const struct item *item)
{
	return sizeof(*item) + item->key_size + item->value_size;
}

/* The place that points to the key's item, or to the end of its chain. */
static struct item **find(struct state *s, struct wl_thread *t, uint64_t key)
{
	struct item **place = &s->bucket[rng_mix(key) & (s->buckets - 1)];

	while (*place) {
		if (__builtin_expect(t->watched, 0) && !wl_is_live(t, *place))
			wl_die(t->run,
			       "a chain of the table leads to %p, which is no live block: "
			       "an item or the table was overwritten",
			       (void *)*place);
		if ((*place)->key == key)
			break;
		place = &(*place)->next;
	}
	return place;
}

static void drop(struct state *s, struct wl_thread *t, uint64_t key)
{
	struct item **place = find(s, t, key), *item = *place;

	if (!item)
		wl_die(t->run, "the item of key %llu is lost: the table was overwritten",
		       (unsigned long long)key);
	*place = item->next;
	s->items--;
	wl_free(t, item, item_size(item));
}

static void make_table(struct state *s, struct wl_thread *t, uint64_t buckets)
{
	s->buckets = buckets;
	s->bucket = wl_calloc(t, buckets, sizeof(*s->bucket));
	wl_own(t, s->bucket, buckets * sizeof(*s->bucket));
	if (t->verify) /* calloc's zeros were checked, and the pattern put over them */
		memset(s->bucket, 0, buckets * sizeof(*s->bucket));
}

static void double_table(struct state *s, struct wl_thread *t)
{
	struct item **old = s->bucket;
	uint64_t buckets = s->buckets;

	make_table(s, t, buckets * 2);
	for (uint64_t i = 0; i < buckets; i++)
		for (struct item *item = old[i], *next; item; item = next) {
			struct item **place;

			if (!wl_is_live(t, item))
				wl_die(t->run,
				       "a chain of the table leads to %p, which is no live "
				       "block",
				       (void *)item);
			place = &s->bucket[rng_mix(item->key) & (s->buckets - 1)];
			next = item->next;
			item->next = *place;
			*place = item;
		}
	wl_free(t, old, buckets * sizeof(*old));
}

static void store(struct state *s, struct wl_thread *t, const struct kv_request *q)
{
	uint32_t key_size = s->schedule.key_size[q->key];
	struct item *item = wl_malloc(t, sizeof(*item) + key_size + q->value_size), **place;

	wl_own(t, item, sizeof(*item));
	*item = (struct item){.key = q->key, .key_size = key_size, .value_size = q->value_size};
	wl_touch(t, item + 1, key_size + q->value_size, WL_TOUCH_ALL);
	if (q->flags & KV_OLD)
		drop(s, t, q->key);
	place = find(s, t, q->key);
	if (*place)
		wl_die(t->run, "key %u is in the table twice", q->key);
	*place = item;
	if (++s->items > s->buckets)
		double_table(s, t);
}

static void serve(struct wl_run *run, struct wl_thread *t, uint64_t now)
{
	struct state *s = run->state;
	const struct kv_request *q = &s->schedule.request[now];
	size_t request_size = OVERHEAD_REQUEST + s->schedule.key_size[q->key];
	size_t reply_size = OVERHEAD_REPLY + (q->flags & KV_HIT ? q->value_size : 0);
	void *request, *reply;

	if (q->flags & KV_EXPIRE)
		drop(s, t, s->schedule.request[now - (uint64_t)run->values[TTL]].key);
	request = wl_malloc(t, request_size);
	wl_touch(t, request, request_size, WL_TOUCH_ALL);
	if (q->flags & KV_WRITE)
		store(s, t, q);
	reply = wl_malloc(t, reply_size);
	if (q->flags & KV_HIT) {
		const struct item *item = *find(s, t, q->key);

		if (!item || item->value_size != q->value_size)
			wl_die(t->run, "the item of key %u is lost or damaged", q->key);
		if (!t->verify)
			memcpy((char *)reply + OVERHEAD_REPLY,
			       (const char *)(item + 1) + item->key_size, item->value_size);
	}
	wl_touch(t, reply, OVERHEAD_REPLY, WL_TOUCH_ALL);
	wl_free(t, request, request_size);
	wl_free(t, reply, reply_size);
}

static void empty(struct state *s, struct wl_thread *t)
{
	for (uint64_t i = 0; i < s->buckets; i++)
		for (struct item *item = s->bucket[i], *next; item; item = next) {
			if (!wl_is_live(t, item))
				wl_die(t->run,
				       "a chain of the table leads to %p, which is no live "
				       "block",
				       (void *)item);
			next = item->next;
			s->items--;
			wl_free(t, item, item_size(item));
		}
	wl_free(t, s->bucket, s->buckets * sizeof(*s->bucket));
	s->bucket = NULL;
	s->buckets = 0;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;
	struct wl_thread *t = &run->threads[0];

	make_table(s, t, KV_FIRST_BUCKETS);
	open_loop(run, t, (uint64_t)run->values[OPS], serve);
	wl_phase(run, "steady");
	if (s->items != s->schedule.items)
		wl_die(run, "%llu items in the table, %llu expected",
		       (unsigned long long)s->items, (unsigned long long)s->schedule.items);
	empty(s, t);
	wl_phase(run, "emptied");
	return 0;
}

static void live(const struct wl_run *run, struct page_floor *floor)
{
	const struct state *s = run->state;

	for (uint64_t i = 0; i < s->buckets; i++)
		for (const struct item *item = s->bucket[i]; item; item = item->next)
			page_floor_object(floor, item, item_size(item), WL_TOUCH_ALL);
	if (s->bucket)
		page_floor_object(floor, s->bucket, s->buckets * sizeof(*s->bucket),
				  WL_TOUCH_ALL);
}

static double mean_item(const struct wl_run *run)
{
	struct kv_plan plan = plan_of(run);

	return (double)sizeof(struct item) + kv_mean_item(&plan);
}

/* Per request at most one item, a request buffer and a reply. */
static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)((double)run->values[OPS] *
			  (2 * mean_item(run) + OVERHEAD_REQUEST + OVERHEAD_REPLY));
}

/* As if every key that can be there were there, and both tables while it doubles. */
static uint64_t peak_bytes(const struct wl_run *run)
{
	int64_t items = run->values[KEYS];

	if (run->values[OPS] < items)
		items = run->values[OPS];
	return (uint64_t)((double)items * (mean_item(run) + 3 * sizeof(void *)));
}

static uint64_t table_bytes(const struct wl_run *run)
{
	struct kv_plan plan = plan_of(run);

	return kv_schedule_bytes(&plan);
}

const struct workload workload_kv_server = {
	.name = "kv-server",
	.summary = "a key-value cache under Zipf reads and writes, with expiry and a table "
		   "that doubles",
	.isolates =
		"requests of a server: capacity, and with a rate the delays its clients see",
	.cannot_tell = "networks, several threads, and eviction when memory runs short",
	.source = "ETC (Atikoglu et al. 2012), twitter/cache-trace 2020, CacheLib kvcache_reg",
	.touch = "items, requests and replies are written in full; a read copies the value",
	.params = params,
	.open_loop = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "requests",
	.live = live,
};
