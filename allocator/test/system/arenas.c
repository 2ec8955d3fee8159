/*
 * Arenas of the program's own: their life and numbers, what they cost, frees by anybody,
 * threads that are bound to one, fork, decay, limits, explicit caches, and wrong frees.
 */
#include <pthread.h>
#include <sys/wait.h>

#include "arena/arena.h"
#include "arena/tcaches.h"
#include "conf/conf.h"
#include "front/boot.h"
#include "front/extended.h"
#include "meta/base.h"
#include "os/os.h"
#include "page/account.h"
#include "page/heap.h"
#include "reclaim/rounds.h"
#include "test/support/family.h"
#include "test/support/memory.h"
#include "util/prng.h"

#define MIB ((size_t)1 << 20)
#define IN(index) ((int)(((index) + 1) << ASH_FLAG_ARENA_SHIFT))
#define BY(tcache) ((int)(((tcache) + 2) << ASH_FLAG_TCACHE_SHIFT))

static unsigned made(void)
{
	unsigned index = 0;

	ash_boot();
	NEED(ash_arena_create(NULL, &index) == 0, "arenas.create");
	return index;
}

static struct ash_arena_stats stats_of(unsigned index)
{
	struct ash_arena_stats s;

	CHECK(ash_arena_stats(index, &s) == 0, "stats of %u", index);
	return s;
}

static void life_and_numbers(void)
{
	unsigned before, a, b, c, found;
	char name[ASH_ARENA_NAME], wanted[40];
	void *p;

	ash_boot();
	before = ash_arenas_count();
	CHECK(before == ash_arenas_automatic(), "%u arenas at first, %u automatic", before,
	      ash_arenas_automatic());
	a = made();
	CHECK(a == before && ash_arenas_count() == before + 1, "number %u, then %u", a,
	      ash_arenas_count());
	b = made();
	CHECK(b == a + 1 && ash_arena_exists(b) && !ash_arena_exists(b + 1), "number %u", b);
	CHECK(!ash_arena_exists(0), "an automatic one has no object");
	CHECK(ash_arena_name(a, name) == 0, "name");
	snprintf(wanted, sizeof(wanted), "manual_%u", a);
	CHECK(strcmp(name, wanted) == 0, "name %s", name);
	CHECK(ash_arena_set_name(a, "a name that is longer than thirty-one bytes") == 0 &&
		      ash_arena_name(a, name) == 0,
	      "name");
	CHECK(strcmp(name, "a name that is longer than thir") == 0, "name %s", name);
	p = ash_mallocx(100, IN(a));
	NEED(p, "mallocx");
	CHECK(ash_extended_lookup(p, &found) == 0 && found == a, "lookup %u", found);
	CHECK(ash_arena_destroy(a) == 0, "destroy");
	CHECK(ash_arena_destroy(a) == ENOENT && ash_arena_reset(a) == ENOENT &&
		      ash_arena_bind(a) == ENOENT && ash_arena_purge(a) == ENOENT,
	      "a destroyed one is none");
	CHECK(ash_extended_lookup(p, &found) == EINVAL, "lookup of what was destroyed");
	errno = MARK;
	CHECK(ash_mallocx(100, IN(a)) == NULL && errno == EINVAL, "errno %d", errno);
	c = made();
	CHECK(c == a && ash_arenas_count() == b + 1, "number %u is used again: %u", a, c);
	CHECK(ash_arena_name(c, name) == 0 && strcmp(name, wanted) == 0, "name %s", name);
	p = m.malloc(10);
	CHECK(ash_extended_lookup(p, &found) == 0 && found == 0, "lookup in the heap");
	m.free(p);
	CHECK(ash_arena_set_decay_ms(c, ASH_DECAY_DIRTY, -2) == EFAULT &&
		      ash_arena_set_decay_ms(c, ASH_DECAY_MUZZY, -1) == 0,
	      "decay times");
}

/* 10,000 arenas: what one costs before it is used; each serves; all are gone again. */
static void ten_thousand(void)
{
	enum { N = 10000 };
	static unsigned index[N];
	static unsigned char *p[N];
	size_t metadata, each, held = ash_account_held(&ash_heap);

	ash_boot();
	metadata = ash_base_mapped();
	for (unsigned i = 0; i < N; i++) {
		index[i] = made();
		CHECK(index[i] < ASH_ARENA_FLAG_MOST + 1 || index[i] > ASH_ARENAS_DESTROYED,
		      "the number %u is no arena's", index[i]);
		CHECK(i == 0 || index[i] > index[i - 1], "numbers ascend");
	}
	each = (ash_base_mapped() - metadata) / N;
	tap_note("%zu bytes each", each);
	CHECK(each <= 64 * 1024, "%zu bytes each before it is used", each);
	for (unsigned i = 0; i < N; i++) {
		p[i] = FAMILY(mallocx_arena)(200 + i % 50, index[i], MALLOCX_ZERO);
		NEED(p[i], "arena %u", index[i]);
		memset(p[i], (int)i, 200);
	}
	for (unsigned i = 0; i < N; i++) {
		unsigned found = 0;

		CHECK(p[i][199] == (unsigned char)i, "block %u changed", i);
		CHECK(ash_arena_lookup(p[i], &found) == 0 && found == index[i], "%u is in %u",
		      i, found);
		if (i % 2 == 0)
			m.free(p[i]);
	}
	for (unsigned i = 0; i < N; i++)
		CHECK(ash_arena_destroy(index[i]) == 0, "destroy");
	CHECK(ash_account_arenas(&ash_heap) == 0, "%zu bytes are held",
	      ash_account_arenas(&ash_heap));
	tap_note("%zu KiB held before, %zu after", held >> 10,
		 ash_account_held(&ash_heap) >> 10);
	CHECK(made() == index[N - 1], "the last one's number is used again");
}

/* Reset and destroy; what is resident goes at once. */
static void memory_goes_at_once(void)
{
	enum { N = 4000 };
	static void *p[N];
	unsigned index = made();
	size_t before, full, after;

	for (unsigned round = 0; round < 3; round++) {
		struct ash_arena_stats s;

		before = resident_bytes();
		for (unsigned i = 0; i < N; i++) {
			p[i] = ash_mallocx(i % 7 == 0 ? 40000 : 5000, IN(index));
			NEED(p[i], "mallocx");
			memset(p[i], 1, m.usable(p[i]));
		}
		full = resident_bytes();
		s = stats_of(index);
		CHECK(s.small + s.large >= N * 5000 && s.small + s.large <= s.active,
		      "%zu + %zu of %zu", s.small, s.large, s.active);
		CHECK(s.active + s.dirty + s.muzzy == ash_account_arenas(&ash_heap),
		      "%zu + %zu + %zu, held %zu", s.active, s.dirty, s.muzzy,
		      ash_account_arenas(&ash_heap));
		CHECK(ash_arena_reset(index) == 0, "reset");
		s = stats_of(index);
		CHECK(s.small == 0 && s.large == 0 && s.active == 0, "%zu, %zu in %zu", s.small,
		      s.large, s.active);
		if (round == 2)
			CHECK(ash_arena_destroy(index) == 0, "destroy");
		else
			CHECK(ash_arena_purge(index) == 0, "purge");
		after = resident_bytes();
		if (!SANITIZED)
			CHECK(after <= before + (full - before) / 20,
			      "%zu KiB resident before, %zu full, %zu after", before >> 10,
			      full >> 10, after >> 10);
		CHECK(ash_account_arenas(&ash_heap) == 0, "%zu bytes are held",
		      ash_account_arenas(&ash_heap));
	}
	CHECK(stats_of(ASH_ARENAS_DESTROYED).small_nmalloc > 0, "destroyed ones are counted");
}

static void decay(void)
{
	unsigned index = made();
	void *p = ash_mallocx(MIB, IN(index));
	int64_t ms;

	NEED(p, "mallocx");
	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, -1) == 0 &&
		      ash_arena_decay_ms(index, ASH_DECAY_DIRTY, &ms) == 0 && ms == -1,
	      "dirty_decay_ms");
	ash_dallocx(p, 0);
	CHECK(ash_arena_decay(index) == 0 && stats_of(index).dirty == MIB, "-1 keeps");
	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, 100000) == 0 &&
		      stats_of(index).dirty == MIB,
	      "100 s keep");
	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, 0) == 0 &&
		      stats_of(index).dirty == 0 && stats_of(index).muzzy == 0,
	      "0 gives back, what lies there already too");
	p = ash_mallocx(MIB, IN(index));
	ash_dallocx(p, 0);
	CHECK(stats_of(index).dirty == 0, "0 gives back in the call that frees");
	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_MUZZY, -1) == 0, "muzzy_decay_ms");
	p = ash_mallocx(MIB, IN(index));
	NEED(p, "mallocx");
	ash_dallocx(p, 0);
	CHECK(stats_of(index).muzzy == MIB, "muzzy %zu", stats_of(index).muzzy);
	CHECK(ash_arena_purge(ASH_ARENAS_ALL) == 0 && stats_of(index).muzzy == 0, "purge");
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

static uint64_t later_ns;

static uint64_t later(enum ash_clock clock)
{
	(void)clock;
	return later_ns;
}

/* What nobody uses goes in a round of upkeep, when its time has come. */
static void decay_in_rounds(void)
{
	unsigned index = made();
	void *p = ash_mallocx(MIB, IN(index));

	NEED(p, "mallocx");
	ash_heap.rounds.background = false;
	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, 100000) == 0, "decay");
	ash_dallocx(p, 0);
	later_ns = ash_os_clock_ns() + (uint64_t)50 * 1000000000;
	ash_store_relaxed(&ash_os_clock_hook, later);
	ash_rounds_tick(later_ns);
	CHECK(stats_of(index).dirty == MIB, "%zu dirty before its time", stats_of(index).dirty);
	later_ns += (uint64_t)60 * 1000000000;
	ash_rounds_tick(later_ns);
	CHECK(stats_of(index).dirty == 0 && ash_account_arenas(&ash_heap) == 0, "%zu dirty",
	      stats_of(index).dirty);
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

/* --- threads ------------------------------------------------------------------------------ */

#define THREADS 4
#define SLOTS 2000

static struct {
	unsigned index;
	void *slot[SLOTS]; /* exchanged: whoever finds a block frees it */
	unsigned rounds;
} shared;

static void *exchange(void *argument)
{
	struct ash_prng prng = ash_prng_seeded((uintptr_t)argument);

	for (unsigned r = 0; r < shared.rounds; r++) {
		unsigned i = (unsigned)ash_prng_below(&prng, SLOTS);
		size_t size = 1 + ash_prng_below(&prng, r % 50 == 0 ? 300000 : 2000);
		unsigned char *p = ash_mallocx(size, IN(shared.index)), *q;

		if (p == NULL) {
			CHECK(false, "no memory");
			break;
		}
		p[0] = p[size - 1] = (unsigned char)size;
		q = __atomic_exchange_n(&shared.slot[i], p, __ATOMIC_ACQ_REL);
		if (q == NULL)
			continue;
		if (r % 3 == 0)
			m.free(q);
		else if (r % 3 == 1)
			ash_dallocx(q, 0);
		else
			m.free(m.realloc(q, 3000));
	}
	return NULL;
}

static void frees_of_anybody(void)
{
	pthread_t thread[THREADS];
	struct ash_arena_stats s;

	shared.index = made();
	shared.rounds = SANITIZED ? 4000 : 30000;
	for (uintptr_t t = 0; t < THREADS; t++)
		NEED(!pthread_create(&thread[t], NULL, exchange, (void *)(t + 1)), "thread");
	for (unsigned t = 0; t < THREADS; t++)
		pthread_join(thread[t], NULL);
	for (unsigned i = 0; i < SLOTS; i++)
		m.free(shared.slot[i]);
	s = stats_of(shared.index);
	CHECK(s.small == 0 && s.large == 0 && s.small_nmalloc == s.small_ndalloc &&
		      s.small_nmalloc + s.large_nmalloc == THREADS * (uint64_t)shared.rounds,
	      "%zu and %zu bytes left of %llu allocations", s.small, s.large,
	      (unsigned long long)(s.small_nmalloc + s.large_nmalloc));
	CHECK(ash_arena_destroy(shared.index) == 0, "destroy");
}

static bool lies_in(const void *p, unsigned index)
{
	unsigned found = UINT32_MAX;

	return ash_extended_lookup(p, &found) == 0 && found == index;
}

static void *bound(void *argument)
{
	unsigned index = *(unsigned *)argument;
	void *of_heap[100], *p[100];

	for (unsigned i = 0; i < 100; i++)
		of_heap[i] = m.malloc(64);
	CHECK(ash_arena_bind(index) == 0 && ash_arena_bound() == index, "thread.arena");
	CHECK(ash_arena_destroy(index) == EFAULT, "destroyed under a thread");
	for (unsigned i = 0; i < 100; i++)
		m.free(of_heap[i]); /* and no magazine begins to serve */
	for (unsigned i = 0; i < 100; i++) {
		p[i] = i % 4 == 0   ? m.malloc(64)
		       : i % 4 == 1 ? m.calloc(i, 1000)
		       : i % 4 == 2 ? m.aligned_alloc(4096, 64)
				    : m.realloc(m.malloc(1000), 70000);
		CHECK(p[i] != NULL && lies_in(p[i], index), "allocation %u lies elsewhere", i);
	}
	of_heap[0] = ash_mallocx(64, IN(0));
	CHECK(lies_in(of_heap[0], 0), "MALLOCX_ARENA(0) in a bound thread");
	of_heap[1] = ash_mallocx(64, MALLOCX_TCACHE_NONE);
	CHECK(lies_in(of_heap[1], index), "without a cache");
	m.free(of_heap[0]);
	m.free(of_heap[1]);
	for (unsigned i = 0; i < 100; i += 2)
		m.free(p[i]);
	CHECK(ash_arena_bind(1) == 0 && ash_arena_bound() == 1, "thread.arena 1");
	for (unsigned i = 0; i < 100; i += 2) {
		p[i] = m.malloc(64);
		CHECK(lies_in(p[i], 0), "allocation %u after the end of the bond", i);
	}
	for (unsigned i = 0; i < 100; i++)
		m.free(p[i]);
	CHECK(ash_arena_bind(index) == 0, "bound when it ends");
	return m.malloc(100);
}

static void a_bound_thread(void)
{
	unsigned index = made();
	pthread_t thread;
	void *left;

	for (unsigned round = 0; round < 3; round++) {
		NEED(!pthread_create(&thread, NULL, bound, &index), "thread");
		pthread_join(thread, &left);
		CHECK(lies_in(left, index), "the thread's last block");
		m.free(left);
		CHECK(stats_of(index).threads == 0, "%u threads are bound",
		      stats_of(index).threads);
	}
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

static void *churn(void *argument)
{
	unsigned index = *(unsigned *)argument;

	while (!__atomic_load_n(&shared.rounds, __ATOMIC_ACQUIRE)) {
		void *p = ash_mallocx(500, IN(index)), *q = ash_mallocx(70000, IN(index));

		m.free(p);
		m.free(q);
	}
	return NULL;
}

/* The child of a process whose other threads are inside an arena. */
static void fork_with_threads(void)
{
	unsigned index = made(), forks = SANITIZED ? 15 : 60;
	pthread_t thread[THREADS];

	shared.rounds = 0;
	for (unsigned t = 0; t < THREADS; t++)
		NEED(!pthread_create(&thread[t], NULL, churn, &index), "thread");
	CHECK(ash_arena_bind(index) == 0, "thread.arena");
	for (unsigned f = 0; f < forks; f++) {
		void *p = m.malloc(300);
		pid_t child = fork();
		int status;

		if (child == 0) {
			unsigned other = made();
			void *q = ash_mallocx(1000, IN(other)), *r = m.malloc(100);

			alarm(patience(60));
			CHECK(q != NULL && lies_in(r, index), "the child's blocks");
			m.free(p);
			m.free(q);
			CHECK(ash_arena_destroy(other) == 0, "destroy");
			CHECK(ash_arena_bind(0) == 0, "thread.arena 0");
			CHECK(ash_arena_reset(index) == 0, "reset");
			_exit(0);
		}
		NEED(child > 0 && waitpid(child, &status, 0) == child, "fork");
		CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "child: %x", status);
		m.free(p);
	}
	CHECK(ash_arena_bind(0) == 0, "thread.arena 0");
	__atomic_store_n(&shared.rounds, 1, __ATOMIC_RELEASE);
	for (unsigned t = 0; t < THREADS; t++)
		pthread_join(thread[t], NULL);
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

/* --- limits, caches, misuse --------------------------------------------------------------- */

static void a_hard_limit(void)
{
	enum { N = 64 };
	unsigned index = made(), got = 0;
	size_t limit;
	void *p[N], *q;

	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, -1) == 0, "decay");
	ash_heap.rounds.background = false;
	q = ash_mallocx(100, IN(index));
	m.free(q);
	limit = ash_account_held(&ash_heap) + 16 * MIB;
	NEED(FAMILY(set_limit)(ASHLAR_LIMIT_HARD, limit) == 0, "limit");
	while (got < N) {
		errno = MARK;
		p[got] = ash_mallocx(MIB, IN(index));
		if (p[got] == NULL)
			break;
		memset(p[got++], 1, MIB);
	}
	CHECK(got >= 14 && got <= 16 && errno == ENOMEM, "%u MiB, errno %d", got, errno);
	CHECK(ash_account_held(&ash_heap) <= limit, "held");
	while (got > 0)
		m.free(p[--got]);
	/* What lies idle in the arena makes room for the heap. */
	q = m.malloc(12 * MIB);
	CHECK(q != NULL, "memory that is idle in an arena");
	CHECK(ash_account_held(&ash_heap) <= limit, "held");
	m.free(q);
	CHECK(FAMILY(set_limit)(ASHLAR_LIMIT_HARD, 0) == 0, "limit");
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

static void explicit_caches(void)
{
	unsigned a = made(), b = made(), t, u, again;
	void *p[100], *q;

	NEED(ash_tcaches_create(&t) == 0 && ash_tcaches_create(&u) == 0 && t != u, "create");
	p[0] = ash_mallocx(100, IN(a) | BY(t));
	NEED(p[0], "mallocx");
	CHECK(lies_in(p[0], a) && stats_of(a).small > 100, "a cache is filled");
	ash_dallocx(p[0], BY(t));
	CHECK(ash_mallocx(100, IN(a) | BY(t)) == p[0], "the last freed comes first");
	q = ash_mallocx(100, IN(b) | BY(t));
	CHECK(lies_in(q, b), "of one cache each gets what was asked for");
	CHECK(stats_of(a).small == m.usable(p[0]), "%zu bytes in the other arena",
	      stats_of(a).small);
	ash_dallocx(p[0], BY(t)); /* which holds b's */
	CHECK(stats_of(a).small == 0, "%zu bytes", stats_of(a).small);
	ash_dallocx(q, BY(t));
	CHECK(ash_tcaches_flush(t) == 0 && stats_of(b).small == 0, "flush");
	/* Of the heap, of every size. */
	for (unsigned i = 0; i < 100; i++) {
		p[i] = ash_mallocx(i * i * 5 + 1, BY(u) | MALLOCX_ZERO);
		NEED(p[i] && lies_in(p[i], 0), "mallocx");
		memset(p[i], 1, m.usable(p[i]));
	}
	for (unsigned i = 0; i < 100; i++)
		ash_dallocx(p[i], BY(u));
	CHECK(ash_tcaches_destroy(u) == 0 && ash_tcaches_destroy(u) == ENOENT &&
		      ash_tcaches_flush(u) == ENOENT,
	      "destroy");
	errno = MARK;
	CHECK(ash_mallocx(10, BY(u)) == NULL && errno == EINVAL, "errno %d", errno);
	CHECK(ash_tcaches_create(&again) == 0 && again == u, "the number is used again");
	/* An arena goes, and with it what lies in a cache. */
	q = ash_mallocx(100, IN(b) | BY(t));
	ash_dallocx(q, BY(t));
	CHECK(ash_arena_destroy(b) == 0, "destroy");
	q = ash_mallocx(100, IN(a) | BY(t));
	CHECK(lies_in(q, a), "after that");
	/* To the last number. */
	for (t = 0; ash_tcaches_create(&u) == 0; t++)
		;
	CHECK(t > 4000 && u == ASH_TCACHES_MOST - 1, "%u caches, the last is %u", t, u);
}

/* Each in a process of its own, which SIGABRT ends. */
static void dies(const char *what, void (*wrong)(unsigned index))
{
	unsigned index = made();
	pid_t child = fork();
	int status;

	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDERR_FILENO);
		wrong(index);
		_exit(0);
	}
	NEED(child > 0 && waitpid(child, &status, 0) == child, "fork");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s: status %x", what,
	      status);
}

static void double_small(unsigned index)
{
	void *p = ash_mallocx(100, IN(index));

	ash_mallocx(100, IN(index));
	m.free(p);
	m.free(p);
}

static void double_large(unsigned index)
{
	void *p = ash_mallocx(100000, IN(index));

	m.free(p);
	m.free(p);
}

static void double_in_cache(unsigned index)
{
	void *p = ash_mallocx(100, IN(index)), *q = ash_mallocx(100, IN(index));
	unsigned t;

	ash_tcaches_create(&t);
	ash_dallocx(p, BY(t));
	ash_dallocx(q, BY(t));
	ash_dallocx(p, BY(t));
}

static void inside_small(unsigned index)
{
	m.free((char *)ash_mallocx(100, IN(index)) + 16);
}

static void inside_large(unsigned index)
{
	m.free((char *)ash_mallocx(100000, IN(index)) + 4096);
}

static void never(unsigned index)
{
	m.free((char *)ash_mallocx(100, IN(index)) + 112 * 20);
}

static void realloc_freed(unsigned index)
{
	void *p = ash_mallocx(100, IN(index));

	m.free(p);
	ash_rallocx(p, 200, IN(index));
}

static void after_destroy(unsigned index)
{
	void *p = ash_mallocx(100, IN(index));

	ash_arena_destroy(index);
	m.free(p);
}

static void misuse(void)
{
	dies("a small object freed twice", double_small);
	dies("a large one", double_large);
	dies("one in an explicit cache", double_in_cache);
	dies("inside a small object", inside_small);
	dies("inside a large one", inside_large);
	dies("never allocated", never);
	dies("rallocx of a freed one", realloc_freed);
	dies("free of what was destroyed", after_destroy);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("made, named, destroyed; numbers are used again", life_and_numbers);
	tap_case("10,000 of them", ten_thousand);
	tap_case("reset, purge and destroy give memory back at once", memory_goes_at_once);
	tap_case("decay times take effect at once", decay);
	tap_case("what is idle decays in rounds of upkeep", decay_in_rounds);
	tap_case("a bound thread allocates in its arena", a_bound_thread);
	tap_case("limits count arenas, and what is idle there", a_hard_limit);
	tap_case("explicit caches", explicit_caches);
	tap_case("wrong frees are reported", misuse);
	tap_case("blocks of an arena are freed by any thread and call", frees_of_anybody);
	tap_case("fork while threads are in an arena", fork_with_threads);
	return tap_finish();
}
