/*
 * mallctl: the protocol, rule by rule; that what it says is true; and the statistics in all
 * forms. `control print LETTERS` writes what malloc_stats_print does to standard output.
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <ashlar/ashlar.h>

#include "test/support/family.h"

#define MIB ((size_t)1 << 20)

static int ctl(const char *name, void *oldp, size_t *oldlenp, void *newp, size_t newlen)
{
	return FAMILY(mallctl)(name, oldp, oldlenp, newp, newlen);
}

static size_t size_of(const char *name)
{
	size_t value = 0, length = sizeof(value);
	int error = ctl(name, &value, &length, NULL, 0);

	CHECK(error == 0 && length == sizeof(value), "%s: error %d, length %zu", name, error,
	      length);
	return value;
}

static unsigned unsigned_of(const char *name)
{
	unsigned value = 0;
	size_t length = sizeof(value);
	int error = ctl(name, &value, &length, NULL, 0);

	CHECK(error == 0 && length == sizeof(value), "%s: error %d, length %zu", name, error,
	      length);
	return value;
}

static void refresh(void)
{
	uint64_t epoch = 1;

	CHECK(ctl("epoch", NULL, NULL, &epoch, sizeof(epoch)) == 0, "epoch is not written");
}

/* --- protocol ------------------------------------------------------------------------------
 */

static void unknown_names(void)
{
	static const char *const names[] = {
		"",
		".",
		"no_such",
		"stats",
		"stats.",
		"stats.no_such",
		"version.x",
		"arenas.bin.0",
		"arenas.bin",
		"arenas.bin.x.size",
		"arenas.bin.99999.size",
		"arenas.bin.-1.size",
		"stats.allocated.0",
		"stats.arenas.99999.pactive",
		"stats.arenas.4096.bins.99999.curregs",
		"stats.arenas.4097.pactive",
		"stats.arenas.4096.lextents.99999.curlextents",
		"arenas.lextent.99999.size",
		"arena.99999.purge",
		"arena.4098.purge",
		"arena.<arena>.purge",
		"opt.no_such",
		"opt.lg_tcache_nslots_mul",
		"opt.tcache_nslots_small_min",
		"opt.tcache_nslots_small_max",
		"opt.tcache_nslots_large",
		"opt.tcache_gc_delay_bytes",
		"opt.lg_tcache_flush_small_div",
		"opt.lg_tcache_flush_large_div",
		"prof.active",
		"prof.dump",
		"prof.reset",
		"thread.prof.name",
		"opt.malloc_conf",
		"arenas.bin.0x0.size.more",
	};
	char value[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t length = sizeof(value);
		int error = ctl(names[i], value, &length, NULL, 0);

		CHECK(error == ENOENT, "'%s': error %d", names[i], error);
	}
}

static void permissions(void)
{
	size_t value = 0, length = sizeof(value);
	uint64_t count;

	errno = MARK;
	CHECK(ctl("version", NULL, NULL, &value, sizeof(value)) == EPERM, "version is written");
	CHECK(ctl("stats.allocated", NULL, NULL, &value, sizeof(value)) == EPERM, "written");
	CHECK(ctl("stats.allocated", NULL, NULL, NULL, 8) == EPERM,
	      "a length alone is a write");
	CHECK(ctl("arena.0.purge", &value, &length, NULL, 0) == EPERM, "what is done is read");
	CHECK(ctl("arena.0.purge", NULL, NULL, &value, sizeof(value)) == EPERM, "or written");
	CHECK(ctl("thread.tcache.flush", NULL, &length, NULL, 0) == EPERM, "or read");
	CHECK(ctl("thread.allocatedp", NULL, NULL, &value, sizeof(value)) == EPERM, "written");
	length = sizeof(count);
	CHECK(ctl("epoch", &count, &length, &count, sizeof(count)) == 0, "both at once");
	CHECK(errno == MARK, "errno became %d", errno);
}

static void lengths(void)
{
	unsigned char value[16], whole[8];
	uint64_t one = 1, before = 0, after = 0;
	size_t length = sizeof(whole);

	CHECK(ctl("arenas.page", whole, &length, NULL, 0) == 0, "arenas.page");
	for (size_t n = 0; n <= 16; n++) {
		int error;

		if (n == 8)
			continue;
		memset(value, 0xee, sizeof(value));
		length = n;
		error = ctl("arenas.page", value, &length, NULL, 0);
		CHECK(error == EINVAL, "%zu bytes: error %d", n, error);
		CHECK(length == (n < 8 ? n : 8), "%zu bytes: length %zu", n, length);
		CHECK(memcmp(value, whole, length) == 0, "%zu bytes: not the beginning", n);
		for (size_t i = length; i < 16; i++)
			CHECK(value[i] == 0xee, "%zu bytes: byte %zu is written", n, i);
	}
	length = 8;
	ctl("epoch", &before, &length, NULL, 0);
	CHECK(ctl("epoch", NULL, NULL, &one, 4) == EINVAL, "newlen 4");
	CHECK(ctl("epoch", NULL, NULL, &one, 9) == EINVAL, "newlen 9");
	length = 4;
	CHECK(ctl("epoch", &after, &length, &one, 8) == EINVAL && length == 4, "oldlen 4");
	length = 8;
	ctl("epoch", &after, &length, NULL, 0);
	CHECK(before == after, "a refused call took an epoch");
	/* Either pointer alone is no read, and no error. */
	CHECK(ctl("arenas.page", NULL, &length, NULL, 0) == 0 && length == 8, "no oldp");
	CHECK(ctl("arenas.page", value, NULL, NULL, 0) == 0, "no oldlenp");
}

static void widths(void)
{
	static const struct {
		const char *name;
		size_t width;
	} of[] = {
		{"version", 8},
		{"epoch", 8},
		{"background_thread", 1},
		{"max_background_threads", 8},
		{"thread.arena", 4},
		{"thread.allocated", 8},
		{"thread.allocatedp", 8},
		{"thread.deallocated", 8},
		{"thread.deallocatedp", 8},
		{"thread.peak.read", 8},
		{"thread.tcache.enabled", 1},
		{"thread.tcache.max", 8},
		{"config.prof", 1},
		{"config.malloc_conf", 8},
		{"opt.abort", 1},
		{"opt.narenas", 4},
		{"opt.dirty_decay_ms", 8},
		{"opt.background_thread", 1},
		{"opt.thp", 8},
		{"opt.junk", 8},
		{"opt.hpa_dirty_mult", 4},
		{"opt.tcache_max", 8},
		{"opt.lg_prof_sample", 8},
		{"opt.stats_interval", 8},
		{"opt.prof", 1},
		{"opt.oversize_threshold", 8},
		{"opt.debug_double_free_max_scan", 4},
		{"arena.0.initialized", 1},
		{"arena.0.dirty_decay_ms", 8},
		{"arena.0.dss", 8},
		{"arena.0.extent_hooks", 8},
		{"arenas.narenas", 4},
		{"arenas.page", 8},
		{"arenas.quantum", 8},
		{"arenas.tcache_max", 8},
		{"arenas.nbins", 4},
		{"arenas.nhbins", 4},
		{"arenas.bin.0.size", 8},
		{"arenas.bin.0.nregs", 4},
		{"arenas.bin.0.slab_size", 8},
		{"arenas.bin.0.nshards", 4},
		{"arenas.nlextents", 4},
		{"arenas.lextent.0.size", 8},
		{"stats.allocated", 8},
		{"stats.active", 8},
		{"stats.resident", 8},
		{"stats.mapped", 8},
		{"stats.retained", 8},
		{"stats.metadata", 8},
		{"stats.pinned", 8},
		{"stats.zero_reallocs", 8},
		{"stats.background_thread.num_threads", 8},
		{"stats.arenas.0.nthreads", 4},
		{"stats.arenas.4096.pactive", 8},
		{"stats.arenas.4096.pmuzzy", 8},
		{"stats.arenas.4096.small.allocated", 8},
		{"stats.arenas.4096.large.allocated", 8},
		{"stats.arenas.4096.small.nmalloc", 8},
		{"stats.arenas.4096.bins.3.curregs", 8},
		{"stats.arenas.4096.bins.3.curslabs", 8},
		{"stats.arenas.0.bins.3.nmalloc", 8},
		{"stats.arenas.0.lextents.0.curlextents", 8},
	};
	char value[32];

	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		size_t length = of[i].width, wrong = of[i].width + 1;
		int error = ctl(of[i].name, value, &length, NULL, 0);

		CHECK(error == 0, "%s: error %d", of[i].name, error);
		CHECK(ctl(of[i].name, value, &wrong, NULL, 0) == EINVAL && wrong == of[i].width,
		      "%s: is %zu wide", of[i].name, wrong);
	}
}

static void numbers_of_names(void)
{
	size_t mib[8], length = 6, value, n = sizeof(value);

	memset(mib, 0xee, sizeof(mib));
	CHECK(FAMILY(mallctlnametomib)("arenas.bin.2.size", mib, &length) == 0 && length == 4,
	      "length %zu", length);
	CHECK(mib[4] == 0xeeeeeeeeeeeeeeee, "beyond the name");
	for (unsigned i = 0; i < unsigned_of("arenas.nbins"); i++) {
		char name[40];

		mib[2] = i;
		snprintf(name, sizeof(name), "arenas.bin.%u.size", i);
		CHECK(FAMILY(mallctlbymib)(mib, 4, &value, &n, NULL, 0) == 0 &&
			      value == size_of(name),
		      "%s", name);
	}
	mib[2] = unsigned_of("arenas.nbins");
	CHECK(FAMILY(mallctlbymib)(mib, 4, &value, &n, NULL, 0) == ENOENT, "beyond the last");
	mib[2] = 0;
	for (size_t d = 0; d < 8; d++)
		if (d != 4)
			CHECK(FAMILY(mallctlbymib)(mib, d, &value, &n, NULL, 0) == ENOENT,
			      "a mib of %zu", d);
	for (size_t wrong = 0; wrong < 600; wrong++) {
		size_t other[4] = {wrong, wrong, wrong, wrong};

		FAMILY(mallctlbymib)(other, 4, NULL, NULL, NULL, 0);
		other[0] = mib[0];
		FAMILY(mallctlbymib)(other, 4, NULL, NULL, NULL, 0);
	}
	/* Beginnings of names, and room for less. */
	length = 6;
	CHECK(FAMILY(mallctlnametomib)("stats.arenas", mib, &length) == 0 && length == 2, "%zu",
	      length);
	memset(mib, 0xee, sizeof(mib));
	length = 2;
	CHECK(FAMILY(mallctlnametomib)("arenas.bin.0.size", mib, &length) == 0 && length == 2,
	      "%zu", length);
	CHECK(mib[1] != 0xeeeeeeeeeeeeeeee && mib[2] == 0xeeeeeeeeeeeeeeee, "two are filled");
	length = 6;
	CHECK(FAMILY(mallctlnametomib)("arenas.no.0", mib, &length) == ENOENT, "no such");
}

static void all_arenas(void)
{
	unsigned n = unsigned_of("arenas.narenas");
	char name[40];
	bool b;
	size_t length = sizeof(b);

	for (unsigned i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "arena.%u.purge", i == 0 ? n : 4096);
		CHECK(ctl(name, NULL, NULL, NULL, 0) == 0, "%s", name);
		snprintf(name, sizeof(name), "arena.%u.decay", i == 0 ? n : 4096);
		CHECK(ctl(name, NULL, NULL, NULL, 0) == 0, "%s", name);
	}
	snprintf(name, sizeof(name), "arena.%u.purge", n + 1);
	CHECK(ctl(name, NULL, NULL, NULL, 0) == ENOENT, "%s", name);
	snprintf(name, sizeof(name), "stats.arenas.%u.pactive", n);
	refresh();
	CHECK(size_of(name) == size_of("stats.arenas.4096.pactive"), "%s", name);
	CHECK(ctl("arena.0.initialized", &b, &length, NULL, 0) == 0 && b, "arena 0");
}

static void values_refused(void)
{
	ssize_t ms = -2, before = 0, now = 0;
	size_t zero = 0, length = sizeof(before);
	const char *primary = "primary";

	CHECK(ctl("arena.0.dirty_decay_ms", NULL, NULL, &ms, sizeof(ms)) == EFAULT, "-2 ms");
	CHECK(ctl("arenas.muzzy_decay_ms", NULL, NULL, &ms, sizeof(ms)) == EFAULT, "-2 ms");
	CHECK(ctl("arena.0.dss", NULL, NULL, &primary, sizeof(primary)) == EFAULT, "dss");
	CHECK(ctl("max_background_threads", NULL, NULL, &zero, sizeof(zero)) == EINVAL, "0");
	for (ms = -1; ms <= 5000; ms += 2500) {
		ctl("arena.0.dirty_decay_ms", &before, &length, NULL, 0);
		CHECK(ctl("arena.0.dirty_decay_ms", &now, &length, &ms, sizeof(ms)) == 0, "%zd",
		      ms);
		CHECK(now == before, "the old value is given: %zd, %zd", now, before);
		ctl("arenas.dirty_decay_ms", &now, &length, NULL, 0);
		CHECK(now == ms, "%zd became %zd", ms, now);
		ctl("arena.0.muzzy_decay_ms", &now, &length, NULL, 0);
		CHECK(now == 0, "the other one stays");
	}
}

/* --- what it says is true
 * --------------------------------------------------------------------- */

#define OBJECTS 20000
static void *object[OBJECTS];

static uint64_t state = 88172645463325252u;
static uint64_t draw(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static size_t draw_size(void)
{
	unsigned kind = (unsigned)(draw() % 100);

	if (kind < 90)
		return (size_t)(draw() % 2000);
	return (size_t)(draw() % (kind < 99 ? 100000 : 3000000));
}

static size_t take(unsigned i)
{
	size_t n = draw_size();

	object[i] = draw() % 4 ? m.malloc(n) : m.memalign((size_t)16 << draw() % 10, n);
	NEED(object[i] != NULL, "%zu bytes", n);
	memset(object[i], 1, n);
	return m.usable(object[i]);
}

static size_t drop(unsigned i)
{
	size_t usable = m.usable(object[i]);

	m.free(object[i]);
	object[i] = NULL;
	return usable;
}

static void check_order(void)
{
	size_t allocated, active, resident, mapped;

	refresh();
	allocated = size_of("stats.allocated");
	active = size_of("stats.active");
	resident = size_of("stats.resident");
	mapped = size_of("stats.mapped");
	CHECK(allocated <= active && active <= resident && resident <= mapped,
	      "allocated %zu, active %zu, resident %zu, mapped %zu", allocated, active,
	      resident, mapped);
	CHECK(active % size_of("arenas.page") == 0, "active is whole pages");
	CHECK(allocated == size_of("stats.arenas.0.small.allocated") +
				   size_of("stats.arenas.0.large.allocated"),
	      "small and large are all");
}

static void allocated_is_what_lives(void)
{
	size_t live = 0, before;

	m.free(m.malloc(1));
	refresh();
	before = size_of("stats.allocated");
	for (unsigned round = 0; round < 6; round++) {
		for (unsigned n = 0; n < OBJECTS; n++) {
			unsigned i = (unsigned)(draw() % OBJECTS);

			if (object[i] == NULL)
				live += take(i);
			else
				live -= drop(i);
		}
		check_order();
		CHECK(size_of("stats.allocated") - before == live,
		      "%zu bytes live, %zu are told", live,
		      size_of("stats.allocated") - before);
	}
	for (unsigned i = 0; i < OBJECTS; i++)
		if (object[i] != NULL)
			live -= drop(i);
	check_order();
	CHECK(live == 0 && size_of("stats.allocated") == before, "%zd bytes stay",
	      (ssize_t)(size_of("stats.allocated") - before));
}

/* Each thread frees what another took. */
static void *churn(void *argument)
{
	unsigned seed = (unsigned)(uintptr_t)argument;

	for (unsigned n = 0; n < 30000; n++) {
		void *p;

		seed = seed * 1664525 + 1013904223;
		p = m.malloc(seed >> 8 & 1023);
		p = __atomic_exchange_n(&object[seed >> 16 & 1023], p, __ATOMIC_ACQ_REL);
		m.free(p);
	}
	return NULL;
}

static void *read_all(void *argument)
{
	uint64_t last[3] = {0}, now;

	while (!__atomic_load_n((bool *)argument, __ATOMIC_RELAXED)) {
		static const char *const names[] = {"stats.arenas.4096.small.nmalloc",
						    "stats.arenas.4096.small.ndalloc",
						    "stats.arenas.4096.large.nmalloc"};

		check_order();
		for (unsigned i = 0; i < 3; i++) {
			now = size_of(names[i]);
			CHECK(now >= last[i], "%s fell", names[i]);
			last[i] = now;
		}
	}
	return NULL;
}

static void counts_while_threads_work(void)
{
	pthread_t threads[4], reader;
	bool over = false;
	size_t before, live = 0;

	m.free(m.malloc(1));
	refresh();
	before = size_of("stats.allocated");
	pthread_create(&reader, NULL, read_all, &over);
	for (size_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
	for (unsigned i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	pthread_join(reader, NULL);
	for (unsigned i = 0; i < 1024; i++)
		live += object[i] != NULL ? m.usable(object[i]) : 0;
	refresh();
	CHECK(size_of("stats.allocated") == before + live, "%zu live, %zd told", live,
	      (ssize_t)(size_of("stats.allocated") - before));
}

static size_t rss(void)
{
	char text[4096], *at;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (n <= 0)
		tap_skip("no smaps_rollup");
	close(fd);
	text[n] = '\0';
	at = strstr(text, "Rss:");
	return (size_t)strtoul(at + 4, NULL, 10) * 1024;
}

/* Of 1 MiB it is not worth to speak. */
static void check_resident(size_t before, size_t told_before, const char *when)
{
	size_t is = rss() - before, told;

	refresh();
	told = size_of("stats.resident") - told_before;
	CHECK(told < is + is / 20 + MIB && is < told + told / 20 + MIB,
	      "%s: %zu KiB are resident, %zu are told", when, is / 1024, told / 1024);
}

static void resident_is_what_the_kernel_says(void)
{
	size_t before, told;

	if (SANITIZED)
		tap_skip("the sanitizer's shadow is resident, too");
	m.free(m.malloc(1));
	refresh();
	before = rss();
	told = size_of("stats.resident");
	for (unsigned i = 0; i < OBJECTS; i++)
		take(i);
	check_resident(before, told, "full");
	for (unsigned i = 0; i < OBJECTS; i += 2)
		drop(i);
	check_resident(before, told, "half");
	CHECK(ctl("arena.4096.purge", NULL, NULL, NULL, 0) == 0, "purge");
	check_resident(before, told, "half, and purged");
}

/* --- of a thread
 * ---------------------------------------------------------------------------------- */

static uint64_t *counter(const char *name)
{
	uint64_t *at = NULL;
	size_t length = sizeof(at);

	CHECK(ctl(name, &at, &length, NULL, 0) == 0 && at != NULL, "%s", name);
	return at;
}

/* As folly and Redis find out whether this is what they think. */
static void a_byte_is_seen(void)
{
	uint64_t *at = counter("thread.allocatedp"), before = *at;
	void *p = m.malloc(1);

	CHECK(*at - before == m.usable(p), "%llu", (unsigned long long)(*at - before));
	CHECK(counter("thread.allocatedp") == at, "it moves");
	m.free(p);
}

static void *count_thread(void *unused)
{
	uint64_t *taken = counter("thread.allocatedp"), *given = counter("thread.deallocatedp");
	uint64_t first = *taken - *given, most = 0, live = 0, told = 0;
	size_t length = sizeof(told);
	void *own[256] = {NULL};
	uint64_t seed = (uintptr_t)&own >> 4;

	(void)unused;
	ctl("thread.peak.reset", NULL, NULL, NULL, 0);
	for (unsigned n = 0; n < 20000; n++) {
		unsigned i, what;
		size_t size;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		i = seed >> 33 & 255;
		what = seed >> 41 & 7;
		size = seed >> 45 & (n % 50 == 0 ? 0x3ffff : 0xfff);
		live -= own[i] != NULL ? m.usable(own[i]) : 0;
		if (what < 3) {
			m.free(own[i]);
			own[i] = NULL;
		} else if (what == 3) {
			m.free(own[i]);
			own[i] = m.calloc(1, size);
		} else if (what == 4) {
			m.free(own[i]);
			own[i] = m.memalign(64, size);
		} else {
			own[i] = m.realloc(own[i], size + 1);
		}
		live += own[i] != NULL ? m.usable(own[i]) : 0;
		CHECK(*taken - *given - first == live, "%u, %u: live %llu, told %lld", n, what,
		      (unsigned long long)live, (long long)(*taken - *given - first));
		if (live > most)
			most = live;
	}
	/* (realloc holds both for a moment.) */
	CHECK(ctl("thread.peak.read", &told, &length, NULL, 0) == 0 && told >= most &&
		      told <= most + MIB,
	      "peak %llu, told %llu", (unsigned long long)most, (unsigned long long)told);
	for (unsigned i = 0; i < 256; i++)
		m.free(own[i]);
	CHECK(*taken - *given == first, "all is free");
	return NULL;
}

static void counts_are_exact(void)
{
	pthread_t threads[3];
	void *kept = m.malloc(100);

	for (unsigned i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, count_thread, NULL);
	count_thread(NULL);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	m.free(kept);
}

static bool enabled(void)
{
	bool b = false;
	size_t length = sizeof(b);

	CHECK(ctl("thread.tcache.enabled", &b, &length, NULL, 0) == 0, "thread.tcache.enabled");
	return b;
}

static size_t cached(void)
{
	refresh();
	return size_of("stats.arenas.4096.tcache_bytes");
}

static void thread_cache(void)
{
	bool no = false, yes = true, was = false;
	size_t length = sizeof(was), most = 1000, n = sizeof(most);
	void *p[100];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 100; i++)
			p[i] = m.malloc(i * 20);
		for (unsigned i = 0; i < 100; i++)
			m.free(p[i]);
	}
	CHECK(enabled(), "there is a cache at first");
	CHECK(cached() > 0, "which holds something");
	CHECK(ctl("thread.tcache.flush", NULL, NULL, NULL, 0) == 0, "flush");
	ctl("arena.0.purge", NULL, NULL, NULL, 0);
	CHECK(cached() == 0, "%zu bytes after a flush", cached());
	CHECK(ctl("thread.tcache.enabled", &was, &length, &no, sizeof(no)) == 0 && was, "off");
	CHECK(!enabled(), "it is off");
	CHECK(ctl("thread.tcache.flush", NULL, NULL, NULL, 0) == EFAULT, "nothing to flush");
	for (unsigned i = 0; i < 100; i++)
		p[i] = m.malloc(i * 20);
	for (unsigned i = 0; i < 100; i++)
		m.free(p[i]);
	CHECK(cached() == 0, "%zu bytes without a cache", cached());
	CHECK(ctl("thread.tcache.max", NULL, NULL, &most, sizeof(most)) == 0, "max");
	CHECK(ctl("thread.tcache.enabled", NULL, NULL, &yes, sizeof(yes)) == 0, "on");
	CHECK(ctl("thread.tcache.max", &most, &n, NULL, 0) == 0 && most == 1024,
	      "rounded up to a class and kept: %zu", most);
	for (unsigned round = 0; round < 9; round++)
		m.free(m.malloc(1500));
	CHECK(cached() == 0, "%zu bytes above the largest", cached());
	for (unsigned round = 0; round < 9; round++)
		m.free(m.malloc(500));
	CHECK(cached() > 0, "smaller ones are held");
	most = SIZE_MAX;
	ctl("thread.tcache.max", NULL, NULL, &most, sizeof(most));
	CHECK(size_of("thread.tcache.max") == size_of("arenas.tcache_max"), "at most");
}

static void *thread_of_counted(void *unused)
{
	(void)unused;
	a_byte_is_seen();
	return NULL;
}

/* A child has the counts and the statistics, whoever was in a call. */
static void child_by_fork(void)
{
	pthread_t thread;

	a_byte_is_seen();
	for (unsigned i = 0; i < 20; i++) {
		pid_t child;
		int status = 0;

		pthread_create(&thread, NULL, thread_of_counted, NULL);
		child = fork();
		if (child == 0) {
			a_byte_is_seen();
			check_order();
			_exit(tap_shared->failures != 0);
		}
		CHECK(waitpid(child, &status, 0) == child && status == 0, "child: %x", status);
		pthread_join(thread, NULL);
	}
}

static void background_threads(void)
{
	bool yes = true, no = false;

	if (SANITIZED)
		tap_skip("a case is a child, and sanitizers end one that starts threads");
	for (unsigned i = 0; i < 20; i++) {
		CHECK(ctl("background_thread", NULL, NULL, &yes, sizeof(yes)) == 0, "on");
		refresh();
		CHECK(size_of("stats.background_thread.num_threads") == 1, "there is one");
		CHECK(ctl("background_thread", NULL, NULL, &no, sizeof(no)) == 0, "off");
		refresh();
		CHECK(size_of("stats.background_thread.num_threads") == 0, "there is none");
	}
}

/* What a thread may ask for in vain is told, and nothing is written. */
static void lookup(void)
{
	unsigned arena = 99;
	size_t length = sizeof(arena);
	void *p = m.malloc(100), *nothing = (void *)16;

	CHECK(ctl("arenas.lookup", &arena, &length, &p, sizeof(p)) == 0 && arena == 0, "%u",
	      arena);
	CHECK(ctl("arenas.lookup", &arena, &length, &nothing, sizeof(nothing)) == EINVAL,
	      "an address of nobody");
	CHECK(ctl("arenas.lookup", &arena, &length, NULL, 0) == EINVAL, "no address");
	m.free(p);
}

/* --- arenas of the program's own
 * ------------------------------------------------------------- */

/* A name with a number in it; the error. */
static int of_arena(const char *format, unsigned arena, void *oldp, size_t *oldlenp, void *newp,
		    size_t newlen)
{
	char name[64];

	snprintf(name, sizeof(name), format, arena);
	return ctl(name, oldp, oldlenp, newp, newlen);
}

static unsigned created(extent_hooks_t *hooks)
{
	unsigned arena = 0;
	size_t length = sizeof(arena);
	int error = ctl("arenas.create", &arena, &length, hooks != NULL ? (void *)&hooks : NULL,
			hooks != NULL ? sizeof(hooks) : 0);

	NEED(error == 0 && length == sizeof(arena), "arenas.create: error %d", error);
	return arena;
}

static unsigned arena_of(void *p)
{
	unsigned arena = 99999;
	size_t length = sizeof(arena);

	CHECK(ctl("arenas.lookup", &arena, &length, &p, sizeof(p)) == 0, "arenas.lookup");
	return arena;
}

static bool is_initialized(unsigned arena)
{
	bool b = false;
	size_t length = sizeof(b);

	CHECK(of_arena("arena.%u.initialized", arena, &b, &length, NULL, 0) == 0, "%u", arena);
	return b;
}

static size_t size_in(const char *format, unsigned arena)
{
	char name[64];

	snprintf(name, sizeof(name), format, arena);
	return size_of(name);
}

static void life_of_arenas(void)
{
	unsigned narenas = unsigned_of("arenas.narenas"), a, b, none = 77;
	size_t length = sizeof(none), two = 2;
	extent_hooks_t *hooks = NULL;
	void *p;

	CHECK(narenas == unsigned_of("opt.narenas") + 1, "%u arenas, opt.narenas %u", narenas,
	      unsigned_of("opt.narenas"));
	CHECK(!is_initialized(4097) && is_initialized(4096) && !is_initialized(narenas - 1),
	      "before any");
	/* What would be lost is not made. */
	CHECK(ctl("arenas.create", NULL, NULL, NULL, 0) == EINVAL, "nobody reads it");
	CHECK(ctl("arenas.create", &none, &two, NULL, 0) == EINVAL && two == 0 && none == 77,
	      "into two bytes");
	CHECK(ctl("arenas.create", &none, &length, &hooks, 4) == EINVAL && none == 77,
	      "hooks of four bytes");
	CHECK(unsigned_of("arenas.narenas") == narenas, "a refused call made one");

	a = created(NULL);
	CHECK(a == narenas && unsigned_of("arenas.narenas") == narenas + 1, "number %u", a);
	CHECK(is_initialized(a), "it is there");
	p = FAMILY(mallocx)(1000, MALLOCX_ARENA(a));
	NEED(p != NULL, "mallocx");
	CHECK(arena_of(p) == a, "it lies in %u", arena_of(p));
	FAMILY(dallocx)(p, 0);
	b = created(NULL);
	CHECK(b == a + 1, "number %u", b);
	CHECK(FAMILY(mallocx)(100000, MALLOCX_ARENA(a)) != NULL &&
		      FAMILY(mallocx)(10, MALLOCX_ARENA(a) | MALLOCX_TCACHE_NONE) != NULL,
	      "mallocx");
	refresh();
	CHECK(size_in("stats.arenas.%u.large.allocated", a) >= 100000 &&
		      size_in("stats.arenas.%u.small.allocated", a) == 16,
	      "they are counted");
	CHECK(of_arena("arena.%u.reset", a, NULL, NULL, NULL, 0) == 0, "reset");
	refresh();
	CHECK(size_in("stats.arenas.%u.large.allocated", a) == 0 &&
		      size_in("stats.arenas.%u.small.allocated", a) == 0,
	      "nothing stays");
	CHECK(of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == 0, "destroy");
	CHECK(!is_initialized(a) && is_initialized(4097), "it is no more");
	CHECK(created(NULL) == a && unsigned_of("arenas.narenas") == b + 1,
	      "its number is used again");
	p = FAMILY(mallocx)(10, MALLOCX_ARENA(0));
	CHECK(p != NULL && arena_of(p) == 0, "0 is the heap");
	m.free(p);
	/* The alias is one further now. */
	CHECK(of_arena("arena.%u.purge", b + 1, NULL, NULL, NULL, 0) == 0 &&
		      of_arena("arena.%u.decay", b + 1, NULL, NULL, NULL, 0) == 0 &&
		      of_arena("arena.%u.purge", b + 2, NULL, NULL, NULL, 0) == ENOENT,
	      "arenas.narenas is all of them");
}

/* Numbers that an arena may not, or no longer, be asked by; nothing of the heap changes. */
static void arenas_refused(void)
{
	unsigned a = created(NULL), one = 1;
	ssize_t ms = 77, heap = 0, now = 0;
	size_t length = sizeof(ms), n = sizeof(void *);
	char text[32], *into = text;
	const char *name = "x";
	void *hooks = NULL;

	CHECK(of_arena("arena.%u.reset", 0, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.destroy", 0, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.reset", 4096, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.destroy", 4097, NULL, NULL, NULL, 0) == EFAULT,
	      "the heap cannot be reset or destroyed");
	CHECK(of_arena("arena.%u.reset", a, &one, &length, NULL, 0) == EPERM, "reset is read");
	CHECK(of_arena("arena.%u.reset", a + 2, NULL, NULL, NULL, 0) == ENOENT &&
		      of_arena("stats.arenas.%u.pactive", a + 2, &ms, &length, NULL, 0) ==
			      ENOENT,
	      "never made");
	CHECK(ctl("arena.0.dirty_decay_ms", &heap, &length, NULL, 0) == 0, "dirty_decay_ms");
	ms = -2;
	CHECK(of_arena("arena.%u.dirty_decay_ms", a, NULL, NULL, &ms, 8) == EFAULT, "-2 ms");
	for (ms = -1; ms <= 77; ms += 78) {
		CHECK(of_arena("arena.%u.dirty_decay_ms", a, NULL, NULL, &ms, 8) == 0 &&
			      of_arena("arena.%u.dirty_decay_ms", a, &now, &length, NULL, 0) ==
				      0 &&
			      now == ms,
		      "%zd ms became %zd", ms, now);
		CHECK(of_arena("stats.arenas.%u.dirty_decay_ms", a, &now, &length, NULL, 0) ==
				      0 &&
			      now == ms,
		      "%zd ms", now);
	}
	ms = 77;
	CHECK(of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == 0, "destroy");
	CHECK(of_arena("arena.%u.reset", a, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.dirty_decay_ms", a, NULL, NULL, &ms, 8) == EFAULT &&
		      of_arena("arena.%u.muzzy_decay_ms", a, &now, &length, NULL, 0) ==
			      EFAULT &&
		      of_arena("arena.%u.extent_hooks", a, &hooks, &n, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.name", a, &into, &n, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.name", a, NULL, NULL, &name, 8) == EFAULT,
	      "a destroyed one");
	CHECK(of_arena("arena.%u.purge", a, NULL, NULL, NULL, 0) == 0, "has nothing to purge");
	CHECK(of_arena("stats.arenas.%u.pactive", a, &ms, &length, NULL, 0) == ENOENT,
	      "statistics");
	CHECK(ctl("thread.arena", NULL, NULL, &a, sizeof(a)) == EFAULT, "bound to it");
	CHECK(FAMILY(mallocx)(10, MALLOCX_ARENA(a)) == NULL, "it serves nobody");
	CHECK(ctl("arena.0.dirty_decay_ms", &now, &length, NULL, 0) == 0 && now == heap,
	      "the heap's became %zd", now);
}

static void names_of_arenas(void)
{
	unsigned a = created(NULL);
	char text[33] = "", wanted[32], *into = text;
	const char *longer = "a name that is longer than thirty-one bytes", *none = NULL;
	size_t n = sizeof(into), four = 4;

	snprintf(wanted, sizeof(wanted), "manual_%u", a);
	text[32] = '!';
	CHECK(of_arena("arena.%u.name", a, &into, &n, &longer, sizeof(longer)) == 0 &&
		      strcmp(text, wanted) == 0 && into == text,
	      "'%s', not %s", text, wanted);
	CHECK(of_arena("arena.%u.name", a, &into, &n, NULL, 0) == 0 && strlen(text) == 31 &&
		      strncmp(text, longer, 31) == 0 && text[32] == '!',
	      "'%s'", text);
	CHECK(of_arena("arena.%u.name", a, &into, &four, NULL, 0) == EINVAL && into == text,
	      "four bytes");
	CHECK(of_arena("arena.%u.name", a, NULL, NULL, &none, sizeof(none)) == EINVAL, "NULL");
	CHECK(of_arena("arena.%u.name", a, NULL, NULL, &longer, 4) == EINVAL, "newlen 4");
	CHECK(of_arena("arena.%u.name", 0, &into, &n, NULL, 0) == 0 && text[0] != '\0', "heap");
	CHECK(of_arena("arena.%u.name", 0, NULL, NULL, &longer, sizeof(longer)) == EFAULT,
	      "the heap's stays");
	CHECK(of_arena("arena.%u.name", 4096, &into, &n, NULL, 0) == EINVAL, "of all");
}

/* As RocksDB has memory that no core dump holds: an arena whose hook is set later, over the one
 * that was there, an explicit cache for each thread, blocks by both. */
static extent_hooks_t *old_hooks, new_hooks;
static size_t asked;

static void *hook_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			bool *zero, bool *commit, unsigned arena)
{
	CHECK(hooks == &new_hooks, "the hooks that were set");
	__atomic_fetch_add(&asked, size, __ATOMIC_RELAXED);
	return old_hooks->alloc(old_hooks, new_addr, size, alignment, zero, commit, arena);
}

static void hooks_and_caches(void)
{
	unsigned a = created(NULL), id = 99, next = 98, wrong = 4000;
	size_t length = sizeof(old_hooks), n = sizeof(id), two = 2;
	extent_hooks_t *now = NULL, *set = &new_hooks;
	void *p[100];
	int flags;

	CHECK(of_arena("arena.%u.extent_hooks", a, &old_hooks, &length, NULL, 0) == 0 &&
		      old_hooks != NULL && old_hooks->alloc != NULL,
	      "the default ones");
	NEED(old_hooks != NULL, "hooks");
	new_hooks = *old_hooks;
	new_hooks.alloc = hook_alloc;
	CHECK(of_arena("arena.%u.extent_hooks", a, &now, &length, &set, sizeof(set)) == 0 &&
		      now == old_hooks,
	      "the old ones are given");
	CHECK(of_arena("arena.%u.extent_hooks", a, &now, &length, NULL, 0) == 0 &&
		      now == &new_hooks,
	      "the new ones are there");
	CHECK(of_arena("arena.%u.extent_hooks", 0, &now, &length, NULL, 0) == 0 &&
		      now == old_hooks,
	      "the heap's can be read");
	CHECK(of_arena("arena.%u.extent_hooks", 0, NULL, NULL, &set, sizeof(set)) == EFAULT,
	      "and not set");

	CHECK(ctl("tcache.create", NULL, NULL, NULL, 0) == EINVAL, "nobody reads it");
	CHECK(ctl("tcache.create", &id, &two, NULL, 0) == EINVAL && two == 0, "two bytes");
	CHECK(ctl("tcache.create", &id, &n, &wrong, sizeof(wrong)) == EPERM, "it is written");
	CHECK(ctl("tcache.create", &id, &n, NULL, 0) == 0 &&
		      ctl("tcache.create", &next, &n, NULL, 0) == 0 && id != next,
	      "%u and %u", id, next);
	CHECK(ctl("tcache.flush", NULL, NULL, &wrong, sizeof(wrong)) == EFAULT &&
		      ctl("tcache.destroy", NULL, NULL, &wrong, sizeof(wrong)) == EFAULT,
	      "one that there is not");
	CHECK(ctl("tcache.flush", NULL, NULL, NULL, 0) == EINVAL &&
		      ctl("tcache.flush", &id, &n, &id, sizeof(id)) == EPERM,
	      "it is written only");
	flags = MALLOCX_ARENA(a) | MALLOCX_TCACHE(id);
	for (unsigned i = 0; i < 100; i++) {
		p[i] = FAMILY(mallocx)(8192 + i, flags);
		NEED(p[i] != NULL, "block %u", i);
		CHECK(arena_of(p[i]) == a && m.usable(p[i]) >= 8192 + i, "block %u", i);
	}
	CHECK(asked >= 100 * 8192, "the hook gave %zu bytes", asked);
	for (unsigned i = 0; i < 100; i++)
		FAMILY(dallocx)(p[i], MALLOCX_TCACHE(id));
	CHECK(ctl("tcache.flush", NULL, NULL, &id, sizeof(id)) == 0, "flush");
	refresh();
	CHECK(size_in("stats.arenas.%u.small.allocated", a) == 0, "all came back");
	CHECK(ctl("tcache.destroy", NULL, NULL, &id, sizeof(id)) == 0 &&
		      ctl("tcache.destroy", NULL, NULL, &id, sizeof(id)) == EFAULT,
	      "destroy");
	CHECK(FAMILY(mallocx)(10, MALLOCX_TCACHE(id)) == NULL, "it serves nobody");
	CHECK(ctl("tcache.create", &wrong, &n, NULL, 0) == 0 && wrong == id, "used again");
	CHECK(of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == 0, "destroy");
}

static void *bound_thread(void *arena)
{
	unsigned a = *(unsigned *)arena, was = 99, heap = 0, none = 65000;
	uint64_t *taken = counter("thread.allocatedp"), *given = counter("thread.deallocatedp");
	uint64_t before, bytes;
	size_t length = sizeof(was), n = sizeof(none);
	void *p, *q;

	CHECK(ctl("thread.arena", &was, &length, &a, sizeof(a)) == 0 && was == 0, "from %u",
	      was);
	CHECK(unsigned_of("thread.arena") == a, "bound");
	CHECK(ctl("thread.arena", NULL, NULL, &none, sizeof(none)) == EFAULT &&
		      unsigned_of("thread.arena") == a,
	      "one that there is not");
	CHECK(of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == EFAULT,
	      "a thread is bound to it");
	refresh();
	CHECK(of_arena("stats.arenas.%u.nthreads", a, &none, &n, NULL, 0) == 0 && none == 1,
	      "%u threads", none);
	before = *taken;
	p = m.malloc(1);
	CHECK(*taken - before == m.usable(p) && arena_of(p) == a, "a byte");
	q = m.malloc(300000);
	bytes = m.usable(p) + m.usable(q);
	CHECK(*taken - before == bytes && arena_of(q) == a, "large");
	before = *given;
	m.free(p);
	m.free(q);
	CHECK(*given - before == bytes, "freed");
	CHECK(ctl("thread.arena", &was, &length, &heap, sizeof(heap)) == 0 && was == a, "back");
	p = m.malloc(1);
	CHECK(arena_of(p) == 0, "the heap's");
	m.free(p);
	/* By way of an explicit cache, too. */
	CHECK(ctl("tcache.create", &none, &n, NULL, 0) == 0, "tcache.create");
	before = *taken;
	p = FAMILY(mallocx)(100, MALLOCX_TCACHE(none));
	q = FAMILY(mallocx)(100, MALLOCX_TCACHE(none) | MALLOCX_ARENA(a));
	bytes = m.usable(p) + m.usable(q);
	CHECK(*taken - before == bytes, "%llu", (unsigned long long)(*taken - before));
	before = *given;
	FAMILY(dallocx)(p, MALLOCX_TCACHE(none));
	FAMILY(dallocx)(q, MALLOCX_TCACHE_NONE);
	CHECK(*given - before == bytes, "%llu", (unsigned long long)(*given - before));
	CHECK(ctl("tcache.destroy", NULL, NULL, &none, sizeof(none)) == 0, "tcache.destroy");
	return NULL;
}

static void threads_bound(void)
{
	unsigned a = created(NULL);
	pthread_t thread;

	pthread_create(&thread, NULL, bound_thread, &a);
	pthread_join(thread, NULL);
	bound_thread(&a);
	CHECK(of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == 0, "nobody is bound");
}

/* Sums over all arenas have the program's own; arena 0 is the heap alone. */
static void sums_over_arenas(void)
{
	unsigned a = created(NULL);
	size_t allocated, heap, all, bins = 0, slab = 0, large;
	void *p[50];

	refresh();
	allocated = size_of("stats.allocated");
	heap = size_of("stats.arenas.0.small.allocated");
	all = size_of("stats.arenas.4096.small.allocated");
	for (unsigned i = 0; i < 50; i++)
		p[i] = FAMILY(mallocx)(64, MALLOCX_ARENA(a));
	large = FAMILY(sallocx)(FAMILY(mallocx)(MIB, MALLOCX_ARENA(a)), 0);
	CHECK(size_of("stats.allocated") == allocated, "nothing moves without an epoch");
	refresh();
	CHECK(size_of("stats.allocated") == allocated + (size_t)50 * 64 + large, "allocated");
	CHECK(size_of("stats.arenas.4096.small.allocated") == all + (size_t)50 * 64, "all");
	CHECK(size_of("stats.arenas.0.small.allocated") == heap, "the heap");
	CHECK(size_of("stats.allocated") <= size_of("stats.active") &&
		      size_of("stats.active") <= size_of("stats.resident") &&
		      size_of("stats.resident") <= size_of("stats.mapped"),
	      "order");
	for (unsigned c = 0; c < unsigned_of("arenas.nbins"); c++) {
		char name[64];

		snprintf(name, sizeof(name), "stats.arenas.%u.bins.%u.curregs", a, c);
		bins += size_of(name) * size_in("arenas.bin.%u.size", c);
		snprintf(name, sizeof(name), "stats.arenas.%u.bins.%u.curslabs", a, c);
		slab += size_of(name);
	}
	CHECK(bins == size_in("stats.arenas.%u.small.allocated", a) && bins == 50 * 64 &&
		      slab > 0,
	      "bins: %zu bytes in %zu slabs", bins, slab);
	for (unsigned i = 0; i < 50; i++)
		FAMILY(dallocx)(p[i], 0);
	refresh();
	CHECK(size_in("stats.arenas.%u.small.nmalloc", a) == 50 &&
		      size_in("stats.arenas.%u.small.ndalloc", a) == 50 &&
		      size_in("stats.arenas.%u.large.nmalloc", a) == 1,
	      "ever");
	CHECK(of_arena("arena.%u.destroy", a, NULL, NULL, NULL, 0) == 0, "destroy");
	refresh();
	CHECK(size_of("stats.arenas.4097.small.nmalloc") == 50 &&
		      size_of("stats.arenas.4097.large.nmalloc") == 1 &&
		      size_of("stats.arenas.4097.pactive") == 0,
	      "of those that are no more");
	CHECK(size_of("stats.allocated") == allocated, "allocated");
}

/* --- forms
 * ------------------------------------------------------------------------------------------ */

static void to_stdout(void *opaque, const char *text)
{
	size_t length = strlen(text);

	*(size_t *)opaque += length;
	if (write(STDOUT_FILENO, text, length) != (ssize_t)length)
		_exit(1);
}

static void to_nothing(void *opaque, const char *text)
{
	*(size_t *)opaque += strlen(text);
}

static void to_message(void *opaque, const char *text)
{
	(void)opaque;
	__atomic_store_n(&state, state + strlen(text), __ATOMIC_RELAXED);
}

static void printed(void)
{
	uint64_t before = state;
	size_t n = 0, json = 0;

	FAMILY(malloc_stats_print)(to_nothing, &n, NULL);
	FAMILY(malloc_stats_print)(to_nothing, &json, "J");
	CHECK(n > 200 && json > 2000, "%zu and %zu bytes", n, json);
	FAMILY(malloc_message) = to_message;
	FAMILY(malloc_stats_print)(NULL, NULL, "g");
	CHECK(state > before, "malloc_message gets what nobody else does");
}

int main(int argc, char **argv)
{
	family_start();
	if (argc > 1) {
		size_t n = 0;

		for (unsigned i = 0; i < 1000; i++)
			object[i] = m.malloc(i * 100);
		for (int i = 2; i < argc; i++)
			FAMILY(malloc_stats_print)(to_stdout, &n, argv[i]);
		return n == 0;
	}
	tap_start();
	tap_case("names that there are not", unknown_names);
	tap_case("what is only read, or only done", permissions);
	tap_case("lengths: copied as far as it fits", lengths);
	tap_case("widths", widths);
	tap_case("numbers of names", numbers_of_names);
	tap_case("all arenas: 4096, and arenas.narenas", all_arenas);
	tap_case("values that are refused, and decay times", values_refused);
	tap_case("allocated is what lives, to the byte", allocated_is_what_lives);
	tap_case("counts while threads work", counts_while_threads_work);
	tap_case("resident is what the kernel says", resident_is_what_the_kernel_says);
	tap_case("one byte is seen at thread.allocatedp", a_byte_is_seen);
	tap_case("a thread's counts are exact", counts_are_exact);
	tap_case("a thread's cache", thread_cache);
	tap_case("a child by fork", child_by_fork);
	tap_case("the background thread begins and ends", background_threads);
	tap_case("arenas.lookup", lookup);
	tap_case("arenas: made, reset, destroyed, their numbers used again", life_of_arenas);
	tap_case("arenas: what is refused", arenas_refused);
	tap_case("arenas: names", names_of_arenas);
	tap_case("arenas: hooks, and explicit caches", hooks_and_caches);
	tap_case("arenas: threads that are bound", threads_bound);
	tap_case("arenas: sums", sums_over_arenas);
	tap_case("statistics are printed", printed);
	return tap_finish();
}
