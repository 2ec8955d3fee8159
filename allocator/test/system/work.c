/*
 * How much one call does: a cap on what lies idle, portions in which memory goes back, and
 * where malloc_trim, requests that fail, and growth end.  Counted in bytes and calls of the
 * kernel, in one process with the library's own objects.
 */
#include "test/support/family.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/resource.h>

#include "api/compat.h"
#include "cache/depot.h"
#include "os/os.h"
#include "page/account.h"
#include "page/block.h"
#include "page/growth.h"
#include "page/heap.h"
#include "page/hugeblock.h"
#include "page/limits.h"
#include "page/mapping.h"
#include "reclaim/purge.h"
#include "reclaim/relief.h"
#include "reclaim/stall.h"
#include "test/support/clock.h"
#include "test/support/memory.h"

#define MIB ((size_t)1 << 20)

/* --- idle memory -------------------------------------------------------------------------- */

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

/* Whoever frees sees to it; a call does at most about a fifth of a millisecond of it, so the
 * cap may be passed by what one of the next few calls takes back. */
static void dirty_capped(void)
{
	static const size_t sizes[] = {2000, 40000, 300000, 5 * MIB};

	clock_start();
	ash_heap.rounds.background = false;
	ash_limits_set_dirty_max(&ash_heap, 10 * MIB);
	for (unsigned i = 0; i < 4; i++) {
		size_t count, most = 0, before = anonymous_bytes();

		drop_watching(family_take_list(sizes[i], 100 * MIB, &count), &most);
		tap_note("blocks of %zu: at most %zu KiB idle, now %zu", sizes[i], most >> 10,
			 idle() >> 10);
		CHECK(most <= 16 * MIB, "%zu KiB idle", most >> 10);
		for (unsigned k = 0; k < 200; k++)
			m.free(m.malloc(40000));
		CHECK(idle() <= 10 * MIB, "%zu KiB stay idle", idle() >> 10);
		/* Besides, the depot may hold 4 MiB, or a 32nd of the heap. */
		CHECK(SANITIZED || anonymous_bytes() < before + 30 * MIB,
		      "%zu KiB stay resident", (anonymous_bytes() - before) >> 10);
	}
	ash_limits_set_dirty_max(&ash_heap, 0);
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
	ash_heap.mappings.turns.at_once = false; /* as the option has it */
	m.free(m.malloc(20 * MIB));
	family_free_list(
		family_take_list(50000, 100 * MIB, &count)); /* nor where the heap grows */
	CHECK(ash_account_cached(&ash_heap) == 20 * MIB, "%zu KiB of a mapping stay",
	      ash_account_cached(&ash_heap) >> 10);
	for (unsigned i = 0; i < 30; i++) {
		for (unsigned k = 0; k < 200; k++)
			m.free(m.malloc(40000));
		clock_advance_ms(100);
	}
	CHECK(idle() >= 90 * MIB, "only %zu KiB stay", idle() >> 10);
	ash_limits_set_dirty_max(&ash_heap, 20 * MIB);
	for (unsigned k = 0; k < 1000; k++)
		m.free(m.malloc(40000));
	CHECK(idle() <= 20 * MIB, "%zu KiB stay", idle() >> 10);
}

/* --- how long a call is kept up ----------------------------------------------------------- */

/* 500 MiB are freed; what any one call then gives back is bounded in bytes and system calls, by
 * which the clock here counts the time that the bound is in. */
static void stalls_are_bounded(void)
{
	struct ash_stalls s;
	size_t count, small, mappings;
	uint64_t sum = 0, longer = 0;
	void *list[3];

	clock_start();
	ash_heap.rounds.background = false;
	list[0] = family_take_list(60000, 200 * MIB, &count);
	list[1] = family_take_list(3000, 150 * MIB, &small);
	list[2] = family_take_list(10 * MIB, 150 * MIB, &mappings);
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
	/* A mapping is unmapped by who frees it.  Else a fifth of a millisecond by the clock
	 * here, which is 6 MiB or 200 ranges, and the batch that was under way. */
	CHECK(s.most_bytes <= 20 * MIB, "%lu KiB in one call",
	      (unsigned long)(s.most_bytes >> 10));
	CHECK(s.most_ranges <= 300, "%lu ranges in one call", (unsigned long)s.most_ranges);
	for (unsigned i = 0; i <= ASH_STALL_BOUNDS; i++)
		sum += s.lasted[i];
	CHECK(sum == s.count, "%lu calls in the histogram, of %lu", (unsigned long)sum,
	      (unsigned long)s.count);
	/* (Bounds of the histogram up to 200 us are its first six.) */
	for (unsigned i = 6; i <= ASH_STALL_BOUNDS; i++)
		longer += s.lasted[i];
	CHECK(longer * 1000 <= s.count + 999, "%lu of %lu calls took longer than 200 us",
	      (unsigned long)longer, (unsigned long)s.count);
	CHECK(s.background_ns == 0, "there is a background thread");
}

/* --- while others go on --------------------------------------------------------------------
 *
 * Whatever a call gives back, others free as much again: here with each of its calls to the
 * kernel, as threads that run in between would. */

static struct {
	void **list; /* linked by their first words */
	unsigned at_once, freed;
	uint64_t given; /* by their frees themselves */
	enum ash_os_call with;
	bool busy;
} others;

static bool others_free(enum ash_os_call call)
{
	uint64_t before = ash_os_given.bytes;

	if (call != others.with || others.busy)
		return false;
	others.busy = true;
	for (unsigned i = 0; i < others.at_once && others.list != NULL; i++) {
		void **p = others.list;

		others.list = *p;
		m.free(p);
		others.freed++;
	}
	others.busy = false;
	others.given += ash_os_given.bytes - before;
	return false;
}

/* `stock` bytes in blocks of n, to be freed `at_once` with each such call. */
static void let_others_free(enum ash_os_call with, size_t n, size_t stock, unsigned at_once)
{
	size_t count;

	others.list = family_take_list(n, stock, &count);
	others.at_once = at_once;
	others.with = with;
	others.freed = 0;
	ash_store_relaxed(&ash_os_fault_hook, others_free);
}

static void others_end(void)
{
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	CHECK(others.freed > 0, "nobody else freed anything");
	CHECK(others.list != NULL, "the call went on until the others had nothing left");
	family_free_list(others.list);
}

static void alone(void)
{
	clock_start();                  /* nothing goes by time, */
	ash_growth_hook = NULL;         /* nor where memory is first touched */
	ash_heap.drain.enabled = false; /* nor where it is freed */
	ash_heap.rounds.background = false;
	m.free(m.malloc(100));
}

static uint64_t given(void)
{
	return ash_os_given.bytes - others.given;
}

/* malloc_trim gives back what lay idle when it began. */
static void trim_ends(size_t n, enum ash_os_call with)
{
	uint64_t before;
	size_t count, there;

	alone();
	let_others_free(with, n, 200 * MIB, 1 + (unsigned)(MIB / n));
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	family_free_list(family_take_list(n, 24 * MIB, &count));
	ash_store_relaxed(&ash_os_fault_hook, others_free);
	/* (Blocks that were wholly free, or become so, are unmapped after they were purged.) */
	there = idle() + ash_depot_bytes() + ash_block_idle(&ash_heap);
	before = given();
	CHECK(ash_compat_malloc_trim(0) == 1, "malloc_trim gave nothing back");
	tap_note("%zu KiB idle, %zu KiB given back in blocks of %zu", there >> 10,
		 (size_t)(given() - before) >> 10, n);
	CHECK(given() - before <= there + 4 * MIB, "%zu KiB given back, %zu were idle",
	      (size_t)(given() - before) >> 10, there >> 10);
	others_end();
}

static void trim_of_runs_ends(void)
{
	trim_ends(300000, ASH_OS_MADVISE);
}

static void trim_of_small_runs_ends(void)
{
	trim_ends(40000, ASH_OS_MADVISE);
}

static void trim_of_mappings_ends(void)
{
	trim_ends(3 * MIB, ASH_OS_MUNMAP);
}

static uint64_t no_time_passes(enum ash_clock clock)
{
	(void)clock;
	return clock_time_ns;
}

/* So does growth, however fast the kernel is. */
static void growth_ends(void)
{
	uint64_t before;
	bool (*growth)(struct ash_heap *, size_t) = ash_growth_hook;
	size_t count, there;

	alone();
	let_others_free(ASH_OS_MADVISE, 300000, 60 * MIB, 4);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	family_free_list(family_take_list(300000, 12 * MIB, &count));
	ash_os_clock_hook = no_time_passes;
	ash_store_relaxed(&ash_os_fault_hook, others_free);
	there = idle();
	before = given();
	growth(&ash_heap, MIB);
	tap_note("%zu KiB idle, %zu KiB given back", there >> 10,
		 (size_t)(given() - before) >> 10);
	CHECK(given() - before <= there, "%zu KiB given back, %zu were idle",
	      (size_t)(given() - before) >> 10, there >> 10);
	others_end();
}

/* --- requests that fail --- */

/* Something in every cache. */
static void fill_caches(void)
{
	size_t count;

	family_free_list(family_take_list(1000, 12 * MIB, &count));
	family_free_list(family_take_list(64, 4 * MIB, &count));
	family_free_list(family_take_list(100000, 20 * MIB, &count));
	ash_heap.mappings.turns.at_once = false; /* else it would have to come back first */
	m.free(m.malloc(8 * MIB));
	NEED(ash_depot_bytes() > MIB && ash_account_cached(&ash_heap) >= 8 * MIB,
	     "%zu bytes in the depot, %zu cached", ash_depot_bytes(),
	     ash_account_cached(&ash_heap));
}

struct caches {
	size_t depot, cached, dirty, blocks;
	uint64_t given;
};

static struct caches caches(void)
{
	return (struct caches){ash_depot_bytes(), ash_account_cached(&ash_heap),
			       ash_account_dirty(&ash_heap), ash_hugeblock_mapped(&ash_heap),
			       given()};
}

static void check_untouched(struct caches before, const char *what)
{
	struct caches after = caches();

	if (ash_os_fault_hook != NULL) /* others free */
		after.dirty = before.dirty;

	CHECK(after.given == before.given, "%s gave %zu KiB back", what,
	      (size_t)(after.given - before.given) >> 10);
	CHECK(after.depot == before.depot && after.cached == before.cached &&
		      after.dirty == before.dirty && after.blocks == before.blocks,
	      "%s: depot %zu, was %zu; cached %zu, was %zu", what, after.depot, before.depot,
	      after.cached, before.cached);
}

/* What the machine cannot give with all of it costs no cache: by size, and by alignment. */
static void hopeless(void)
{
	struct caches before = caches();
	void *p = m.malloc(100);

	for (unsigned i = 0; i < 3; i++) {
		size_t far = (size_t)1 << (46 + i);

		CHECK(!m.malloc(far), "malloc of 2^%u", 46 + i);
		CHECK(!m.calloc(2, far / 2), "calloc of 2^%u", 46 + i);
		CHECK(!m.realloc(p, far), "realloc to 2^%u", 46 + i);
		CHECK(!m.aligned_alloc(4096, far), "aligned_alloc of 2^%u", 46 + i);
		CHECK(!m.aligned_alloc(far, 100), "aligned_alloc at a multiple of 2^%u",
		      46 + i);
		CHECK(!m.aligned_alloc(far, 3 * MIB), "3 MiB at a multiple of 2^%u", 46 + i);
	}
	check_untouched(before, "a hopeless request");
	m.free(p);
}

static void hopeless_requests(void)
{
	alone();
	fill_caches();
	hopeless();
	FAMILY(set_limit)(ASHLAR_LIMIT_HARD, FAMILY(held)() + 64 * MIB);
	hopeless();
	/* And what a hard limit cannot, with mappings that are in use. */
	FAMILY(set_limit)(ASHLAR_LIMIT_HARD, 0);
	void *p = m.malloc(300 * MIB);
	struct caches before;

	NEED(p, "no 300 MiB");
	FAMILY(set_limit)(ASHLAR_LIMIT_HARD, FAMILY(held)() + 64 * MIB);
	before = caches();
	CHECK(!m.malloc(200 * MIB), "200 MiB under a limit that leaves some 100");
	CHECK(!m.aligned_alloc(2 * MIB, 200 * MIB), "the same, aligned");
	check_untouched(before, "a request beyond the hard limit");
	m.free(p);
}

static void limit(int resource, size_t bytes)
{
	struct rlimit now;

	getrlimit(resource, &now);
	now.rlim_cur = bytes;
	if (setrlimit(resource, &now) != 0)
		tap_skip("the limit cannot be set here");
}

/* 4 GiB under a limit of 1 GiB while others free. */
static void far_beyond(int resource)
{
	struct caches before;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts");
	alone();
	let_others_free(ASH_OS_MADVISE, 300000, 100 * MIB, 4);
	others.freed = 1;
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	fill_caches();
	ash_store_relaxed(&ash_os_fault_hook, others_free);
	limit(resource, 1024 * MIB);
	before = caches();
	for (unsigned i = 0; i < 3; i++)
		CHECK(!m.malloc(4096 * MIB), "4 GiB");
	CHECK(!m.aligned_alloc(2048 * MIB, MIB), "aligned");
	check_untouched(before, "a request beyond the limit");
	others_end();
}

static void beyond_addresses(void)
{
	far_beyond(RLIMIT_AS);
}

static void beyond_data(void)
{
	far_beyond(RLIMIT_DATA);
}

static long faults(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_minflt;
}

/* Rounds of buffers that come and go, each with requests that would fit if the program's own
 * small objects were not: most of the limit. */
static void full_of_objects(int resource, size_t object, size_t buffer)
{
	struct caches before;
	void *list, *p = m.malloc(3 * MIB);
	size_t count;
	long first = 0;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts");
	alone();
	list = family_take_list(object, 300 * MIB, &count);
	NEED(list && p, "no memory");
	limit(resource, memory_field("/proc/self/status",
				     resource == RLIMIT_AS ? "\nVmSize:" : "\nVmData:") +
				370 * MIB);
	for (unsigned round = 0; round < 6; round++) {
		family_free_list(family_take_list(buffer, 24 * MIB, &count));
		family_free_list(family_take_list(2000, 8 * MIB, &count));
		before = caches();
		CHECK(!m.aligned_alloc(128 * MIB, 300 * MIB), "300 MiB, aligned");
		CHECK(!m.malloc(420 * MIB), "420 MiB");
		CHECK(!m.calloc(2, 210 * MIB), "2 of 210 MiB");
		CHECK(!m.realloc(p, 450 * MIB), "450 MiB instead of 3");
		check_untouched(before, "a request beyond what is free");
		if (round == 1)
			first = faults();
	}
	CHECK(faults() - first <= 400, "%ld page faults in four rounds", faults() - first);
	/* What it has makes all the difference. */
	family_free_list(list);
	list = m.malloc(420 * MIB);
	CHECK(list, "420 MiB where 300 lie idle");
	m.free(list);
	m.free(p);
}

static void full_address_space(void)
{
	full_of_objects(RLIMIT_AS, 100, 100000);
}

static void full_data(void)
{
	full_of_objects(RLIMIT_DATA, 700, 300000);
}

/* What is short of a little takes about that. */
static void short_of_a_little(void)
{
	struct caches before, after;
	size_t data, count;
	void *p;

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts");
	alone();
	family_free_list(family_take_list(300000, 200 * MIB, &count));
	data = memory_field("/proc/self/status", "\nVmData:");
	limit(RLIMIT_DATA, data + 4 * MIB);
	before = caches();
	p = m.malloc(20 * MIB);
	CHECK(p, "20 MiB, of which 4 are there and 200 lie idle");
	after = caches();
	tap_note("%zu KiB given back for 20 MiB", (size_t)(after.given - before.given) >> 10);
	CHECK(after.given - before.given <= 22 * MIB, "%zu KiB given back for 20 MiB",
	      (size_t)(after.given - before.given) >> 10);
	m.free(p);
	/* The same under a limit of ours. */
	limit(RLIMIT_DATA, RLIM_INFINITY);
	family_free_list(family_take_list(300000, 200 * MIB, &count));
	FAMILY(set_limit)(ASHLAR_LIMIT_HARD, FAMILY(held)() + 4 * MIB);
	before = caches();
	p = m.malloc(20 * MIB);
	CHECK(p, "20 MiB below the hard limit, of which 4 are there");
	after = caches();
	CHECK(after.given - before.given <= 36 * MIB, "%zu KiB given back for 20 MiB",
	      (size_t)(after.given - before.given) >> 10);
	m.free(p);
}

/* Under a hard limit a request that others leave nothing for ends, too. */
static void hard_limit_ends(void)
{
	void *list, *more;
	size_t count;
	uint64_t before;

	alone();
	list = family_take_list(300000, 100 * MIB, &count);
	more = family_take_list(300000, 8 * MIB, &count);
	let_others_free(ASH_OS_MADVISE, 300000, 60 * MIB, 1);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	family_free_list(more);
	ash_store_relaxed(&ash_os_fault_hook, others_free);
	FAMILY(set_limit)(ASHLAR_LIMIT_HARD, FAMILY(held)());
	before = given();
	CHECK(!m.malloc(110 * MIB), "more than others can free");
	tap_note("%zu KiB given back in vain", (size_t)(given() - before) >> 10);
	CHECK(given() - before <= ash_heap.limits.hard, "%zu KiB given back",
	      (size_t)(given() - before) >> 10);
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	CHECK(others.freed > 0, "nobody else freed anything");
	family_free_list(others.list);
	family_free_list(list);
}

/* Blocks of n bytes of which nine of ten were freed at random: what was freed lies idle, though
 * nearly every slab still has a block. */
struct sparse {
	size_t n, blocks;
	unsigned char **block;
};

static struct sparse make_sparse(size_t n, size_t bytes)
{
	struct sparse s = {n, bytes / n, m.malloc(bytes / n * sizeof(*s.block))};
	unsigned random = 1;

	ash_heap.drain.enabled = false; /* else what is freed goes at once */
	NEED(s.block, "no table");
	for (size_t i = 0; i < s.blocks; i++) {
		s.block[i] = m.malloc(n);
		NEED(s.block[i], "block %zu", i);
		memset(s.block[i], (int)i, n);
	}
	for (size_t i = 0; i < s.blocks; i++) {
		random = random * 1664525u + 1013904223u;
		if ((random >> 16) % 10 != 0) {
			m.free(s.block[i]);
			s.block[i] = NULL;
		}
	}
	return s;
}

static void end_sparse(struct sparse s)
{
	for (size_t i = 0; i < s.blocks; i++) {
		unsigned char *p = s.block[i];

		if (p)
			CHECK(p[0] == (unsigned char)i && p[s.n - 1] == (unsigned char)i,
			      "block %zu changed", i);
		m.free(p);
	}
	m.free(s.block);
}

/* Of holes, too, about what is missing goes and no more. */
static void short_of_holes(void)
{
	struct sparse s;
	uint64_t before;
	void *p;

	alone();
	s = make_sparse(6000, 60 * MIB);
	ash_depot_empty();
	ash_purge_all(&ash_heap);
	FAMILY(set_limit)(ASHLAR_LIMIT_HARD, FAMILY(held)() + MIB);
	before = given();
	p = m.malloc(5 * MIB);
	CHECK(p, "5 MiB, of which one is there and 50 are holes");
	tap_note("%zu KiB given back for 5 MiB", (size_t)(given() - before) >> 10);
	CHECK(given() - before <= 6 * MIB, "%zu KiB given back for 5 MiB",
	      (size_t)(given() - before) >> 10);
	m.free(p);
	end_sparse(s);
}

/* malloc_trim gives back holes, too, and says whether it did anything. */
static void trim_of_holes(size_t n, size_t bytes)
{
	struct sparse s;
	size_t before, after;

	alone();
	s = make_sparse(n, bytes);
	before = FAMILY(held)();
	CHECK(ash_compat_malloc_trim(0) == 1, "malloc_trim did nothing");
	after = FAMILY(held)();
	tap_note("blocks of %zu: %zu KiB held, %zu before", n, after >> 10, before >> 10);
	CHECK(before - after >= (before - bytes / 10) / 2, "%zu KiB of %zu stay", after >> 10,
	      before >> 10);
	ash_compat_malloc_trim(0);
	CHECK(ash_compat_malloc_trim(0) == 0,
	      "malloc_trim did something where nothing is left");
	end_sparse(s);
}

static void trim_of_holes_3000(void)
{
	trim_of_holes(3000, 60 * MIB);
}

static void trim_of_holes_20000(void)
{
	trim_of_holes(20000, 100 * MIB);
}

/* --- small requests, one after the other, when nothing is left --- */

#define REFUSED 5000u /* of each size */

static struct {
	bool has_none;
	unsigned maps, calls; /* for memory; and those to give some back, too */
} kernel;

static bool count_calls(enum ash_os_call call)
{
	switch (call) {
	case ASH_OS_MMAP:
		kernel.maps++;
		kernel.calls++;
		errno = kernel.has_none ? ENOMEM : errno;
		return kernel.has_none;
	case ASH_OS_MUNMAP:
	case ASH_OS_MPROTECT:
	case ASH_OS_MADVISE:
	case ASH_OS_MREMAP:
		kernel.calls++;
		return false;
	default:
		return false;
	}
}

static const size_t small[] = {30000, 3000, 1000, 100, 16};
#define SMALL (sizeof(small) / sizeof(small[0]))

/* All that can be had, the largest first; the lists. */
static void use_up(void *list[SMALL])
{
	size_t count;

	for (unsigned i = 0; i < SMALL; i++)
		list[i] = family_take_list(small[i], SIZE_MAX, &count);
}

static unsigned calls_of_refusals(size_t n)
{
	unsigned before = kernel.calls;

	for (unsigned i = 0; i < REFUSED; i++) {
		errno = MARK;
		CHECK(!m.malloc(n) && errno == ENOMEM, "malloc(%zu), errno %d", n, errno);
	}
	return kernel.calls - before;
}

/* The kernel is asked once by each of them, and now and then at length. */
static void refuse_small(void)
{
	for (unsigned i = 0; i < SMALL; i++) {
		unsigned calls = calls_of_refusals(small[i]);

		tap_note("%u refused requests for %zu bytes: %u calls", REFUSED, small[i],
			 calls);
		CHECK(calls >= REFUSED / 2 && calls <= REFUSED + REFUSED / 50,
		      "%u calls of the kernel for %u of %zu bytes", calls, REFUSED, small[i]);
	}
	/* Of a size that the thread has no magazine for it may look for one, too. */
	CHECK(calls_of_refusals(500) <= 2 * REFUSED, "of a new size");
}

/* From the first request on, and by few calls. */
static void serve_small(const char *when)
{
	for (unsigned i = 0; i < SMALL; i++) {
		unsigned before = kernel.maps;
		void *p = m.malloc(small[i]);

		CHECK(p, "%s: malloc(%zu) is refused", when, small[i]);
		CHECK(kernel.maps - before <= 10, "%s: %u calls for %zu bytes", when,
		      kernel.maps - before, small[i]);
		m.free(p);
	}
}

static void *free_list_of(void *list)
{
	family_free_list(list);
	return NULL;
}

static void small_requests_are_refused(void)
{
	void *list[SMALL], *some;
	pthread_t thread;
	size_t count;

	clock_start();
	ash_heap.rounds.background = false;
	some = family_take_list(1000, 40 * MIB, &count);
	ash_store_relaxed(&ash_os_fault_hook, count_calls);
	kernel.has_none = true;
	use_up(list);
	refuse_small();
	/* Another thread frees some. */
	NEED(!pthread_create(&thread, NULL, free_list_of, some), "no thread");
	pthread_join(thread, NULL);
	serve_small("others free");
	for (unsigned round = 0; round < 3; round++) {
		void *more[SMALL];

		use_up(more);
		refuse_small();
		kernel.has_none = false;
		serve_small("the kernel has memory again");
		some = family_take_list(1000, 20 * MIB, &count);
		CHECK(count >= 20 * MIB / 1000, "only %zu blocks", count);
		family_free_list(some);
		kernel.has_none = true;
		for (unsigned i = 0; i < SMALL; i++)
			family_free_list(more[i]);
		serve_small("this thread frees");
	}
	ash_store_relaxed(&ash_os_fault_hook, NULL);
	for (unsigned i = 0; i < SMALL; i++)
		family_free_list(list[i]);
}

/* The same by the kernel itself. */
static void small_requests_under(int resource, const char *key)
{
	void *list[SMALL];

	if (SANITIZED)
		tap_skip("sanitizer build: the shadow memory counts");
	clock_start();
	ash_heap.rounds.background = false;
	m.free(m.malloc(100));
	ash_store_relaxed(&ash_os_fault_hook, count_calls);
	limit(resource, memory_field("/proc/self/status", key) + 60 * MIB);
	use_up(list);
	refuse_small();
	limit(resource, RLIM_INFINITY);
	serve_small("the limit is lifted");
	for (unsigned i = 0; i < SMALL; i++)
		family_free_list(list[i]);
}

static void small_requests_under_as(void)
{
	small_requests_under(RLIMIT_AS, "\nVmSize:");
}

static void small_requests_under_data(void)
{
	small_requests_under(RLIMIT_DATA, "\nVmData:");
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("dirty_max: what lies idle is capped by whoever frees", dirty_capped);
	tap_case("dirty_decay_ms:-1: nothing goes by time", never_by_time);
	tap_case("500 MiB go back in small portions", stalls_are_bounded);
	tap_case("malloc_trim of runs while others free", trim_of_runs_ends);
	tap_case("malloc_trim of small runs while others free", trim_of_small_runs_ends);
	tap_case("malloc_trim of mappings while others free", trim_of_mappings_ends);
	tap_case("growth while others free", growth_ends);
	tap_case("hopeless requests cost no cache", hopeless_requests);
	tap_case("RLIMIT_AS: far more than there is costs no cache", beyond_addresses);
	tap_case("RLIMIT_DATA: far more than there is costs no cache", beyond_data);
	tap_case("RLIMIT_AS: what objects in use take costs no cache", full_address_space);
	tap_case("RLIMIT_DATA: what objects in use take costs no cache", full_data);
	tap_case("a request that is short of a little", short_of_a_little);
	tap_case("hard limit: a request that is short of some holes", short_of_holes);
	tap_case("hard limit: a request that fails while others free", hard_limit_ends);
	tap_case("small requests that are refused, one after the other",
		 small_requests_are_refused);
	tap_case("the same under RLIMIT_AS", small_requests_under_as);
	tap_case("the same under RLIMIT_DATA", small_requests_under_data);
	tap_case("malloc_trim: holes in slabs of 3,000 bytes", trim_of_holes_3000);
	tap_case("malloc_trim: holes in slabs of 20,000 bytes", trim_of_holes_20000);
	return tap_finish();
}
