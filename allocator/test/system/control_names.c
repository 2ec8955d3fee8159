/*
 * mallctl: names that there are not, each with its reason; those of jemalloc's that are younger
 * or experimental; and what happens when several threads ask at once.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "test/support/control.h"

/* --- absent ------------------------------------------------------------------------------- */

/* A name that the pattern stands for: numbers are 0, any rest is `rest`. */
static void name_of(const char *pattern, const char *rest, char name[200])
{
	size_t n = 0;

	for (const char *c = pattern; *c != '\0' && n < 150; c++) {
		if (*c == '<') {
			name[n++] = '0';
			c = strchr(c, '>');
		} else if (*c == '*') {
			n += (size_t)snprintf(name + n, 40, "%s", rest);
		} else {
			name[n++] = *c;
		}
	}
	name[n] = '\0';
}

static void absent(void)
{
	struct FAMILY(ctl_name) is;
	unsigned n = 0;

	for (size_t i = 0; FAMILY(ctl_absent)(i, &is) == 0; i++, n++) {
		static const char *const rests[] = {"active", "num_ops", "dump", "bytes"};

		for (unsigned r = 0; r < 4; r++) {
			char name[200], value[64];
			size_t length = sizeof(value);
			int error;

			name_of(is.name, rests[r], name);
			memset(value, 0xee, sizeof(value));
			error = ctl(name, value, &length, NULL, 0);
			CHECK(error == ENOENT, "%s: error %d", name, error);
			for (unsigned b = 0; b < sizeof(value); b++)
				CHECK((unsigned char)value[b] == 0xee, "%s: written", name);
			CHECK(ctl(name, NULL, NULL, value, 8) == ENOENT, "%s: set", name);
		}
		CHECK(is.about != NULL && is.about[0] != '\0', "%s: without a reason", is.name);
		CHECK(strlen(is.name) < 64 && strlen(is.about) < 72, "%s: runs over", is.name);
	}
	CHECK(n >= 40, "%u names", n);
}

/* --- how many objects a thread's magazines hold ------------------------------------------- */

static size_t most_of(size_t size)
{
	size_t most = SIZE_MAX, length = sizeof(most);
	int error = ctl("thread.tcache.ncached_max.read_sizeclass", &most, &length, &size,
			sizeof(size));

	CHECK(error == 0, "%zu bytes: error %d", size, error);
	return most;
}

static int set_most(const char *text)
{
	return ctl("thread.tcache.ncached_max.write", NULL, NULL, &text, sizeof(text));
}

static uint64_t out_of_slabs(unsigned bin)
{
	char name[64];

	refresh();
	snprintf(name, sizeof(name), "stats.arenas.0.bins.%u.curregs", bin);
	return size_of(name);
}

/* Objects of 4 KiB that the thread itself keeps after so many were freed. */
static uint64_t kept_of_4096(unsigned objects)
{
	static void *p[400];
	unsigned bin = 0;
	uint64_t kept;
	char name[40];

	do
		snprintf(name, sizeof(name), "arenas.bin.%u.size", bin++);
	while (size_of(name) < 4096);
	for (unsigned round = 0; round < 4; round++) {
		for (unsigned i = 0; i < objects; i++)
			p[i] = m.malloc(4096);
		for (unsigned i = 0; i < objects; i++)
			m.free(p[i]);
	}
	kept = out_of_slabs(bin - 1);
	CHECK(ctl("thread.tcache.flush", NULL, NULL, NULL, 0) == 0, "flush");
	return kept - out_of_slabs(bin - 1);
}

static void bounds_of_caches(void)
{
	static const char *const refused[] = {
		"8",        "8-16",    "8-16:",   "-16:2",        "8-:2",
		"k8-16:2",  "8-16:2p", "8-16:-1", "8-1024:7|256", "8 -16:2",
		"8-16:2||", "|8-16:2", "8:16:2",  "8-16-32:2",    "4-1024:7|256-1024",
	};
	char longer[1002];
	bool on, no = false, yes = true;
	size_t length = sizeof(on), usual = most_of(64), page = most_of(4096), bytes = 1024;

	NEED(usual > 7 && page > 7, "%zu and %zu", usual, page);
	CHECK(set_most("8-128:1|160-160:7|170-320:5|320-8388609:0") == 0, "ranges");
	CHECK(most_of(0) == 1 && most_of(1) == 1 && most_of(16) == 1 && most_of(128) == 1,
	      "the first");
	CHECK(most_of(160) == 7 && most_of(161) == 5 && most_of(150) == 7, "the next");
	CHECK(most_of(320) == 0 && most_of(321) == 0 && most_of(32768) == 0, "the last wins");
	CHECK(most_of(144) == usual, "%zu between", most_of(144));
	for (unsigned i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		CHECK(set_most(refused[i]) == EINVAL, "'%s' is accepted", refused[i]);
	for (unsigned i = 0; i < 1001; i++)
		longer[i] = "4-1024:3|"[i % 9];
	longer[1001] = '\0';
	CHECK(set_most(longer) == EINVAL, "1001 characters are accepted");
	CHECK(ctl("thread.tcache.ncached_max.write", NULL, NULL, &(char *){NULL}, 8) == EINVAL,
	      "NULL is accepted");
	CHECK(most_of(1) == 1 && most_of(160) == 7, "what was refused did something");
	CHECK(set_most("") == 0 && set_most("1024-256:7") == 0, "nothing, or an empty range");
	CHECK(most_of(1024) == 0, "it did something");
	CHECK(set_most("1024-1024:65540|64-64:8191") == 0 && most_of(64) == usual &&
		      most_of(1024) > 0,
	      "more than there can be is that");
	/* The bounds stay where sizes are let in again; with another cache they are gone. */
	CHECK(ctl("thread.tcache.max", NULL, NULL, &bytes, sizeof(bytes)) == 0, "1024");
	CHECK(set_most("2048-6144:3") == 0 && most_of(2048) == 0, "above the largest");
	bytes = 6144;
	CHECK(ctl("thread.tcache.max", NULL, NULL, &bytes, sizeof(bytes)) == 0, "6144");
	CHECK(most_of(2048) == 3 && most_of(6144) == 3 && most_of(7000) == 0, "let in");
	CHECK(ctl("thread.tcache.enabled", &on, &length, &no, sizeof(no)) == 0 && on, "off");
	CHECK(most_of(64) == 0 && most_of(2048) == 0, "without a cache");
	CHECK(set_most("0-112:8") == ENOENT, "without a cache it is set");
	CHECK(ctl("thread.tcache.enabled", NULL, NULL, &yes, sizeof(yes)) == 0, "on");
	CHECK(most_of(64) == usual, "%zu with another", most_of(64));
}

/* A thread may have two magazines of a class, and takes none of others' that are larger. */
static void bounds_hold(void)
{
	uint64_t usual, one, two, none;

	if (most_of(4096) == 0)
		tap_skip("there are no caches");
	usual = kept_of_4096(400);
	CHECK(set_most("4096-4096:2") == 0, "two");
	one = kept_of_4096(1); /* with what the depot has by now */
	two = kept_of_4096(400);
	CHECK(set_most("4096-4096:0") == 0, "none");
	none = kept_of_4096(400);
	CHECK(usual > 4 && one <= 4 && two > 0 && two <= 4 && none == 0,
	      "%zu objects are kept, %zu and %zu under a bound of 2, %zu of 0", (size_t)usual,
	      (size_t)one, (size_t)two, (size_t)none);
	CHECK(set_most("4096-4096:8191") == 0 && kept_of_4096(400) > 4, "and more again");
}

/* --- experimental ------------------------------------------------------------------------- */

#define QUERY "experimental.utilization.query"
#define BATCH_QUERY "experimental.utilization.batch_query"

static void utilization_refused(const char *name, size_t in_bytes, size_t out_bytes)
{
	void *in[3] = {NULL, NULL, NULL};
	size_t out[9], untouched[9], length;

	memset(untouched, 0xee, sizeof(untouched));
	for (unsigned how = 0; how < 8; how++) {
		size_t in_length = in_bytes - (how == 3) - 8 * (how == 6);
		bool have_out = how != 0, have_length = how != 1, have_in = how != 2;

		length = out_bytes - (how == 4) + 8 * (how == 5);
		if (how == 7)
			in_length = 0;
		memcpy(out, untouched, sizeof(out));
		CHECK(ctl(name, have_out ? out : NULL, have_length ? &length : NULL,
			  have_in ? in : NULL, in_length) == EINVAL,
		      "%s, way %u", name, how);
		CHECK(memcmp(out, untouched, sizeof(out)) == 0, "%s, way %u: written", name,
		      how);
	}
}

/* Of one object: of its slab nfree, nregs and bytes. */
static void look_at(const char *what, void *p, size_t size, bool is_small)
{
	size_t one[6], two[6], length = sizeof(one), half = sizeof(size_t) * 3;
	void *in[2] = {p, p};

	CHECK(ctl(QUERY, one, &length, &p, sizeof(p)) == 0, "%s: query", what);
	length = 2 * half;
	CHECK(ctl(BATCH_QUERY, two, &length, in, sizeof(in)) == 0 && length == 2 * half,
	      "%s: batch_query", what);
	CHECK(memcmp(two, two + 3, half) == 0 && memcmp(one + 1, two, half) == 0,
	      "%s: %zu %zu %zu or %zu %zu %zu", what, one[1], one[2], one[3], two[0], two[1],
	      two[2]);
	CHECK(one[3] >= size && one[3] % size_of("arenas.page") == 0, "%s: %zu bytes", what,
	      one[3]);
	if (is_small)
		CHECK(one[1] < one[2] && one[2] > 1 && one[2] * size <= one[3] &&
			      one[4] < one[5] && one[5] >= one[2] && one[0] != 0,
		      "%s: %zu of %zu free, of all %zu of %zu", what, one[1], one[2], one[4],
		      one[5]);
	else
		CHECK(one[1] == 0 && one[2] == 1 && one[5] == 0 && one[0] == 0,
		      "%s: %zu of %zu", what, one[1], one[2]);
}

static void utilization(void)
{
	static const size_t sizes[] = {16,   24,    100,   512,    1000,
				       5000, 32768, 40000, 400000, 5000000};
	size_t zero[6], length = sizeof(zero);
	unsigned a = 0;
	void *nothing = &a, *p, *gone;

	utilization_refused(QUERY, sizeof(void *), 6 * sizeof(size_t));
	utilization_refused(BATCH_QUERY, 2 * sizeof(void *), 6 * sizeof(size_t));
	length = sizeof(a);
	NEED(ctl("arenas.create", &a, &length, NULL, 0) == 0, "arenas.create");
	for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p = m.malloc(sizes[i]);
		look_at("of the heap", p, m.usable(p), sizes[i] <= 32768);
		gone = FAMILY(mallocx)(sizes[i], MALLOCX_ARENA(a));
		look_at("of an arena", gone, m.usable(gone), sizes[i] <= 32768);
		m.free(gone);
		m.free(p);
	}
	for (unsigned i = 0; i < 2; i++) {
		memset(zero, 0xee, sizeof(zero));
		length = sizeof(zero);
		CHECK(ctl(QUERY, zero, &length, i == 0 ? &nothing : &(void *){NULL},
			  sizeof(nothing)) == 0,
		      "of nothing");
		for (unsigned k = 0; k < 6; k++)
			CHECK(zero[k] == 0, "word %u of nothing: %zu", k, zero[k]);
	}
}

struct packet {
	void **out;
	size_t count, size;
	int flags;
};

static size_t batch(struct packet *packet, int expected)
{
	size_t done = SIZE_MAX, length = sizeof(done);
	int error = ctl("experimental.batch_alloc", &done, &length, packet, sizeof(*packet));

	CHECK(error == expected, "error %d", error);
	return done;
}

static void batches(void)
{
	static void *p[3000];
	struct packet packet = {p, 3000, 100, 0};
	size_t done = 0, length = sizeof(done);
	unsigned a;

	CHECK(batch(&packet, 0) == 3000, "3000 of them");
	for (unsigned i = 0; i < 3000; i++) {
		memset(p[i], (int)i, 100);
		CHECK(m.usable(p[i]) >= 100 && (i == 0 || p[i] != p[i - 1]), "object %u", i);
	}
	for (unsigned i = 0; i < 3000; i++) {
		CHECK(((unsigned char *)p[i])[99] == (i & 255), "object %u is overwritten", i);
		m.free(p[i]);
	}
	length = sizeof(a);
	NEED(ctl("arenas.create", &a, &length, NULL, 0) == 0, "arenas.create");
	packet = (struct packet){p, 50, 1000,
				 MALLOCX_ARENA(a) | MALLOCX_ZERO | MALLOCX_ALIGN(4096)};
	CHECK(batch(&packet, 0) == 50, "50 in an arena");
	for (unsigned i = 0; i < 50; i++) {
		unsigned of = 0;

		length = sizeof(of);
		CHECK((uintptr_t)p[i] % 4096 == 0 && *(char *)p[i] == 0, "aligned, zero");
		CHECK(ctl("arenas.lookup", &of, &length, &p[i], sizeof(p[i])) == 0 && of == a,
		      "it is of arena %u", of);
		m.free(p[i]);
	}
	packet.count = 0;
	CHECK(batch(&packet, 0) == 0, "none");
	packet = (struct packet){p, 3, (size_t)1 << 62, 0};
	CHECK(batch(&packet, 0) == 0, "what cannot be had");
	packet = (struct packet){p, 3, 16, MALLOCX_ARENA(4000)};
	CHECK(batch(&packet, 0) == 0, "in no arena");
	length = sizeof(done);
	CHECK(ctl("experimental.batch_alloc", &done, &length, &packet, 24) == EINVAL, "24");
	length = 4;
	CHECK(ctl("experimental.batch_alloc", &done, &length, &packet, sizeof(packet)) ==
			      EINVAL &&
		      length == 4,
	      "4 bytes of a result");
	CHECK(ctl("experimental.batch_alloc", NULL, NULL, &packet, sizeof(packet)) == EINVAL,
	      "no result");
}

static void create_ext(void)
{
	struct {
		void *hooks;
		bool for_metadata;
	} config = {NULL, false};
	unsigned before = unsigned_of("arenas.narenas"), a = 0;
	size_t length = sizeof(a);

	CHECK(ctl("experimental.arenas_create_ext", &a, &length, &config, sizeof(config)) == 0,
	      "made");
	CHECK(a >= before - 1 && unsigned_of("arenas.narenas") == a + 1, "%u of %u", a, before);
	before = unsigned_of("arenas.narenas");
	CHECK(ctl("experimental.arenas_create_ext", &a, &length, &config, 8) == EINVAL, "8");
	CHECK(ctl("experimental.arenas_create_ext", NULL, NULL, &config, sizeof(config)) ==
		      EINVAL,
	      "without a result");
	length = 3;
	CHECK(ctl("experimental.arenas_create_ext", &a, &length, &config, sizeof(config)) ==
			      EINVAL &&
		      length == 0,
	      "three bytes of a result: length %zu", length);
	CHECK(unsigned_of("arenas.narenas") == before, "a refused call made one");
	length = sizeof(a);
	CHECK(ctl("experimental.arenas_create_ext", &a, &length, NULL, 0) == 0 && a == before,
	      "as arenas.create");
}

/* --- what is called in the place of SIGABRT ----------------------------------------------- */

static unsigned hooked;
static char hooked_line[200];

static void hear(const char *line)
{
	hooked++;
	snprintf(hooked_line, sizeof(hooked_line), "%s", line);
}

static void hook_of_misuse(void)
{
	void (*hook)(const char *) = hear;
	char *p = m.malloc(64);

	CHECK(ctl("experimental.hooks.safety_check_abort", NULL, NULL, &hook, sizeof(hook)) ==
		      0,
	      "set");
	CHECK(ctl("experimental.hooks.safety_check_abort", NULL, NULL, &hook, 4) == EINVAL,
	      "4 bytes");
	CHECK(m.realloc(p + 16, 100) == NULL, "an address inside an object is served");
	CHECK(hooked == 1 && strncmp(hooked_line, "<ashlar>: invalid pointer 0x", 28) == 0,
	      "%u times, '%s'", hooked, hooked_line);
	m.free(p);
	m.free(m.malloc(64));
	CHECK(hooked == 1, "what is no misuse is told");
}

/* --- what is told the program ------------------------------------------------------------- */

static void hear_line(void *opaque, const char *text)
{
	hooked += opaque == NULL;
	snprintf(hooked_line, sizeof(hooked_line), "%s", text);
}

static void at_abort(int number)
{
	(void)number;
	CHECK(hooked == 1 && strncmp(hooked_line, "<ashlar>: invalid pointer 0x", 28) == 0 &&
		      hooked_line[strlen(hooked_line) - 1] == '\n',
	      "%u times, '%s'", hooked, hooked_line);
	_exit(tap_shared->failures != 0);
}

static void messages(void)
{
	char *p = m.malloc(64);

	FAMILY(malloc_message) = hear_line;
	signal(SIGABRT, at_abort);
	m.realloc(p + 16, 100);
	CHECK(false, "it goes on");
}

/* By the option; and again when the thread has another cache. */
static void bounds_by_option(void)
{
	const char *said = NULL;
	size_t length = sizeof(said);
	bool no = false, yes = true;

	CHECK(ctl("opt.tcache_ncached_max", &said, &length, NULL, 0) == 0 &&
		      strcmp(said, "8-64:3|4096-40000:0") == 0,
	      "%s", said);
	for (unsigned i = 0; i < 2; i++) {
		CHECK(most_of(64) == 3 && most_of(80) > 3 && most_of(4096) == 0 &&
			      most_of(32768) == 0 && most_of(3584) > 0,
		      "%zu %zu %zu", most_of(64), most_of(80), most_of(4096));
		CHECK(kept_of_4096(400) == 0, "objects of 4096 bytes are kept");
		CHECK(set_most("8-64:9") == 0 && most_of(64) == 9, "its own");
		CHECK(ctl("thread.tcache.enabled", NULL, NULL, &no, sizeof(no)) == 0 &&
			      ctl("thread.tcache.enabled", NULL, NULL, &yes, sizeof(yes)) == 0,
		      "another cache");
	}
}

static void hook_of_zero(void)
{
	void (*hook)(const char *) = hear;
	void *p = m.malloc(64);

	CHECK(ctl("experimental.hooks.safety_check_abort", NULL, NULL, &hook, sizeof(hook)) ==
		      0,
	      "set");
	CHECK(m.realloc(p, 0) == NULL && hooked == 1 && strstr(hooked_line, "zero_realloc"),
	      "%u times, '%s'", hooked, hooked_line);
	m.free(p);
	CHECK(hooked == 1, "it was freed");
}

/* --- at once ------------------------------------------------------------------------------ */

#define AT_ONCE 6
static pthread_barrier_t together;

static void *turn_on(void *argument)
{
	bool yes = true;

	pthread_barrier_wait(&together);
	*(int *)argument = ctl("background_thread", NULL, NULL, &yes, sizeof(yes));
	return NULL;
}

static void background_by_many(void)
{
	bool no = false;

	if (SANITIZED)
		tap_skip("a case is a child, and sanitizers end one that starts threads");
	m.free(m.malloc(1)); /* where all threads have ended it would end, too */
	pthread_barrier_init(&together, NULL, AT_ONCE);
	for (unsigned round = 0; round < 60; round++) {
		pthread_t thread[AT_ONCE];
		int error[AT_ONCE];

		CHECK(ctl("background_thread", NULL, NULL, &no, sizeof(no)) == 0, "off");
		refresh();
		CHECK(size_of("stats.background_thread.num_threads") == 0, "there is none");
		for (unsigned i = 0; i < AT_ONCE; i++)
			NEED(pthread_create(&thread[i], NULL, turn_on, &error[i]) == 0,
			     "a thread");
		for (unsigned i = 0; i < AT_ONCE; i++)
			pthread_join(thread[i], NULL);
		for (unsigned i = 0; i < AT_ONCE; i++)
			CHECK(error[i] == 0, "round %u: error %d", round, error[i]);
		refresh();
		CHECK(size_of("stats.background_thread.num_threads") == 1, "there is one");
	}
	CHECK(size_of("stats.background_thread.run_interval") > 0, "its rounds have intervals");
}

int main(int argc, char **argv)
{
	(void)argv;
	family_start();
	tap_start();
	if (argc > 1) {
		tap_case("realloc(p, 0) is told to the program's hook", hook_of_zero);
		tap_case("magazines: bounds by tcache_ncached_max", bounds_by_option);
		return tap_finish();
	}
	tap_case("names that there are not, with their reasons", absent);
	tap_case("magazines: bounds by the program, as they are read", bounds_of_caches);
	tap_case("magazines: bounds by the program hold", bounds_hold);
	tap_case("experimental.utilization", utilization);
	tap_case("experimental.batch_alloc", batches);
	tap_case("experimental.arenas_create_ext", create_ext);
	tap_case("misuse is told to the program's hook", hook_of_misuse);
	tap_case("messages go to malloc_message", messages);
	tap_case("background_thread is set by many threads at once", background_by_many);
	return tap_finish();
}
