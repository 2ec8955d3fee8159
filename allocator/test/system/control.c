/*
 * mallctl: the protocol, rule by rule, and the statistics in all forms.
 * `control print LETTERS ...` writes what malloc_stats_print does to standard output.
 */
#include <limits.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "test/support/control.h"

/* --- protocol ----------------------------------------------------------------------------- */

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
		"stats.arenas.0.extents.99999.ndirty",
		"stats.arenas.0.hpa_shard.nonfull_slabs.64.nactive_huge",
		"stats.arenas.0.hpa_shard",
		"stats.arenas.0.mutexes.base",
		"experimental",
		"experimental.utilization",
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
		{"thread.tcache.enabled", 1},
		{"arena.0.retain_grow_limit", 8},
		{"arena.0.oversize_threshold", 8},
		{"stats.metadata_edata", 8},
		{"stats.metadata_rtree", 8},
		{"stats.background_thread.run_interval", 8},
		{"stats.mutexes.ctl.num_wait", 8},
		{"stats.mutexes.ctl.max_num_thds", 4},
		{"stats.arenas.4096.mutexes.hpa_shard.total_wait_time", 8},
		{"stats.arenas.0.mutexes.base.max_num_thds", 4},
		{"stats.arenas.4096.small.nfills", 8},
		{"stats.arenas.4096.bins.3.nfills", 8},
		{"stats.arenas.4096.bins.3.nreslabs", 8},
		{"stats.arenas.0.bins.3.mutex.num_wait", 8},
		{"stats.arenas.4096.extents.5.ndirty", 8},
		{"stats.arenas.0.extents.5.pinned_bytes", 8},
		{"stats.arenas.4096.hpa_shard.npageslabs", 8},
		{"stats.arenas.0.hpa_shard.nhugifies", 8},
		{"stats.arenas.0.hpa_shard.nonfull_slabs.63.ndirty_huge", 8},
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

static size_t width_of(const char *type)
{
	static const struct {
		const char *type;
		size_t width;
	} of[] = {
		{"bool", sizeof(bool)},           {"unsigned", sizeof(unsigned)},
		{"uint64_t", sizeof(uint64_t)},   {"int64_t", sizeof(int64_t)},
		{"size_t", sizeof(size_t)},       {"ssize_t", sizeof(ssize_t)},
		{"const char *", sizeof(char *)}, {"char *", sizeof(char *)},
		{"void *", sizeof(void *)},
	};

	for (unsigned i = 0; i < sizeof(of) / sizeof(of[0]); i++)
		if (strcmp(type, of[i].type) == 0)
			return of[i].width;
	CHECK(strcmp(type, "void") == 0, "what is a %s?", type);
	return 0;
}

/* The name with 0 for each number, but for the arena's. */
static void first_of(const char *pattern, unsigned arena, char name[200])
{
	size_t n = 0;

	for (const char *c = pattern; *c != '\0' && n < 150; c++) {
		if (*c != '<') {
			name[n++] = *c;
			continue;
		}
		n += (size_t)snprintf(name + n, 20, "%u",
				      strncmp(c, "<arena>", 7) == 0 ? arena : 0);
		c = strchr(c, '>');
	}
	name[n] = '\0';
}

/* False where there is no such value. */
static bool check_width(const struct FAMILY(ctl_name) * is, const char *name)
{
	char buffer[64], *at = buffer;
	unsigned char value[32];
	size_t width = width_of(is->type), length = width, wrong = width + 1;
	int error;

	memset(value, 0xee, sizeof(value));
	memcpy(value, &at, sizeof(at)); /* where a text goes that has no place of its own */
	memset(value + width, 0xee, sizeof(value) - width);
	error = ctl(name, value, &length, NULL, 0);
	if (error == ENOENT)
		return false;
	CHECK(error == 0 && length == width, "%s: error %d, %zu bytes of %zu", name, error,
	      length, width);
	for (size_t b = width; b < sizeof(value); b++)
		CHECK(value[b] == 0xee, "%s: byte %zu is written", name, b);
	error = ctl(name, value, &wrong, NULL, 0);
	CHECK(error == EINVAL && (wrong == width || strcmp(is->type, "char *") == 0),
	      "%s: error %d, is %zu wide, not %zu", name, error, wrong, width);
	if (strcmp(is->access, "rw") == 0)
		CHECK(ctl(name, NULL, NULL, value, width + 1) == EINVAL,
		      "%s: %zu bytes are written", name, width + 1);
	return true;
}

/* Every name that is read: as wide as its type says, and no byte more is written.  Some are of
 * the heap alone or of the program's arenas.  (control_forms.sh holds the types against
 * jemalloc's.) */
static void all_widths(void)
{
	struct FAMILY(ctl_name) is;
	unsigned n = 0, arena = 0;
	size_t length = sizeof(arena);

	NEED(ctl("arenas.create", &arena, &length, NULL, 0) == 0, "arenas.create");
	refresh();
	for (size_t i = 0; FAMILY(ctl_describe)(i, &is) == 0; i++) {
		char of_heap[200], of_arena[200];
		bool there;

		if (strcmp(is.access, "r") != 0 && strcmp(is.access, "rw") != 0)
			continue;
		first_of(is.name, 0, of_heap);
		first_of(is.name, arena, of_arena);
		there = check_width(&is, of_heap);
		if (strcmp(of_heap, of_arena) != 0)
			there |= check_width(&is, of_arena);
		/* Sources that said nothing. */
		CHECK(there || strncmp(is.name, "opt.malloc_conf.", 16) == 0, "%s: ENOENT",
		      is.name);
		n++;
	}
	CHECK(n > 250, "%u names are read", n);
	tap_note("%u names", n);
}

/* What the options that the library was configured with are told as. */
static void built_in(void)
{
	const char *text = NULL;
	size_t length = sizeof(text);

	CHECK(ctl("config.malloc_conf", &text, &length, NULL, 0) == 0 && text != NULL &&
		      strcmp(text, ASH_MALLOC_CONF) == 0,
	      "'%s', not '%s'", text != NULL ? text : "", ASH_MALLOC_CONF);
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
	/* Numbers of arenas that there are no figures of. */
	length = 6;
	CHECK(FAMILY(mallctlnametomib)("stats.arenas.1.pactive", mib, &length) == ENOENT &&
		      FAMILY(mallctlnametomib)("stats.arenas.4097.pactive", mib, &length) ==
			      ENOENT &&
		      ctl("stats.arenas.1.pactive", NULL, NULL, &value, sizeof(value)) ==
			      ENOENT,
	      "figures of what has none");
	CHECK(FAMILY(mallctlnametomib)("arena.1.purge", mib, &length) == 0 &&
		      FAMILY(mallctlnametomib)("stats.arenas.4096.pactive", mib, &length) == 0,
	      "names of what there is");
	/* What goes on behind a name's end is none, however little room there is. */
	for (unsigned room = 1; room < 6; room++) {
		length = room;
		CHECK(FAMILY(mallctlnametomib)("version.x", mib, &length) == ENOENT,
		      "version.x, %u", room);
		length = room;
		CHECK(FAMILY(mallctlnametomib)("arenas.page.0", mib, &length) ==
			      (room < 2 ? 0 : ENOENT),
		      "arenas.page.0, %u", room);
	}
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
	CHECK(ctl("arena.4097.purge", NULL, NULL, NULL, 0) == 0 &&
		      ctl("arena.4097.decay", NULL, NULL, NULL, 0) == 0,
	      "what was destroyed has nothing to give");
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
		ctl("arena.1.dirty_decay_ms", &now, &length, NULL, 0);
		CHECK(now == ms, "%zd became %zd", ms, now);
		ctl("arena.0.muzzy_decay_ms", &now, &length, NULL, 0);
		CHECK(now == 0, "the other one stays");
	}
}

static ssize_t ms_of(const char *format, unsigned arena)
{
	ssize_t ms = -7;
	size_t length = sizeof(ms);
	char name[64];

	snprintf(name, sizeof(name), format, arena);
	CHECK(ctl(name, &ms, &length, NULL, 0) == 0, "%s", name);
	return ms;
}

/* What arenas begin with is not what one of them was told meanwhile. */
static void decay_of_new_arenas(void)
{
	ssize_t at_first = ms_of("arenas.dirty_decay_ms", 0), own = 1234, all = 4321;
	size_t length = sizeof(unsigned);
	unsigned a = 0;

	CHECK(ctl("arena.0.dirty_decay_ms", NULL, NULL, &own, sizeof(own)) == 0, "arena 0");
	CHECK(ms_of("arenas.dirty_decay_ms", 0) == at_first && at_first != own, "%zd",
	      ms_of("arenas.dirty_decay_ms", 0));
	CHECK(ctl("arenas.create", &a, &length, NULL, 0) == 0, "arenas.create");
	CHECK(ms_of("arena.%u.dirty_decay_ms", a) == at_first, "a new one");
	CHECK(ctl("arenas.dirty_decay_ms", NULL, NULL, &all, sizeof(all)) == 0, "arenas");
	CHECK(ms_of("arenas.dirty_decay_ms", 0) == all &&
		      ms_of("arena.%u.dirty_decay_ms", 0) == all &&
		      ms_of("arena.%u.dirty_decay_ms", a) == at_first,
	      "it is the heap's, too, and no older one's");
	CHECK(ctl("arenas.create", &a, &length, NULL, 0) == 0, "arenas.create");
	CHECK(ms_of("arena.%u.dirty_decay_ms", a) == all, "and a newer one's");
}

/* What is told of the heap beside what all arenas have. */
static void figures_of_heap(void)
{
	static const unsigned of[] = {0, 4096};
	unsigned a = 0, narenas = unsigned_of("arenas.narenas");
	size_t length = sizeof(a);
	uint64_t count;
	char name[80];
	void *p;

	CHECK(narenas == unsigned_of("opt.narenas") +
				 (size_of("opt.oversize_threshold") != 0 ? 1 : 0),
	      "%u arenas", narenas);
	p = m.malloc((size_t)8 << 20);
	memset(p, 1, (size_t)8 << 20);
	m.free(p);
	for (unsigned i = 0; i < 40; i++)
		m.free(memset(m.malloc(200000), 1, 200000));
	usleep(20000); /* the clock has moved */
	CHECK(ctl("arena.4096.purge", NULL, NULL, NULL, 0) == 0, "purge");
	refresh();
	for (unsigned i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "stats.arenas.%u.uptime", of[i]);
		CHECK(size_of(name) > 0 && size_of(name) < (size_t)1 << 60, "%s is %zu", name,
		      size_of(name));
		snprintf(name, sizeof(name), "stats.arenas.%u.dirty_npurge", of[i]);
		CHECK(size_of(name) == size_of("stats.arenas.0.hpa_shard.npurge_passes"), "%s",
		      name);
		snprintf(name, sizeof(name), "stats.arenas.%u.dirty_nmadvise", of[i]);
		CHECK(size_of(name) == size_of("stats.arenas.0.hpa_shard.npurges") &&
			      size_of(name) > 0,
		      "%s is %zu", name, size_of(name));
	}
	CHECK(ctl("arenas.create", &a, &length, NULL, 0) == 0, "arenas.create");
	snprintf(name, sizeof(name), "stats.arenas.%u.hpa_shard.npageslabs", a);
	CHECK(size_of(name) == 0, "an arena has no hugeblocks");
	snprintf(name, sizeof(name), "stats.arenas.%u.hpa_shard.nonfull_slabs.3.nactive_huge",
		 a);
	CHECK(size_of(name) == 0, "an arena has no hugeblocks");
	snprintf(name, sizeof(name), "stats.arenas.%u.hpa_shard.nhugifies", narenas - 1);
	length = sizeof(count);
	CHECK(ctl(name, &count, &length, NULL, 0) == ENOENT, "%s", name);
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

/* --- forms -------------------------------------------------------------------------------- */

static void to_stdout(void *opaque, const char *text)
{
	size_t length = strlen(text);

	*(size_t *)opaque += length;
	if (write(STDOUT_FILENO, text, length) != (ssize_t)length)
		_exit(1);
}

/* In destructors of a thread's data, before the allocator's own end of it and after: its cache
 * is off in the end, can be said to be on or off, and what is allocated is served. */
static pthread_key_t end_key;
static unsigned end_rounds; /* atomic: what a destructor did is behind a join, which TSan does
			       not see */

static bool enabled_now(void)
{
	bool on = false;
	size_t length = sizeof(on);

	CHECK(ctl("thread.tcache.enabled", &on, &length, NULL, 0) == 0 && length == sizeof(on),
	      "not read in round %u", end_rounds);
	return on;
}

static void switch_cache(bool to)
{
	bool before = enabled_now(), was = !before;
	size_t length = sizeof(was);

	CHECK(ctl("thread.tcache.enabled", &was, &length, &to, sizeof(to)) == 0 &&
		      was == before,
	      "round %u: %d to %d", end_rounds, before, to);
	CHECK(enabled_now() == to, "round %u: it is not %d", end_rounds, to);
}

static void at_end(void *data)
{
	static const bool to[] = {true, false, false, true, true};
	int flushed;

	for (unsigned i = 0; i < 5; i++) {
		void *p = m.malloc(100 + i), *q;

		memset(p, 7, 100);
		switch_cache(to[i]);
		q = m.realloc(p, 3000);
		CHECK(q != NULL && ((char *)q)[99] == 7, "round %u", end_rounds);
		m.free(q);
		flushed = ctl("thread.tcache.flush", NULL, NULL, NULL, 0);
		CHECK(flushed == (to[i] ? 0 : EFAULT), "flush: error %d", flushed);
	}
	/* Again after the allocator's own destructor, and once more after that. */
	if (__atomic_add_fetch(&end_rounds, 1, __ATOMIC_RELAXED) <
	    PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(end_key, data);
}

static void *end_with_cache(void *off)
{
	m.free(m.malloc(100));
	if (off != NULL)
		switch_cache(false);
	pthread_setspecific(end_key, &end_rounds);
	return NULL;
}

static void switched_at_end(void)
{
	unsigned rounds;

	NEED(pthread_key_create(&end_key, at_end) == 0, "no key");
	for (unsigned i = 0; i < 2; i++) {
		pthread_t thread;

		__atomic_store_n(&end_rounds, 0, __ATOMIC_RELAXED);
		NEED(pthread_create(&thread, NULL, end_with_cache, i != 0 ? &end_key : NULL) ==
			     0,
		     "no thread");
		pthread_join(thread, NULL);
		rounds = __atomic_load_n(&end_rounds, __ATOMIC_RELAXED);
		CHECK(rounds == PTHREAD_DESTRUCTOR_ITERATIONS, "%u rounds", rounds);
	}
	CHECK(enabled_now(), "this one has its own");
}

static void to_nothing(void *opaque, const char *text)
{
	*(size_t *)opaque += strlen(text);
}

static size_t told; /* bytes */

static void to_message(void *opaque, const char *text)
{
	(void)opaque;
	told += strlen(text);
}

static void printed(void)
{
	size_t n = 0, json = 0;

	FAMILY(malloc_stats_print)(to_nothing, &n, NULL);
	FAMILY(malloc_stats_print)(to_nothing, &json, "J");
	CHECK(n > 200 && json > 2000, "%zu and %zu bytes", n, json);
	FAMILY(malloc_message) = to_message;
	FAMILY(malloc_stats_print)(NULL, NULL, "g");
	CHECK(told > 0, "malloc_message gets what nobody else does");
}

static void *kept[1000];

/* Some of everything that the forms tell of. */
static void hold_something(void)
{
	unsigned arena = 0;
	size_t length = sizeof(arena);
	char name[40];

	for (unsigned i = 0; i < 1000; i++)
		kept[i] = m.malloc(i * 100);
	ctl("arenas.create", &arena, &length, NULL, 0);
	if (FAMILY(mallocx)(100, MALLOCX_ARENA(arena) | MALLOCX_TCACHE_NONE) == NULL)
		_exit(1);
	snprintf(name, sizeof(name), "arena.%u.destroy", arena);
	ctl(name, NULL, NULL, NULL, 0);
}

int main(int argc, char **argv)
{
	family_start();
	if (argc > 1) {
		size_t n = 0;

		hold_something();
		for (int i = 2; i < argc; i++)
			FAMILY(malloc_stats_print)(to_stdout, &n, argv[i]);
		return n == 0;
	}
	tap_start();
	tap_case("names that there are not", unknown_names);
	tap_case("what is only read, or only done", permissions);
	tap_case("lengths: copied as far as it fits", lengths);
	tap_case("widths", widths);
	tap_case("widths of all names", all_widths);
	tap_case("options that are built in", built_in);
	tap_case("numbers of names", numbers_of_names);
	tap_case("all arenas: 4096, and arenas.narenas", all_arenas);
	tap_case("values that are refused, and decay times", values_refused);
	tap_case("decay times of arenas that are made", decay_of_new_arenas);
	tap_case("figures of the heap", figures_of_heap);
	tap_case("the background thread begins and ends", background_threads);
	tap_case("the cache is switched while a thread ends", switched_at_end);
	tap_case("statistics are printed", printed);
	return tap_finish();
}
