#include "cache/thread.h"

#include <string.h>

#include "conf/conf.h"
#include "meta/base.h"
#include "os/delay.h"
#include "os/mutex.h"
#include "os/os.h"
#include "os/relatives.h"
#include "os/tls.h"
#include "slab/shard.h"
#include "util/assert.h"
#include "util/bits.h"

void *ash_static_magazine[ASH_MAGAZINE_SLOTS] __attribute__((aligned(512)));

/* Bytes that a thread takes of a lined class before it has slabs of its own for it; of so few
 * threads each has them at once, and of more who finds a shard that nobody owns
 * (doc/caches.md). */
#define OWN_FROM ((uint32_t)32 << 10)
#define FEW 4

#define SIZE_OF(n, size, granules) size,

__thread struct ash_tls ash_tls = {
	.top = {[0 ... ASH_CLASSES - 1] = ASH_STATIC_TOP},
	.class_by_16 = {ASH_BY_16_TABLE},
	.size_of = {0, ASH_SIZE_TABLE_BY_16(SIZE_OF, )},
};

void (*ash_thread_flush)(struct ash_thread *thread, void **top[]);
void (*ash_thread_alone_hook)(void);

/* What threads held that a fork left behind, as words: of each thread the tops that point into
 * magazines, each with its class in the low byte, and then the record, with ASH_CLASSES there.
 * A mapping of its own; at < end, in words, of which the last is a record's. */
struct estate {
	struct estate *next; /* of an older fork */
	size_t bytes, at, end;
	uint64_t word[];
};
static_assert(ASH_CLASSES <= UINT8_MAX, "a byte tells the class");

/* Under the lock; `live`, `alone_ns` and `estates` are read without it, too.
 *   records == length of `all`
 *   live    == those with a thread (tls != NULL) of this generation
 *   alone_ns != 0  =>  live <= 1
 *   `awake` has those with one that are not asleep
 *   those without are on `unused`, but for what is just on its way to a thread
 *   those of older generations stand in `estates` */
static struct ash_mutex lock = ASH_MUTEX_INIT(ASH_RANK_THREADS);
static struct ash_list all = {&all, &all};
static struct ash_list awake = {&awake, &awake};
static struct ash_thread *unused;
static unsigned live, records;
static uint64_t alone_ns;   /* since when no more than one is left; 0 = there were never more */
static uint32_t generation; /* changes in a fork only */
static struct estate *estates;
static bool told_of_ends; /* since ash_thread_init */

bool ash_thread_is_valid(const struct ash_thread *t)
{
	size_t used = 0;

	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		const struct ash_class_cache *cc = &t->classes[c];
		uintptr_t spare = (uintptr_t)ash_load_relaxed(&cc->spare);

		if (cc->cap > ASH_MAGAZINE_MOST || (cc->cap == 0 && spare != 0) ||
		    ((spare | (uintptr_t)cc->drained) & (ASH_MAGAZINE_BYTES - 1)) != 0)
			return false;
		used += cc->cap * ash_class_size(c);
	}
	return t->tls != NULL && t->budget_used == used &&
	       t->shard == ash_shard_at(t->shard->index) && ash_runs_are_valid(&t->runs) &&
	       (t->own == NULL ||
		(t->own->owned != 0 && t->own == ash_shard_at(t->own->index)));
}

bool ash_thread_tops_are_valid(const struct ash_thread *t)
{
	void **const *top = t->top;

	for (unsigned s = 0; s < ASH_CLASSES; s++) {
		if (!ash_magazine_is_valid(top[s]))
			return false;
		for (unsigned r = 0; r < s && top[s] != ASH_STATIC_TOP; r++)
			if (ash_magazine_of(top[r]) == ash_magazine_of(top[s]))
				return false;
	}
	return top[0] == ASH_STATIC_TOP;
}

static bool is_here(const struct ash_thread *t)
{
	return t->tls != NULL && t->generation == generation;
}

/* What takes no walk; caller holds the lock. */
static bool counts_are_valid(void)
{
	return live <= records && (alone_ns == 0 || live <= 1) &&
	       ash_list_empty(&all) == (records == 0) &&
	       (unused == NULL || (unused->tls == NULL && live < records));
}

bool ash_thread_list_is_valid(void)
{
	unsigned n = 0, with_thread = 0, without = 0, are_awake = 0;

	for (struct ash_list *l = all.next; l != &all; l = l->next, n++) {
		struct ash_thread *t = ASH_LIST_ENTRY(l, struct ash_thread, link);

		with_thread += is_here(t);
		are_awake += is_here(t) && !t->asleep;
	}
	for (struct ash_thread *t = unused; t != NULL && without <= n; t = t->unused, without++)
		if (t->tls != NULL)
			return false;
	return counts_are_valid() && n == records && with_thread == live &&
	       with_thread + without <= n && ash_list_length(&awake) == are_awake;
}

/* After each change, under the lock. */
static void check(void)
{
	ash_assert_internal(counts_are_valid());
	ash_assert_walk(ash_thread_list_is_valid(), records);
}

uint32_t ash_thread_all_apart;

static bool are_apart(void)
{
	return ash_load_relaxed(&ash_thread_all_apart) != 0;
}

/* Caller holds no lock. */
static struct ash_thread *take_record(void)
{
	struct ash_thread *t;
	bool apart;

	ash_mutex_lock(&lock);
	t = unused;
	if (t != NULL)
		unused = t->unused;
	check();
	ash_mutex_unlock(&lock);
	if (t != NULL)
		return t;
	/* Behind it the tops of its own. */
	apart = are_apart();
	t = ash_base_alloc(sizeof(*t) + (apart ? ASH_CLASSES * sizeof(*t->top) : 0),
			   ASH_CACHE_LINE);
	if (t == NULL)
		return NULL;
	if (apart)
		t->rest = (void ***)(t + 1);
	ash_mutex_lock(&lock);
	ash_list_push_back(&all, &t->link);
	records++;
	check();
	ash_mutex_unlock(&lock);
	return t;
}

static void enlist(struct ash_thread *t)
{
	ash_mutex_lock(&lock);
	ash_assert(t->tls == NULL);
	t->tls = &ash_tls;
	t->generation = generation;
	ash_owned_add(&live, 1);
	if (live > 1)
		ash_store_relaxed(&alone_ns, (uint64_t)0);
	ash_store_relaxed(&t->asleep, false);
	ash_list_init(&t->awake); /* a fork may have left it linked */
	ash_list_push_back(&awake, &t->awake);
	check();
	ash_mutex_unlock(&lock);
}

static void retire(struct ash_thread *t)
{
	uint64_t now_ns = ash_os_coarse_clock_ns();

	ash_shard_disown(&t->own);
	ash_mutex_lock(&lock);
	ash_assert(t->tls != NULL && (live > 0 || !is_here(t)));
	if (is_here(t)) {
		/* (Who took some out just now counts them before it gives up the lock.) */
		ash_assert(ash_runs_waiting(&t->runs) == 0);
		ash_owned_add(&live, -1u);
		if (live <= 1)
			ash_store_relaxed(&alone_ns, now_ns);
		if (!t->asleep)
			ash_list_remove(&t->awake);
	}
	t->tls = NULL;
	t->unused = unused;
	unused = t;
	check();
	ash_mutex_unlock(&lock);
}

/* The thread ends.  What destructors still allocate after this is served singly. */
static void end_thread(void *record)
{
	struct ash_thread *t = record;

	if (ash_tls.phase != ASH_THREAD_LIVE || ash_tls.thread != t)
		return;
	ash_assert_internal(ash_thread_is_valid(t));
	ash_assert_expensive(ash_thread_tops_are_valid(t));
	ash_tls.phase = ASH_THREAD_DEAD;
	ash_thread_flush(t, t->top);
	ash_assert_internal(ash_thread_is_valid(t));
	ash_assert(t->budget_used == 0);
	ash_tls.thread = NULL;
	ash_tls.runs = NULL;
	ash_tls.apart = 0;
	ash_relatives_thread_ends();
	retire(t);
	if (ash_thread_count() <= 1 && ash_thread_alone_hook != NULL)
		ash_thread_alone_hook();
}

void ash_thread_init(void)
{
	ash_assert(!told_of_ends);
	told_of_ends = ash_tls_init(end_thread);
}

uint8_t ash_thread_bounds[ASH_CLASSES];

void ash_thread_unbound(struct ash_thread *t)
{
	for (unsigned c = 0; c < ASH_CLASSES; c++)
		t->classes[c].bound = ash_thread_bounds[c];
}

ASH_COLD struct ash_thread *ash_thread_birth(void)
{
	struct ash_thread *t;

	ash_lock_rank_assert_none();
	if (ash_tls.phase != ASH_THREAD_UNBORN || !told_of_ends || ash_mutex_is_forking())
		return NULL;
	ash_assert(ash_tls.thread == NULL);
	ash_tls.phase = ASH_THREAD_BIRTH;
	t = take_record();
	if (t == NULL) {
		ash_tls.phase = ASH_THREAD_UNBORN; /* memory may return */
		return NULL;
	}
	memset(t->classes, 0, sizeof(t->classes));
	ash_runs_init(&t->runs);
	ash_thread_unbound(t);
	t->shard = ash_shard_for_cpu(ash_os_current_cpu());
	ash_assert(t->own == NULL);
	t->own_from = 0;
	/* No difference at the first tick, which sets it. */
	t->contended = t->contended_common = UINT64_MAX / 2;
	t->slow_paths = 0;
	t->budget_used = 0;
	t->freed = 0;
	t->tcache_max = t->tcache_most =
		ash_conf.tcache_max == 0
			? 0
			: (uint32_t)ash_class_size(ash_class_of(ash_conf.tcache_max));
	t->tcache_on = true;
	t->counted = (struct ash_counted){0};
	t->arena = NULL;
	t->arena_index = 0;
	/* (A record from before has no tops of its own: such a thread follows later.) */
	t->top = are_apart() && t->rest != NULL ? t->rest : ash_tls.top;
	for (unsigned s = 0; t->top == t->rest && s < ASH_CLASSES; s++)
		t->top[s] = ASH_STATIC_TOP;
	enlist(t);
	ash_shard_own_idle(&t->own); /* a child looks at those in the list */
	t->fresh = ash_thread_count() > 1;
	if (t->own == NULL && ash_thread_count() > FEW)
		t->own_from = OWN_FROM;
	ash_tls.thread = t;
	/* May allocate, and is then served singly, for the phase still says birth. */
	if (!ash_tls_arm(t)) {
		/* Its end would go unnoticed: what it cached would be lost. */
		ash_tls.thread = NULL;
		retire(t);
		ash_tls.phase = ASH_THREAD_DEAD;
		return NULL;
	}
	ash_tls.phase = ASH_THREAD_LIVE;
	ash_assert_internal(ash_thread_is_valid(t));
	ash_assert_internal(ash_thread_tops_are_valid(t));
	return t;
}

bool ash_thread_set_apart(struct ash_thread *t, enum ash_apart why)
{
	ash_assert(t == ash_tls.thread);
	if (t->rest == NULL) {
		t->rest = ash_base_alloc(ASH_CLASSES * sizeof(*t->rest), ASH_CACHE_LINE);
		if (t->rest == NULL)
			return false;
	}
	ash_mutex_lock(&lock);
	for (unsigned s = 0; t->top != t->rest && s < ASH_CLASSES; s++) {
		t->rest[s] = ash_tls.top[s];
		ash_store_relaxed(&ash_tls.top[s], ASH_STATIC_TOP);
	}
	t->top = t->rest;
	ash_mutex_unlock(&lock);
	ash_tls.runs = NULL; /* what waits goes back in time */
	ash_tls.apart |= why;
	return true;
}

struct ash_thread *ash_thread_next(struct ash_thread *t)
{
	struct ash_list *n = t != NULL ? t->link.next : all.next;

	for (; n != &all; n = n->next) {
		t = ASH_LIST_ENTRY(n, struct ash_thread, link);
		if (is_here(t))
			return t;
	}
	return NULL;
}

void ash_thread_each(void (*fn)(struct ash_thread *thread, void *argument), void *argument)
{
	ash_mutex_lock(&lock);
	for (struct ash_thread *t = ash_thread_next(NULL); t != NULL; t = ash_thread_next(t))
		fn(t, argument);
	ash_mutex_unlock(&lock);
}

void ash_thread_each_record(void (*fn)(struct ash_thread *thread, void *argument),
			    void *argument)
{
	ash_mutex_lock(&lock);
	for (struct ash_list *l = all.next; l != &all; l = l->next)
		fn(ASH_LIST_ENTRY(l, struct ash_thread, link), argument);
	ash_mutex_unlock(&lock);
}

/* Whether it has none but what its owner stores from now on, and then it finds itself asleep:
 * each stores before it looks at what the other stored, all sequentially consistent. */
static bool has_nothing_idle(const struct ash_thread *t)
{
	if (ash_runs_waiting(&t->runs) != 0)
		return false;
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		if (ash_load_seq_cst(&t->classes[c].spare) != NULL)
			return false;
	return true;
}

void ash_thread_each_awake(bool (*fn)(struct ash_thread *thread, void *argument),
			   void *argument)
{
	struct ash_list *l, *next;

	ash_mutex_lock(&lock);
	for (l = awake.next; l != &awake; l = next) {
		struct ash_thread *t = ASH_LIST_ENTRY(l, struct ash_thread, awake);

		next = l->next;
		ash_assert(is_here(t) && !t->asleep);
		if (fn(t, argument))
			continue;
		ash_store_seq_cst(&t->asleep, true);
		ash_delay();
		if (has_nothing_idle(t))
			ash_list_remove(l);
		else
			ash_store_relaxed(&t->asleep, false);
	}
	check();
	ash_mutex_unlock(&lock);
}

ASH_COLD void ash_thread_wake(struct ash_thread *t)
{
	ash_mutex_lock(&lock);
	ash_assert(t->tls == &ash_tls);
	if (t->asleep) {
		ash_store_relaxed(&t->asleep, false);
		ash_list_push_back(&awake, &t->awake);
	}
	check();
	ash_mutex_unlock(&lock);
}

unsigned ash_thread_count(void)
{
	return ash_load_relaxed(&live);
}

uint64_t ash_thread_alone_ns(void)
{
	return ash_load_relaxed(&alone_ns);
}

bool ash_thread_none_left(void)
{
	return told_of_ends && ash_thread_count() == 0;
}

/* Counts without stopping anybody: a top that moves meanwhile makes the sum old, not wrong
 * by more than what moved.  Blocks are never unmapped, so reading one is safe. */
ASH_RACY static void count_thread(struct ash_thread *t, void *argument)
{
	size_t *sum = argument;

	for (unsigned s = 1; s < ASH_CLASSES; s++) {
		void **top = ash_load_relaxed(&t->top[s]);
		void **spare = ash_load_relaxed(&t->classes[s].spare);
		unsigned n = 0;

		while (top - n > ash_magazine_of(top) && ash_load_relaxed(top - n) != NULL)
			n++;
		if (spare != NULL)
			n += ash_magazine_cap(spare);
		*sum += n * ash_class_size(s);
	}
}

size_t ash_thread_cached_bytes(void)
{
	size_t sum = 0;

	ash_thread_each(count_thread, &sum);
	return sum;
}

static void count_waiting(struct ash_thread *t, void *argument)
{
	*(size_t *)argument += ash_runs_waiting(&t->runs);
}

size_t ash_thread_waiting_bytes(void)
{
	size_t granules = 0;

	ash_thread_each(count_waiting, &granules);
	return granules << ASH_GRANULE_SHIFT;
}

/* The words of a vanished thread, into `word` where that is not NULL; returns how many. */
static size_t tell_estate(struct ash_thread *t, uint64_t *word)
{
	size_t n = 0;

	for (unsigned s = 1; s < ASH_CLASSES; s++) {
		uint64_t top = (uintptr_t)t->top[s];

		if (top == (uintptr_t)ASH_STATIC_TOP)
			continue;
		if (word != NULL)
			word[n] = top << 8 | s;
		n++;
	}
	if (word != NULL)
		word[n] = (uint64_t)(uintptr_t)t << 8 | ASH_CLASSES;
	return n + 1;
}

/* All vanished threads, one after the other; see tell_estate. */
static size_t tell_all(uint64_t *word)
{
	size_t n = 0;

	for (struct ash_list *l = all.next; l != &all; l = l->next) {
		struct ash_thread *t = ASH_LIST_ENTRY(l, struct ash_thread, link);

		if (t->tls != NULL && t->generation == generation - 1)
			n += tell_estate(t, word != NULL ? word + n : NULL);
	}
	return n;
}

/* Where there is no memory for words. */
static void flush_all(void)
{
	for (struct ash_list *l = all.next; l != &all; l = l->next) {
		struct ash_thread *t = ASH_LIST_ENTRY(l, struct ash_thread, link);

		if (t->tls == NULL || t->generation != generation - 1)
			continue;
		ash_thread_flush(t, t->top);
		retire(t);
	}
}

/* Whether the parent had a thread with a record beside the one that forked. */
static bool some_vanished(void)
{
	for (struct ash_list *l = all.next; l != &all; l = l->next) {
		struct ash_thread *t = ASH_LIST_ENTRY(l, struct ash_thread, link);

		if (is_here(t) && t->tls != &ash_tls)
			return true;
	}
	return false;
}

/* The child has one thread and nobody else can touch the list.  Most children end or exec soon:
 * all that is written here is the words, not the threads' records, magazines and slabs.  (The
 * tops lie where libc may put another thread.)
 *
 * Where a signal handler forked, the list may be just what this thread is changing: it has the
 * lock, and goes on with it.  Such a child of several threads is to end or call exec. */
void ash_thread_after_fork(void)
{
	struct ash_thread *own = ash_tls.thread;
	struct estate *estate;
	size_t words, bytes;

	if (ash_mutex_is_mine(&lock) || !some_vanished())
		return;
	generation++;
	ash_list_init(&awake);
	if (own != NULL) {
		own->generation = generation;
		ash_store_relaxed(&own->asleep, false);
		ash_list_init(&own->awake);
		ash_list_push_back(&awake, &own->awake);
	}
	ash_store_relaxed(&live, own != NULL);
	words = tell_all(NULL);
	if (words == 0)
		return;
	bytes = ash_align_up(sizeof(*estate) + words * sizeof(uint64_t), ash_os_page);
	estate = ash_os_map(bytes, 0);
	if (estate == NULL) {
		flush_all();
		return;
	}
	estate->bytes = bytes;
	estate->end = tell_all(estate->word);
	estate->next = estates;
	ash_store_relaxed(&estates, estate);
	ash_assert(estate->end == words);
	check();
}

/* The next thread of an estate, and in top[] its tops; in *done an estate that is used up. */
static struct ash_thread *next_heir(void **top[], struct estate **done)
{
	struct ash_thread *t = NULL;
	struct estate *estate;

	for (unsigned s = 0; s < ASH_CLASSES; s++)
		top[s] = ASH_STATIC_TOP;
	ash_mutex_lock(&lock);
	estate = estates;
	while (estate != NULL && t == NULL) {
		uint64_t word = estate->word[estate->at++];

		ash_assert(word % 256 <= ASH_CLASSES && estate->at <= estate->end);
		if (word % 256 == ASH_CLASSES)
			t = (struct ash_thread *)(uintptr_t)(word >> 8);
		else
			top[word % 256] = (void **)(uintptr_t)(word >> 8);
	}
	if (estate != NULL && estate->at == estate->end) {
		ash_store_relaxed(&estates, estate->next);
		*done = estate;
	}
	ash_mutex_unlock(&lock);
	return t;
}

bool ash_thread_inherit(unsigned most)
{
	while (ash_load_relaxed(&estates) != NULL && most-- > 0) {
		void **top[ASH_CLASSES];
		struct estate *done = NULL;
		struct ash_thread *t = next_heir(top, &done);

		if (t != NULL) {
			ash_thread_flush(t, top);
			retire(t);
		}
		if (done != NULL)
			ash_os_unmap(done, done->bytes);
	}
	return ash_load_relaxed(&estates) != NULL;
}

struct ash_mutex *ash_thread_mutex(void)
{
	return &lock;
}
