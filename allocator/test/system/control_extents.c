/*
 * mallctl: what arenas of the program's own hold: large objects by size; what is free, by its
 * length; memory that its hooks pin; how much hooks are asked for, and what goes at once; and
 * the same figures of the heap.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "test/support/control.h"

/* Lengths by which free runs are counted. */
static unsigned lengths(void)
{
	unsigned shift = 0;

	for (size_t page = size_of("arenas.page"); page > 1; page /= 2)
		shift++;
	return 247 - 4 * shift;
}

/* --- large objects by size ---------------------------------------------------------------- */

/* Of each size, of this arena; returns the sums. */
static void check_larges(unsigned arena, size_t *came, size_t *there)
{
	size_t went = 0;

	*came = *there = 0;
	for (unsigned i = 0; i < unsigned_of("arenas.nlextents"); i++) {
		size_t nmalloc = size_at("stats.arenas.%u.lextents.%u.nmalloc", arena, i),
		       ndalloc = size_at("stats.arenas.%u.lextents.%u.ndalloc", arena, i),
		       cur = size_at("stats.arenas.%u.lextents.%u.curlextents", arena, i);

		CHECK(nmalloc - ndalloc == cur, "size %u of arena %u: %zu came, %zu went, %zu",
		      i, arena, nmalloc, ndalloc, cur);
		CHECK(size_at("stats.arenas.%u.lextents.%u.nrequests", arena, i) == nmalloc,
		      "requests of size %u", i);
		*came += nmalloc;
		*there += cur;
		went += ndalloc;
	}
	CHECK(*came == size_in("stats.arenas.%u.large.nmalloc", arena) &&
		      went == size_in("stats.arenas.%u.large.ndalloc", arena),
	      "arena %u: %zu came and %zu went of all sizes, %zu and %zu are told", arena,
	      *came, went, size_in("stats.arenas.%u.large.nmalloc", arena),
	      size_in("stats.arenas.%u.large.ndalloc", arena));
}

/* The first of arenas.lextent.* that is no less. */
static unsigned size_for(size_t bytes)
{
	unsigned i = 0;
	char name[40];

	do
		snprintf(name, sizeof(name), "arenas.lextent.%u.size", i++);
	while (size_of(name) < bytes);
	return i - 1;
}

static size_t larges_of(const char *what, unsigned arena, size_t bytes)
{
	char format[80];

	snprintf(format, sizeof(format), "stats.arenas.%%u.lextents.%%u.%s", what);
	return size_at(format, arena, size_for(bytes));
}

static void larges_balance(void)
{
	static const size_t sizes[] = {32769,  40000,   40960,   40961,   65536,  65537,
				       100000, 1 << 20, 1048577, 1500000, 5000000};
	enum { N = sizeof(sizes) / sizeof(sizes[0]) };
	unsigned a = created(NULL), state = 1;
	size_t came[3], there[3], before;
	void *p[N], *q[N], *r[128] = {NULL};

	for (unsigned i = 0; i < N; i++) {
		before = larges_of("nmalloc", a, sizes[i]);
		p[i] = m.malloc(sizes[i]);
		q[i] = in_arena(a, sizes[i]);
		refresh();
		CHECK(larges_of("nmalloc", a, sizes[i]) == before + 1,
		      "%zu bytes came: size %u, %zu", sizes[i], size_for(sizes[i]),
		      larges_of("nmalloc", a, sizes[i]));
	}
	for (unsigned n = 0; n < 4; n++) { /* live, half, resized, all gone */
		refresh();
		check_larges(0, &came[0], &there[0]);
		check_larges(a, &came[1], &there[1]);
		check_larges(4096, &came[2], &there[2]);
		CHECK(came[2] == came[0] + came[1] && there[2] == there[0] + there[1],
		      "%zu and %zu came, %zu in all", came[0], came[1], came[2]);
		CHECK(there[1] == (n == 0 ? N : n == 3 ? 0 : N / 2), "%zu are there", there[1]);
		for (unsigned i = 0; i < N; i++) {
			if (n == 1 && i % 2 == 1) {
				p[i] = m.realloc(p[i], sizes[i] + 70000);
				p[i] = m.realloc(p[i], sizes[i] - 700);
				FAMILY(xallocx)(q[i], sizes[i] + 16384, 0, 0);
				FAMILY(xallocx)(q[i], sizes[i] / 2, 0, 0);
			} else if ((n == 0 && i % 2 == 0) || (n == 2 && i % 2 == 1)) {
				m.free(p[i]);
				FAMILY(dallocx)(q[i], MALLOCX_TCACHE_NONE);
			}
		}
	}
	for (unsigned n = 0; n < 4000; n++) {
		unsigned i, kind;
		size_t size;

		state = state * 1664525 + 1013904223;
		i = state >> 8 & 127;
		kind = state >> 15 & 7;
		size = state >> 18 << (state >> 29) & 0x3fffff;
		if (kind < 2) {
			m.free(r[i]);
			r[i] = NULL;
		} else if (kind < 6) {
			r[i] = m.realloc(r[i], size + 1);
		} else if (r[i] == NULL) {
			r[i] = kind == 6 ? m.memalign((size_t)4096 << (state & 7), size)
					 : m.calloc(1, size);
		}
	}
	refresh();
	check_larges(0, &came[0], &there[0]);
	CHECK(there[0] > 5 && came[0] > 1000, "%zu came, %zu are there", came[0], there[0]);
	for (unsigned i = 0; i < 128; i++)
		m.free(r[i]);
	/* The next one of this number begins at 0. */
	in_arena(a, 40000);
	CHECK(act("arena.%u.destroy", a) == 0 && created(NULL) == a, "destroy");
	in_arena(a, 100000);
	refresh();
	check_larges(a, &came[1], &there[1]);
	CHECK(came[1] == 1 && there[1] == 1, "%zu came", came[1]);
	CHECK(act("arena.%u.destroy", a) == 0, "destroy");
}

/* --- what is free ------------------------------------------------------------------------- */

/* Over all lengths. */
static size_t all_of(const char *figure, unsigned arena)
{
	size_t sum = 0;
	char format[80];

	snprintf(format, sizeof(format), "stats.arenas.%%u.extents.%%u.%s", figure);
	for (unsigned i = 0; i < lengths(); i++)
		sum += size_at(format, arena, i);
	return sum;
}

static void extents_of_arenas(void)
{
	unsigned a = created(NULL);
	ssize_t never = -1;
	size_t page = size_of("arenas.page"), value, length = sizeof(value);
	char name[64];
	void *p[4];

	snprintf(name, sizeof(name), "arena.%u.dirty_decay_ms", a);
	CHECK(ctl(name, NULL, NULL, &never, sizeof(never)) == 0, "kept");
	for (unsigned i = 0; i < 4; i++)
		p[i] = in_arena(a, (size_t)1 << (17 + i));
	refresh();
	CHECK(all_of("dirty_bytes", a) == 0 && all_of("ndirty", a) == 0, "none is dirty yet");
	CHECK(all_of("retained_bytes", a) == size_in("stats.arenas.%u.retained", a), "kept");
	FAMILY(dallocx)(p[0], 0);
	FAMILY(dallocx)(p[2], 0);
	refresh();
	CHECK(all_of("dirty_bytes", a) == (size_t)5 << 17 &&
		      all_of("dirty_bytes", a) == size_in("stats.arenas.%u.pdirty", a) * page,
	      "%zu bytes are dirty", all_of("dirty_bytes", a));
	CHECK(all_of("ndirty", a) >= 1 && all_of("ndirty", a) <= 2, "in %zu extents",
	      all_of("ndirty", a));
	if (page == 4096 && all_of("ndirty", a) == 2)
		CHECK(size_at("stats.arenas.%u.extents.%u.ndirty", a, 15) == 1 &&
			      size_at("stats.arenas.%u.extents.%u.dirty_bytes", a, 15) ==
				      (size_t)1 << 17 &&
			      size_at("stats.arenas.%u.extents.%u.dirty_bytes", a, 23) ==
				      (size_t)1 << 19,
		      "128 KiB are of length 15, 512 KiB of 23");
	CHECK(act("arena.%u.purge", a) == 0, "purge");
	refresh();
	CHECK(all_of("ndirty", a) == 0 &&
		      all_of("retained_bytes", a) == size_in("stats.arenas.%u.retained", a),
	      "after a purge");
	snprintf(name, sizeof(name), "stats.arenas.%u.extents.%u.ndirty", a, lengths());
	CHECK(ctl(name, &value, &length, NULL, 0) == ENOENT, "there is no further length");
	CHECK(act("arena.%u.destroy", a) == 0, "destroy");
}

static void check_blocks(const char *when)
{
	static const char *const of[] = {"npageslabs", "nactive", "ndirty"};

	for (unsigned f = 0; f < 3; f++) {
		size_t whole, slabs = 0, parts = 0;
		char name[100];

		snprintf(name, sizeof(name), "stats.arenas.0.hpa_shard.%s", of[f]);
		whole = size_of(name);
		for (unsigned huge = 0; huge < 2; huge++) {
			static const char *const kind[] = {"slabs", "full_slabs",
							   "empty_slabs"};

			for (unsigned k = 0; k < 3; k++) {
				snprintf(name, sizeof(name),
					 "stats.arenas.0.hpa_shard.%s.%s_%s", kind[k], of[f],
					 huge ? "huge" : "nonhuge");
				*(k == 0 ? &slabs : &parts) += size_of(name);
			}
			for (unsigned i = 0; i < 64; i++) {
				snprintf(name, sizeof(name),
					 "stats.arenas.4096.hpa_shard.nonfull_slabs.%u.%s_%s",
					 i, of[f], huge ? "huge" : "nonhuge");
				parts += size_of(name);
			}
		}
		CHECK(whole == slabs && whole == parts,
		      "%s: %s %zu, slabs %zu, their parts %zu", when, of[f], whole, slabs,
		      parts);
	}
}

static void blocks_and_runs(void)
{
	size_t page = size_of("arenas.page"), blocks, passes = 0, purges = 0;
	static void *p[600];

	for (unsigned i = 0; i < 600; i++)
		p[i] = memset(m.malloc((size_t)(i % 40 + 1) * 10000), 1, 10000);
	for (unsigned i = 0; i < 600; i += 2)
		m.free(p[i]);
	for (unsigned round = 0; round < 3; round++) {
		refresh();
		check_blocks(round == 0   ? "half is free"
			     : round == 1 ? "purged"
					  : "all is free");
		CHECK(all_of("dirty_bytes", 0) == size_of("stats.arenas.0.pdirty") * page,
		      "round %u: %zu bytes of runs are dirty, of %zu", round,
		      all_of("dirty_bytes", 0), size_of("stats.arenas.0.pdirty") * page);
		CHECK(all_of("muzzy_bytes", 0) == size_of("stats.arenas.0.pmuzzy") * page,
		      "round %u: muzzy", round);
		CHECK(all_of("retained_bytes", 0) <= size_of("stats.arenas.0.retained"),
		      "round %u: retained", round);
		blocks = size_of("stats.arenas.0.hpa_shard.npageslabs");
		CHECK(blocks > 0 && size_of("stats.arenas.0.hpa_shard.nactive") * page <=
					    blocks << 21,
		      "round %u: %zu blocks", round, blocks);
		if (round == 1)
			CHECK(size_of("stats.arenas.0.hpa_shard.npurge_passes") > passes &&
				      size_of("stats.arenas.4096.hpa_shard.npurges") > purges,
			      "the purge is not counted");
		passes = size_of("stats.arenas.0.hpa_shard.npurge_passes");
		purges = size_of("stats.arenas.0.hpa_shard.npurges");
		CHECK(passes <= purges && purges <= passes * 100, "%zu passes for %zu runs",
		      passes, purges);
		if (round == 0)
			act("arena.%u.purge", 0);
		for (unsigned i = 1; round == 1 && i < 600; i += 2)
			m.free(p[i]);
	}
}

/* --- memory that is pinned ---------------------------------------------------------------- */

static extent_hooks_t *usual, hooks;
static size_t asked_most, destroyed_bytes, gone_bytes;
static unsigned asked, destroyed, purged, flag;

static void *alloc_hook(extent_hooks_t *h, void *at, size_t size, size_t alignment, bool *zero,
			bool *commit, unsigned arena)
{
	char *p = usual->alloc(usual, at, size, alignment, zero, commit, arena);

	(void)h;
	asked++;
	if (size > asked_most)
		asked_most = size;
	return p == NULL ? NULL : p + flag;
}

static bool dalloc_hook(extent_hooks_t *h, void *at, size_t size, bool committed,
			unsigned arena)
{
	(void)h, (void)at, (void)committed, (void)arena;
	purged++;
	if (size > gone_bytes)
		gone_bytes = size;
	return true;
}

static void destroy_hook(extent_hooks_t *h, void *at, size_t size, bool committed,
			 unsigned arena)
{
	(void)h;
	destroyed++;
	destroyed_bytes += size;
	usual->destroy(usual, at, size, committed, arena);
}

static bool purge_hook(extent_hooks_t *h, void *at, size_t size, size_t offset, size_t length,
		       unsigned arena)
{
	(void)h, (void)at, (void)size, (void)offset, (void)arena;
	purged++;
	if (length > gone_bytes)
		gone_bytes = length;
	return false;
}

static unsigned with_hooks(unsigned with_flag)
{
	size_t length = sizeof(usual);

	NEED(ctl("arena.0.extent_hooks", &usual, &length, NULL, 0) == 0, "the usual hooks");
	hooks = *usual;
	hooks.alloc = alloc_hook;
	hooks.dalloc = dalloc_hook;
	hooks.destroy = destroy_hook;
	hooks.purge_lazy = hooks.purge_forced = hooks.decommit = purge_hook;
	flag = with_flag;
	return created(&hooks);
}

static void pinned(void)
{
	unsigned a = with_hooks(EXTENT_ALLOC_FLAG_PINNED);
	ssize_t at_once = 0;
	size_t before, told;
	char name[64];
	void *p, *q, *r;

	snprintf(name, sizeof(name), "arena.%u.dirty_decay_ms", a);
	CHECK(ctl(name, NULL, NULL, &at_once, sizeof(at_once)) == 0, "0 ms");
	refresh();
	before = size_of("stats.pinned");
	p = in_arena(a, 300000);
	q = in_arena(a, 64);
	CHECK(((uintptr_t)p & 255) == 0 && asked > 0, "%p, asked %u times", p, asked);
	memset(p, 1, 300000);
	refresh();
	told = size_in("stats.arenas.%u.pinned", a); /* what was cut off */
	CHECK(size_in("stats.arenas.%u.retained", a) == 0 &&
		      size_in("stats.arenas.%u.pdirty", a) == 0,
	      "what is pinned is nothing else");
	FAMILY(dallocx)(p, 0);
	FAMILY(dallocx)(q, 0);
	CHECK(act("arena.%u.purge", a) == 0 && act("arena.%u.decay", a) == 0, "purge");
	refresh();
	CHECK(purged == 0 && destroyed == 0, "it was given back %u times", purged);
	CHECK(size_in("stats.arenas.%u.pinned", a) >= told + 300000 &&
		      all_of("pinned_bytes", a) == size_in("stats.arenas.%u.pinned", a) &&
		      all_of("npinned", a) > 0 &&
		      size_of("stats.pinned") == before + size_in("stats.arenas.%u.pinned", a),
	      "%zu are pinned, in all %zu", size_in("stats.arenas.%u.pinned", a),
	      size_of("stats.pinned"));
	CHECK(size_in("stats.arenas.%u.mapped", a) == size_in("stats.arenas.%u.pinned", a) &&
		      size_in("stats.arenas.%u.resident", a) >=
			      size_in("stats.arenas.%u.pinned", a) &&
		      size_in("stats.arenas.%u.pdirty", a) == 0,
	      "it is mapped and resident");
	/* It serves again, in place: no more is asked for. */
	asked = 0;
	p = in_arena(a, 290000);
	r = FAMILY(rallocx)(p, 70000, MALLOCX_ARENA(a) | MALLOCX_TCACHE_NONE);
	CHECK(r == p, "it shrinks where it is");
	r = FAMILY(rallocx)(r, 250000, MALLOCX_ARENA(a) | MALLOCX_TCACHE_NONE);
	CHECK(r == p && asked == 0, "and grows, asked %u times", asked);
	CHECK(act("arena.%u.reset", a) == 0 && destroyed == 0 && purged == 0, "a reset");
	in_arena(a, 290000);
	CHECK(asked == 0, "after a reset it is asked for %u times", asked);
	refresh();
	told = size_in("stats.arenas.%u.mapped", a);
	CHECK(act("arena.%u.destroy", a) == 0, "destroy");
	CHECK(destroyed > 0 && destroyed_bytes == told, "%zu bytes are destroyed of %zu",
	      destroyed_bytes, told);
}

/* --- how much hooks are asked for, and what goes at once ---------------------------------- */

static int set_size(const char *format, unsigned a, size_t n, size_t *old)
{
	size_t length = sizeof(*old);

	return of_arena(format, a, old, old != NULL ? &length : NULL, &n, sizeof(n));
}

#define LIMIT "arena.%u.retain_grow_limit"
#define OVERSIZE "arena.%u.oversize_threshold"

static void grow_limit(void)
{
	unsigned a = with_hooks(0);
	size_t page = size_of("arenas.page"), old = 0;

	CHECK(size_in(LIMIT, a) == (size_t)2 << 20, "%zu at first", size_in(LIMIT, a));
	CHECK(set_size(LIMIT, a, page - 1, NULL) == EFAULT, "less than a page");
	CHECK(size_in(LIMIT, a) == (size_t)2 << 20, "refused, it is as it was");
	CHECK(set_size(LIMIT, a, page + 1, &old) == 0 && old == (size_t)2 << 20, "a page");
	CHECK(size_in(LIMIT, a) == page, "%zu, cut down", size_in(LIMIT, a));
	CHECK(set_size(LIMIT, a, 12 * page - 1, NULL) == 0 && size_in(LIMIT, a) == 10 * page,
	      "%zu, cut down", size_in(LIMIT, a));
	for (unsigned i = 0; i < 100; i++)
		in_arena(a, 40000);
	CHECK(asked_most <= 65536 && asked >= 40, "asked %u times, for %zu at most", asked,
	      asked_most);
	CHECK(set_size(LIMIT, a, 400000, NULL) == 0 && size_in(LIMIT, a) <= 400000, "400,000");
	for (unsigned i = 0; i < 300; i++)
		in_arena(a, 40000);
	CHECK(asked_most > 65536 && asked_most <= 400000, "asked for %zu at most", asked_most);
	CHECK(set_size(LIMIT, a, (size_t)64 << 20, NULL) == 0, "64 MiB");
	for (unsigned i = 0; i < 1000; i++)
		in_arena(a, 40000);
	CHECK(asked_most > (size_t)4 << 20, "asked for %zu at most", asked_most);
	/* The heap grows as it does. */
	old = size_in(LIMIT, 0);
	CHECK(set_size(LIMIT, 0, old - 1, NULL) == EFAULT && set_size(LIMIT, 0, old, NULL) == 0,
	      "the heap's is %zu", old);
	CHECK(set_size(LIMIT, 0, SIZE_MAX, NULL) == 0 && size_in(LIMIT, 0) == old, "and stays");
	CHECK(act("arena.%u.destroy", a) == 0, "destroy");
	CHECK(set_size(LIMIT, a, page, NULL) == EFAULT &&
		      set_size(OVERSIZE, a, 0, NULL) == EFAULT,
	      "of one that is no more");
}

static void oversize(void)
{
	unsigned a = with_hooks(0);
	ssize_t long_ms = 100000, never = -1;
	size_t old = 99;
	char name[64];

	snprintf(name, sizeof(name), "arena.%u.dirty_decay_ms", a);
	CHECK(ctl(name, NULL, NULL, &long_ms, sizeof(long_ms)) == 0, "100 s");
	CHECK(size_in(OVERSIZE, a) == 0, "none at first");
	FAMILY(dallocx)(in_arena(a, (size_t)3 << 20), 0);
	CHECK(gone_bytes == 0, "%zu went unasked", gone_bytes);
	CHECK(act("arena.%u.purge", a) == 0, "purge");
	gone_bytes = 0;
	CHECK(set_size(OVERSIZE, a, (size_t)1 << 20, &old) == 0 && old == 0, "1 MiB");
	CHECK(size_in(OVERSIZE, a) == (size_t)1 << 20, "1 MiB is read");
	FAMILY(dallocx)(in_arena(a, (size_t)1 << 19), 0);
	CHECK(gone_bytes < (size_t)1 << 19, "half of it goes, too");
	CHECK(act("arena.%u.purge", a) == 0, "purge");
	gone_bytes = 0;
	FAMILY(dallocx)(in_arena(a, (size_t)2 << 20), 0);
	CHECK(gone_bytes >= (size_t)2 << 20, "%zu went", gone_bytes);
	refresh();
	CHECK(size_in("stats.arenas.%u.dirty_purged", a) >=
		      ((size_t)2 << 20) / size_of("arenas.page"),
	      "it is counted");
	CHECK(ctl(name, NULL, NULL, &never, sizeof(never)) == 0, "never");
	gone_bytes = 0;
	FAMILY(dallocx)(in_arena(a, (size_t)2 << 20), 0);
	CHECK(gone_bytes == 0, "%zu went where nothing goes", gone_bytes);
	CHECK(set_size(OVERSIZE, 0, 1 << 20, NULL) == EFAULT &&
		      set_size(OVERSIZE, 0, 0, NULL) == 0 && size_in(OVERSIZE, 0) == 0,
	      "the heap has none");
}

int main(void)
{
	family_start();
	tap_start();
	tap_case("large objects balance, of each size", larges_balance);
	tap_case("extents: what is free in arenas, by length", extents_of_arenas);
	tap_case("hpa_shard and extents: the heap's blocks and free runs", blocks_and_runs);
	tap_case("extents that are pinned", pinned);
	tap_case("arena.<i>.retain_grow_limit", grow_limit);
	tap_case("arena.<i>.oversize_threshold", oversize);
	return tap_finish();
}
