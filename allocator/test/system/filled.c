/*
 * Options zero, junk, xmalloc, abort and stats_interval: what memory holds by every call that
 * takes or gives some, how a request fails, and how often statistics are printed.  Each case
 * runs this program again with its option.
 */
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "test/support/control.h"

#define TAKEN 0xa5
#define GIVEN 0x5a

static const size_t sizes[] = {1, 16, 100, 1000, 5000, 32768, 40000, 200000, 1048576, 1500000};
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

static bool option_is(const char *name, const char *wanted)
{
	const char *text = NULL;
	bool yes = false;
	size_t length = sizeof(text);

	if (ctl(name, &text, &length, NULL, 0) == 0)
		return strcmp(text, wanted) == 0;
	length = sizeof(yes);
	CHECK(ctl(name, &yes, &length, NULL, 0) == 0, "%s", name);
	return yes == (wanted[0] == 't');
}

static bool holds(const void *p, size_t from, size_t to, unsigned byte)
{
	const unsigned char *at = p;

	return from >= to ||
	       (at[from] == byte && memcmp(at + from, at + from + 1, to - from - 1) == 0);
}

/* What was freed may be the kernel's again. */
static bool can_be_read(const void *p)
{
	int ends[2];
	ssize_t n;

	NEED(pipe(ends) == 0, "no pipe");
	n = write(ends[1], p, 1);
	close(ends[0]);
	close(ends[1]);
	return n == 1;
}

/* --- every way to take memory
 * ----------------------------------------------------------------- */

static unsigned cache, arena;

static void *by_malloc(size_t size)
{
	return m.malloc(size);
}

static void *by_realloc(size_t size)
{
	return m.realloc(NULL, size);
}

static void *by_reallocarray(size_t size)
{
	return m.reallocarray(NULL, 1, size);
}

static void *by_aligned_alloc(size_t size)
{
	return m.aligned_alloc(64, size);
}

static void *by_posix_memalign(size_t size)
{
	void *p = NULL;

	return m.posix_memalign(&p, 4096, size) == 0 ? p : NULL;
}

static void *by_memalign(size_t size)
{
	return m.memalign((size_t)1 << 17, size);
}

static void *by_mallocx(size_t size)
{
	return FAMILY(mallocx)(size, 0);
}

static void *by_single(size_t size)
{
	return FAMILY(mallocx)(size, MALLOCX_TCACHE_NONE);
}

static void *by_cache(size_t size)
{
	return FAMILY(mallocx)(size, MALLOCX_TCACHE(cache));
}

static void *by_heap(size_t size)
{
	return FAMILY(mallocx)(size, MALLOCX_ARENA(0) | MALLOCX_ALIGN(32));
}

static void *by_arena(size_t size)
{
	return FAMILY(mallocx)(size, MALLOCX_ARENA(arena));
}

static void *by_arenas_cache(size_t size)
{
	return FAMILY(mallocx)(size, MALLOCX_ARENA(arena) | MALLOCX_TCACHE(cache));
}

static void *by_rallocx(size_t size)
{
	return FAMILY(rallocx)(FAMILY(mallocx)(1, 0), size, MALLOCX_TCACHE_NONE);
}

static const struct way {
	const char *name;
	void *(*take)(size_t size);
} ways[] = {
	{"malloc", by_malloc},
	{"realloc", by_realloc},
	{"reallocarray", by_reallocarray},
	{"aligned_alloc", by_aligned_alloc},
	{"posix_memalign", by_posix_memalign},
	{"memalign", by_memalign},
	{"mallocx", by_mallocx},
	{"MALLOCX_TCACHE_NONE", by_single},
	{"MALLOCX_TCACHE", by_cache},
	{"MALLOCX_ARENA of the heap", by_heap},
	{"MALLOCX_ARENA", by_arena},
	{"MALLOCX_ARENA and MALLOCX_TCACHE", by_arenas_cache},
	{"rallocx", by_rallocx},
};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

static void give_single(void *p)
{
	FAMILY(dallocx)(p, MALLOCX_TCACHE_NONE);
}

static void give_to_cache(void *p)
{
	FAMILY(dallocx)(p, MALLOCX_TCACHE(cache));
}

static void give_sized(void *p)
{
	m.free_aligned_sized(p, 16, m.usable(p));
}

static void give_by_realloc(void *p)
{
	void *volatile none = m.realloc(p, 0);

	CHECK(none == NULL, "realloc(p, 0) = %p", none);
}

static void give_by_free(void *p)
{
	m.free(p);
}

static void (*const gives[])(void *p) = {give_by_free, give_single, give_to_cache, give_sized,
					 give_by_realloc};
#define GIVES (sizeof(gives) / sizeof(gives[0]))

static void make_others(void)
{
	size_t length = sizeof(cache);

	NEED(ctl("tcache.create", &cache, &length, NULL, 0) == 0, "tcache.create");
	NEED(ctl("arenas.create", &arena, &length, NULL, 0) == 0, "arenas.create");
}

#define LEFT (-1)    /* what there was */
#define UNKNOWN (-2) /* it may be the kernel's by now */

static void look_at_way(const struct way *way, int taken, int given)
{
	enum { DEEP = 40 };
	void *p[DEEP];

	for (unsigned s = 0; s < SIZES; s++) {
		unsigned deep = sizes[s] < 10000 ? DEEP : sizes[s] < 1000000 ? 3 : 1;
		unsigned rounds = deep > 1 ? (unsigned)GIVES : 2;

		/* Again and again, for what was used before is had again. */
		for (unsigned round = 0; round < rounds; round++) {
			for (unsigned i = 0; i < deep; i++) {
				size_t usable;

				p[i] = way->take(sizes[s]);
				NEED(p[i] != NULL, "%s: no %zu bytes", way->name, sizes[s]);
				usable = m.usable(p[i]);
				if (taken >= 0)
					CHECK(holds(p[i], 0, usable, (unsigned)taken),
					      "%s: %zu of %zu bytes are taken with %02x",
					      way->name, sizes[s], usable,
					      *(unsigned char *)p[i]);
				memset(p[i], 0x77, usable);
			}
			for (unsigned i = 0; i < deep; i++) {
				size_t usable = m.usable(p[i]);

				gives[round % GIVES](p[i]);
				if (given == UNKNOWN || !can_be_read(p[i]) ||
				    !can_be_read((char *)p[i] + usable - 1))
					continue;
				CHECK(holds(p[i], 0, usable,
					    given >= 0 ? (unsigned)given : 0x77),
				      "%s: %zu bytes are given with %02x in way %u", way->name,
				      usable, *(unsigned char *)p[i], round % (unsigned)GIVES);
			}
		}
	}
}

/* calloc and MALLOCX_ZERO clear, whatever else is filled. */
static void look_at_clearing(void)
{
	for (unsigned s = 0; s < SIZES; s++) {
		static const int flags[] = {0, MALLOCX_TCACHE_NONE, MALLOCX_ALIGN(64)};

		for (unsigned round = 0; round < 8; round++) {
			void *p = m.calloc(1, sizes[s]), *q;

			NEED(p != NULL, "no %zu bytes", sizes[s]);
			CHECK(holds(p, 0, m.usable(p), 0), "calloc: %zu bytes", sizes[s]);
			memset(p, 0x77, m.usable(p));
			for (unsigned i = 0; i < 3; i++) {
				q = FAMILY(mallocx)(sizes[s], MALLOCX_ZERO | flags[i]);
				CHECK(holds(q, 0, m.usable(q), 0), "ZERO: %zu bytes", sizes[s]);
				memset(q, 0x77, m.usable(q));
				FAMILY(dallocx)(q, flags[i] & MALLOCX_TCACHE_NONE);
			}
			q = FAMILY(mallocx)(sizes[s], MALLOCX_ZERO | MALLOCX_ARENA(arena) |
							      MALLOCX_TCACHE(cache));
			CHECK(holds(q, 0, m.usable(q), 0), "of an arena: %zu bytes", sizes[s]);
			m.free(q);
			m.free(p);
		}
	}
}

static void *grow_by_realloc(void *p, size_t size)
{
	return m.realloc(p, size);
}

static void *grow_by_rallocx(void *p, size_t size)
{
	return FAMILY(rallocx)(p, size, 0);
}

static void *grow_in_place(void *p, size_t size)
{
	FAMILY(xallocx)(p, size, 0, 0);
	return p;
}

/* What grows keeps its bytes, and the added ones are filled. */
static void look_at_growth(int taken)
{
	static void *(*const grow[])(void *, size_t) = {grow_by_realloc, grow_by_rallocx,
							grow_in_place};
	static const size_t steps[] = {100,    3000,    40000,   44000,   90000,
				       300000, 1400000, 1500000, 3000000, 9000000};

	for (unsigned way = 0; way < 6; way++) {
		void *p = FAMILY(mallocx)(10, way >= 3 ? MALLOCX_ARENA(arena) : 0);

		memset(p, 0x77, m.usable(p));
		for (unsigned i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			size_t before = m.usable(p), usable;

			/* A step back first: what was cut off is added again. */
			if (i % 3 == 2)
				p = m.realloc(p, before - before / 8);
			before = m.usable(p);
			p = grow[way % 3](p, steps[i]);
			NEED(p != NULL, "no %zu bytes", steps[i]);
			usable = m.usable(p);
			CHECK(holds(p, 0, before < usable ? before : usable, 0x77),
			      "way %u: %zu bytes are not kept", way, steps[i]);
			if (taken >= 0 && usable > before)
				CHECK(holds(p, before, usable, (unsigned)taken),
				      "way %u: from %zu to %zu bytes", way, before, usable);
			if (grow[way % 3] == grow_in_place && usable < steps[i]) {
				m.free(p);
				p = FAMILY(mallocx)(steps[i],
						    way >= 3 ? MALLOCX_ARENA(arena) : 0);
				usable = m.usable(p);
			}
			memset(p, 0x77, usable);
		}
		m.free(p);
	}
}

static int taken_byte, given_byte;

static void *look_at_all(void *unused)
{
	(void)unused;
	for (unsigned w = 0; w < WAYS; w++)
		look_at_way(&ways[w], taken_byte, given_byte);
	look_at_clearing();
	look_at_growth(taken_byte);
	return NULL;
}

static void bind_to_arena(void)
{
	unsigned own = arena, first = 0;

	CHECK(ctl("thread.arena", NULL, NULL, &own, sizeof(own)) == 0, "bound");
	look_at_way(&ways[0], taken_byte, given_byte);
	look_at_way(&ways[3], taken_byte, given_byte);
	CHECK(ctl("thread.arena", NULL, NULL, &first, sizeof(first)) == 0, "and free");
}

static void look(int taken, int given)
{
	pthread_t thread;
	bool no = false;

	taken_byte = taken;
	given_byte = given;
	make_others();
	CHECK(option_is("config.fill", "true"), "config.fill");
	look_at_all(NULL);
	NEED(pthread_create(&thread, NULL, look_at_all, NULL) == 0, "no thread");
	pthread_join(thread, NULL);
	bind_to_arena();
	CHECK(ctl("thread.tcache.enabled", NULL, NULL, &no, sizeof(no)) == 0, "no cache");
	look_at_way(&ways[0], taken, given);
}

static void zero(void)
{
	CHECK(option_is("opt.zero", "true") && option_is("opt.junk", "false"), "opt");
	look(0, LEFT);
}

static void junk(void)
{
	CHECK(option_is("opt.zero", "false") && option_is("opt.junk", "true"), "opt");
	look(TAKEN, GIVEN);
}

static void junk_at_once(void)
{
	look(TAKEN, UNKNOWN);
}

static void junk_alloc(void)
{
	CHECK(option_is("opt.junk", "alloc"), "opt");
	look(TAKEN, LEFT);
}

static void junk_free(void)
{
	CHECK(option_is("opt.junk", "free"), "opt");
	look(LEFT, GIVEN);
}

static void both(void)
{
	CHECK(option_is("opt.zero", "true") && option_is("opt.junk", "true"), "opt");
	look(0, GIVEN);
}

static void neither(void)
{
	CHECK(option_is("opt.zero", "false") && option_is("opt.junk", "false") &&
		      option_is("opt.xmalloc", "false") && option_is("opt.abort", "false"),
	      "opt");
	look(LEFT, LEFT);
}

/* A thread's exact counts go on beside it. */
static void counted(void)
{
	uint64_t *taken = counter("thread.allocatedp"), *given = counter("thread.deallocatedp");
	uint64_t before = *taken - *given;
	void *p[SIZES];

	make_others();
	for (unsigned i = 0; i < SIZES; i++)
		p[i] = ways[i].take(sizes[i]);
	for (unsigned i = 0; i < SIZES; i++)
		before += m.usable(p[i]);
	CHECK(*taken - *given == before, "%zu are out, not %zu", (size_t)(*taken - *given),
	      (size_t)before);
	for (unsigned i = 0; i < SIZES; i++) {
		p[i] = m.realloc(p[i], sizes[i] + 5000);
		gives[i % GIVES](p[i]);
	}
	CHECK(*taken == *given, "%zu stay out", (size_t)(*taken - *given));
}

/* --- requests that fail
 * ----------------------------------------------------------------------- */

/* What the child of a fork that calls fn says, and how it ends. */
static int end_of(void (*fn)(void), char *said, size_t size)
{
	int ends[2], status = -1;
	size_t length = 0;
	ssize_t n;
	pid_t child;

	NEED(pipe(ends) == 0, "no pipe");
	child = fork();
	if (child == 0) {
		dup2(ends[1], STDERR_FILENO);
		fn();
		_exit(0);
	}
	close(ends[1]);
	while ((n = read(ends[0], said + length, size - 1 - length)) > 0)
		length += (size_t)n;
	said[length] = '\0';
	close(ends[0]);
	CHECK(waitpid(child, &status, 0) == child, "no child");
	return status;
}

/* No compiler knows how long it is. */
static volatile size_t huge = (size_t)PTRDIFF_MAX + 1, half = SIZE_MAX / 2, tiny = 100;
static void *volatile object;

static void fail_malloc(void)
{
	object = m.malloc(huge);
}

static void fail_calloc(void)
{
	object = m.calloc(half, 4);
}

static void fail_realloc(void)
{
	object = m.realloc(object, huge);
}

static void fail_reallocarray(void)
{
	object = m.reallocarray(object, half, 4);
}

static void fail_aligned(void)
{
	object = m.aligned_alloc(4096, huge);
}

static void fail_posix_memalign(void)
{
	void *p;

	m.posix_memalign(&p, 64, huge);
}

static void fail_pvalloc(void)
{
	object = m.pvalloc(SIZE_MAX - tiny);
}

static void fail_mallocx(void)
{
	object = FAMILY(mallocx)(huge, MALLOCX_TCACHE_NONE);
}

static void fail_rallocx(void)
{
	object = FAMILY(rallocx)(object, huge, 0);
}

static void limit(size_t bytes)
{
	CHECK(FAMILY(set_limit)(ASHLAR_LIMIT_HARD, bytes) == 0, "a limit");
}

static void fail_small(void)
{
	limit(1);
	for (unsigned i = 0; i < 1000000; i++)
		object = m.malloc(1000);
}

static void fail_large(void)
{
	limit(1);
	object = m.malloc(5000000);
}

static void fail_in_arena(void)
{
	limit(1);
	object = FAMILY(mallocx)(5000000, MALLOCX_ARENA(arena));
}

static void fail_to_grow(void)
{
	void *p = m.malloc(100000);

	limit(1);
	object = m.realloc(p, 900000);
}

static void (*const fails[])(void) = {
	fail_malloc,         fail_calloc,   fail_realloc, fail_reallocarray, fail_aligned,
	fail_posix_memalign, fail_pvalloc,  fail_mallocx, fail_rallocx,      fail_small,
	fail_large,          fail_in_arena, fail_to_grow,
};

static void xmalloc(void)
{
	static const char wanted[] = "<ashlar>: out of memory: ";
	char said[600];

	make_others();
	object = m.malloc(100);
	CHECK(option_is("opt.xmalloc", "true") && option_is("config.xmalloc", "true"), "opt");
	for (unsigned i = 0; i < sizeof(fails) / sizeof(fails[0]); i++) {
		int status = end_of(fails[i], said, sizeof(said));

		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
			      strncmp(said, wanted, strlen(wanted)) == 0 &&
			      strchr(said, '\n') == said + strlen(said) - 1,
		      "way %u: status %x: %s", i, (unsigned)status, said);
	}
}

/* What succeeds without memory ends nothing: a smaller size. */
static void shrink(void)
{
	static const size_t from[] = {30000, 100000, 5000000};

	for (unsigned i = 0; i < 3; i++) {
		void *p = m.malloc(from[i]), *q;

		limit(1);
		for (size_t size = from[i] / 2; size > 10; size /= 3) {
			q = m.realloc(p, size);
			NEED(q != NULL, "%zu bytes to %zu", from[i], size);
			p = q;
		}
		limit(0);
		m.free(p);
	}
}

static void xmalloc_shrinks(void)
{
	char said[600];
	int status = end_of(shrink, said, sizeof(said));

	CHECK(status == 0 && said[0] == '\0', "status %x: %s", (unsigned)status, said);
}

/* Wrong arguments are none of its business. */
static void wrong_arguments(void)
{
	void *p = NULL;

	errno = 0;
	CHECK(m.posix_memalign(&p, 3, 8) == EINVAL && p == NULL, "posix_memalign");
	CHECK(m.aligned_alloc((size_t)tiny, 8) == NULL && errno == EINVAL, "aligned_alloc");
	CHECK(FAMILY(mallocx)(8, MALLOCX_ARENA(4000)) == NULL && errno == EINVAL, "mallocx");
	CHECK(m.realloc(m.malloc(8), 0) == NULL, "realloc");
}

static void free_twice(void)
{
	void *volatile p = m.malloc(100);

	m.free(p);
	m.free(p);
}

static void abort_ends(void)
{
	char said[600];
	int status = end_of(free_twice, said, sizeof(said));

	CHECK(option_is("opt.abort", "true"), "opt");
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
		      strncmp(said, "<ashlar>: double free", 21) == 0,
	      "status %x: %s", (unsigned)status, said);
}

static void nobody(void)
{
	_exit(0);
}

/* --- statistics meanwhile
 * --------------------------------------------------------------------- */

static unsigned printed;
static bool within;

static void listen(void *opaque, const char *text)
{
	void *p = m.malloc(2000); /* which counts, too */

	(void)opaque;
	CHECK(!__atomic_exchange_n(&within, true, __ATOMIC_ACQ_REL), "two at once");
	for (; (text = strstr(text, "Begin jemalloc statistics")) != NULL; text++)
		__atomic_add_fetch(&printed, 1, __ATOMIC_RELAXED);
	m.free(p);
	__atomic_store_n(&within, false, __ATOMIC_RELEASE);
}

static void *allocate(void *mib)
{
	for (size_t i = 0; i < *(size_t *)mib * 16; i++) {
		void *p = i % 16 == 0 ? m.malloc(1 << 16) : NULL;

		for (unsigned j = 0; i % 16 != 0 && j < 64; j++)
			m.free(m.malloc(1024));
		m.free(p);
	}
	return NULL;
}

/* One MiB at a time, by turns: who is told just now, slowly where the machine is busy, keeps
 * the others from allocating what would be told of with the next interval. */
static void *allocate_by_turns(void *mib)
{
	static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
	size_t one = 1;

	for (size_t i = 0; i < *(size_t *)mib; i++) {
		pthread_mutex_lock(&turn);
		allocate(&one);
		pthread_mutex_unlock(&turn);
	}
	return NULL;
}

/* How often it is printed while four threads allocate so. */
static unsigned times_of_four(void *(*so)(void *), size_t mib)
{
	pthread_t thread[4];
	unsigned before = printed;

	for (unsigned i = 0; i < 4; i++)
		NEED(pthread_create(&thread[i], NULL, so, &mib) == 0, "no thread");
	for (unsigned i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	return printed - before;
}

static void interval(void)
{
	size_t mib = 40;
	int64_t every = 0;
	size_t length = sizeof(every);
	unsigned before, times;
	pid_t child;
	int status;

	CHECK(ctl("opt.stats_interval", &every, &length, NULL, 0) == 0 && every == 4 << 20,
	      "opt.stats_interval is %d", (int)every);
	CHECK(option_is("opt.stats_interval_opts", "mdablxeh"), "and its letters");
	FAMILY(malloc_message) = listen;
	allocate(&mib);
	CHECK(printed >= 8 && printed <= 12, "%u times in 40 MiB", printed);
	times = times_of_four(allocate_by_turns, 30);
	CHECK(times >= 26 && times <= 31, "%u times in 120 MiB by turns", times);
	/* All at once: while one prints, the others may allocate several intervals. */
	times = times_of_four(allocate, 30);
	CHECK(times >= 1 && times <= 31, "%u times in 120 MiB at once", times);
	/* And in a child. */
	child = fork();
	if (child == 0) {
		before = printed;
		allocate(&mib);
		_exit(printed - before < 8);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0, "not in a child");
}

/* --- the runs
 * --------------------------------------------------------------------------------- */

#define STAYS "dirty_decay_ms:-1," /* what is freed can be read */

static const struct run {
	const char *name, *options, *title;
	void (*fn)(void);
} runs[] = {
	{"zero", STAYS "zero:true", "zero:true clears all that is taken", zero},
	{"junk", STAYS "junk:true", "junk:true fills both ways", junk},
	{"alloc", STAYS "junk:alloc", "junk:alloc fills what is taken", junk_alloc},
	{"free", STAYS "junk:free", "junk:free fills what is given", junk_free},
	{"both", STAYS "junk:true,zero:true", "zero:true wins where memory is taken", both},
	{"none", STAYS "junk:free,zero:true,junk:false,zero:false", "neither fills nothing",
	 neither},
	{"on", STAYS "junk:true,checks:on", "junk:true and checks:on", junk},
	{"full", STAYS "junk:true,checks:full", "junk:true and checks:full", junk},
	{"cacheless", STAYS "junk:true,tcache:false", "junk:true without caches", junk},
	{"at_once", "junk:true,dirty_decay_ms:0", "junk:true where all goes at once",
	 junk_at_once},
	{"counted", "junk:true,zero:true", "a thread's counts are exact beside it", counted},
	{"xmalloc", "xmalloc:true", "xmalloc:true ends who fails", xmalloc},
	{"filled_xmalloc", "xmalloc:true,junk:true", "xmalloc:true and junk:true", xmalloc},
	{"shrink", "xmalloc:true", "a smaller size does not fail", xmalloc_shrinks},
	{"arguments", "xmalloc:true", "wrong arguments are told as ever", wrong_arguments},
	{"abort", "abort:true,abort_on_misuse:false", "abort:true ends after a report",
	 abort_ends},
	{"interval", "stats_interval:4194304,stats_interval_opts:mdablxeh",
	 "statistics each 4 MiB", interval},
	{"nobody", "abort:true", NULL, nobody},
};
#define RUNS (sizeof(runs) / sizeof(runs[0]))

static const struct run *chosen;

static void run_again(void)
{
	setenv("ASHLAR_CONF", chosen->options, 1);
	tap_run_self(chosen->name);
}

/* A warning when the process begins. */
static void warned(void)
{
	setenv("ASHLAR_CONF", "abort:true", 1);
	setenv("ASHLAR_CTL", "/no/such/folder", 1);
	tap_run_self("nobody");
}

static void aborts_at_start(void)
{
	char said[600];
	int status = end_of(warned, said, sizeof(said));

	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
		      strncmp(said, "<ashlar>: ASHLAR_CTL: ", 22) == 0,
	      "status %x: %s", (unsigned)status, said);
}

int main(int argc, char **argv)
{
	family_start();
	tap_start();
	for (unsigned i = 0; i < RUNS && argc > 1; i++) {
		if (strcmp(argv[1], runs[i].name) != 0)
			continue;
		runs[i].fn();
		return tap_shared->failures != 0;
	}
	for (unsigned i = 0; i < RUNS && argc == 1; i++) {
		chosen = &runs[i];
		if (chosen->title != NULL)
			tap_case(chosen->title, run_again);
	}
	if (argc == 1)
		tap_case("abort:true ends after a warning at the start", aborts_at_start);
	return tap_finish();
}
