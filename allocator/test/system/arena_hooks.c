/*
 * Extent hooks: each call names an extent as it is, the cascade is the documented one, and any
 * call may fail: then a request is refused with ENOMEM or served in another way, blocks keep
 * their bytes, and in the end nothing is left.
 */
#include <pthread.h>

#include "arena/tcaches.h"
#include "front/boot.h"
#include "front/extended.h"
#include "page/account.h"
#include "page/limits.h"
#include "test/support/extents.h"
#include "util/prng.h"

#define BLOCKS 60
#ifdef ASH_SANITIZER
#define MOST 20
#define OPERATIONS 150
#else
#define MOST 60
#define OPERATIONS 300
#endif

static struct {
	unsigned char *p;
	size_t size;
	unsigned char value;
} block[BLOCKS];

static size_t a_size(struct ash_prng *prng)
{
	switch (ash_prng_below(prng, 8)) {
	case 0:
	case 1:
		return 1 + ash_prng_below(prng, 1000);
	case 2:
	case 3:
	case 4:
		return 1 + ash_prng_below(prng, 32768);
	case 5:
	case 6:
		return 1 + ash_prng_below(prng, 300000);
	default:
		return 1 + ash_prng_below(prng, 3u << 20);
	}
}

static bool is_whole(unsigned i)
{
	const unsigned char *p = block[i].p;
	size_t n = block[i].size;

	return p[0] == block[i].value && p[n / 2] == block[i].value &&
	       p[n - 1] == block[i].value;
}

static void drop(unsigned i)
{
	if (block[i].p == NULL)
		return;
	CHECK(is_whole(i), "block %u of %zu bytes changed", i, block[i].size);
	errno = MARK;
	ash_dallocx(block[i].p, 0);
	CHECK(errno == MARK, "free set errno %d", errno);
	block[i].p = NULL;
}

static bool all_zero(const unsigned char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] != 0)
			return false;
	return true;
}

/* Allocates, resizes and frees at random; returns how many requests were refused. */
static unsigned load(unsigned arena, unsigned operations, uint64_t seed)
{
	struct ash_prng prng = ash_prng_seeded(seed);
	unsigned refused = 0;

	for (unsigned o = 0; o < operations; o++) {
		unsigned i = (unsigned)ash_prng_below(&prng, BLOCKS);
		size_t size = a_size(&prng);
		int flags = (int)((arena + 1) << ASH_FLAG_ARENA_SHIFT);
		bool zero = ash_prng_below(&prng, 3) == 0, resized = false;
		size_t before = 0;
		unsigned char *p;

		if (ash_prng_below(&prng, 8) == 0)
			flags |= (int)ash_prng_below(&prng, 17);
		if (zero)
			flags |= ASH_FLAG_ZERO;
		errno = MARK;
		if (block[i].p != NULL && ash_prng_below(&prng, 3) == 0) {
			CHECK(is_whole(i), "block %u changed", i);
			before = ash_sallocx(block[i].p, 0);
			p = ash_rallocx(block[i].p, size, flags);
			resized = true;
		} else {
			drop(i);
			errno = MARK;
			p = ash_mallocx(size, flags);
		}
		if (p == NULL) {
			refused++;
			CHECK(errno == ENOMEM, "a refusal left errno %d", errno);
			continue;
		}
		CHECK(errno == MARK, "a success set errno %d", errno);
		CHECK(((uintptr_t)p & (((size_t)1 << (flags & 63)) - 1)) == 0,
		      "%p is not aligned to 2^%d", (void *)p, flags & 63);
		CHECK(ash_sallocx(p, 0) >= size, "%zu usable of %zu", ash_sallocx(p, 0), size);
		if (zero && !resized)
			CHECK(all_zero(p, ash_sallocx(p, 0)), "%zu bytes are not cleared",
			      size);
		if (zero && resized && ash_sallocx(p, 0) > before)
			CHECK(all_zero(p + before, ash_sallocx(p, 0) - before),
			      "what %zu bytes grew by is not cleared", before);
		block[i].p = p;
		block[i].size = size;
		block[i].value = (unsigned char)(1 + ash_prng_below(&prng, 255));
		memset(p, block[i].value, size);
	}
	return refused;
}

static void drop_all(void)
{
	for (unsigned i = 0; i < BLOCKS; i++)
		drop(i);
}

static unsigned made(const extent_hooks_t *hooks)
{
	unsigned index = 0;

	ash_boot();
	NEED(ash_arena_create(hooks, &index) == 0, "arenas.create");
	/* So that memory goes both ways. */
	NEED(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, 0) == 0, "dirty_decay_ms");
	return index;
}

static void forget_faults(void)
{
	book.fail_at = 0;
	memset(book.refuse, 0, sizeof(book.refuse));
}

/* Nothing is left of it: in the book, in the counts, in what is held. */
static void unmade(unsigned index, size_t held)
{
	struct ash_arena_stats s;

	forget_faults();
	drop_all();
	ash_arena_stats(index, &s);
	CHECK(s.small == 0 && s.large == 0, "%zu and %zu bytes are left", s.small, s.large);
	CHECK(s.small_nmalloc == s.small_ndalloc && s.large_nmalloc == s.large_ndalloc,
	      "counts");
	CHECK(ash_arena_destroy(index) == 0, "arena.<i>.destroy");
	CHECK(book.n == 0 && book.bytes == 0, "%u extents of %zu bytes are left", book.n,
	      book.bytes);
	CHECK(ash_account_arenas(&ash_heap) == held, "%zu bytes of arenas are held, %zu before",
	      ash_account_arenas(&ash_heap), held);
}

/* None fails, but for a kind that is refused always: what comes after it in the cascade is
 * called then. */
static void the_cascade(void)
{
	static const enum hook order[] = {HOOK_DALLOC, HOOK_DECOMMIT, HOOK_FORCED, HOOK_LAZY};

	for (unsigned refused = 0; refused <= 4; refused++) {
		size_t held = ash_account_arenas(&ash_heap);
		unsigned index = made(&book_hooks);

		memset(book.calls, 0, sizeof(book.calls));
		for (unsigned r = 0; r < refused; r++)
			book.refuse[order[r]] = true;
		CHECK(load(index, OPERATIONS, refused + 1) == 0, "requests were refused");
		drop_all();
		for (unsigned r = 0; r < 4; r++)
			CHECK((book.calls[order[r]] > 0) == (r <= refused),
			      "%u refuse: %u calls of the %u-th", refused, book.calls[order[r]],
			      r);
		CHECK(book.calls[HOOK_SPLIT] > 0 &&
			      (book.calls[HOOK_MERGE] > 0 || refused == 0),
		      "neither cut nor joined");
		CHECK((book.calls[HOOK_COMMIT] > 0) == (refused == 1), "%u commits",
		      book.calls[HOOK_COMMIT]);
		unmade(index, held);
		CHECK((book.calls[HOOK_DESTROY] > 0) == (refused > 0) || refused == 0,
		      "%u destroyed", book.calls[HOOK_DESTROY]);
	}
}

static void kth(bool multiples, const extent_hooks_t *hooks)
{
	unsigned refused = 0;

	for (unsigned k = 1; k <= MOST; k++) {
		size_t held = ash_account_arenas(&ash_heap);
		unsigned index = made(hooks);

		book.called = 0;
		book.fail_multiples = multiples;
		book.fail_at = k;
		/* Without dalloc the rest of the cascade is reached. */
		book.refuse[HOOK_DALLOC] = k % 2 == 0;
		book.refuse[HOOK_DECOMMIT] = k % 4 == 0;
		refused += load(index, multiples ? OPERATIONS / 4 : OPERATIONS / 10, k);
		unmade(index, held);
		tap_alive();
	}
	tap_note("%u requests refused", refused);
}

static void the_kth_call_fails(void)
{
	kth(false, &book_hooks);
}

static void every_kth_call_fails(void)
{
	kth(true, &book_hooks);
}

static void decommitted_at_first(void)
{
	book.start_committed = false;
	kth(true, &book_hooks);
	CHECK(book.calls[HOOK_COMMIT] > 0, "nothing was committed");
}

/* A kind that always fails, or is not there. */
static void one_kind(bool absent)
{
	for (unsigned kind = HOOK_DALLOC; kind < HOOKS; kind++) {
		size_t held = ash_account_arenas(&ash_heap);
		extent_hooks_t h = absent ? book_without((enum hook)kind) : book_hooks;
		unsigned index = made(&h);

		memset(book.calls, 0, sizeof(book.calls));
		book.refuse[HOOK_DALLOC] = kind > HOOK_DALLOC && kind < HOOK_SPLIT;
		book.refuse[kind] = !absent;
		CHECK(load(index, OPERATIONS, kind) == 0, "hook %u: requests were refused",
		      kind);
		if (absent)
			CHECK(book.calls[kind] == 0, "hook %u was called", kind);
		CHECK(book.bytes < (size_t)200 << 20, "hook %u: %zu bytes were asked for", kind,
		      book.bytes);
		if (kind == HOOK_DESTROY) { /* what is kept then is the program's */
			forget_faults();
			drop_all();
			CHECK(ash_arena_destroy(index) == 0, "destroy");
			book.n = 0;
			book.bytes = 0;
			CHECK(ash_account_arenas(&ash_heap) == held, "held");
		} else {
			unmade(index, held);
		}
		tap_alive();
	}
}

static void a_kind_always_fails(void)
{
	one_kind(false);
}

static void a_kind_is_absent(void)
{
	one_kind(true);
}

static void none_but_alloc(void)
{
	size_t held = ash_account_arenas(&ash_heap);
	extent_hooks_t h = {.alloc = book_alloc};
	unsigned index = made(&h);

	CHECK(load(index, OPERATIONS, 5) == 0, "requests were refused");
	drop_all();
	CHECK(ash_arena_destroy(index) == 0, "destroy");
	CHECK(ash_account_arenas(&ash_heap) == held, "held");
	for (unsigned i = 1; i < HOOKS; i++)
		CHECK(book.calls[i] == 0, "hook %u", i);
}

/* --- what the programs of the field do ---------------------------------------------------- */

static extent_hooks_t wrapped;
static const extent_hooks_t *original;
static unsigned wrapped_calls;

/* RocksDB: the default hook, and then advice. */
static void *nodump_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			  bool *zero, bool *commit, unsigned arena)
{
	void *p = original->alloc(hooks, new_addr, size, alignment, zero, commit, arena);

	CHECK(hooks == &wrapped, "the hooks are told of %p", (void *)hooks);
	if (p != NULL)
		CHECK(madvise(p, size, MADV_DONTDUMP) == 0, "madvise(%p, %zu)", p, size);
	wrapped_calls++;
	return p;
}

static void wrapping_the_default(void)
{
	const extent_hooks_t *old;
	unsigned index = made(NULL), tcache;
	void *p[200];

	NEED(ash_arena_hooks(index, &original, NULL) == 0 && original != NULL, "old hooks");
	wrapped = *original;
	wrapped.alloc = nodump_alloc;
	CHECK(ash_arena_hooks(index, &old, &wrapped) == 0 && old == original, "set");
	CHECK(ash_arena_hooks(index, &old, NULL) == 0 && old == &wrapped, "read");
	NEED(ash_tcaches_create(&tcache) == 0, "tcache.create");
	for (unsigned i = 0; i < 200; i++) {
		p[i] = ash_mallocx(i * 100 + 1, (int)((index + 1) << ASH_FLAG_ARENA_SHIFT |
						      (tcache + 2) << ASH_FLAG_TCACHE_SHIFT));
		NEED(p[i], "mallocx");
		memset(p[i], 1, m.usable(p[i]));
	}
	for (unsigned i = 0; i < 200; i++)
		ash_dallocx(p[i], (int)((tcache + 2) << ASH_FLAG_TCACHE_SHIFT));
	CHECK(wrapped_calls > 0, "the new hook was not called");
	CHECK(ash_tcaches_destroy(tcache) == 0, "tcache.destroy");
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

/* folly: a region reserved beforehand, then the default. */
static char *region;
static size_t region_used;
#define REGION ((size_t)4 << 20)

static void *region_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			  bool *zero, bool *commit, unsigned arena)
{
	size_t at = (region_used + alignment - 1) & ~(alignment - 1);

	if (new_addr != NULL || at + size > REGION)
		return original->alloc(hooks, new_addr, size, alignment, zero, commit, arena);
	region_used = at + size;
	if (*zero)
		memset(region + at, 0, size);
	*commit = true;
	return region + at;
}

static bool region_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			  unsigned arena)
{
	(void)hooks;
	(void)addr;
	(void)size;
	(void)committed;
	(void)arena;
	return true;
}

static void a_region_of_ones_own(void)
{
	unsigned index = made(NULL), inside = 0, outside = 0, bound;

	region = mmap(NULL, REGION, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	NEED(region != MAP_FAILED, "mmap");
	NEED(ash_arena_hooks(index, &original, NULL) == 0, "old hooks");
	wrapped = *original;
	wrapped.alloc = region_alloc;
	wrapped.dalloc = region_dalloc;
	wrapped.destroy = NULL;
	NEED(ash_arena_hooks(index, NULL, &wrapped) == 0, "set");
	bound = ash_arena_bound();
	CHECK(ash_arena_bind(index) == 0, "thread.arena");
	for (unsigned i = 0; i < 100; i++) {
		char *p = m.malloc(100000);

		NEED(p, "malloc");
		memset(p, 1, 100000);
		if (p >= region && p < region + REGION)
			inside++;
		else
			outside++;
	}
	CHECK(ash_arena_bind(bound) == 0, "thread.arena back");
	CHECK(inside >= 20 && outside >= 20, "%u blocks in the region, %u outside", inside,
	      outside);
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

/* Hooks that get their memory from malloc, in a thread that is bound to the arena. */
static void *heap_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			bool *zero, bool *commit, unsigned arena)
{
	(void)hooks;
	(void)arena;
	*zero = false;
	*commit = true;
	return new_addr != NULL ? NULL : m.aligned_alloc(alignment, size);
}

static bool heap_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			unsigned arena)
{
	void *q = m.malloc(100);

	(void)hooks;
	(void)size;
	(void)committed;
	(void)arena;
	m.free(q);
	m.free(addr);
	return false;
}

static void hooks_that_allocate(void)
{
	static const extent_hooks_t from_heap = {.alloc = heap_alloc, .dalloc = heap_dalloc};
	unsigned index = made(&from_heap), found;
	void *p;

	CHECK(ash_arena_bind(index) == 0, "thread.arena");
	CHECK(load(index, OPERATIONS, 3) == 0, "requests were refused");
	p = m.malloc(10);
	CHECK(ash_arena_lookup(p, &found) == 0 && found == index, "malloc of a bound thread");
	m.free(p);
	drop_all();
	CHECK(ash_arena_bind(0) == 0, "thread.arena 0");
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

/* The heap's number: blocks of the heap and of the hooks live beside each other, are resized
 * from one to the other and freed by one call, whatever fails. */
static void hook_heap(const extent_hooks_t *hooks)
{
	unsigned found = 99;
	void *p;

	ash_boot();
	CHECK(load(0, OPERATIONS, 1) == 0, "requests were refused");
	NEED(ash_arena_hooks(0, NULL, hooks) == 0, "set");
	p = m.malloc(10);
	CHECK(ash_arena_lookup(p, &found) == 0 && found == 0,
	      "malloc of a thread bound to none");
	m.free(p);
}

static void unhooked(void)
{
	struct ash_arena_stats s;

	drop_all();
	CHECK(ash_arena_purge(0) == 0, "purge");
	CHECK(ash_arena_stats(0, &s) == 0 && s.small == 0 && s.large == 0 && s.active == 0,
	      "%zu and %zu bytes are left", s.small, s.large);
	CHECK(ash_arena_reset(0) == ENOENT && ash_arena_destroy(0) == ENOENT, "it stays");
}

static void arena_0_is_hooked(void)
{
	unsigned refused = 0;

	hook_heap(&book_hooks);
	for (unsigned k = 1; k <= MOST / 4; k++) {
		book.called = 0;
		book.fail_multiples = true;
		book.fail_at = k;
		refused += load(0, OPERATIONS / 4, k);
		forget_faults();
		tap_alive();
	}
	tap_note("%u requests refused", refused);
	CHECK(load(0, OPERATIONS, 2) == 0 && book.bytes > 0, "%zu bytes by the hooks",
	      book.bytes);
	unhooked();
}

static void arena_0_by_hooks_that_allocate(void)
{
	static const extent_hooks_t from_heap = {.alloc = heap_alloc, .dalloc = heap_dalloc};

	hook_heap(&from_heap);
	CHECK(load(0, OPERATIONS, 3) == 0, "requests were refused");
	unhooked();
}

/* Nothing that a hook returns may break the library. */
static void *crooked_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			   bool *zero, bool *commit, unsigned arena)
{
	char *p = book_alloc(hooks, new_addr, size, alignment, zero, commit, arena);

	return p != NULL ? p + ash_os_page : NULL;
}

static void a_misaligned_extent(void)
{
	const extent_hooks_t h = {.alloc = crooked_alloc};
	unsigned index = made(&h);

	errno = MARK;
	CHECK(ash_mallocx(100, (int)((index + 1) << ASH_FLAG_ARENA_SHIFT)) == NULL &&
		      errno == ENOMEM,
	      "errno %d", errno);
	CHECK(ash_arena_destroy(index) == 0, "destroy");
}

/* A walk over all arenas is in a hook of one while that one is destroyed: what the walk has in
 * hand goes all the same. */
static struct {
	bool in, done; /* atomic */
} walk;

static bool lingering_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			     unsigned arena)
{
	if (!__atomic_exchange_n(&walk.in, true, __ATOMIC_ACQ_REL)) {
		CHECK(ash_arena_destroy(arena) == EFAULT, "destroyed by its own hook");
		/* As long as the other takes, or, where that one waits for us, a while. */
		for (unsigned i = 0; i < 200 && !__atomic_load_n(&walk.done, __ATOMIC_ACQUIRE);
		     i++)
			usleep(1000);
	}
	return book_dalloc(hooks, addr, size, committed, arena);
}

static void *walk_over_all(void *arg)
{
	ash_arenas_relieve(SIZE_MAX);
	return arg;
}

static void destroyed_during_a_walk(void)
{
	extent_hooks_t h = book_hooks;
	size_t held = ash_account_arenas(&ash_heap);
	unsigned index;
	pthread_t thread;
	void *p;

	h.dalloc = lingering_dalloc;
	index = made(&h);
	CHECK(ash_arena_set_decay_ms(index, ASH_DECAY_DIRTY, -1) == 0, "dirty_decay_ms");
	p = ash_mallocx(300000, (int)((index + 1) << ASH_FLAG_ARENA_SHIFT));
	NEED(p != NULL, "no memory");
	m.free(p);
	NEED(!pthread_create(&thread, NULL, walk_over_all, NULL), "no thread");
	while (!__atomic_load_n(&walk.in, __ATOMIC_ACQUIRE))
		usleep(100);
	CHECK(ash_arena_destroy(index) == 0, "destroy");
	__atomic_store_n(&walk.done, true, __ATOMIC_RELEASE);
	CHECK(book.n == 0, "%u extents of %zu bytes are left", book.n, book.bytes);
	pthread_join(thread, NULL);
	CHECK(ash_account_arenas(&ash_heap) == held, "%zu bytes of arenas are held, %zu before",
	      ash_account_arenas(&ash_heap), held);
}

/* Hooks that give memory of other arenas back, by turns and all at once: what they ask for is
 * done, also of the arena that is visited already, and it ends. */
#define TURNS 5
static struct {
	unsigned index[TURNS], calls, depth, deepest;
	bool all, refuses;
} turns;

static bool asking_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			  unsigned arena)
{
	unsigned i = 0;

	while (i < TURNS && turns.index[i] != arena)
		i++;
	turns.calls++;
	if (++turns.depth > turns.deepest)
		turns.deepest = turns.depth;
	errno = MARK;
	CHECK(ash_arena_purge(turns.all ? ASH_ARENAS_ALL : turns.index[(i + 1) % TURNS]) == 0,
	      "purge from a hook");
	CHECK(errno == MARK, "it set errno %d", errno);
	turns.depth--;
	return turns.refuses || book_dalloc(hooks, addr, size, committed, arena);
}

/* Each arena has one extent free, which nothing gives back by itself. */
static void by_turns(bool all)
{
	extent_hooks_t h = book_hooks;
	size_t held = ash_account_arenas(&ash_heap);

	h.dalloc = asking_dalloc;
	turns.all = all;
	turns.calls = turns.deepest = 0;
	for (unsigned i = 0; i < TURNS; i++) {
		void *p;

		turns.index[i] = made(&h);
		CHECK(ash_arena_set_decay_ms(turns.index[i], ASH_DECAY_DIRTY, -1) == 0,
		      "dirty_decay_ms");
		p = ash_mallocx(300000, (int)((turns.index[i] + 1) << ASH_FLAG_ARENA_SHIFT));
		NEED(p != NULL, "no memory");
		m.free(p);
	}
	CHECK(book.n >= TURNS, "%u extents", book.n);
	CHECK(ash_arena_purge(turns.index[0]) == 0, "purge");
	CHECK(turns.refuses || book.n == 0, "%u extents of %zu bytes are left", book.n,
	      book.bytes);
	CHECK(turns.calls >= TURNS && turns.deepest == TURNS, "%u calls, %u deep", turns.calls,
	      turns.deepest);
	turns.refuses = false;
	for (unsigned i = 0; i < TURNS; i++)
		CHECK(ash_arena_destroy(turns.index[i]) == 0, "destroy");
	CHECK(ash_account_arenas(&ash_heap) == held, "held");
}

static void hooks_that_purge(void)
{
	by_turns(false);
	by_turns(true);
	turns.refuses = true;
	by_turns(true);
}

int main(void)
{
	tap_start();
	family_start();
	tap_case("what refuses is followed by the next of dalloc, decommit, purge_forced, "
		 "purge_lazy",
		 the_cascade);
	tap_case("the k-th call of a hook fails", the_kth_call_fails);
	tap_case("every k-th call fails", every_kth_call_fails);
	tap_case("the same where extents come decommitted", decommitted_at_first);
	tap_case("one kind of hook always fails", a_kind_always_fails);
	tap_case("one kind of hook is NULL", a_kind_is_absent);
	tap_case("all are NULL but alloc", none_but_alloc);
	tap_case("the default hook wrapped, with an explicit cache (RocksDB)",
		 wrapping_the_default);
	tap_case("a region of the program's, a bound thread (folly)", a_region_of_ones_own);
	tap_case("hooks that allocate and free in a bound thread", hooks_that_allocate);
	tap_case("hooks of arena 0, beside the heap", arena_0_is_hooked);
	tap_case("hooks of arena 0 that allocate", arena_0_by_hooks_that_allocate);
	tap_case("hooks that purge other arenas, and their own", hooks_that_purge);
	tap_case("a misaligned extent is refused", a_misaligned_extent);
	tap_case("an arena is destroyed during a walk over all", destroyed_during_a_walk);
	return tap_finish();
}
