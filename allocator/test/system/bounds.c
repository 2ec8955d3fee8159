/*
 * The hard limit that users set on what is held: what fits is not refused, in any shape.
 * Linked to the library's own objects, so that options can be set in one process.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cache/depot.h"
#include "cache/thread.h"
#include "os/os.h"
#include "page/heap.h"
#include "page/limits.h"
#include "reclaim/purge.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "test/support/memory.h"

#define MIB ((size_t)1 << 20)

#define held FAMILY(held)
#define set_limit FAMILY(set_limit)

/* --- the hard limit -------------------------------------------------------------------- */

#define ROOM (64 * MIB)

static void hard_limit(void)
{
	static const size_t sizes[] = {64, 1000, 20000, 200000, 3 * MIB, 64, 200000, 1000};
	size_t limit, before = anonymous_bytes(), count, first[8];

	m.free(m.malloc(100));
	limit = held() + ROOM;
	CHECK(set_limit(ASHLAR_LIMIT_HARD, limit) == 0, "set_limit");
	CHECK(set_limit(7, limit) == EINVAL, "an unknown limit is accepted");
	for (unsigned i = 0; i < 8; i++) {
		size_t n = sizes[i];
		void *list = family_take_list(n, 2 * ROOM, &count);

		first[i] = count * n;
		CHECK(first[i] <= ROOM, "%zu MiB of %zu in blocks of %zu", first[i] >> 20,
		      ROOM >> 20, n);
		CHECK(first[i] >= ROOM - ROOM / 8, "only %zu KiB of %zu in blocks of %zu",
		      first[i] >> 10, ROOM >> 10, n);
		CHECK(held() <= limit, "%zu held, the limit is %zu", held(), limit);
		CHECK(SANITIZED || anonymous_bytes() <= before + ROOM + 4 * MIB,
		      "resident grew by %zu KiB under a limit of %zu",
		      (anonymous_bytes() - before) >> 10, ROOM >> 10);
		errno = MARK;
		CHECK(!m.realloc(list, 2 * ROOM) && errno == ENOMEM, "realloc, errno %d",
		      errno);
		errno = MARK;
		CHECK(!m.aligned_alloc(4096, ROOM) && errno == ENOMEM,
		      "aligned_alloc, errno %d", errno);
		errno = MARK;
		CHECK(!m.calloc(2, ROOM) && errno == ENOMEM, "calloc, errno %d", errno);
		family_free_list(list);
	}
	CHECK(set_limit(ASHLAR_LIMIT_HARD, 0) == 0, "set_limit");
	family_free_list(family_take_list(20000, 2 * ROOM, &count));
	CHECK(count * 20000 >= 2 * ROOM, "the limit is not gone");
}

/* Shrinking asks for memory, and must not fail where there is none. */
static void shrinking_at_hard_limit(void)
{
	static const size_t from[] = {200, 4096, 30000, 40000, 200000, 3 << 20, 9 << 20},
			    to[] = {20, 100, 10000, 100, 20000, 1000, 700000};
	unsigned char *p[7];
	void *lists[32];
	unsigned n = 0;
	size_t count;

	for (unsigned i = 0; i < 7; i++) {
		p[i] = m.malloc(from[i]);
		NEED(p[i], "malloc(%zu)", from[i]);
		memset(p[i], 0x21, from[i]);
	}
	set_limit(ASHLAR_LIMIT_HARD, held() + 8 * MIB);
	for (size_t size = MIB; size >= 16; size /= 2)
		lists[n++] = family_take_list(size, ROOM, &count);
	for (unsigned i = 0; i < 7; i++) {
		unsigned char *q;

		errno = MARK;
		q = m.realloc(p[i], to[i]);
		CHECK(q && errno == MARK, "realloc from %zu to %zu: errno %d", from[i], to[i],
		      errno);
		p[i] = q ? q : p[i];
		for (size_t k = 0; k < to[i]; k++)
			if (p[i][k] != 0x21) {
				CHECK(false, "byte %zu of %zu was lost", k, to[i]);
				break;
			}
	}
	set_limit(ASHLAR_LIMIT_HARD, 0);
	while (n > 0)
		family_free_list(lists[--n]);
	for (unsigned i = 0; i < 7; i++)
		m.free(p[i]);
}

/* Blocks of one small size, of which nine of ten are freed at random: what was freed lies idle,
 * though every slab still has a block. */
static struct {
	void *block[20000];
} sparse;
#define SPARSE_BLOCKS (sizeof(sparse.block) / sizeof(sparse.block[0]))
#define SPARSE_SIZE ((size_t)2500)

static void make_sparse(void)
{
	unsigned random = 1;

	for (unsigned i = 0; i < SPARSE_BLOCKS; i++) {
		sparse.block[i] = m.malloc(SPARSE_SIZE);
		NEED(sparse.block[i], "block %u", i);
		memset(sparse.block[i], (int)i, SPARSE_SIZE);
	}
	for (unsigned i = 0; i < SPARSE_BLOCKS; i++) {
		random = random * 1664525u + 1013904223u;
		if (random >> 16 != 0 && (random >> 16) % 10 != 0) {
			m.free(sparse.block[i]);
			sparse.block[i] = NULL;
		}
	}
}

static void check_sparse(void)
{
	for (unsigned i = 0; i < SPARSE_BLOCKS; i++)
		if (sparse.block[i]) {
			unsigned char *p = sparse.block[i];

			CHECK(p[0] == (unsigned char)i &&
				      p[SPARSE_SIZE - 1] == (unsigned char)i,
			      "block %u changed", i);
		}
}

static void free_sparse(void)
{
	for (unsigned i = 0; i < SPARSE_BLOCKS; i++)
		m.free(sparse.block[i]);
}

/* What was freed serves another size. */
static void freed_pages_count_no_more(void)
{
	size_t count;
	void *list;

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_HARD, held() + ROOM);
	make_sparse();
	list = family_take_list(150000, ROOM, &count);
	CHECK(count * 150000 >= ROOM / 2, "only %zu KiB", count * 150000 >> 10);
	check_sparse();
	/* What lies on pages that were given back is charged when it is taken again. */
	family_free_list(family_take_list(SPARSE_SIZE, ROOM, &count));
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	family_free_list(list);
	free_sparse();
}

/* When the last blocks of such slabs go, what was given back inside them counts again. */
static void sparse_slabs_end(void)
{
	size_t count, most = 0;
	void *list;

	m.free(m.malloc(100));
	ash_heap.rounds.background = false;
	set_limit(ASHLAR_LIMIT_HARD, held() + ROOM);
	make_sparse();
	list = family_take_list(150000, ROOM, &count);
	for (unsigned i = 0; i < SPARSE_BLOCKS; i++) {
		m.free(sparse.block[i]);
		most = held() > most ? held() : most;
	}
	CHECK(most <= ash_heap.limits.hard, "%zu held, the limit is %zu", most,
	      ash_heap.limits.hard);
	family_free_list(list);
}

/* A mapping grows by it, too, where a second one of its length would not fit. */
static void freed_pages_serve_realloc(void)
{
	char *p;

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_HARD, held() + ROOM);
	p = m.malloc(12 * MIB);
	NEED(p, "no 12 MiB");
	p[0] = 7;
	make_sparse();
	p = m.realloc(p, 44 * MIB);
	NEED(p, "not from 12 to 44 MiB");
	CHECK(p[0] == 7, "a byte changed");
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	check_sparse();
	m.free(p);
	free_sparse();
}

/* --- what fits is not refused, however it is asked for --- */

static _Thread_local unsigned dice = 1;

static unsigned roll(void)
{
	dice = dice * 1664525u + 1013904223u;
	return dice >> 8;
}

/* Each takes some, writes it and keeps it; returns how much. */
static size_t kept_block(void *p, size_t n)
{
	CHECK(p, "%zu bytes are refused", n);
	if (p)
		memset(p, 1, n);
	return n;
}

static size_t mixed(void)
{
	size_t n = ((size_t)16 << roll() % 17) + roll() % 1000;

	return kept_block(m.malloc(n), n);
}

static size_t large(void)
{
	size_t n = 2 * MIB + roll() % MIB;

	return kept_block(m.malloc(n), n);
}

static size_t aligned(void)
{
	size_t n = (size_t)4096 * (1 + roll() % 60);

	return kept_block(m.aligned_alloc((size_t)4096 << roll() % 4, n), n);
}

static size_t growing_from(size_t n, size_t most, size_t part)
{
	char *p = m.malloc(n);

	while (p && n + n / part + 16 <= most) {
		char *q = m.realloc(p, n + n / part + 16);

		CHECK(q, "realloc to %zu is refused", n + n / part + 16);
		if (!q)
			break;
		p = q;
		n += n / part + 16;
		memset(p, 1, n);
	}
	return kept_block(p, n);
}

static size_t growing_run(void)
{
	return growing_from(40000, 600000, 8);
}

static size_t growing_mapping(void)
{
	return growing_from(2 * MIB, 16 * MIB, 4);
}

static size_t (*taker)(void);

static void *take_in_a_thread(void *arg)
{
	dice = (unsigned)(uintptr_t)arg;
	for (size_t all = 0; all < 7 * MIB;)
		all += taker();
	return NULL;
}

static void what_fits(size_t (*take)(void), bool threads)
{
	pthread_t thread[4];

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_HARD, held() + ROOM + (threads ? 8 * MIB : 0));
	make_sparse();
	taker = take;
	for (uintptr_t i = 0; threads && i < 4; i++)
		NEED(!pthread_create(&thread[i], NULL, take_in_a_thread, (void *)(i + 1)),
		     "no thread");
	for (size_t all = 0; !threads && all < 28 * MIB;)
		all += take();
	for (unsigned i = 0; threads && i < 4; i++)
		pthread_join(thread[i], NULL);
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	check_sparse();
}

static void mixed_fits(void)
{
	what_fits(mixed, false);
}

static void mixed_of_threads_fits(void)
{
	what_fits(mixed, true);
}

static void large_fits(void)
{
	what_fits(large, false);
}

static void aligned_fits(void)
{
	what_fits(aligned, false);
}

static void aligned_of_threads_fits(void)
{
	what_fits(aligned, true);
}

static void growing_run_fits(void)
{
	what_fits(growing_run, false);
}

static void growing_mapping_fits(void)
{
	what_fits(growing_mapping, false);
}

/* A run grows where it lies by holes that would not be enough for a second one. */
static void run_grows_by_holes(void)
{
	void *block[300];
	char *p, *q;

	ash_heap.rounds.background = false;
	for (unsigned i = 0; i < 300; i++) {
		block[i] = m.malloc(SPARSE_SIZE);
		NEED(block[i], "block %u", i);
		memset(block[i], 1, SPARSE_SIZE);
	}
	p = m.malloc(800000); /* behind them: nothing lies behind it */
	NEED(p, "no run");
	memset(p, 7, 800000);
	for (unsigned i = 0; i < 300; i++)
		if (i % 10 != 0)
			m.free(block[i]);
	ash_depot_empty();
	ash_purge_all(&ash_heap);
	set_limit(ASHLAR_LIMIT_HARD, held());
	q = m.realloc(p, 900000);
	CHECK(q == p, "moved from %p to %p", (void *)p, (void *)q);
	CHECK(q && q[799999] == 7, "a byte changed");
}

/* --- what another thread is giving back --- */

enum { BEGUN = 1, KERNEL, ASKED }; /* steps of the two threads */
static atomic_uint step_of_two;
static __thread bool dawdles;

/* The thread that dawdles is kept in its first call of the kernel until the other asks for
 * memory, and somewhat longer. */
static bool dawdle(enum ash_os_call call)
{
	(void)call;
	if (!dawdles)
		return false;
	dawdles = false;
	atomic_store(&step_of_two, KERNEL);
	while (atomic_load(&step_of_two) != ASKED)
		ash_os_yield();
	ash_os_sleep(20000000);
	return false;
}

/* With the claim, which whoever looks for holes needs as well. */
static void *work_off(void *arg)
{
	m.free(m.malloc(100)); /* a record of its own */
	dawdles = true;
	ash_rounds_tick(ash_os_clock_ns() + 60000000000u);
	CHECK(!dawdles, "nothing was given back");
	return arg;
}

static void *purge_runs(void *arg)
{
	dawdles = true;
	CHECK(ash_purge_some(&ash_heap, MIB) != 0 && !dawdles, "nothing was given back");
	return arg;
}

static void ask_while(void *(*others)(void *), size_t n)
{
	pthread_t thread;
	void *p;

	ash_store_relaxed(&ash_os_fault_hook, dawdle);
	atomic_store(&step_of_two, BEGUN);
	NEED(!pthread_create(&thread, NULL, others, NULL), "no thread");
	while (atomic_load(&step_of_two) != KERNEL) {
		NEED(pthread_tryjoin_np(thread, NULL) != 0,
		     "it ended without a call of the kernel");
		ash_os_yield();
	}
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	atomic_store(&step_of_two, ASKED);
	p = m.malloc(n);
	CHECK(p, "%zu KiB are refused while another thread gives them back", n >> 10);
	pthread_join(thread, NULL);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	m.free(p);
}

static void others_give_back(void)
{
	void *p;

	m.free(m.malloc(100));
	ash_heap.rounds.background = false;
	ash_thread_alone_hook = NULL; /* what lies idle does until somebody asks */
	ash_heap.drain.enabled = false;
	set_limit(ASHLAR_LIMIT_HARD, held() + ROOM);
	make_sparse();
	m.free(m.malloc(500000));
	ash_limits_set_dirty_max(&ash_heap,
				 0); /* the round begins with runs, and all of them */
	ask_while(work_off, 36 * MIB);
	ash_limits_set_dirty_max(&ash_heap, ASH_NO_LIMIT);
	check_sparse();
	free_sparse();
	/* And where nothing but that lies idle. */
	ash_relief_all();
	p = m.malloc(MIB);
	memset(p, 1, MIB);
	m.free(p);
	set_limit(ASHLAR_LIMIT_HARD, held());
	ask_while(purge_runs, 500000);
}

static atomic_bool ended;
static atomic_uint requests;

static void *grab(void *arg)
{
	unsigned random = (unsigned)(uintptr_t)arg * 2654435761u;
	unsigned char *block[64] = {0};
	size_t size[64];

	while (!atomic_load(&ended)) {
		unsigned i;
		size_t n;

		random = random * 1664525u + 1013904223u;
		i = random >> 26;
		n = ((size_t)1 << (random >> 8) % 21) + (random >> 12) % 1000;
		if (block[i])
			CHECK(block[i][0] == i && block[i][size[i] - 1] == i, "block changed");
		m.free(block[i]);
		errno = 0;
		block[i] = m.malloc(n);
		atomic_fetch_add(&requests, 1);
		size[i] = n;
		if (block[i])
			memset(block[i], (int)i, n);
		else
			CHECK(errno == ENOMEM, "errno %d", errno);
	}
	for (unsigned i = 0; i < 64; i++)
		m.free(block[i]);
	return NULL;
}

/* However many ask at a time. */
static void hard_limit_of_threads(void)
{
	enum { REQUESTS = SANITIZED ? 1000 : 4000 };
	pthread_t thread[6];
	size_t limit, most = 0, before = anonymous_bytes();

	m.free(m.malloc(100));
	limit = held() + 24 * MIB;
	set_limit(ASHLAR_LIMIT_HARD, limit);
	for (uintptr_t i = 0; i < 6; i++)
		NEED(!pthread_create(&thread[i], NULL, grab, (void *)(i + 1)), "no thread");
	while (atomic_load(&requests) < REQUESTS) {
		size_t now = anonymous_bytes();

		most = now > most ? now : most;
		usleep(5000);
	}
	atomic_store(&ended, true);
	for (unsigned i = 0; i < 6; i++)
		pthread_join(thread[i], NULL);
	tap_note("resident grew by %zu KiB at most, the limit is 24576 above the start",
		 (most - before) >> 10);
	/* Stacks and libc's own are 4 MiB. */
	CHECK(SANITIZED || most <= before + 28 * MIB, "resident grew by %zu KiB",
	      (most - before) >> 10);
	CHECK(held() <= limit, "%zu held, the limit is %zu", held(), limit);
}

/* A thread that vanishes in a fork may have asked for memory just then: in the child that is
 * not held by anybody. */
static void hard_limit_and_forks(void)
{
	pthread_t thread[3];
	unsigned wrong = 0;

	if (SANITIZED)
		tap_skip("sanitizer build: too slow for so many forks");
	m.free(m.malloc(100));
	atomic_store(&ended, false);
	set_limit(ASHLAR_LIMIT_HARD, held() + 24 * MIB);
	for (uintptr_t i = 0; i < 3; i++)
		NEED(!pthread_create(&thread[i], NULL, grab, (void *)(i + 1)), "no thread");
	for (unsigned i = 0; i < 300; i++) {
		int status = 0;
		pid_t child = fork();

		NEED(child >= 0, "fork: %s", strerror(errno));
		if (child == 0)
			_exit(ash_limits_room(&ash_heap) !=
			      (held() < ash_heap.limits.hard ? ash_heap.limits.hard - held()
							     : 0));
		waitpid(child, &status, 0);
		wrong += status != 0;
	}
	atomic_store(&ended, true);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	CHECK(wrong == 0, "%u of 300 children do not add up", wrong);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("hard limit: every size, every function, and again", hard_limit);
	tap_case("hard limit: shrinking never fails", shrinking_at_hard_limit);
	tap_case("hard limit: pages freed inside slabs serve other sizes",
		 freed_pages_count_no_more);
	tap_case("hard limit: slabs of which pages were given back go", sparse_slabs_end);
	tap_case("hard limit: pages freed inside slabs let a mapping grow",
		 freed_pages_serve_realloc);
	tap_case("hard limit: mixed sizes that fit", mixed_fits);
	tap_case("hard limit: mixed sizes of threads that fit", mixed_of_threads_fits);
	tap_case("hard limit: large after small that fits", large_fits);
	tap_case("hard limit: aligned blocks that fit", aligned_fits);
	tap_case("hard limit: aligned blocks of threads that fit", aligned_of_threads_fits);
	tap_case("hard limit: runs that grow and fit", growing_run_fits);
	tap_case("hard limit: mappings that grow and fit", growing_mapping_fits);
	tap_case("hard limit: a run that grows by holes", run_grows_by_holes);
	tap_case("hard limit: what another thread gives back is waited for", others_give_back);
	tap_case("hard limit: threads that ask at a time", hard_limit_of_threads);
	tap_case("hard limit: what vanished threads asked for is not held",
		 hard_limit_and_forks);
	return tap_finish();
}
