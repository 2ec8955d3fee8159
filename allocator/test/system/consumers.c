/*
 * What users of jemalloc's interface do with it, call by call and with their types: by the
 * names that C has, and (CONSUMERS_RUST) by those that Rust's bindings link to unless they are
 * told otherwise.  None of it knows this library.
 *
 * By weak names, to be served by what is preloaded; CONSUMERS_STRONG links to them.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "test/support/tap.h"

#ifdef CONSUMERS_RUST
#define JE(name) _rjem_##name
#else
#define JE(name) name
#endif
#ifndef CONSUMERS_STRONG
#define THEIRS __attribute__((weak))
#else
#define THEIRS
#endif

typedef struct extent_hooks_s extent_hooks_t;
struct extent_hooks_s {
	void *(*alloc)(extent_hooks_t *, void *, size_t, size_t, bool *, bool *, unsigned);
	void *rest[8];
};

THEIRS extern int JE(mallctl)(const char *, void *, size_t *, void *, size_t);
THEIRS extern int JE(mallctlnametomib)(const char *, size_t *, size_t *);
THEIRS extern int JE(mallctlbymib)(const size_t *, size_t, void *, size_t *, void *, size_t);
THEIRS extern void JE(malloc_stats_print)(void (*)(void *, const char *), void *, const char *);
THEIRS extern size_t JE(malloc_usable_size)(void *);
THEIRS extern void *JE(mallocx)(size_t, int);
THEIRS extern void *JE(rallocx)(void *, size_t, int);
THEIRS extern size_t JE(xallocx)(void *, size_t, size_t, int);
THEIRS extern size_t JE(sallocx)(const void *, int);
THEIRS extern void JE(dallocx)(void *, int);
THEIRS extern void JE(sdallocx)(void *, size_t, int);
THEIRS extern size_t JE(nallocx)(size_t, int);
#ifdef CONSUMERS_RUST
THEIRS extern void *JE(malloc)(size_t);
THEIRS extern void *JE(calloc)(size_t, size_t);
THEIRS extern void *JE(realloc)(void *, size_t);
THEIRS extern void JE(free)(void *);
THEIRS extern int JE(posix_memalign)(void **, size_t, size_t);
THEIRS extern void *JE(aligned_alloc)(size_t, size_t);
#ifdef CONSUMERS_STRONG
/* As a Rust program exports it. */
extern const char *_rjem_malloc_conf;
const char *_rjem_malloc_conf = "narenas:7,tcache_max:4096";
#endif
#endif

#define LG_ALIGN(lg) (lg)
#define ZERO 0x40
#define TCACHE_NONE 0x100
#define TCACHE(id) ((int)(((id) + 2) << 8))
#define ARENA(i) ((int)(((i) + 1) << 20))

static void renew(void)
{
	uint64_t epoch = 1;
	size_t length = sizeof(epoch);

	CHECK(JE(mallctl)("epoch", &epoch, &length, &epoch, length) == 0, "epoch");
}

static size_t size_of(const char *name)
{
	size_t n = 0, length = sizeof(n);
	int error = JE(mallctl)(name, &n, &length, NULL, 0);

	CHECK(error == 0 && length == sizeof(n), "%s: error %d", name, error);
	return n;
}

static unsigned unsigned_of(const char *name)
{
	unsigned n = 0;
	size_t length = sizeof(n);
	int error = JE(mallctl)(name, &n, &length, NULL, 0);

	CHECK(error == 0 && length == sizeof(n), "%s: error %d", name, error);
	return n;
}

/* --- Redis and Valkey --------------------------------------------------------------------- */

/* zmalloc's figures: bins by numbers of one name, of all arenas. */
static size_t wasted_in_bins(void)
{
	size_t curregs_mib[8], curslabs_mib[8], nregs_mib[8], size_mib[8], wasted = 0;
	size_t curregs_n = 8, curslabs_n = 8, nregs_n = 8, size_n = 8;
	unsigned nbins = unsigned_of("arenas.nbins");

	CHECK(JE(mallctlnametomib)("stats.arenas.4096.bins.0.curregs", curregs_mib,
				   &curregs_n) == 0 &&
		      JE(mallctlnametomib)("stats.arenas.4096.bins.0.curslabs", curslabs_mib,
					   &curslabs_n) == 0 &&
		      JE(mallctlnametomib)("arenas.bin.0.nregs", nregs_mib, &nregs_n) == 0 &&
		      JE(mallctlnametomib)("arenas.bin.0.size", size_mib, &size_n) == 0,
	      "names to numbers");
	for (unsigned j = 0; j < nbins; j++) {
		size_t curregs = 0, curslabs = 0, size = 0, length = sizeof(size_t);
		uint32_t nregs = 0;

		curregs_mib[4] = curslabs_mib[4] = nregs_mib[2] = size_mib[2] = j;
		CHECK(JE(mallctlbymib)(curregs_mib, curregs_n, &curregs, &length, NULL, 0) ==
				      0 &&
			      JE(mallctlbymib)(curslabs_mib, curslabs_n, &curslabs, &length,
					       NULL, 0) == 0 &&
			      JE(mallctlbymib)(size_mib, size_n, &size, &length, NULL, 0) == 0,
		      "bin %u", j);
		length = sizeof(nregs);
		CHECK(JE(mallctlbymib)(nregs_mib, nregs_n, &nregs, &length, NULL, 0) == 0,
		      "bin %u", j);
		CHECK(nregs > 0 && curregs <= curslabs * nregs, "bin %u: %zu of %zu * %u", j,
		      curregs, curslabs, nregs);
		wasted += (curslabs * nregs - curregs) * size;
	}
	return wasted;
}

static void to_count(void *opaque, const char *text)
{
	*(size_t *)opaque += strlen(text);
}

static void redis(void)
{
	static void *p[3000];
	size_t page = size_of("arenas.page"), allocated, active, resident, told = 0;
	unsigned narenas = unsigned_of("arenas.narenas");
	char name[40];
	bool on = true;

	for (unsigned i = 0; i < 3000; i++)
		p[i] = JE(mallocx)(i % 900 + 1, TCACHE_NONE);
	for (unsigned i = 0; i < 3000; i += 2)
		JE(dallocx)(p[i], TCACHE_NONE);
	renew();
	allocated = size_of("stats.allocated");
	active = size_of("stats.active");
	resident = size_of("stats.resident");
	CHECK(0 < allocated && allocated <= active && active <= resident, "%zu %zu %zu",
	      allocated, active, resident);
	size_of("stats.retained");
	size_of("stats.arenas.4096.pmuzzy");
	CHECK(size_of("stats.arenas.4096.pactive") * page == active, "pactive");
	CHECK(size_of("stats.arenas.4096.small.allocated") +
			      size_of("stats.arenas.4096.large.allocated") ==
		      allocated,
	      "small and large");
	CHECK(wasted_in_bins() > 0, "every second place is free");
	/* MEMORY PURGE: the number of arenas as a number, which is all of them. */
	snprintf(name, sizeof(name), "arena.%u.purge", narenas);
	CHECK(JE(mallctl)(name, NULL, 0, NULL, 0) == 0, "%s", name);
	CHECK(JE(mallctl)("background_thread", NULL, 0, &on, 1) == 0, "background_thread");
	JE(malloc_stats_print)(to_count, &told, NULL);
	CHECK(told > 200, "MALLOC-STATS: %zu bytes", told);
}

/* Active defragmentation: what an object's slab has free decides whether it is moved. */
static void defragmentation(void)
{
	static void *p[2000];
	size_t mib[3], n = 3, in[2], out[6], length;
	unsigned moved = 0, kept = 0;

	CHECK(JE(mallctlnametomib)("experimental.utilization.batch_query", mib, &n) == 0,
	      "a name");
	for (unsigned i = 0; i < 2000; i++)
		p[i] = memset(JE(mallocx)(200, TCACHE_NONE), (int)i, 200);
	for (unsigned i = 0; i < 2000; i++)
		if (i % 8 != 0)
			JE(dallocx)(p[i], TCACHE_NONE);
	for (unsigned i = 0; i + 8 < 2000; i += 8) {
		in[0] = (size_t)p[i];
		in[1] = (size_t)p[i + 8];
		length = sizeof(out);
		NEED(JE(mallctlbymib)(mib, n, out, &length, in, sizeof(in)) == 0,
		     "batch_query");
		CHECK(out[1] > 1 && out[0] < out[1] && out[2] >= out[1] * 200, "%zu %zu %zu",
		      out[0], out[1], out[2]);
		if (out[0] * 2 > out[1]) {
			void *q = memcpy(JE(mallocx)(200, TCACHE_NONE), p[i], 200);

			JE(dallocx)(p[i], TCACHE_NONE);
			p[i] = q;
			moved++;
		} else {
			kept++;
		}
	}
	CHECK(moved > 0, "none of %u is worth it", kept);
	for (unsigned i = 0; i < 2000; i += 8) {
		CHECK(((unsigned char *)p[i])[199] == (i & 255), "object %u", i);
		JE(dallocx)(p[i], TCACHE_NONE);
	}
}

/* --- ClickHouse --------------------------------------------------------------------------- */

static void clickhouse(void)
{
	static const char *const sizes[] = {
		"stats.allocated",
		"stats.active",
		"stats.metadata",
		"stats.metadata_thp",
		"stats.resident",
		"stats.mapped",
		"stats.retained",
		"stats.background_thread.num_threads",
		"stats.background_thread.num_runs",
		"stats.background_thread.run_interval",
		"stats.arenas.4096.pactive",
		"stats.arenas.4096.pdirty",
		"stats.arenas.4096.pmuzzy",
		"stats.arenas.4096.dirty_purged",
	};
	size_t mib[3], n = 3, most = 2, length;
	const char *text = NULL;
	bool b = false;

	CHECK(JE(mallctlnametomib)("arena.4096.purge", mib, &n) == 0 && n == 3 &&
		      JE(mallctlbymib)(mib, n, NULL, NULL, NULL, 0) == 0,
	      "arena.4096.purge by its numbers");
	CHECK(JE(mallctl)("max_background_threads", NULL, NULL, &most, sizeof(most)) == 0,
	      "max_background_threads");
	b = true;
	CHECK(JE(mallctl)("background_thread", NULL, NULL, &b, sizeof(b)) == 0, "on");
	renew();
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		size_of(sizes[i]);
	length = sizeof(b);
	CHECK(JE(mallctl)("opt.background_thread", &b, &length, NULL, 0) == 0 && length == 1,
	      "opt.background_thread");
	CHECK(JE(mallctl)("opt.prof", &b, &length, NULL, 0) == 0 && !b, "opt.prof");
	length = sizeof(text);
	CHECK(JE(mallctl)("opt.prof_prefix", &text, &length, NULL, 0) == 0 && text != NULL,
	      "opt.prof_prefix");
	/* It says so and goes on where there are no profiles. */
	CHECK(JE(mallctl)("prof.active", NULL, NULL, &b, sizeof(b)) == ENOENT &&
		      JE(mallctl)("prof.dump", NULL, NULL, &text, sizeof(text)) == ENOENT,
	      "profiles");
}

/* --- RocksDB ------------------------------------------------------------------------------ */

static extent_hooks_t *their_hooks, nodump_hooks;
static size_t undumped;

static void *alloc_without_dump(extent_hooks_t *hooks, void *at, size_t size, size_t alignment,
				bool *zero, bool *commit, unsigned arena)
{
	(void)hooks;
	undumped += size;
	return their_hooks->alloc(their_hooks, at, size, alignment, zero, commit, arena);
}

struct user {
	unsigned arena, tcache;
	void *p[50];
};

static void *use_arena(void *argument)
{
	struct user *u = argument;
	size_t length = sizeof(u->tcache);
	int flags;

	CHECK(JE(mallctl)("tcache.create", &u->tcache, &length, NULL, 0) == 0, "tcache.create");
	flags = ARENA(u->arena) | TCACHE(u->tcache);
	for (unsigned i = 0; i < 50; i++) {
		u->p[i] = JE(mallocx)(4096 + i * 100, flags);
		NEED(u->p[i] != NULL, "block %u", i);
		CHECK(JE(malloc_usable_size)(u->p[i]) >= 4096 + i * 100, "block %u", i);
		memset(u->p[i], 1, 4096 + i * 100);
	}
	return NULL;
}

static void rocksdb(void)
{
	struct user user[2] = {{0}};
	size_t length = sizeof(unsigned), mib[3], n = 3;
	unsigned arena = 0;
	extent_hooks_t *set = &nodump_hooks;
	pthread_t thread;
	char name[50];

	NEED(JE(mallctl)("arenas.create", &arena, &length, NULL, 0) == 0, "arenas.create");
	snprintf(name, sizeof(name), "arena.%u.extent_hooks", arena);
	length = sizeof(their_hooks);
	NEED(JE(mallctl)(name, &their_hooks, &length, NULL, 0) == 0 && their_hooks != NULL,
	     "extent_hooks");
	nodump_hooks = *their_hooks;
	nodump_hooks.alloc = alloc_without_dump;
	CHECK(JE(mallctl)(name, NULL, NULL, &set, sizeof(set)) == 0, "set");
	user[0].arena = user[1].arena = arena;
	NEED(pthread_create(&thread, NULL, use_arena, &user[1]) == 0, "a thread");
	use_arena(&user[0]);
	pthread_join(thread, NULL);
	CHECK(undumped >= 100 * 4096, "%zu bytes by the hook", undumped);
	for (unsigned u = 0; u < 2; u++) {
		for (unsigned i = 0; i < 50; i++)
			JE(dallocx)(user[1 - u].p[i], TCACHE(user[u].tcache));
		CHECK(JE(mallctl)("tcache.destroy", NULL, NULL, &user[u].tcache,
				  sizeof(unsigned)) == 0,
		      "tcache.destroy");
	}
	CHECK(JE(mallctlnametomib)("arena.0.destroy", mib, &n) == 0, "arena.<i>.destroy");
	mib[1] = arena;
	CHECK(JE(mallctlbymib)(mib, n, NULL, NULL, NULL, 0) == 0, "destroyed");
}

/* --- tikv-jemalloc-ctl -------------------------------------------------------------------- */

/* A key becomes numbers once, and values are read with the width of their type. */
static void typed(const char *key, size_t width)
{
	size_t mib[8], n = 8, length = width;
	unsigned char value[8];

	memset(value, 0xee, sizeof(value));
	CHECK(JE(mallctlnametomib)(key, mib, &n) == 0, "%s", key);
	CHECK(JE(mallctlbymib)(mib, n, value, &length, NULL, 0) == 0 && length == width,
	      "%s: %zu", key, length);
	for (size_t i = width; i < 8; i++)
		CHECK(value[i] == 0xee, "%s: it is wider than %zu", key, width);
}

static void tikv_ctl(void)
{
	static const char *const strings[] = {"version",  "config.malloc_conf",   "opt.dss",
					      "opt.junk", "opt.stats_print_opts", "opt.thp"};
	static const char *const bools[] = {"background_thread",
					    "opt.abort",
					    "opt.zero",
					    "opt.tcache",
					    "opt.xmalloc",
					    "opt.retain",
					    "thread.tcache.enabled",
					    "config.prof",
					    "config.stats",
					    "opt.background_thread"};
	static const char *const words[] = {
		"epoch",           "max_background_threads", "opt.lg_tcache_max",
		"stats.allocated", "stats.active",           "stats.metadata",
		"stats.resident",  "stats.mapped",           "stats.retained",
		"arenas.page",     "thread.allocated",       "thread.deallocated",
		"arenas.quantum",  "arenas.tcache_max"};
	static const char *const numbers[] = {"arenas.narenas",     "opt.narenas",
					      "arenas.nbins",       "arenas.nlextents",
					      "arenas.bin.0.nregs", "thread.arena"};
	uint64_t *allocated = NULL, *deallocated = NULL, before, given;
	size_t length = sizeof(char *), mib[2], n = 2, most = 2;
	const char *version = NULL;
	bool was = false, no = false, yes = true;

	for (unsigned i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
		typed(strings[i], sizeof(char *));
	for (unsigned i = 0; i < sizeof(bools) / sizeof(bools[0]); i++)
		typed(bools[i], sizeof(bool));
	for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		typed(words[i], 8);
	for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		typed(numbers[i], sizeof(uint32_t));
	CHECK(JE(mallctl)("version", &version, &length, NULL, 0) == 0 &&
		      version[strspn(version, "0123456789.")] == '-',
	      "the version begins as jemalloc's: %s", version);
	/* Thread-local counters, read without a call. */
	length = sizeof(allocated);
	NEED(JE(mallctl)("thread.allocatedp", &allocated, &length, NULL, 0) == 0 &&
		     JE(mallctl)("thread.deallocatedp", &deallocated, &length, NULL, 0) == 0,
	     "counters");
	before = *allocated;
	given = *deallocated;
	JE(dallocx)(JE(mallocx)(1000, 0), 0);
	CHECK(*allocated - before == JE(nallocx)(1000, 0) &&
		      *allocated - before == *deallocated - given,
	      "%llu and %llu bytes", (unsigned long long)(*allocated - before),
	      (unsigned long long)(*deallocated - given));
	/* Updates give the old value. */
	length = sizeof(was);
	CHECK(JE(mallctl)("thread.tcache.enabled", &was, &length, &no, sizeof(no)) == 0 &&
		      was &&
		      JE(mallctl)("thread.tcache.enabled", &was, &length, &yes, sizeof(yes)) ==
			      0 &&
		      !was,
	      "thread.tcache.enabled");
	CHECK(JE(mallctl)("thread.tcache.flush", NULL, NULL, NULL, 0) == 0, "flush");
	CHECK(JE(mallctlnametomib)("max_background_threads", mib, &n) == 0 && n == 1 &&
		      JE(mallctlbymib)(mib, n, NULL, NULL, &most, sizeof(most)) == 0,
	      "max_background_threads");
}

/* tikv-jemallocator as a global allocator: sizes and alignments are told at each call. */
static void tikv_allocator(void)
{
	for (unsigned lg = 0; lg <= 16; lg++)
		for (size_t size = 1; size < 300000; size = size * 3 + 1) {
			int flags = lg <= 4 ? 0 : LG_ALIGN((int)lg);
			char *p = JE(mallocx)(size, flags), *q;

			NEED(p != NULL, "%zu bytes at 2^%u", size, lg);
			CHECK(((uintptr_t)p & (((uintptr_t)1 << lg) - 1)) == 0, "%p", p);
			CHECK(JE(sallocx)(p, flags) == JE(nallocx)(size, flags), "%zu at 2^%u",
			      size, lg);
			memset(p, 7, size);
			if (JE(xallocx)(p, size + 1, 0, flags) < size + 1) {
				q = JE(rallocx)(p, size + 1, flags);
				NEED(q != NULL, "it grows");
				p = q;
			}
			CHECK(p[size - 1] == 7, "its content");
			JE(sdallocx)(p, size + 1, flags);
			p = JE(mallocx)(size, flags | ZERO);
			NEED(p != NULL, "zeroed");
			CHECK(p[0] == 0 && p[size - 1] == 0, "zeroed");
			JE(sdallocx)(p, size, flags);
		}
#ifdef CONSUMERS_RUST
	{
		void *aligned = NULL;
		char *p = JE(realloc)(JE(calloc)(10, 10), 1000);

		CHECK(p != NULL && p[99] == 0 && JE(malloc_usable_size)(p) >= 1000, "realloc");
		JE(free)(p);
		JE(free)(JE(malloc)(10));
		CHECK(JE(posix_memalign)(&aligned, 64, 100) == 0 &&
			      (uintptr_t)aligned % 64 == 0,
		      "posix_memalign");
		JE(free)(aligned);
		JE(free)(JE(aligned_alloc)(64, 128));
#ifdef CONSUMERS_STRONG
		CHECK(unsigned_of("opt.narenas") == 7 && size_of("opt.tcache_max") == 4096,
		      "its options are read");
#endif
	}
#endif
}

/* --- those who look at a few figures ------------------------------------------------------ */

/* psutil on FreeBSD, the Apollo router, Envoy's and other exporters. */
static void exporters(void)
{
	static const char *const names[] = {"stats.allocated", "stats.mapped",
					    "stats.active",    "stats.metadata",
					    "stats.resident",  "stats.retained"};

	renew();
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = 0;

		/* Some ask how wide it is first. */
		CHECK(JE(mallctl)(names[i], NULL, &length, NULL, 0) == 0, "%s", names[i]);
		size_of(names[i]);
	}
}

int main(void)
{
	tap_start();
#ifndef CONSUMERS_STRONG
	if (JE(mallctl) == NULL || JE(mallocx) == NULL || JE(nallocx) == NULL) {
		tap_line("Bail out! nobody has jemalloc's names");
		return 99;
	}
#endif
	tap_case("Redis: figures, purge, statistics", redis);
	tap_case("Redis: active defragmentation", defragmentation);
	tap_case("ClickHouse", clickhouse);
	tap_case("RocksDB: an arena without core dumps", rocksdb);
	tap_case("tikv-jemalloc-ctl: typed keys", tikv_ctl);
	tap_case("tikv-jemallocator: a global allocator", tikv_allocator);
	tap_case("exporters of figures", exporters);
	return tap_finish();
}
