#include "cache/doubles.h"

#include <string.h>

#include "cache/depot.h"
#include "cache/thread.h"
#include "meta/window.h"
#include "os/mutex.h"
#include "os/os.h"
#include "slab/shard.h"
#include "slab/slab.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bitmap.h"
#include "util/bits.h"
#include "util/misuse_hook.h"

bool ash_doubles_of_running = ASH_TOTAL_STORE_ORDER;

#define TABLE_SMALL 512 /* entries: on the stack */
#define PREFETCH 4      /* objects ahead */

/* Of one class at a time: the addresses seen so far, by open addressing, a power of two of
 * them and at most half full; 0 = none. */
struct look {
	struct ash_misuse *found;
	unsigned nfound, most;
	unsigned class;
	unsigned left; /* objects that may yet be looked at */
	uintptr_t *table;
	size_t entries, used;
	size_t entries_most;
};

static uintptr_t *place_of(const struct look *look, uintptr_t address)
{
	size_t at = (size_t)((address >> 4) * 0x9e3779b97f4a7c15u >> 32);

	while (look->table[at & (look->entries - 1)] != 0 &&
	       look->table[at & (look->entries - 1)] != address)
		at++;
	return &look->table[at & (look->entries - 1)];
}

static void tell(struct look *look, const void *p, const char *why)
{
	if (look->nfound < look->most)
		look->found[look->nfound++] = (struct ash_misuse){
			why != NULL ? ASH_MISUSE_INVALID_FREE : ASH_MISUSE_DOUBLE_FREE, p,
			ash_class_size(look->class), why};
}

/* An object in a magazine counts as out in its slab; its slab cannot have gone away. */
static void compare_with_slab(struct look *look, const void *p)
{
	const struct ash_run *slab = ash_run_of(p);

	if (slab == NULL || ash_load_relaxed(&slab->state) != ASH_RUN_SLAB ||
	    slab->class != look->class) {
		tell(look, p, NULL);
		return;
	}
	switch (ash_slab_region_state(slab, p)) {
	case ASH_REGION_OUT:
		break;
	case ASH_REGION_FREE:
		tell(look, p, NULL);
		break;
	case ASH_REGION_UNCARVED:
		tell(look, p, "it was never allocated");
		break;
	default:
		tell(look, p, "it points inside an object");
	}
}

/* Items that stay where they are meanwhile. */
static void look_at_items(struct look *look, void **items, unsigned n)
{
	if (n > look->left)
		n = look->left;
	if (n > look->entries / 2 - look->used)
		n = (unsigned)(look->entries / 2 - look->used);
	look->left -= n;
	look->used += n;
	for (unsigned i = 0; i < n; i++) {
		uintptr_t address = (uintptr_t)items[i], *place = place_of(look, address);

		if (i + PREFETCH < n)
			ash_run_prefetch(items[i + PREFETCH]);
		if (*place != 0) {
			tell(look, items[i], NULL);
			continue;
		}
		*place = address;
		compare_with_slab(look, items[i]);
	}
}

/* From `top` down in a magazine of a thread that goes on meanwhile, on a machine that shows its
 * stores in their order: an item is stored before the top that covers it.  The slots down to
 * the first NULL held free objects at the time or later, whoever had the array, so one of them
 * that lies in a place which does not change meanwhile was freed twice.  (A slot above a top
 * may hold an old item; those below it were written since.) */
ASH_RACY static void look_at_other(struct look *look, void **top)
{
	void **magazine = ash_magazine_of(top);
	void *p;

	for (; top > magazine && look->left > 0; top--, look->left--) {
		p = ash_load_acquire(top);
		if (p == NULL)
			return;
		if (*place_of(look, (uintptr_t)p) != 0)
			tell(look, p, NULL);
	}
}

/* (Their tops move meanwhile: look_at_other bears any.) */
ASH_RACY static void look_at_others(struct look *look)
{
	void **spare;

	for (struct ash_thread *t = ash_thread_next(NULL); t != NULL; t = ash_thread_next(t)) {
		if (t->tls == &ash_tls)
			continue;
		if (look->left == 0)
			return;
		look->left--;
		look_at_other(look, ash_load_acquire(&t->top[look->class]));
		spare = ash_load_acquire(&t->classes[look->class].spare);
		if (spare != NULL)
			look_at_other(look, ash_magazine_full_top(spare));
	}
}

static void look_at_stack(struct look *look, void **top)
{
	unsigned n = ash_top_count(top);

	look_at_items(look, top + 1 - n, n);
}

/* The spare one is taken out meanwhile, or another thread might collect it. */
static void look_at_own(struct look *look, struct ash_thread *t)
{
	void **spare = ash_exchange_acquire(&t->classes[look->class].spare, NULL);

	if (t->top[look->class] != ASH_STATIC_TOP)
		look_at_stack(look, t->top[look->class]);
	if (spare != NULL) {
		look_at_stack(look, ash_magazine_full_top(spare));
		ash_store_release(&t->classes[look->class].spare, spare);
	}
}

static unsigned own_items(const struct ash_thread *t, unsigned class)
{
	unsigned n = 0;

	if (t == NULL || t->classes[class].cap == 0)
		return 0;
	if (t->top[class] != ASH_STATIC_TOP)
		n += ash_top_count(t->top[class]);
	return n + (ash_load_relaxed(&t->classes[class].spare) != NULL ? ASH_MAGAZINE_MOST : 0);
}

static size_t table_for(size_t items)
{
	if (items > ASH_DOUBLES_LOOKED_AT)
		items = ASH_DOUBLES_LOOKED_AT;
	return ash_pow2_ceil(2 * items + 1);
}

/* `items`: how many there are about; `others`: the list of threads is locked, and there are
 * some. */
static void look_at_class(struct look *look, unsigned class, size_t items,
			  struct ash_thread *self, bool others)
{
	const unsigned lists = ash_depot_lists(class);
	uint64_t locked[ASH_SHARDS_OWNED / 64 + 1] = {0};

	look->class = class;
	look->used = 0;
	look->entries = table_for(items);
	if (look->entries > look->entries_most)
		look->entries = look->entries_most;
	memset(look->table, 0, look->entries * sizeof(*look->table));
	if (self != NULL && self->classes[class].cap != 0)
		look_at_own(look, self);
	/* Until the end, that none comes to another thread and is seen again. */
	ash_lock_rank_allow_same(1);
	for (unsigned i = 0; i < lists; i++) {
		if (!ash_depot_try_lock(i, class))
			continue;
		ash_bitmap_set(locked, i);
		for (void **m = ash_depot_next(i, class, NULL); m != NULL && look->left > 0;
		     m = ash_depot_next(i, class, m))
			look_at_stack(look, ash_magazine_full_top(m));
	}
	if (others)
		look_at_others(look);
	for (unsigned i = 0; i < lists; i++)
		if (ash_bitmap_test(locked, i))
			ash_depot_unlock(i, class);
	ash_lock_rank_allow_same(0);
}

unsigned ash_doubles_find(struct ash_misuse *found, unsigned most)
{
	struct ash_thread *self = ash_tls.phase == ASH_THREAD_LIVE ? ash_tls.thread : NULL;
	struct ash_mutex *threads = ash_thread_mutex();
	uintptr_t small[TABLE_SMALL], *large = NULL;
	struct look look = {.found = found,
			    .most = most,
			    .left = ASH_DOUBLES_LOOKED_AT,
			    .table = small,
			    .entries_most = TABLE_SMALL};
	size_t items[ASH_CLASSES], fullest = 0, entries;
	bool others;

	if (ash_lock_rank_holds_any())
		return 0;
	for (unsigned c = 1; c < ASH_CLASSES; c++) {
		items[c] = own_items(self, c) + ash_depot_items(c);
		fullest = items[c] > fullest ? items[c] : fullest;
	}
	entries = table_for(fullest);
	if (entries > TABLE_SMALL) {
		large = ash_os_map(ash_align_up(entries * sizeof(*large), ash_os_page), 0);
		if (large != NULL) {
			look.table = large;
			look.entries_most = entries;
		}
	}
	others = ash_doubles_of_running && ash_thread_count() > (self != NULL) &&
		 ash_mutex_try_lock(threads);
	for (unsigned c = 1; c < ASH_CLASSES; c++)
		if (items[c] != 0)
			look_at_class(&look, c, items[c], self, others);
	if (others)
		ash_mutex_unlock(threads);
	if (large != NULL)
		ash_os_unmap(large, ash_align_up(entries * sizeof(*large), ash_os_page));
	return look.nfound;
}
