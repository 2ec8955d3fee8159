/* prod-cons: objects that one thread allocates and another frees.
 *
 * The behaviour of xmalloc-test in mimalloc-bench and of snmalloc's message passing:
 * producers allocate in batches and pass them through a bounded queue to consumers
 * that only free.  Unlike there, the remote share is exact and a parameter: of each
 * producer's objects exactly remote_percent (rounded down over the whole run) go
 * through the queue, spread evenly; the producer frees the others itself, one batch
 * later.  With threads=1 one thread plays both roles, and no free is remote. */
#include <pthread.h>
#include "workloads/lib/calls.h"
#include "workloads/lib/page_floor.h"
#include "workloads/lib/thread.h"

enum { OPS, THREADS, REMOTE, BATCH, QUEUE, SIZE_MIN, SIZE_MAX_ };

#define MAX_QUEUE 1000

static const struct wl_param params[] = {
	{"ops", "allocations by all producers together", "0.5 to 0.8 s under glibc", 8000000, 1,
	 10000000000},
	{"threads", "1, or an even number: half of them produce, half consume", "one pair", 2,
	 1, 64},
	{"remote_percent", "share of the objects that the consumer frees",
	 "xmalloc-test: all of them", 100, 0, 100},
	{"batch", "objects allocated between two visits to the queue",
	 "an eighth of xmalloc-test's 4096, to bound what is in flight", 512, 1, 100000},
	{"queue", "batches that fit the queue",
	 "small, so that speed differences change memory little", 8, 1, MAX_QUEUE},
	{"size_min", "smallest object, bytes", "xmalloc-test's 64 within a spread", 16, 1,
	 1048576},
	{"size_max", "largest object, bytes", "xmalloc-test's 64 within a spread", 112, 1,
	 1048576},
	{NULL, NULL, NULL, 0, 0, 0},
};

struct item {
	void *object;
	uint64_t size;
};

struct batch {
	uint64_t count;
	bool last;
	struct item *items;
};

/* One producer, one consumer.  A plain lock, taken once per batch by either. */
struct pair {
	pthread_mutex_t lock;
	pthread_cond_t moved;
	uint64_t pushed, popped; /* batches; their difference is at most `queue` */
	uint64_t ops;            /* allocations of this pair */
	struct batch *ring;      /* queue + 1 batches: one is being filled or drained */
	struct item *kept;       /* the producer's own objects of the batch before */
	uint64_t kept_count;
	struct wl_worker producer, consumer;
} __attribute__((aligned(128)));

struct state {
	uint64_t pairs;
	bool alone;
	struct pair pair[];
};

static int setup(struct wl_run *run)
{
	int64_t threads = run->values[THREADS];
	uint64_t batch = (uint64_t)run->values[BATCH], queue = (uint64_t)run->values[QUEUE];
	uint64_t pairs = threads == 1 ? 1 : (uint64_t)threads / 2;
	struct state *s;

	if (threads > 1 && threads % 2) {
		wl_fail(run, "prod-cons: threads=%lld: 1 or an even number is accepted",
			(long long)threads);
		return -1;
	}
	if (run->values[SIZE_MIN] > run->values[SIZE_MAX_]) {
		wl_fail(run, "prod-cons: size_min=%lld is above size_max=%lld",
			(long long)run->values[SIZE_MIN], (long long)run->values[SIZE_MAX_]);
		return -1;
	}
	s = run->state = wl_table(sizeof(*s) + pairs * sizeof(s->pair[0]));
	s->pairs = pairs;
	s->alone = threads == 1;
	for (uint64_t i = 0; i < pairs; i++) {
		struct pair *p = &s->pair[i];

		pthread_mutex_init(&p->lock, NULL);
		pthread_cond_init(&p->moved, NULL);
		p->ops = (uint64_t)run->values[OPS] / pairs +
			 (i < (uint64_t)run->values[OPS] % pairs);
		p->ring = wl_table((queue + 1) * sizeof(*p->ring));
		for (uint64_t n = 0; n <= queue; n++)
			p->ring[n].items = wl_table(batch * sizeof(struct item));
		p->kept = wl_table(batch * sizeof(struct item));
	}
	run->expected_allocs = (uint64_t)run->values[OPS];
	return 0;
}

static void free_items(struct wl_thread *t, const struct item *items, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		wl_look(items[i].object);
		wl_free(t, items[i].object, items[i].size);
	}
}

/* Allocates one batch: what goes to the consumer into `out`, the rest into `kept`.
 * Object number n of the pair is remote when n * percent / 100 takes a step, which
 * makes the share exact over any run and even within it. */
static void produce(struct wl_thread *t, struct pair *p, struct batch *out, uint64_t from,
		    uint64_t count)
{
	const int64_t *values = t->run->values;
	uint64_t low = (uint64_t)values[SIZE_MIN];
	uint64_t sizes = (uint64_t)values[SIZE_MAX_] - low + 1,
		 percent = (uint64_t)values[REMOTE];
	uint64_t residue = from * percent % 100;

	out->count = 0;
	free_items(t, p->kept, p->kept_count);
	p->kept_count = 0;
	for (uint64_t i = 0; i < count; i++) {
		struct item item;

		item.size = low + rng_scale32((uint32_t)(rng_next(&t->rng) >> 32), sizes);
		item.object = wl_malloc(t, item.size);
		wl_touch(t, item.object, item.size, WL_TOUCH_FIRST);
		residue += percent;
		if (residue >= 100) {
			residue -= 100;
			out->items[out->count++] = item;
		} else {
			p->kept[p->kept_count++] = item;
		}
	}
}

static void producer(struct wl_thread *t, void *argument)
{
	struct pair *p = argument;
	uint64_t batch = (uint64_t)t->run->values[BATCH],
		 queue = (uint64_t)t->run->values[QUEUE];

	for (uint64_t done = 0, n = 0; done < p->ops; n++) {
		struct batch *out = &p->ring[n % (queue + 1)];
		uint64_t count = p->ops - done < batch ? p->ops - done : batch;

		pthread_mutex_lock(&p->lock);
		while (p->pushed - p->popped == queue)
			pthread_cond_wait(&p->moved, &p->lock);
		pthread_mutex_unlock(&p->lock);
		produce(t, p, out, done, count);
		done += count;
		out->last = done == p->ops;
		pthread_mutex_lock(&p->lock);
		p->pushed++;
		pthread_cond_signal(&p->moved);
		pthread_mutex_unlock(&p->lock);
	}
	free_items(t, p->kept, p->kept_count);
	p->kept_count = 0;
}

static void consumer(struct wl_thread *t, void *argument)
{
	struct pair *p = argument;
	uint64_t queue = (uint64_t)t->run->values[QUEUE];
	bool last = false;

	for (uint64_t n = 0; !last; n++) {
		struct batch *in = &p->ring[n % (queue + 1)];

		pthread_mutex_lock(&p->lock);
		while (p->pushed == p->popped)
			pthread_cond_wait(&p->moved, &p->lock);
		pthread_mutex_unlock(&p->lock);
		free_items(t, in->items, in->count);
		last = in->last;
		pthread_mutex_lock(&p->lock);
		p->popped++;
		pthread_cond_signal(&p->moved);
		pthread_mutex_unlock(&p->lock);
	}
}

/* Both roles in turn; the queue is always filled and drained as a whole. */
static void both(struct wl_thread *t, struct pair *p)
{
	uint64_t batch = (uint64_t)t->run->values[BATCH],
		 queue = (uint64_t)t->run->values[QUEUE];
	uint64_t done = 0;

	while (done < p->ops) {
		uint64_t filled = 0;

		for (; filled < queue && done < p->ops; filled++) {
			uint64_t count = p->ops - done < batch ? p->ops - done : batch;

			produce(t, p, &p->ring[filled], done, count);
			done += count;
		}
		for (uint64_t n = 0; n < filled; n++)
			free_items(t, p->ring[n].items, p->ring[n].count);
	}
	free_items(t, p->kept, p->kept_count);
	p->kept_count = 0;
}

static int run(struct wl_run *run)
{
	struct state *s = run->state;

	if (s->alone) {
		both(&run->threads[0], &s->pair[0]);
	} else {
		for (uint64_t i = 0; i < s->pairs; i++) {
			wl_worker_start(&s->pair[i].consumer, &run->threads[2 * i + 2],
					consumer, &s->pair[i]);
			wl_worker_start(&s->pair[i].producer, &run->threads[2 * i + 1],
					producer, &s->pair[i]);
		}
		for (uint64_t i = 0; i < s->pairs; i++) {
			wl_worker_join(&s->pair[i].producer);
			wl_worker_join(&s->pair[i].consumer);
		}
	}
	wl_phase(run, "emptied");
	return 0;
}

/* The only mark is at the end, when nothing lives. */
static void live(const struct wl_run *run, struct page_floor *floor)
{
	(void)run;
	(void)floor;
}

static uint64_t mean_size(const struct wl_run *run)
{
	return (uint64_t)(run->values[SIZE_MIN] + run->values[SIZE_MAX_] + 1) / 2;
}

static uint64_t total_bytes(const struct wl_run *run)
{
	return (uint64_t)run->values[OPS] * mean_size(run);
}

/* Full queues, a batch in either hand, and the producers' own. */
static uint64_t peak_bytes(const struct wl_run *run)
{
	uint64_t pairs = ((uint64_t)run->values[THREADS] + 1) / 2;

	return pairs * (uint64_t)(run->values[QUEUE] + 2) * (uint64_t)run->values[BATCH] *
	       mean_size(run);
}

static uint64_t table_bytes(const struct wl_run *run)
{
	uint64_t pairs = ((uint64_t)run->values[THREADS] + 1) / 2;

	return pairs * (uint64_t)(run->values[QUEUE] + 2) * (uint64_t)run->values[BATCH] *
	       sizeof(struct item);
}

const struct workload workload_prod_cons = {
	.name = "prod-cons",
	.summary = "producers allocate, consumers free, through bounded queues",
	.isolates = "the way of a freed object back to the thread that can use it again",
	.cannot_tell =
		"what happens when threads both allocate and free remotely: larson is nearer",
	.source = "xmalloc-test in mimalloc-bench (Lever and Boreham 2000), snmalloc's message "
		  "passing",
	.touch = "the producer writes the first byte, whoever frees reads it",
	.params = params,
	.threaded = true,
	.setup = setup,
	.run = run,
	.total_bytes = total_bytes,
	.peak_bytes = peak_bytes,
	.table_bytes = table_bytes,
	.ops_unit = "allocations",
	.live = live,
};
