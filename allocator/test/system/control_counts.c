/*
 * mallctl: what it tells is true, of the process and of a thread: against a shadow count, what
 * the kernel says, and a thread's own sums.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>

#include "test/support/control.h"

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

/* What the kernel says of all of the process' memory, in bytes. */
static size_t kernel_says(const char *field)
{
	char text[4096], *at;
	int fd = open("/proc/self/smaps_rollup", O_RDONLY);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (n <= 0)
		tap_skip("no smaps_rollup");
	close(fd);
	text[n] = '\0';
	at = strstr(text, field);
	if (at == NULL)
		tap_skip("smaps_rollup does not tell it");
	return (size_t)strtoul(at + strlen(field), NULL, 10) * 1024;
}

static size_t rss(void)
{
	return kernel_says("\nRss:");
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

/* Pages that were given back lazily are in no sum but mapped, and the kernel has them as
 * LazyFree until it is short of memory. */
static void check_lazy(size_t before, size_t told, const char *when)
{
	size_t is = kernel_says("\nLazyFree:") - before;

	CHECK(is <= told + told / 20 + MIB && told <= is + is / 20 + MIB,
	      "%s: %zu KiB are free lazily, %zu are told", when, is / 1024, told / 1024);
}

static void set_decay_ms(const char *name, ssize_t ms)
{
	CHECK(ctl(name, NULL, NULL, &ms, sizeof(ms)) == 0, "%s", name);
}

/* Goes on with little until most of what is free was given back; returns what is muzzy then. */
static size_t await_muzzy(void)
{
	size_t page = size_of("arenas.page"), dirty = SIZE_MAX;

	for (unsigned i = 0; i < 1000 && dirty > 2 * MIB; i++) {
		for (unsigned k = 0; k < 50; k++)
			m.free(m.malloc(33000));
		usleep(10000);
		refresh();
		dirty = size_of("stats.arenas.4096.pdirty") * page;
	}
	return size_of("stats.arenas.4096.pmuzzy") * page;
}

/* Whole granules, by which is counted what is muzzy. */
static void *fill_some(unsigned i)
{
	size_t n = (size_t)(3 + i % 4) << 14;
	void *p = m.malloc(n);

	NEED(p != NULL, "%zu bytes", n);
	return memset(p, 1, n);
}

#define SOME 1500u

static void muzzy_is_what_the_kernel_may_take(void)
{
	size_t page = size_of("arenas.page"), before, muzzy;

	if (SANITIZED)
		tap_skip("the sanitizer's memory goes otherwise");
	m.free(m.malloc(1));
	before = kernel_says("\nLazyFree:");
	set_decay_ms("arena.0.muzzy_decay_ms", -1);
	set_decay_ms("arena.0.dirty_decay_ms", 100);
	for (unsigned i = 0; i < SOME; i++)
		object[i] = fill_some(i);
	for (unsigned i = 0; i < SOME; i++)
		if (i % 64 != 0)
			m.free(object[i]);
	ctl("thread.tcache.flush", NULL, NULL, NULL, 0);
	muzzy = await_muzzy();
	tap_note("%zu KiB are told to be muzzy, LazyFree is %zu KiB", muzzy / 1024,
		 kernel_says("\nLazyFree:") / 1024);
	CHECK(muzzy > 20 * MIB, "only %zu KiB are muzzy", muzzy / 1024);
	check_lazy(before, muzzy, "most is freed");
	CHECK(size_of("stats.mapped") >= size_of("stats.resident") + muzzy,
	      "mapped has them, resident does not: %zu, %zu, %zu", size_of("stats.mapped"),
	      size_of("stats.resident"), muzzy);
	/* Taken again they are in use like any others. */
	for (unsigned i = 0; i < SOME; i++)
		if (i % 64 != 0 && i % 2 == 0)
			object[i] = fill_some(i);
	refresh();
	check_lazy(before, size_of("stats.arenas.4096.pmuzzy") * page, "half is taken again");
	CHECK(ctl("arena.4096.purge", NULL, NULL, NULL, 0) == 0, "purge");
	refresh();
	CHECK(size_of("stats.arenas.4096.pmuzzy") == 0, "a purge leaves none");
	CHECK(size_of("stats.arenas.0.muzzy_npurge") > 0 &&
		      size_of("stats.arenas.0.muzzy_nmadvise") >=
			      size_of("stats.arenas.0.muzzy_npurge") &&
		      size_of("stats.arenas.0.muzzy_purged") >= 5 * MIB / page &&
		      size_of("stats.arenas.0.muzzy_purged") <=
			      size_of("stats.arenas.4096.dirty_purged") &&
		      size_of("stats.arenas.0.dirty_npurge") > 0,
	      "%zu times %zu pages went that were muzzy",
	      size_of("stats.arenas.0.muzzy_npurge"), size_of("stats.arenas.0.muzzy_purged"));
	check_lazy(before, 0, "after a purge");
}

/* --- of a thread -------------------------------------------------------------------------- */

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

int main(void)
{
	family_start();
	tap_start();
	tap_case("allocated is what lives, to the byte", allocated_is_what_lives);
	tap_case("counts while threads work", counts_while_threads_work);
	tap_case("resident is what the kernel says", resident_is_what_the_kernel_says);
	tap_case("muzzy is what the kernel may take", muzzy_is_what_the_kernel_may_take);
	tap_case("one byte is seen at thread.allocatedp", a_byte_is_seen);
	tap_case("a thread's counts are exact", counts_are_exact);
	tap_case("a thread's cache", thread_cache);
	tap_case("a child by fork", child_by_fork);
	return tap_finish();
}
