/*
 * mallctl: arenas of the program's own and explicit caches, by their names.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "test/support/control.h"

/* Of an address; what lies nowhere is refused. */
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

/* --- arenas of the program's own ---------------------------------------------------------- */

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
		      of_arena("arena.%u.name", a, NULL, NULL, &name, 8) == EFAULT &&
		      of_arena("arena.%u.dss", a, &hooks, &n, NULL, 0) == EFAULT,
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
	CHECK(of_arena("arena.%u.name", 0, &into, &n, NULL, 0) == 0 &&
		      strcmp(text, "auto_0") == 0,
	      "the heap's is '%s'", text);
	CHECK(of_arena("arena.%u.name", 1, &into, &n, NULL, 0) == 0 &&
		      strcmp(text, "auto_1") == 0,
	      "by another number it is '%s'", text);
	CHECK(of_arena("arena.%u.name", 0, &into, &n, &longer, sizeof(longer)) == 0 &&
		      strcmp(text, "auto_0") == 0,
	      "named, it was '%s'", text);
	for (unsigned i = 0; i < 2; i++)
		CHECK(of_arena("arena.%u.name", i, &into, &n, NULL, 0) == 0 &&
			      strlen(text) == 31 && strncmp(text, longer, 31) == 0 &&
			      text[32] == '!',
		      "%u: '%s'", i, text);
	CHECK(of_arena("arena.%u.name", 0, NULL, NULL, &none, sizeof(none)) == EINVAL, "NULL");
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
	set = NULL;
	CHECK(of_arena("arena.%u.extent_hooks", 0, NULL, NULL, &set, sizeof(set)) == EFAULT &&
		      of_arena("arena.%u.extent_hooks", a, NULL, NULL, &set, sizeof(set)) ==
			      EFAULT,
	      "none at all");

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

/* --- hooks of the heap's numbers ---------------------------------------------------------- */

static extent_hooks_t heap_hooks;
static size_t heap_asked; /* atomic, as all of these */
static unsigned asked_for;
#define GIVEN_MOST 300
static uintptr_t given_at[GIVEN_MOST], given_bytes[GIVEN_MOST];
static unsigned given;

static void *heap_hook_alloc(extent_hooks_t *hooks, void *new_addr, size_t size,
			     size_t alignment, bool *zero, bool *commit, unsigned arena)
{
	void *p = old_hooks->alloc(old_hooks, new_addr, size, alignment, zero, commit, arena);
	unsigned i;

	CHECK(hooks == &heap_hooks, "the hooks that were set");
	__atomic_fetch_add(&heap_asked, size, __ATOMIC_RELAXED);
	__atomic_store_n(&asked_for, arena, __ATOMIC_RELAXED);
	if (p == NULL)
		return NULL;
	i = __atomic_fetch_add(&given, 1, __ATOMIC_RELAXED);
	NEED(i < GIVEN_MOST, "the hook is asked too often");
	__atomic_store_n(&given_at[i], (uintptr_t)p, __ATOMIC_RELAXED);
	__atomic_store_n(&given_bytes[i], size, __ATOMIC_RELEASE);
	return p;
}

/* What the hook gave stays, for dalloc is none. */
static bool is_given(const void *p)
{
	bool is = false;

	for (unsigned i = 0; i < GIVEN_MOST; i++) {
		size_t bytes = __atomic_load_n(&given_bytes[i], __ATOMIC_ACQUIRE);

		is |= (uintptr_t)p - __atomic_load_n(&given_at[i], __ATOMIC_RELAXED) < bytes;
	}
	return is;
}

static void hook_number(unsigned number)
{
	extent_hooks_t *set = &heap_hooks, *now = NULL;
	size_t length = sizeof(old_hooks), mib[3], n = 3;

	NEED(FAMILY(mallctlnametomib)("arena.0.extent_hooks", mib, &n) == 0 && n == 3,
	     "a name");
	mib[1] = number;
	NEED(FAMILY(mallctlbymib)(mib, n, &old_hooks, &length, NULL, 0) == 0, "read");
	CHECK(FAMILY(mallctlbymib)(mib, n, &now, &length, &old_hooks, sizeof(old_hooks)) == 0 &&
		      now == old_hooks,
	      "those that there are change nothing");
	heap_hooks = *old_hooks;
	heap_hooks.alloc = heap_hook_alloc;
	heap_hooks.dalloc = NULL;
	heap_asked = 0;
	asked_for = 99;
	NEED(FAMILY(mallctlbymib)(mib, n, &now, &length, &set, sizeof(set)) == 0, "set");
	CHECK(now == old_hooks, "the old ones are given");
	CHECK(FAMILY(mallctlbymib)(mib, n, &now, &length, NULL, 0) == 0 && now == set,
	      "the new ones are there");
}

/* As jemalloc has it of an automatic arena that nobody uses yet: it is made of these. */
static void hooks_of_a_number(void)
{
	unsigned narenas = unsigned_of("arenas.narenas"), one = 1, was = 99, heap = 0;
	char text[33], *into = text;
	size_t n = sizeof(into), length = sizeof(was);
	void *before = FAMILY(mallocx)(100000, MALLOCX_ARENA(1)), *p[3], *q;

	CHECK(!is_initialized(1) && arena_of(before) == 0, "it is a name of the heap");
	hook_number(1);
	CHECK(is_initialized(1) && unsigned_of("arenas.narenas") == narenas,
	      "it is one of its own");
	p[0] = FAMILY(mallocx)(100000, MALLOCX_ARENA(1) | MALLOCX_TCACHE_NONE);
	p[1] = FAMILY(mallocx)(10, MALLOCX_ARENA(1));
	CHECK(heap_asked >= 100000 && asked_for == 1, "%zu bytes for %u", heap_asked,
	      asked_for);
	CHECK(is_given(p[0]) && is_given(p[1]) && !is_given(before), "by the hook");
	CHECK(arena_of(p[0]) == 1 && arena_of(p[1]) == 1 && arena_of(before) == 0, "lookup");
	refresh();
	CHECK(size_in("stats.arenas.%u.large.allocated", 1) == m.usable(p[0]) &&
		      size_in("stats.arenas.%u.small.allocated", 1) == m.usable(p[1]),
	      "they are counted");
	CHECK(of_arena("arena.%u.reset", 1, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.destroy", 1, NULL, NULL, NULL, 0) == EFAULT,
	      "it stays");
	CHECK(of_arena("arena.%u.name", 1, &into, &n, NULL, 0) == 0 &&
		      strcmp(text, "auto_1") == 0,
	      "'%s'", text);
	q = m.malloc((size_t)3 << 20);
	CHECK(!is_given(q) && arena_of(q) == 0, "who is not bound to it has the heap");
	m.free(q);
	CHECK(ctl("thread.arena", &was, &length, &one, sizeof(one)) == 0 && was == 0, "bound");
	p[2] = m.malloc((size_t)3 << 20);
	CHECK(is_given(p[2]) && arena_of(p[2]) == 1, "%zu bytes", heap_asked);
	CHECK(ctl("thread.arena", &was, &length, &heap, sizeof(heap)) == 0 && was == 1, "back");
	for (unsigned i = 0; i < 3; i++)
		m.free(p[i]);
	m.free(before);
	refresh();
	CHECK(size_in("stats.arenas.%u.large.allocated", 1) == 0 &&
		      size_in("stats.arenas.%u.small.allocated", 1) == 0,
	      "all came back");
}

/* Whether what this thread allocates comes by the hook. */
static bool is_hooked(void)
{
	void *large = m.malloc((size_t)5 << 20), *small = m.malloc(3000);
	bool is = is_given(large) && is_given(small);

	NEED(large != NULL && small != NULL, "malloc");
	m.free(large);
	m.free(small);
	return is;
}

enum { BEGUN = 1, HOOKED };
static unsigned progress;

static void *work_meanwhile(void *unused)
{
	static const struct timespec moment = {0, 1000000};
	void *p[64];

	(void)unused;
	CHECK(!is_hooked(), "before");
	__atomic_store_n(&progress, BEGUN, __ATOMIC_RELEASE);
	while (__atomic_load_n(&progress, __ATOMIC_ACQUIRE) != HOOKED)
		nanosleep(&moment, NULL);
	/* From the next look at the clock on. */
	for (unsigned round = 0; round < 2000 && !is_hooked(); round++) {
		for (unsigned i = 0; i < 64; i++)
			p[i] = m.malloc(100 + 50 * i);
		for (unsigned i = 0; i < 64; i++)
			m.free(p[i]);
		nanosleep(&moment, NULL);
	}
	CHECK(is_hooked(), "a thread that there was follows");
	return NULL;
}

static void *begin_now(void *unused)
{
	(void)unused;
	CHECK(is_hooked(), "a thread that begins now has it from the first");
	CHECK(unsigned_of("thread.arena") == 0, "it is bound to none");
	return NULL;
}

static void threads_follow_hooks(void)
{
	pthread_t thread, later;

	NEED(pthread_create(&thread, NULL, work_meanwhile, NULL) == 0, "a thread");
	while (__atomic_load_n(&progress, __ATOMIC_ACQUIRE) != BEGUN)
		usleep(1000);
	hook_number(0);
	CHECK(is_hooked() && asked_for == 0, "the thread that set them, for %u", asked_for);
	__atomic_store_n(&progress, HOOKED, __ATOMIC_RELEASE);
	NEED(pthread_create(&later, NULL, begin_now, NULL) == 0, "a thread");
	pthread_join(later, NULL);
	pthread_join(thread, NULL);
}

/* What there was stays in the heap and goes back there; what comes now comes by the hooks. */
static void hooks_of_the_heap(void)
{
	void *old[40], *new[40];
	size_t allocated, bytes = 0;
	unsigned zero = 0, own = 1;
	size_t length = sizeof(zero);
	int status;
	pid_t child;

	for (unsigned i = 0; i < 40; i++)
		old[i] = memset(m.malloc(10 + 5000 * i), 1, 10);
	hook_number(0);
	CHECK(is_hooked() && asked_for == 0, "for %u", asked_for);
	CHECK(is_initialized(0) && unsigned_of("thread.arena") == 0, "it is arena 0 still");
	refresh();
	allocated = size_of("stats.allocated");
	for (unsigned i = 0; i < 40; i++) {
		new[i] = i % 2 == 0 ? m.malloc(10 + 5000 * i)
				    : FAMILY(mallocx)(10 + 5000 * i, MALLOCX_ARENA(0));
		NEED(new[i] != NULL, "block %u", i);
		memset(new[i], 2, 10 + 5000 * i);
		bytes += m.usable(new[i]);
		CHECK(arena_of(new[i]) == 0 && arena_of(old[i]) == 0, "block %u", i);
	}
	refresh();
	CHECK(size_of("stats.allocated") == allocated + bytes, "%zu more, not %zu",
	      size_of("stats.allocated") - allocated, bytes);
	CHECK(size_of("stats.arenas.0.small.allocated") +
			      size_of("stats.arenas.0.large.allocated") ==
		      size_of("stats.allocated"),
	      "all of it is arena 0's");
	CHECK(size_of("stats.arenas.0.pactive") == size_of("stats.arenas.4096.pactive") &&
		      size_of("stats.arenas.0.mapped") == size_of("stats.mapped") &&
		      size_of("stats.arenas.0.base") == size_of("stats.metadata") &&
		      size_of("stats.arenas.0.small.nfills") ==
			      size_of("stats.arenas.4096.small.nfills") &&
		      size_of("stats.arenas.0.lextents.5.nmalloc") ==
			      size_of("stats.arenas.4096.lextents.5.nmalloc"),
	      "0 is all there is");
	CHECK(size_of("stats.allocated") <= size_of("stats.active") &&
		      size_of("stats.active") <= size_of("stats.resident") &&
		      size_of("stats.resident") <= size_of("stats.mapped"),
	      "order");
	CHECK(of_arena("arena.%u.reset", 0, NULL, NULL, NULL, 0) == EFAULT &&
		      of_arena("arena.%u.destroy", 0, NULL, NULL, NULL, 0) == EFAULT,
	      "it stays");
	/* Bound to another number of the heap a thread has the heap. */
	CHECK(ctl("thread.arena", NULL, NULL, &own, sizeof(own)) == 0 && !is_hooked(), "bound");
	CHECK(ctl("thread.arena", &own, &length, &zero, sizeof(zero)) == 0 && own == 1 &&
		      is_hooked(),
	      "and back");
	child = fork();
	if (child == 0) {
		void *p = m.malloc((size_t)1 << 20);

		_exit(!is_hooked() || p == NULL || arena_of(p) != 0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
		      WEXITSTATUS(status) == 0,
	      "in a child");
	for (unsigned i = 0; i < 40; i++) {
		CHECK(((unsigned char *)old[i])[9] == 1 && ((unsigned char *)new[i])[9] == 2,
		      "block %u changed", i);
		m.free(old[i]);
		FAMILY(dallocx)(new[i], 0);
	}
	CHECK(of_arena("arena.%u.purge", 0, NULL, NULL, NULL, 0) == 0, "purge");
	refresh();
	CHECK(size_of("stats.allocated") < allocated, "%zu are left of %zu",
	      size_of("stats.allocated"), allocated);
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
	bins = 0;
	large = 0;
	for (unsigned c = 0; c < unsigned_of("arenas.nbins"); c++)
		bins += size_in("stats.arenas.4097.bins.%u.nmalloc", c);
	for (unsigned i = 0; i < unsigned_of("arenas.nlextents"); i++)
		large += size_in("stats.arenas.4097.lextents.%u.nmalloc", i);
	CHECK(bins == 50 && large == 1 && size_of("stats.arenas.4097.bins.3.curregs") == 0 &&
		      size_of("stats.arenas.4097.extents.3.ndirty") == 0 &&
		      size_of("stats.arenas.4097.small.nfills") > 0,
	      "by size: %zu and %zu", bins, large);
	CHECK(size_of("stats.allocated") == allocated, "allocated");
}

int main(void)
{
	family_start();
	tap_start();
	tap_case("arenas.lookup", lookup);
	tap_case("arenas: made, reset, destroyed, their numbers used again", life_of_arenas);
	tap_case("arenas: what is refused", arenas_refused);
	tap_case("arenas: names", names_of_arenas);
	tap_case("arenas: hooks, and explicit caches", hooks_and_caches);
	tap_case("arenas: threads that are bound", threads_bound);
	tap_case("arenas: sums", sums_over_arenas);
	tap_case("arenas: hooks of a number of the heap", hooks_of_a_number);
	tap_case("arenas: hooks of arena 0", hooks_of_the_heap);
	tap_case("arenas: hooks of arena 0, and threads", threads_follow_hooks);
	return tap_finish();
}
