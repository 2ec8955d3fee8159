/*
 * mallctl: one epoch for all that is told of an arena; sums, what held calls up, fills, and who
 * waited for a lock, each as numbers, as text and as OpenMetrics.
 */
#include <ctype.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "os/mutex.h"
#include "reclaim/rounds.h"
#include "test/support/control.h"

/* --- one epoch ---------------------------------------------------------------------------- */

static const char *const figures[] = {
	"stats.arenas.%u.small.allocated",
	"stats.arenas.%u.small.nmalloc",
	"stats.arenas.%u.small.ndalloc",
	"stats.arenas.%u.large.allocated",
	"stats.arenas.%u.large.nmalloc",
	"stats.arenas.%u.large.ndalloc",
	"stats.arenas.%u.pactive",
	"stats.arenas.%u.pdirty",
	"stats.arenas.%u.mapped",
	"stats.arenas.%u.retained",
	"stats.arenas.%u.resident",
	"stats.arenas.%u.base",
	"stats.arenas.%u.dirty_purged",
	"stats.arenas.%u.bins.5.nmalloc",
	"stats.arenas.%u.bins.5.curregs",
	"stats.arenas.%u.bins.5.nslabs",
	"stats.arenas.%u.bins.5.nfills",
	"stats.arenas.%u.small.nflushes",
	"stats.arenas.%u.bins.5.curslabs",
	"stats.arenas.%u.mutexes.arena.num_ops",
	"stats.arenas.%u.extents.15.ndirty",
	"stats.arenas.%u.extents.15.dirty_bytes",
};
#define FIGURES (sizeof(figures) / sizeof(figures[0]))

static void read_all(unsigned a, size_t told[FIGURES])
{
	for (unsigned i = 0; i < FIGURES; i++)
		told[i] = size_in(figures[i], a);
}

static void check_same(unsigned a, const size_t told[FIGURES], const char *when)
{
	for (unsigned i = 0; i < FIGURES; i++) {
		char name[80];

		snprintf(name, sizeof(name), figures[i], a);
		CHECK(size_of(name) == told[i], "%s: %s was %zu and is %zu", when, name,
		      told[i], size_of(name));
	}
}

static void nothing_moves_without_an_epoch(void)
{
	unsigned a = created(NULL), b;
	size_t none[FIGURES] = {0}, told[FIGURES];
	void *p, *q;

	/* Also what was never looked at, and what is younger than the epoch. */
	refresh();
	read_all(a, told);
	p = in_arena(a, 96);
	q = in_arena(a, 130000);
	check_same(a, told, "after an epoch without anything");
	b = created(NULL);
	in_arena(b, 96);
	check_same(b, none, "made after the epoch");
	refresh();
	read_all(a, told);
	CHECK(told[0] == 96 && told[1] == 1 && told[4] == 1 && told[3] >= 130000 &&
		      told[13] == 1 && told[14] == 1 && told[16] == 1 && told[18] == 1 &&
		      told[19] > 0,
	      "%zu %zu %zu %zu %zu %zu %zu", told[0], told[1], told[3], told[13], told[14],
	      told[16], told[18]);
	for (unsigned i = 0; i < 100; i++)
		in_arena(a, 96);
	FAMILY(dallocx)(q, 0);
	FAMILY(dallocx)(p, 0);
	check_same(a, told, "after more of it");
	CHECK(act("arena.%u.purge", a) == 0, "purge");
	CHECK(act("arena.%u.reset", a) == 0, "reset");
	check_same(a, told, "after a reset");
	refresh();
	CHECK(size_in("stats.arenas.%u.small.nmalloc", a) == 101 &&
		      size_in("stats.arenas.%u.small.ndalloc", a) == 101 &&
		      size_in("stats.arenas.%u.bins.5.nfills", a) == 101 &&
		      size_in("stats.arenas.%u.small.nfills", a) == 101 &&
		      size_in("stats.arenas.%u.large.ndalloc", a) == 1,
	      "with the next epoch: %zu and %zu", size_in("stats.arenas.%u.small.nmalloc", a),
	      size_in("stats.arenas.%u.small.ndalloc", a));
	/* The destroyed ones, and whoever has the number next. */
	CHECK(act("arena.%u.destroy", b) == 0 && act("arena.%u.destroy", a) == 0, "destroy");
	CHECK(size_of("stats.arenas.4097.small.nmalloc") == 0, "destroyed since the epoch");
	CHECK(created(NULL) == a, "the number again");
	check_same(a, none, "of the next of that number");
	refresh();
	CHECK(size_of("stats.arenas.4097.small.nmalloc") == 102, "of those that are no more");
}

/* --- sums in every form ------------------------------------------------------------------- */

static char text[4000000];
static size_t text_length;

static void keep(void *opaque, const char *part)
{
	size_t n = strlen(part);

	(void)opaque;
	NEED(text_length + n < sizeof(text), "%zu bytes are told", text_length + n);
	memcpy(text + text_length, part, n + 1);
	text_length += n;
}

static void print(const char *letters)
{
	text_length = 0;
	FAMILY(malloc_stats_print)(keep, NULL, letters);
}

/* The number behind the words. */
static size_t said(const char *words)
{
	const char *at = strstr(text, words);

	CHECK(at != NULL, "'%s' is not said", words);
	if (at == NULL)
		return SIZE_MAX;
	at += strlen(words);
	while (*at != '\0' && !isdigit((unsigned char)*at))
		at++;
	return (size_t)strtoull(at, NULL, 10);
}

/* More arenas than jemalloc has by itself, each with something in it. */
static void sums_have_arenas(void)
{
	static const struct {
		const char *metric, *name;
	} same[] = {
		{"\nashlar_allocated_bytes ", "stats.allocated"},
		{"\nashlar_active_bytes ", "stats.active"},
		{"\nashlar_resident_bytes ", "stats.resident"},
		{"\nashlar_mapped_bytes ", "stats.mapped"},
		{"\nashlar_retained_bytes ", "stats.retained"},
		{"\nashlar_small_allocations_total ", "stats.arenas.4096.small.nmalloc"},
		{"\nashlar_large_allocations_total ", "stats.arenas.4096.large.nmalloc"},
		{"\nashlar_class_objects{size=\"96\"} ", "stats.arenas.4096.bins.5.curregs"},
		{"\nashlar_class_slabs{size=\"96\"} ", "stats.arenas.4096.bins.5.curslabs"},
	};
	size_t sum, heap;
	unsigned a[100], first;

	for (unsigned i = 0; i < 100; i++) {
		a[i] = created(NULL);
		in_arena(a[i], 96);
		in_arena(a[i], 100000);
	}
	first = a[0];
	CHECK(unsigned_of("arenas.narenas") == a[99] + 1 && a[99] - first == 99,
	      "%u arenas are told, the last is %u", unsigned_of("arenas.narenas"), a[99]);
	print("P");
	for (unsigned i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		CHECK(said(same[i].metric) == size_of(same[i].name), "%s is %zu, %s %zu",
		      same[i].metric + 1, said(same[i].metric), same[i].name,
		      size_of(same[i].name));
	CHECK(said("\nashlar_arenas ") == 100, "%zu arenas", said("\nashlar_arenas "));
	heap = size_of("stats.arenas.0.small.allocated") +
	       size_of("stats.arenas.0.large.allocated");
	sum = 0;
	for (unsigned i = 0; i < 100; i++)
		sum += size_in("stats.arenas.%u.small.allocated", a[i]) +
		       size_in("stats.arenas.%u.large.allocated", a[i]);
	CHECK(sum >= 100 * (96 + 100000) && size_of("stats.allocated") == heap + sum &&
		      said("\nashlar_arenas_allocated_bytes ") == sum,
	      "the heap %zu, arenas %zu, together %zu", heap, sum, size_of("stats.allocated"));
	print("");
	CHECK(said("Allocated: ") == size_of("stats.allocated") &&
		      said(", active: ") == size_of("stats.active") &&
		      said(", resident: ") == size_of("stats.resident") &&
		      said(", mapped: ") == size_of("stats.mapped"),
	      "as text: %zu", said("Allocated: "));
	CHECK(said("Arenas of the program's own: ") == 100, "as text");
	CHECK(said("\nsmall: ") == size_of("stats.arenas.4096.small.allocated") &&
		      said("\nlarge: ") == size_of("stats.arenas.4096.large.allocated"),
	      "as text: small %zu, large %zu", said("\nsmall: "), said("\nlarge: "));
	for (unsigned i = 0; i < 100; i++) {
		char words[60];

		snprintf(words, sizeof(words), "\n  stats.arenas.%u.small.allocated: ", a[i]);
		CHECK(said(words) == 96, "arena %u as text: %zu", a[i], said(words));
		snprintf(words, sizeof(words), "\n  stats.arenas.%u.bins.5: nmalloc ", a[i]);
		CHECK(said(words) == 1, "its bin: %zu", said(words));
	}
	for (unsigned i = 0; i < 100; i++)
		CHECK(act("arena.%u.destroy", a[i]) == 0, "destroy");
	print("P");
	CHECK(said("\nashlar_arenas ") == 0, "none is left");
}

/* --- what held calls up ------------------------------------------------------------------- */

static double seconds_said(const char *words)
{
	const char *at = strstr(text, words);

	CHECK(at != NULL, "'%s' is not said", words);
	return at != NULL ? strtod(at + strlen(words), NULL) : 0;
}

static struct ash_mutex held = ASH_MUTEX_INIT(ASH_RANK_TCACHES);
static bool is_held;

static void *hold(void *unused)
{
	struct ash_mutex_waits waits = {0};

	(void)unused;
	ash_mutex_lock(&held);
	__atomic_store_n(&is_held, true, __ATOMIC_RELEASE);
	/* From when somebody waits for it, and has looked at the clock. */
	for (; waits.most == 0; usleep(100))
		ash_mutex_read_waits(ASH_RANK_TCACHES, &waits);
	usleep(30000);
	ash_mutex_unlock(&held);
	return NULL;
}

static void stalls_by_cause(void)
{
#define STALL(what, labels) "\nashlar_stall_duration_seconds_" what "{" labels "} "
	static const char *const count[] = {STALL("count", "cause=\"purge\""),
					    STALL("count", "cause=\"lock\""),
					    STALL("count", "cause=\"syscall\"")};
	static const char *const in_all[] = {STALL("bucket", "cause=\"purge\",le=\"+Inf\""),
					     STALL("bucket", "cause=\"lock\",le=\"+Inf\""),
					     STALL("bucket", "cause=\"syscall\",le=\"+Inf\"")};
	static const char to_10_ms[] = STALL("bucket", "cause=\"lock\",le=\"0.010000\"");
	static const char lock_sum[] = STALL("sum", "cause=\"lock\"");
	size_t before[3], long_before, n;
	double sum;
	pthread_t thread;
	void *p;

	m.free(m.malloc(1));
	print("P");
	for (unsigned i = 0; i < 3; i++) {
		before[i] = said(count[i]);
		CHECK(said(in_all[i]) == before[i], "%s is %zu, %s %zu", in_all[i] + 1,
		      said(in_all[i]), count[i] + 1, before[i]);
	}
	long_before = before[1] - said(to_10_ms);
	sum = seconds_said(lock_sum);
	pthread_create(&thread, NULL, hold, NULL);
	while (!__atomic_load_n(&is_held, __ATOMIC_ACQUIRE))
		usleep(100);
	ash_mutex_lock(&held);
	ash_mutex_unlock(&held);
	pthread_join(thread, NULL);
	p = m.malloc(64 * MIB); /* more than ever before: the kernel has to map it */
	m.free(p);
	for (unsigned i = 0; i < 100;
	     i++) { /* while another thread has the claim it does nothing */
		ash_rounds_work();
		usleep(100);
	}
	print("P");
	for (unsigned i = 0; i < 3; i++)
		CHECK(said(count[i]) > before[i], "%s%zu, before %zu", count[i] + 1,
		      said(count[i]), before[i]);
	CHECK(said(count[1]) - said(to_10_ms) > long_before, "30 ms are no 10");
	CHECK(seconds_said(lock_sum) >= sum + 0.03, "%f s, before %f", seconds_said(lock_sum),
	      sum);
	n = said(count[1]);
	print("");
	CHECK(said("\n  stall by lock: ") >= n && said("\n  stall by syscall: ") > before[2] &&
		      said("\n  stall by purge: ") > before[0],
	      "as text");
}

/* --- fills, and locks --------------------------------------------------------------------- */

static void fills_and_flushes(void)
{
	size_t fills = 0, flushes = 0, edata, rtree;
	static void *p[2000];

	for (unsigned round = 0; round < 3; round++) {
		for (unsigned i = 0; i < 2000; i++)
			p[i] = m.malloc(96);
		for (unsigned i = 0; i < 2000; i++)
			m.free(p[i]);
	}
	ctl("thread.idle", NULL, NULL, NULL, 0);
	refresh();
	for (unsigned c = 0; c < unsigned_of("arenas.nbins"); c++) {
		size_t mine = size_at("stats.arenas.%u.bins.%u.nfills", 0, c);
		size_t back = size_at("stats.arenas.%u.bins.%u.nflushes", 0, c);

		fills += mine;
		flushes += back;
		CHECK(mine <= size_at("stats.arenas.%u.bins.%u.nmalloc", 0, c) &&
			      (mine > 0) ==
				      (size_at("stats.arenas.%u.bins.%u.nmalloc", 0, c) > 0),
		      "bin %u: %zu fills", c, mine);
		CHECK(size_at("stats.arenas.%u.bins.%u.nreslabs", 0, c) <=
			      size_at("stats.arenas.%u.bins.%u.nmalloc", 0, c),
		      "bin %u: nreslabs", c);
	}
	CHECK(fills > 0 && fills == size_of("stats.arenas.0.small.nfills") &&
		      fills == size_of("stats.arenas.4096.small.nfills"),
	      "%zu fills, %zu in all", fills, size_of("stats.arenas.0.small.nfills"));
	CHECK(flushes > 0 && flushes == size_of("stats.arenas.0.small.nflushes"),
	      "%zu flushes, %zu in all", flushes, size_of("stats.arenas.0.small.nflushes"));
	CHECK(size_at("stats.arenas.%u.bins.%u.nreslabs", 0, 5) > 0,
	      "slabs of 96 were used up");
	CHECK(size_of("stats.arenas.0.large.nfills") == 0, "no cache has large ones");
	edata = size_of("stats.metadata_edata");
	rtree = size_of("stats.metadata_rtree");
	CHECK(edata > 0 && edata + rtree <= size_of("stats.metadata") &&
		      edata == size_of("stats.arenas.0.metadata_edata"),
	      "%zu and %zu of %zu", edata, rtree, size_of("stats.metadata"));
}

static bool over;

static void *take_and_give(void *argument)
{
	unsigned a = *(unsigned *)argument;

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED))
		FAMILY(dallocx)(in_arena(a, 100), MALLOCX_TCACHE_NONE);
	return NULL;
}

/* Until one thread has met another; each of them waits for nothing else. */
static void waits_are_counted(void)
{
	unsigned a = created(NULL);
	pthread_t thread[3];

	for (unsigned i = 0; i < 3; i++)
		NEED(pthread_create(&thread[i], NULL, take_and_give, &a) == 0, "a thread");
	do
		refresh();
	while (size_in("stats.arenas.%u.mutexes.arena.num_wait", a) == 0);
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (unsigned i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	refresh();
	CHECK(size_in("stats.arenas.%u.mutexes.arena.num_ops", a) >=
		      size_in("stats.arenas.%u.mutexes.arena.num_wait", a),
	      "more waited than took it");
	CHECK(ctl("stats.mutexes.reset", NULL, NULL, NULL, 0) == 0, "reset");
	refresh();
	CHECK(size_of("stats.mutexes.ctl.num_wait") == 0 &&
		      size_of("stats.arenas.0.mutexes.hpa_shard.num_spin_acq") == 0 &&
		      size_of("stats.arenas.0.mutexes.base.total_wait_time") == 0 &&
		      size_of("stats.arenas.0.bins.5.mutex.num_wait") == 0 &&
		      unsigned_of("stats.mutexes.ctl.max_num_thds") == 0,
	      "after a reset");
}

int main(void)
{
	family_start();
	tap_start();
	tap_case("one arena's figures are of the epoch", nothing_moves_without_an_epoch);
	tap_case("sums have arenas of the program's own in them, in every form",
		 sums_have_arenas);
	tap_case("what held calls up, by cause", stalls_by_cause);
	tap_case("fills, flushes, and metadata by kind", fills_and_flushes);
	tap_case("who waits for an arena's lock is counted", waits_are_counted);
	return tap_finish();
}
