/*
 * The bounds that users ask for: a hard and a soft limit of what is held, a cap on what
 * lies idle, and how much of giving back one call may be charged with.  Linked to the
 * library's own objects, so that options can be set and counters read in one process.
 */
#include "test/support/family.h"

#include <pthread.h>
#include <stdatomic.h>

#include "cache/depot.h"
#include "os/delay.h"
#include "page/account.h"
#include "os/os.h"
#include "page/growth.h"
#include "page/heap.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "reclaim/purge.h"
#include "reclaim/relief.h"
#include "reclaim/rounds.h"
#include "reclaim/stall.h"
#include "test/support/clock.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED true
#else
#define SANITIZED false
#endif

#define MIB ((size_t)1 << 20)

#define held FAMILY(held)
#define set_limit FAMILY(set_limit)
#define set_limit_callback FAMILY(set_limit_callback)

/* Bytes of anonymous memory that are resident. */
static size_t resident(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[200];
	size_t kib = 0;

	NEED(file, "no /proc/self/status");
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "RssAnon: %zu kB", &kib) == 1)
			break;
	fclose(file);
	return kib << 10;
}

/* Blocks of one size, linked through their first word, until there are none or `most` bytes. */
static void *take(size_t n, size_t most, size_t *count)
{
	void **list = NULL;

	*count = 0;
	while (*count * n < most) {
		void **p;

		errno = MARK;
		p = m.malloc(n);
		if (!p) {
			CHECK(errno == ENOMEM, "malloc(%zu) = NULL left errno %d", n, errno);
			break;
		}
		memset(p, 0x33, n);
		p[0] = list;
		list = p;
		++*count;
	}
	return list;
}

/* --- the hard limit -------------------------------------------------------------------- */

#define ROOM (64 * MIB)

static void hard_limit(void)
{
	static const size_t sizes[] = {64, 1000, 20000, 200000, 3 * MIB, 64, 200000, 1000};
	size_t limit, before = resident(), count, first[8];

	m.free(m.malloc(100));
	limit = held() + ROOM;
	CHECK(set_limit(ASHLAR_LIMIT_HARD, limit) == 0, "set_limit");
	CHECK(set_limit(7, limit) == EINVAL, "an unknown limit is accepted");
	for (unsigned i = 0; i < 8; i++) {
		size_t n = sizes[i];
		void *list = take(n, 2 * ROOM, &count);

		first[i] = count * n;
		CHECK(first[i] <= ROOM, "%zu MiB of %zu in blocks of %zu", first[i] >> 20,
		      ROOM >> 20, n);
		CHECK(first[i] >= ROOM - ROOM / 8, "only %zu KiB of %zu in blocks of %zu",
		      first[i] >> 10, ROOM >> 10, n);
		CHECK(held() <= limit, "%zu held, the limit is %zu", held(), limit);
		CHECK(SANITIZED || resident() <= before + ROOM + 4 * MIB,
		      "resident grew by %zu KiB under a limit of %zu",
		      (resident() - before) >> 10, ROOM >> 10);
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
	family_free_list(take(20000, 2 * ROOM, &count));
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
		lists[n++] = take(size, ROOM, &count);
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
	list = take(150000, ROOM, &count);
	CHECK(count * 150000 >= ROOM / 2, "only %zu KiB", count * 150000 >> 10);
	check_sparse();
	/* What lies on pages that were given back is charged when it is taken again. */
	family_free_list(take(SPARSE_SIZE, ROOM, &count));
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
	list = take(150000, ROOM, &count);
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

	ash_os_fault_hook = dawdle;
	atomic_store(&step_of_two, BEGUN);
	NEED(!pthread_create(&thread, NULL, others, NULL), "no thread");
	while (atomic_load(&step_of_two) != KERNEL)
		ash_os_yield();
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	atomic_store(&step_of_two, ASKED);
	p = m.malloc(n);
	CHECK(p, "%zu KiB are refused while another thread gives them back", n >> 10);
	pthread_join(thread, NULL);
	ash_os_fault_hook = NULL;
	CHECK(held() <= ash_heap.limits.hard, "%zu held, the limit is %zu", held(),
	      ash_heap.limits.hard);
	m.free(p);
}

static void others_give_back(void)
{
	void *p;

	m.free(m.malloc(100));
	ash_heap.rounds.background = false;
	set_limit(ASHLAR_LIMIT_HARD, held() + ROOM);
	make_sparse();
	m.free(m.malloc(500000));
	ash_heap.limits.dirty_max = 0; /* the round begins with runs, and all of them */
	ask_while(work_off, 36 * MIB);
	ash_heap.limits.dirty_max = ASH_NO_LIMIT;
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
	size_t limit, most = 0, before = resident();

	m.free(m.malloc(100));
	limit = held() + 24 * MIB;
	set_limit(ASHLAR_LIMIT_HARD, limit);
	for (uintptr_t i = 0; i < 6; i++)
		NEED(!pthread_create(&thread[i], NULL, grab, (void *)(i + 1)), "no thread");
	while (atomic_load(&requests) < REQUESTS) {
		size_t now = resident();

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

/* --- the callback ------------------------------------------------------------------------ */

static struct {
	unsigned soft, hard;
	size_t held;
	void *reserve; /* what the program can do without */
} told;

static void listen(int which, size_t now, size_t limit, void *argument)
{
	CHECK(argument == &told, "another argument");
	CHECK(which == ASHLAR_LIMIT_SOFT || which == ASHLAR_LIMIT_HARD, "which = %d", which);
	told.held = now;
	if (which == ASHLAR_LIMIT_SOFT) {
		told.soft++;
		CHECK(now > limit - MIB, "told at %zu of %zu", now, limit);
		/* Under no lock: everything may be called, and a log line allocates. */
		for (size_t n = 1; n < 4 * MIB; n = n * 3 / 2 + 1)
			m.free(m.realloc(m.calloc(1, n), n * 2));
		m.trim(0);
	} else {
		told.hard++;
		family_free_list(told.reserve);
		told.reserve = NULL;
	}
	errno = MARK + 1;
}

static void soft_limit(void)
{
	size_t count, start;
	void *list, *more;

	m.free(m.malloc(100));
	start = held();
	CHECK(set_limit_callback(listen, &told) == 0, "set_limit_callback");
	set_limit(ASHLAR_LIMIT_SOFT, start + 32 * MIB);
	list = take(1000, 20 * MIB, &count);
	CHECK(told.soft == 0, "told below the limit");
	more = take(1000, 20 * MIB, &count);
	CHECK(count == (20 * MIB + 999) / 1000, "a soft limit refuses");
	CHECK(told.soft == 1, "told %u times", told.soft);
	errno = MARK;
	list = (family_free_list(list), NULL);
	family_free_list(more);
	/* Above the limit nothing free stays, below it is as ever. */
	for (unsigned i = 0; i < 3; i++) {
		list = take(100000, 40 * MIB, &count);
		CHECK(told.soft == 2 + i, "crossed %u times, told %u times", 2 + i, told.soft);
		family_free_list(list);
	}
	told.soft = 0;
	CHECK(set_limit_callback(NULL, NULL) == 0, "set_limit_callback");
	family_free_list(take(100000, 40 * MIB, &count));
	CHECK(told.soft == 0, "told though nobody listens");
	CHECK(told.hard == 0, "told of the hard limit");
}

/* Frees its reserve and works with more than that: what it takes and frees is no crossing. */
static void listen_and_work(int which, size_t now, size_t limit, void *argument)
{
	(void)which, (void)now, (void)limit, (void)argument;
	told.soft++;
	family_free_list(told.reserve);
	told.reserve = NULL;
	if (told.soft < 100)
		for (unsigned i = 0; i < 3; i++)
			m.free(m.realloc(m.malloc(4 * MIB), 12 * MIB));
}

/* Whole granules, so that what is taken is what is counted. */
#define SIX_GRANULES ((size_t)6 << ASH_GRANULE_SHIFT)

/* Takes until the callback is called for the n-th time. */
static void *take_until_told(unsigned n)
{
	void **list = NULL;

	while (told.soft < n) {
		void **p = m.malloc(SIX_GRANULES);

		NEED(p, "no memory below the limit");
		p[0] = list;
		list = p;
	}
	return list;
}

static void soft_limit_in_the_callback(void)
{
	size_t count;
	void *list;

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_SOFT, held() + 32 * MIB);
	set_limit_callback(listen_and_work, NULL);
	told.reserve = take(SIX_GRANULES, 6 * MIB, &count);
	list = take_until_told(1);
	family_free_list(take(SIX_GRANULES, 4 * MIB, &count));
	CHECK(told.soft == 1, "told %u times", told.soft);
	/* What it freed was a decline. */
	family_free_list(take(SIX_GRANULES, 8 * MIB, &count));
	CHECK(told.soft == 2, "told %u times", told.soft);
	family_free_list(list);
}

/* What the depot gives back is no decline of the program's. */
static void soft_limit_and_the_depot(void)
{
	size_t count;
	void *list;

	ash_heap.rounds.background = false;
	m.free(m.malloc(1));
	ash_growth_hook = NULL; /* which empties the depot where memory is first touched */
	set_limit(ASHLAR_LIMIT_SOFT, held() + 32 * MIB);
	set_limit_callback(listen_and_work, NULL);
	family_free_list(take(1000, 20 * MIB, &count));
	NEED(ash_depot_bytes() > 3 * MIB, "%zu bytes in the depot", ash_depot_bytes());
	list = take_until_told(1);
	NEED(ash_depot_bytes() > 3 * MIB, "%zu bytes in the depot", ash_depot_bytes());
	ash_depot_empty();
	family_free_list(take(SIX_GRANULES, 8 * MIB, &count));
	CHECK(told.soft == 1, "told %u times", told.soft);
	family_free_list(list);
}

static atomic_uint told_by_any;

static void count_only(int which, size_t now, size_t limit, void *argument)
{
	(void)which, (void)now, (void)limit, (void)argument;
	atomic_fetch_add(&told_by_any, 1);
}

/* Looks at the limit with every call. */
static void *look(void *arg)
{
	while (!atomic_load(&ended)) {
		m.free(m.malloc(40000));
		ash_limits_dirty_exceeded(&ash_heap);
	}
	return arg;
}

/* Whoever looked before a crossing and decides after it decides nothing. */
static void soft_limit_of_threads(void)
{
	enum { CROSSINGS = 100 };
	pthread_t thread[3];
	size_t count;

	m.free(m.malloc(100));
#if ASH_DEBUG >= 1
	ash_store_relaxed(&ash_delay_seed, 1);
#endif
	atomic_store(&ended, false);
	set_limit(ASHLAR_LIMIT_SOFT, held() + 32 * MIB);
	set_limit_callback(count_only, NULL);
	for (unsigned i = 0; i < 3; i++)
		NEED(!pthread_create(&thread[i], NULL, look, NULL), "no thread");
	for (unsigned i = 1; i <= CROSSINGS; i++) {
		void *p = m.malloc(40 * MIB);

		while (atomic_load(&told_by_any) < i)
			usleep(100);
		CHECK(atomic_load(&told_by_any) == i, "crossed %u times, told %u times", i,
		      atomic_load(&told_by_any));
		m.free(p);
		family_free_list(take(40000, MIB, &count)); /* looks from below */
	}
	atomic_store(&ended, true);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	CHECK(atomic_load(&told_by_any) == CROSSINGS, "crossed %u times, told %u times",
	      CROSSINGS, atomic_load(&told_by_any));
}

static void hard_limit_tells(void)
{
	size_t count;
	void *p;

	m.free(m.malloc(100));
	set_limit(ASHLAR_LIMIT_HARD, held() + 40 * MIB);
	set_limit_callback(listen, &told);
	told.reserve = take(50000, 30 * MIB, &count);
	errno = MARK;
	p = m.malloc(20 * MIB);
	CHECK(p && told.hard == 1, "told %u times", told.hard);
	CHECK(errno == MARK, "a call that succeeds set errno %d", errno);
	errno = MARK;
	CHECK(!m.malloc(30 * MIB) && errno == ENOMEM, "errno %d", errno);
	CHECK(told.hard == 2, "told %u times", told.hard);
	m.free(p);
	told.reserve = take(1000, 30 * MIB, &count);
	family_free_list(take(64, 20 * MIB, &count));
	CHECK(count == (20 * MIB + 63) / 64, "small blocks were refused");
	CHECK(told.hard == 3, "told %u times", told.hard);
}

/* --- idle memory ---------------------------------------------------------------------------
 */

static size_t idle(void)
{
	return (ash_account_dirty(&ash_heap) << ASH_GRANULE_SHIFT) +
	       ash_account_cached(&ash_heap);
}

/* Frees a list and looks after every free; the most that lay idle. */
static size_t drop_watching(void *list, size_t *most)
{
	while (list) {
		void *next = *(void **)list;

		m.free(list);
		*most = idle() > *most ? idle() : *most;
		list = next;
	}
	return *most;
}

/* Whoever frees sees to it; a call does at most about half a millisecond of it, so the cap may
 * be passed by what one of the next few calls takes back. */
static void dirty_capped(void)
{
	static const size_t sizes[] = {2000, 40000, 300000, 5 * MIB};

	clock_start();
	ash_heap.rounds.background = false;
	ash_heap.limits.dirty_max = 10 * MIB;
	for (unsigned i = 0; i < 4; i++) {
		size_t count, most = 0, before = resident();

		drop_watching(take(sizes[i], 100 * MIB, &count), &most);
		tap_note("blocks of %zu: at most %zu KiB idle, now %zu", sizes[i], most >> 10,
			 idle() >> 10);
		CHECK(most <= 16 * MIB, "%zu KiB idle", most >> 10);
		for (unsigned k = 0; k < 200; k++)
			m.free(m.malloc(40000));
		CHECK(idle() <= 10 * MIB, "%zu KiB stay idle", idle() >> 10);
		/* Besides, the depot may hold 4 MiB, or a 32nd of the heap. */
		CHECK(SANITIZED || resident() < before + 30 * MIB, "%zu KiB stay resident",
		      (resident() - before) >> 10);
	}
	ash_heap.limits.dirty_max = 0;
	for (unsigned k = 0; k < 200; k++)
		m.free(m.malloc(40000));
	CHECK(idle() == 0, "%zu bytes idle under a cap of 0", idle());
}

/* dirty_decay_ms:-1: nothing goes by time, the cap still holds. */
static void never_by_time(void)
{
	size_t count;

	clock_start();
	ash_heap.rounds.background = false;
	ash_purge_set_decay_ms(&ash_heap, -1);
	ash_heap.mappings.cache_ns = ASH_MAPPING_CACHE_FOR_GOOD;
	m.free(m.malloc(20 * MIB));
	family_free_list(take(50000, 100 * MIB, &count)); /* nor where the heap grows */
	CHECK(ash_account_cached(&ash_heap) == 20 * MIB, "%zu KiB of a mapping stay",
	      ash_account_cached(&ash_heap) >> 10);
	for (unsigned i = 0; i < 30; i++) {
		for (unsigned k = 0; k < 200; k++)
			m.free(m.malloc(40000));
		clock_advance_ms(100);
	}
	CHECK(idle() >= 90 * MIB, "only %zu KiB stay", idle() >> 10);
	ash_heap.limits.dirty_max = 20 * MIB;
	for (unsigned k = 0; k < 1000; k++)
		m.free(m.malloc(40000));
	CHECK(idle() <= 20 * MIB, "%zu KiB stay", idle() >> 10);
}

/* --- how long a call is kept up ------------------------------------------------------------
 */

/* 500 MiB are freed; what any one call then gives back is bounded in bytes and system calls, by
 * which the clock here counts the time that the bound is in. */
static void stalls_are_bounded(void)
{
	struct ash_stalls s;
	size_t count, small, mappings;
	void *list[3];

	clock_start();
	ash_heap.rounds.background = false;
	list[0] = take(60000, 200 * MIB, &count);
	list[1] = take(3000, 150 * MIB, &small);
	list[2] = take(10 * MIB, 150 * MIB, &mappings);
	for (unsigned i = 0; i < 3; i++)
		family_free_list(list[i]);
	/* (What is taken again and again may stay: little is.) */
	for (unsigned i = 0; i < 200 && (i < 40 || idle() > 4 * MIB); i++) {
		for (unsigned k = 0; k < 20; k++)
			m.free(m.malloc(33000));
		clock_advance_ms(50);
	}
	ash_stall_read(&ash_heap, &s);
	tap_note("%lu calls, %lu us in all, longest %lu us, at most %lu ranges and %lu KiB",
		 (unsigned long)s.count, (unsigned long)(s.ns / 1000),
		 (unsigned long)(s.longest_ns / 1000), (unsigned long)s.most_ranges,
		 (unsigned long)(s.most_bytes >> 10));
	CHECK(idle() <= 12 * MIB, "%zu KiB of runs and %zu KiB of mappings stay idle",
	      ash_account_dirty(&ash_heap) * 16, ash_account_cached(&ash_heap) >> 10);
	CHECK(s.count >= 5, "%lu calls did it all", (unsigned long)s.count);
	/* 32 batches of 2 MiB in 16 ranges, 16 mappings' pieces of 4 MiB; holes are few. */
	CHECK(s.most_bytes <= 160 * MIB, "%lu KiB in one call",
	      (unsigned long)(s.most_bytes >> 10));
	CHECK(s.most_ranges <= 1000, "%lu ranges in one call", (unsigned long)s.most_ranges);
	CHECK(s.background_ns == 0, "there is a background thread");
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
	tap_case("hard limit: what another thread gives back is waited for", others_give_back);
	tap_case("hard limit: threads that ask at a time", hard_limit_of_threads);
	tap_case("hard limit: what vanished threads asked for is not held",
		 hard_limit_and_forks);
	tap_case("soft limit: told once per crossing, under no lock", soft_limit);
	tap_case("soft limit: what the callback itself takes and frees",
		 soft_limit_in_the_callback);
	tap_case("soft limit: what the depot gives back", soft_limit_and_the_depot);
	tap_case("soft limit: threads that look at a time", soft_limit_of_threads);
	tap_case("hard limit: told before a request fails", hard_limit_tells);
	tap_case("dirty_max: what lies idle is capped by whoever frees", dirty_capped);
	tap_case("dirty_decay_ms:-1: nothing goes by time", never_by_time);
	tap_case("500 MiB go back in small portions", stalls_are_bounded);
	return tap_finish();
}
