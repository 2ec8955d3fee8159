#include "page/run.h"

#include <errno.h>
#include <string.h>

#include "os/delay.h"
#include "os/os.h"
#include "os/relatives.h"
#include "page/account.h"
#include "page/block.h"
#include "page/growth.h"
#include "page/huge_advice.h"
#include "page/huge_growth.h"
#include "page/hugeblock.h"
#include "page/limits.h"
#include "page/packing.h"
#include "util/assert.h"
#include "util/bitmap.h"
#include "util/bits.h"

/* Caller holds the lock; read by whoever uses the run again without it. */
static void mark_tail(struct ash_hugeblock *block, unsigned head, bool has)
{
	uint64_t *word = &block->tails[head / 64], bit = (uint64_t)1 << (head % 64);

	*word = has ? *word | bit : *word & ~bit;
	ash_store_relaxed(&block->run[head].seen, (uint8_t)has);
}

/* Caller holds the lock. */
static void set_tail(struct ash_heap *heap, struct ash_hugeblock *block, unsigned head)
{
	ash_assert(ash_load_relaxed(&block->run[head].state) == ASH_RUN_LARGE);
	mark_tail(block, head, true);
	if (!ash_block_is_listed(&block->tailed)) {
		block->tails_epoch = 0;
		ash_list_push_back(&heap->pages.tailed, &block->tailed);
	}
}

/* Caller holds the lock.  Counts all of the run as used, until its owner says how much it uses.
 * The owner does so after the lock was released, and somebody may look for a tail before that.
 */
static void set_length(struct ash_run *run, unsigned granules)
{
	run->granules = (uint8_t)granules;
	ash_store_relaxed(&run->size, (uint32_t)(granules << ASH_GRANULE_SHIFT));
}

/* Caller holds the lock.  These granules are handed out. */
static void note_own(struct ash_hugeblock *block, const uint64_t taken[2])
{
	uint32_t forks = ash_load_relaxed(&ash_relatives_forks);

	if (ASH_LIKELY(forks == 0))
		return;
	if (block->own_fork != forks)
		block->own[0] = block->own[1] = 0;
	block->own_fork = forks;
	block->own[0] |= taken[0];
	block->own[1] |= taken[1];
}

/* Caller holds the lock; the large run's granules are about to be taken. */
static void note_shared(const struct ash_hugeblock *block, struct ash_run *run, unsigned first,
			unsigned count)
{
	uint32_t forks = ash_load_relaxed(&ash_relatives_forks);
	bool known = block->own_fork == forks;
	uint64_t held[2];

	run->stamp = forks;
	run->purged = 0;
	if (ASH_LIKELY(forks == 0) || count > ASH_RUN_MOST)
		return;
	for (unsigned w = 0; w < 2; w++)
		held[w] = block->touched[w] & ~(known ? block->own[w] : 0);
	run->purged = held[first / 64] >> (first % 64);
	if (first < 64 && first + count > 64)
		run->purged |= held[1] << (64 - first);
	run->purged &= ash_bits_mask(0, count);
}

/* Caller holds the lock.  Granules from .. end - 1 lie behind the head. */
static void mark_inner(struct ash_hugeblock *block, unsigned head, unsigned from, unsigned end)
{
	struct ash_run *run = &block->run[from];

	for (unsigned back = from - head; back < end - head; back++, run++) {
		ash_store_relaxed(&run->head, (uint8_t)back);
		ash_store_relaxed(&run->state, (uint8_t)ASH_RUN_INNER);
	}
}

/* Caller holds the lock.  Marks granules first .. first + count - 1 as a part of the run
 * whose head is at `head`. */
static void take(struct ash_heap *heap, struct ash_hugeblock *block, unsigned head,
		 unsigned first, unsigned count)
{
	struct ash_account *account = &heap->account;
	uint64_t taken[2] = {0};

	ash_assert(count > 0 && head <= first && first + count <= ASH_HUGE_GRANULES);
	ash_assert_internal(
		ash_bitmap_range_clear(block->used, ASH_HUGE_GRANULES, first, count));
	/* The last granule is hardly ever used to its end. */
	if (ash_load_relaxed(&block->run[head].state) == ASH_RUN_LARGE &&
	    ash_bitmap_test(block->touched, first + count - 1))
		set_tail(heap, block, head);
	ash_growth_note(heap, (count - ash_bitmap_count_range(block->touched, first, count))
				      << ASH_GRANULE_SHIFT);
	ash_owned_add(&account->retaken, ash_block_uncount(heap, block, first, count));
	if (account->dirty < account->dirty_low)
		account->dirty_low = account->dirty;
	if (block->nused == 0)
		block->filled_fork = ash_load_relaxed(&ash_relatives_forks);
	ash_bitmap_set_range(taken, first, count);
	note_own(block, taken);
	for (unsigned w = 0; w < 2; w++) {
		block->used[w] |= taken[w];
		block->touched[w] |= taken[w];
		/* Checks of pointers read it without the lock. */
		ash_store_relaxed(&block->held[w], block->held[w] | taken[w]);
	}
	block->nused += (uint16_t)count;
	ash_owned_add(&account->in_use, count);
	ash_owned_add(&account->clock, count);
	mark_inner(block, head, first + (first == head), first + count);
}

/* Granules first + i with bit i in `purged` hold no memory. */
static void give_back(struct ash_heap *heap, struct ash_hugeblock *block, unsigned first,
		      unsigned count, unsigned purged)
{
	struct ash_account *account = &heap->account;

	ash_assert(count > 0 && first + count <= ASH_HUGE_GRANULES);
	ash_assert(block->nused >= count && account->in_use >= count);
	ash_assert_internal(ash_bitmap_count_range(block->used, first, count) == count);
	for (unsigned i = first; i < first + count; i++)
		ash_store_relaxed(&block->run[i].state, (uint8_t)ASH_RUN_FREE);
	ash_bitmap_clear_range(block->used, first, count);
	block->nused -= (uint16_t)count;
	ash_owned_add(&account->in_use, 0 - (size_t)count);
	for (; ASH_UNLIKELY(purged != 0); purged &= purged - 1, count--)
		ash_bitmap_clear(block->touched, first + ash_ctz64(purged));
	ash_block_count_free(heap, block, count);
}

/* Granules of room that there are at a time: a part of what is in use, or what two buffers need
 * that are as long as runs can be. */
#define ROOM_SHARE 32
#define ROOM_LEAST ASH_HUGE_GRANULES

/* Caller holds the lock.  Whether so much room more may be given.  Where many runs ask for it
 * the heap would come to be of holes twice as long as what goes there, all touched in the end.
 */
static bool may_give_room(const struct ash_heap *heap, unsigned granules)
{
	size_t most = heap->account.in_use / ROOM_SHARE;

	return heap->pages.room + granules <= (most > ROOM_LEAST ? most : ROOM_LEAST);
}

/* Caller holds the lock.  The run takes so much of its room, or has no use for it any more. */
static void end_room(struct ash_heap *heap, struct ash_run *run, unsigned granules)
{
	if (granules > run->nfree)
		granules = run->nfree;
	ash_assert(heap->pages.room >= granules);
	heap->pages.room -= granules;
	run->nfree -= (uint16_t)granules;
	if (run->nfree == 0)
		ash_and_seq_cst(&run->busy, (uint8_t)~ASH_BUSY_ROOM);
}

/* Caller holds the lock.  Granules from `first` on are about to be another's: what of them was
 * room of the run before is so no longer. */
static void end_room_before(struct ash_heap *heap, struct ash_hugeblock *block, unsigned first)
{
	unsigned end = first;
	struct ash_run *run;

	if (heap->pages.room == 0)
		return;
	while (end > 0 && !ash_bitmap_test(block->used, end - 1))
		end--;
	if (end == 0)
		return;
	run = &block->run[end - 1];
	if (ash_load_relaxed(&run->state) == ASH_RUN_INNER)
		run -= run->head;
	/* (What waits has none.) */
	if (ash_load_relaxed(&run->state) == ASH_RUN_LARGE && run->nfree > first - end)
		end_room(heap, run, run->nfree - (first - end));
}

/* Caller holds the lock.  Whether the granules read as zero: what was never handed out does,
 * though it may be resident, as a part of a huge page. */
static bool is_zero(const struct ash_hugeblock *block, unsigned first, unsigned count)
{
	uint64_t written[2];

	for (unsigned w = 0; w < 2; w++)
		written[w] = block->touched[w] & block->held[w];
	return ash_bitmap_range_clear(written, ASH_HUGE_GRANULES, first, count);
}

/* What is to be done where the block was empty. */
struct begun {
	uintptr_t anew; /* the block that the kernel may make huge again, */
	bool grows;     /* or that is to be huge */
};

/* Caller holds the lock. */
static ASH_NOINLINE void note_begun(struct ash_heap *heap, struct ash_hugeblock *block,
				    struct begun *begun)
{
	/* What was sparse before is filled anew. */
	begun->anew = block->told == ASH_TOLD_SPARSE ? block->address : 0;
	if (begun->anew != 0)
		block->told = ASH_TOLD_ANEW;
	/* And what holds no memory but what was just taken is touched for the first time. */
	begun->grows = block->touched[0] == block->used[0] &&
		       block->touched[1] == block->used[1] &&
		       ash_huge_growth_begin(heap, block);
}

static ASH_NOINLINE void tell_begun(struct ash_heap *heap, struct ash_run *run,
				    const struct begun *begun)
{
	if (begun->anew != 0)
		ash_huge_advice_sparse(begun->anew, false);
	if (begun->grows)
		ash_huge_growth_make(heap, ash_run_block(run), ash_run_address(run));
}

static struct ash_run *alloc(struct ash_heap *heap, unsigned granules, unsigned room,
			     unsigned align, enum ash_run_state state, bool *zeroed)
{
	struct ash_pages *pages = &heap->pages;
	struct ash_hugeblock *block;
	struct ash_run *run;
	unsigned first = 0;
	size_t charged;
	struct begun begun;
	bool was_empty;

	ash_assert(granules > 0 && room >= granules && room <= ASH_HUGE_GRANULES);
	ash_assert(align > 0 && (align & (align - 1)) == 0 && align <= ASH_HUGE_GRANULES);
	ash_assert(state == ASH_RUN_SLAB || state == ASH_RUN_LARGE);
	if (!ash_limits_charge(heap, (size_t)granules << ASH_GRANULE_SHIFT, &charged))
		return NULL;
	for (;;) {
		uint32_t seen = ash_hugeblock_growths(heap);

		ash_mutex_lock(&pages->lock);
		if (room > granules && !may_give_room(heap, room - granules))
			room = granules;
		block = ash_packing_choose(&pages->packing, room, align, &first);
		if (block != NULL)
			break;
		ash_mutex_unlock(&pages->lock);
		if (ash_hugeblock_grow(heap, seen, ash_block_add))
			continue;
		if (room == granules) {
			ash_limits_settle(heap, charged);
			return NULL;
		}
		room = granules;
	}
	/* At the upper end of what is free: others fill it from below. */
	if (room > granules)
		first = ash_bitmap_next(block->used, ASH_HUGE_GRANULES, first, true) - room;
	run = &block->run[first];
	ash_assert(run->state == ASH_RUN_FREE && first % align == 0);
	end_room_before(heap, block, first);
	ash_store_relaxed(&run->state, (uint8_t)state);
	ash_store_relaxed(&run->seen, (uint8_t)0);
	if (zeroed != NULL)
		*zeroed = is_zero(block, first, granules);
	if (state == ASH_RUN_LARGE)
		note_shared(block, run, first, granules);
	take(heap, block, first, first, granules);
	run->index = (uint8_t)first;
	run->address = block->address + first * ASH_GRANULE;
	set_length(run, granules);
	run->nfree = (uint16_t)(room - granules);
	ash_store_relaxed(&run->busy, (uint8_t)(room > granules ? ASH_BUSY_ROOM : 0));
	pages->room += room - granules;
	ash_store_relaxed(&run->head, (uint8_t)0);
	was_empty = ASH_UNLIKELY(block->nused == granules);
	if (was_empty)
		note_begun(heap, block, &begun);
	ash_block_changed(heap, block);
	ash_mutex_unlock(&pages->lock);
	if (was_empty)
		tell_begun(heap, run, &begun);
	ash_limits_settle(heap, charged);
	ash_growth_look(heap);
	return run;
}

struct ash_run *ash_run_alloc(struct ash_heap *heap, unsigned granules, unsigned align,
			      enum ash_run_state state, bool *zeroed)
{
	return alloc(heap, granules, granules, align, state, zeroed);
}

struct ash_run *ash_run_alloc_room(struct ash_heap *heap, unsigned granules, unsigned room,
				   enum ash_run_state state)
{
	return alloc(heap, granules, room, 1, state, NULL);
}

/* Caller holds the lock; the run is large. */
ASH_INLINE bool has_tail_purged(const struct ash_run *run)
{
	return (ash_load_relaxed(&run->busy) & ASH_BUSY_TAIL) != 0;
}

/* Caller holds the lock. */
static void free_locked(struct ash_heap *heap, struct ash_run *run, unsigned purged)
{
	struct ash_hugeblock *block = ash_run_block(run);
	unsigned first = run->index;

	ash_assert(run == &block->run[first] && run->head == 0);
	if (ASH_UNLIKELY(ash_load_relaxed(&run->state) != ASH_RUN_SLAB &&
			 has_tail_purged(run))) {
		/* Whoever purges its tail takes it back afterwards. */
		ash_store_relaxed(&run->state, (uint8_t)ASH_RUN_FREE);
		return;
	}
	if (ash_load_relaxed(&run->state) != ASH_RUN_SLAB)
		end_room(heap, run, run->nfree);
	mark_tail(block, first, false);
	give_back(heap, block, first, run->granules, purged);
	ash_block_changed(heap, block);
}

void ash_run_free(struct ash_heap *heap, struct ash_run *run)
{
	ash_mutex_lock(&heap->pages.lock);
	ash_assert(ash_load_relaxed(&run->state) == ASH_RUN_SLAB ||
		   ash_load_relaxed(&run->state) == ASH_RUN_LARGE);
	free_locked(heap, run, 0);
	ash_mutex_unlock(&heap->pages.lock);
}

void ash_run_free_purged(struct ash_heap *heap, struct ash_run *run, unsigned purged)
{
	ash_assert(run->state == ASH_RUN_SLAB && purged >> run->granules == 0);
	ash_mutex_lock(&heap->pages.lock);
	if (run->collapses != ash_run_block(run)->collapses)
		purged = 0;
	free_locked(heap, run, purged);
	ash_mutex_unlock(&heap->pages.lock);
}

bool ash_run_free_large(struct ash_heap *heap, struct ash_run *run)
{
	uint8_t large = ASH_RUN_LARGE;
	bool is_large;

	ash_mutex_lock(&heap->pages.lock);
	/* (The lock does not keep others from freeing it to wait.) */
	is_large = ash_cas_seq_cst(&run->state, &large, (uint8_t)ASH_RUN_WAITING);
	if (is_large)
		free_locked(heap, run, 0);
	ash_mutex_unlock(&heap->pages.lock);
	return is_large;
}

void ash_run_free_waiting(struct ash_heap *heap, struct ash_run *run)
{
	ash_mutex_lock(&heap->pages.lock);
	ash_assert(ash_load_relaxed(&run->state) == ASH_RUN_WAITING);
	free_locked(heap, run, 0);
	ash_mutex_unlock(&heap->pages.lock);
}

void ash_run_note_tail(struct ash_heap *heap, struct ash_run *run)
{
	ash_mutex_lock(&heap->pages.lock);
	set_tail(heap, ash_run_block(run), run->index);
	ash_mutex_unlock(&heap->pages.lock);
}

bool ash_run_resize(struct ash_heap *heap, struct ash_run *run, unsigned granules)
{
	struct ash_hugeblock *block = ash_run_block(run);
	unsigned first = run->index, now = run->granules;
	bool done = true;
	size_t charged = 0;

	ash_assert(granules > 0 && granules <= ASH_HUGE_GRANULES);
	if (granules > now &&
	    !ash_limits_charge(heap, (size_t)(granules - now) << ASH_GRANULE_SHIFT, &charged))
		return false;
	ash_mutex_lock(&heap->pages.lock);
	ash_assert(ash_load_relaxed(&run->state) == ASH_RUN_LARGE && run->granules == now);
	if (has_tail_purged(run)) {
		done = false;
	} else if (granules <= now) {
		if (granules < now)
			give_back(heap, block, first + granules, now - granules, 0);
		set_tail(heap, block, first);
	} else {
		done = first + granules <= ASH_HUGE_GRANULES &&
		       ash_bitmap_range_clear(block->used, ASH_HUGE_GRANULES, first + now,
					      granules - now);
		if (done) {
			take(heap, block, first, first + now, granules - now);
			end_room(heap, run, granules - now);
		}
	}
	if (done) {
		set_length(run, granules);
		if (granules != now)
			ash_block_changed(heap, block);
	}
	ash_mutex_unlock(&heap->pages.lock);
	ash_limits_settle(heap, charged);
	return done;
}

void ash_run_clear(struct ash_run *run, size_t bytes)
{
	uint32_t forks = ash_load_relaxed(&ash_relatives_forks);
	uint64_t shared = run->stamp == forks ? run->purged : UINT64_MAX;
	unsigned n = (unsigned)ash_granules_of(bytes);
	char *p = ash_run_address(run);
	int saved = errno; /* what is locked the kernel refuses to take */

	ash_assert(ash_load_relaxed(&run->state) == ASH_RUN_LARGE && n <= run->granules);
	run->stamp = forks;
	run->purged = 0;
	/* (Of longer pages a run has less than whole ones, and what the block keeps stays.) */
	if (forks == 0 || ash_os_page > ASH_GRANULE || n > ASH_RUN_MOST ||
	    ash_load_relaxed(&ash_run_block(run)->keep) != 0)
		shared = 0;
	for (unsigned i = 0, end; i < n; i = end) {
		bool is = shared >> i & 1;
		size_t from = (size_t)i << ASH_GRANULE_SHIFT, to;

		end = shared != 0 ? ash_bitmap_next(&shared, n, i, !is) : n;
		to = (size_t)end << ASH_GRANULE_SHIFT;
		if (to > bytes)
			to = bytes;
		if (!is || !ash_os_purge(p + from, to - from))
			memset(p + from, 0, to - from);
	}
	errno = saved;
}

struct ash_run *ash_run_tail_begin(struct ash_hugeblock *block)
{
	unsigned first = 0;

	while ((first = ash_bitmap_next(block->tails, ASH_HUGE_GRANULES, first, true)) <
	       ASH_HUGE_GRANULES) {
		struct ash_run *run = &block->run[first];

		mark_tail(block, first, false);
		/* Who frees it marks it as waiting where it sees none of these: one sees the
		 * other. */
		ash_or_seq_cst(&run->busy, (uint8_t)ASH_BUSY_TAIL);
		ash_delay();
		if (ash_load_seq_cst(&run->state) == ASH_RUN_LARGE)
			return run;
		ash_and_seq_cst(&run->busy, (uint8_t)~ASH_BUSY_TAIL);
	}
	return NULL;
}

void ash_run_tail_end(struct ash_heap *heap, struct ash_run *run)
{
	ash_assert(has_tail_purged(run));
	ash_and_seq_cst(&run->busy, (uint8_t)~ASH_BUSY_TAIL);
	if (ash_load_relaxed(&run->state) == ASH_RUN_FREE) /* freed meanwhile */
		free_locked(heap, run, 0);
}
