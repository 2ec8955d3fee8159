/*
 * Many threads, every size from 1 byte to 2 MiB, and no byte may be wrong: each block
 * is filled with a pattern of its own while it lives and compared before it is freed,
 * so a block that overlaps another, or is handed out twice, shows in one of them.
 *
 * Blocks travel through a table of slots that all threads share: most are freed by
 * another thread than the one that allocated them.  Threads live for a few hundred
 * operations, die with objects still in the slots and in their own stash, which the
 * next thread born inherits.
 *
 *	stress [OPERATIONS-PER-THREAD [THREADS [SEED]]]
 */
#include "test/support/family.h"

#include <pthread.h>
#include <stdatomic.h>

#define SLOTS 4096
#define STASH 24
#define LIFE 1500 /* operations between birth and death */

struct block {
	unsigned char *p;
	size_t size;
	uint64_t mark; /* what the pattern is made from; never the same twice */
};

struct slot {
	atomic_flag busy;
	struct block block;
};

struct worker {
	unsigned index;
	uint64_t random;
	unsigned long operations; /* left to do in all lives */
	struct block stash[STASH];
};

static struct slot slots[SLOTS];
static atomic_ullong marks;
static unsigned long operations = 6000;
static unsigned threads = 64;
static uint64_t seed = 1;

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Mostly small, now and then up to 2 MiB, which is past every internal boundary. */
static size_t random_size(uint64_t *random)
{
	uint64_t r = next_random(random);
	unsigned kind = r % 1000;
	unsigned lg_most = kind < 900 ? 10 : kind < 985 ? 15 : kind < 998 ? 18 : 21;
	unsigned lg = (unsigned)((r >> 10) % (lg_most + 1));

	return ((size_t)1 << lg) + (size_t)(r >> 20) % ((size_t)1 << lg) / 2;
}

/* The pattern is a word per eight bytes, so that a shifted copy does not fit either. */
static uint64_t pattern(const struct block *b, size_t word)
{
	return b->mark ^ (word * 0x0101010101010101u);
}

static void fill(const struct block *b)
{
	for (size_t i = 0; i < b->size; i += 8) {
		uint64_t word = pattern(b, i / 8);

		memcpy(b->p + i, &word, b->size - i < 8 ? b->size - i : 8);
	}
}

static void verify(const struct block *b, size_t n, const char *when)
{
	for (size_t i = 0; i < n; i += 8) {
		uint64_t word = pattern(b, i / 8);

		if (memcmp(b->p + i, &word, n - i < 8 ? n - i : 8) != 0) {
			CHECK(false, "%s: bytes from %zu of the %zu at %p are wrong", when, i,
			      b->size, (void *)b->p);
			return;
		}
	}
}

static uint64_t new_mark(void)
{
	uint64_t n = atomic_fetch_add_explicit(&marks, 1, memory_order_relaxed);

	return next_random(&n);
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i])
			return false;
	return true;
}

static struct block create(struct worker *w)
{
	struct block b = {.size = random_size(&w->random), .mark = new_mark()};
	size_t align = (size_t)1 << (3 + next_random(&w->random) % 10);
	unsigned how = next_random(&w->random) % 16;

	if (how < 9) {
		b.p = m.malloc(b.size);
	} else if (how < 12) {
		b.p = m.calloc(1, b.size);
		CHECK(!b.p || all_zero(b.p, b.size), "calloc(%zu) is not zero", b.size);
	} else if (how < 13) {
		b.p = m.aligned_alloc(align, b.size);
		CHECK(((uintptr_t)b.p & (align - 1)) == 0, "aligned_alloc(%zu, %zu) = %p",
		      align, b.size, (void *)b.p);
	} else if (how < 14) {
		if (m.posix_memalign((void **)&b.p, align, b.size) != 0)
			b.p = NULL;
		CHECK(((uintptr_t)b.p & (align - 1)) == 0, "posix_memalign(%zu, %zu) = %p",
		      align, b.size, (void *)b.p);
	} else {
		b.p = m.realloc(NULL, b.size);
	}
	NEED(b.p, "no memory for %zu bytes", b.size);
	if (how == 7) { /* all that is usable is ours, whatever was asked */
		size_t usable = m.usable(b.p);

		CHECK(usable >= b.size, "%zu of %zu usable", usable, b.size);
		if (usable <= (size_t)4 << 20)
			b.size = usable;
	}
	fill(&b);
	return b;
}

static void destroy(struct worker *w, struct block b)
{
	if (!b.p)
		return;
	verify(&b, b.size, "before free");
	/* Whoever still holds this block by mistake finds another pattern in it. */
	if (next_random(&w->random) % 8 == 0)
		memset(b.p, 0xdd, b.size);
	m.free(b.p);
}

static void resize(struct worker *w, struct block *b)
{
	size_t n = random_size(&w->random);
	struct block old = *b;
	size_t kept = n < old.size ? n : old.size;

	if (!b->p)
		return;
	verify(b, b->size, "before realloc");
	b->p = m.realloc(b->p, n);
	NEED(b->p, "no memory for %zu bytes", n);
	old.p = b->p;
	verify(&old, kept, "after realloc");
	b->size = n;
	b->mark = new_mark();
	fill(b);
}

/* Puts a block into a slot and takes out what was there. */
static struct block exchange(struct worker *w, struct block b)
{
	for (;;) {
		struct slot *slot = &slots[next_random(&w->random) % SLOTS];
		struct block old;

		if (atomic_flag_test_and_set_explicit(&slot->busy, memory_order_acquire))
			continue;
		old = slot->block;
		slot->block = b;
		atomic_flag_clear_explicit(&slot->busy, memory_order_release);
		return old;
	}
}

static void step(struct worker *w)
{
	struct block *own = &w->stash[next_random(&w->random) % STASH];

	switch (next_random(&w->random) % 8) {
	case 0: /* short life at home */
		destroy(w, *own);
		*own = create(w);
		break;
	case 1:
		resize(w, own);
		break;
	case 2: { /* a remote block is resized here and goes on to somebody else */
		struct block b = exchange(w, (struct block){0});

		resize(w, &b);
		destroy(w, exchange(w, b));
		break;
	}
	case 3: { /* a run of small ones: caches fill and flush */
		struct block run[40];
		uint64_t sizes = next_random(&w->random);

		for (int i = 0; i < 40; i++) {
			run[i] = (struct block){.size = (sizes >> i % 4 * 8) % 250 + 1,
						.mark = new_mark()};
			run[i].p = m.malloc(run[i].size);
			NEED(run[i].p, "no memory for %zu bytes", run[i].size);
			fill(&run[i]);
		}
		for (int i = 0; i < 40; i++)
			destroy(w, i % 2 ? run[i] : exchange(w, run[i]));
		break;
	}
	default:
		destroy(w, exchange(w, create(w)));
	}
}

static void *live(void *arg)
{
	struct worker *w = arg;

	for (int i = 0; i < LIFE && w->operations > 0; i++, w->operations--)
		step(w);
	return NULL;
}

static void *succession(void *arg)
{
	struct worker *w = arg;

	while (w->operations > 0) {
		pthread_t thread;
		int error = pthread_create(&thread, NULL, live, w);

		if (error == EAGAIN) { /* the machine is out of threads, not we of memory */
			usleep(1000);
			continue;
		}
		NEED(error == 0, "pthread_create: %s", strerror(error));
		pthread_join(thread, NULL);
	}
	return NULL;
}

static void all_threads(void)
{
	struct worker *workers = m.calloc(threads, sizeof(*workers));
	pthread_t *ids = m.calloc(threads, sizeof(*ids));
	struct worker last = {.random = seed};

	NEED(workers && ids, "no memory to begin with");
	for (unsigned i = 0; i < threads; i++) {
		workers[i].index = i;
		workers[i].random = seed * 1000003 + i;
		workers[i].operations = operations;
		NEED(pthread_create(&ids[i], NULL, succession, &workers[i]) == 0, "thread %u",
		     i);
	}
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
	for (unsigned i = 0; i < threads; i++)
		for (unsigned k = 0; k < STASH; k++)
			destroy(&last, workers[i].stash[k]);
	for (unsigned i = 0; i < SLOTS; i++)
		destroy(&last, slots[i].block);
	m.free(ids);
	m.free(workers);
}

int main(int argc, char **argv)
{
	char name[120];

	if (argc > 1)
		operations = strtoul(argv[1], NULL, 10);
	if (argc > 2)
		threads = (unsigned)strtoul(argv[2], NULL, 10);
	if (argc > 3)
		seed = strtoull(argv[3], NULL, 10);
	tap_watchdog = 300 + (unsigned)(operations * threads / 3000);
	tap_start();
	family_start();
	snprintf(name, sizeof(name),
		 "%u threads, %lu operations each, seed %llu: no wrong byte", threads,
		 operations, (unsigned long long)seed);
	tap_case(name, all_threads);
	return tap_finish();
}
