#include "reclaim/hugify.h"

#include <errno.h>

#include "meta/window.h"
#include "os/os.h"
#include "os/relatives.h"
#include "os/thp.h"
#include "page/account.h"
#include "page/block.h"
#include "page/huge_advice.h"
#include "page/hugeblock.h"
#include "page/limits.h"
#include "util/assert.h"
#include "util/epoch.h"

#define AGAIN 100u       /* until a block is tried again that was refused or too empty */
#define PASSED_BY 256u   /* blocks in one look that are not what it is for */
#define PAUSE 10u        /* epochs of pause after a refusal; doubles with each */
#define PAUSE_SLOW 1u    /* and after one that took long: the kernel compacted memory for it */
#define PAUSE_MOST 1200u /* two minutes */
#define INVALID_MOST 16u /* blocks in a row that cannot be huge pages: none can */
/* The account of all collapses: 1 % of one CPU, as for purging, saved up to 250 ms.  A block is
 * collapsed once: 1 GiB takes a quarter of a second in all, ten times that where a hypervisor
 * has to find the memory first. */
#define EARNED_PER_EPOCH 1000000
#define CREDIT_MOST 250000000
#define SLOW_NS 10000000u /* of CPU time; one usually takes 0.5 ms */

void ash_hugify_set_threshold(struct ash_heap *heap, uint64_t bytes)
{
	unsigned dense =
		bytes < ASH_HUGE ? (unsigned)ash_granules_of(bytes) : ASH_HUGE_GRANULES;
	struct ash_block_bounds *bounds = &heap->pages.bounds;

	bounds->dense = dense > 0 ? dense : 1;
	bounds->dense_no_more = dense * 6 / 7 > 0 ? dense * 6 / 7 : 1;
	bounds->broken = dense * 4 / 7 > 0 ? dense * 4 / 7 : 1;
	if (bounds->broken > ASH_HUGE_GRANULES / 2)
		bounds->broken = ASH_HUGE_GRANULES / 2;
	ash_assert(bounds->broken <= bounds->dense_no_more &&
		   bounds->dense_no_more <= bounds->dense);
}

void ash_hugify_set_delay_ms(struct ash_heap *heap, uint64_t ms)
{
	heap->hugify.age = ash_epochs_of_ms(ms);
}

/* The block may be shared with a relative: what collapsed here would be copied. */
static bool is_marked(const struct ash_hugify *hugify, const struct ash_hugeblock *block)
{
	return ash_relatives_share(hugify->sharing, block->filled_fork);
}

static struct ash_hugeblock *entry(struct ash_list *node)
{
	return ASH_LIST_ENTRY(node, struct ash_hugeblock, dense);
}

/* The oldest block, taken off the list, where it has waited long enough at `epoch`, else NULL;
 * with `look` it stays.  Marked ones on the way are set aside. */
static struct ash_hugeblock *due_block(struct ash_heap *heap, uint32_t epoch, bool look)
{
	struct ash_pages *pages = &heap->pages;
	struct ash_hugeblock *found = NULL;

	ash_mutex_lock(&pages->lock);
	for (unsigned i = 0; i < PASSED_BY && !ash_list_empty(&pages->dense); i++) {
		struct ash_hugeblock *block = entry(pages->dense.next);

		if ((int32_t)(block->dense_epoch - epoch) > 0)
			break;
		if (!look || is_marked(&heap->hugify, block))
			ash_list_remove(&block->dense);
		if (!is_marked(&heap->hugify, block)) {
			found = block;
			break;
		}
		ash_list_push_back(&pages->shared, &block->dense);
	}
	ash_mutex_unlock(&pages->lock);
	return found;
}

/* It is huge now. */
static void settle(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_pages *pages = &heap->pages;

	ash_mutex_lock(&pages->lock);
	/* (It may have drained meanwhile.) */
	if (block->nused >= pages->bounds.broken)
		ash_block_become_huge(heap, block, true);
	ash_mutex_unlock(&pages->lock);
	ash_owned_add(&heap->hugify.count, 1);
}

/* Back to the list, for later. */
static void postpone(struct ash_heap *heap, struct ash_hugeblock *block, uint32_t epoch)
{
	struct ash_pages *pages = &heap->pages;

	ash_mutex_lock(&pages->lock);
	if (block->nused != 0) /* else it may be unmapped by now */
		ash_block_changed(heap, block);
	if (ash_block_is_dense(block)) {
		epoch += AGAIN;
		block->dense_epoch = epoch + (epoch == 0);
	}
	ash_mutex_unlock(&pages->lock);
}

static void *address_of(const struct ash_hugeblock *block)
{
	return (void *)ash_load_relaxed(&block->address);
}

static unsigned advised_at(const struct ash_hugify *hugify, const struct ash_hugeblock *block)
{
	unsigned i = 0;

	while (i < hugify->advised && hugify->block[i].block != block)
		i++;
	return i;
}

/* Whether the kernel has followed the advice, as far as that can be seen: memory that nobody
 * touched is there.  Until then what is free in the block goes like any other. */
static bool has_become_huge(struct ash_heap *heap, struct ash_hugeblock *block)
{
	bool untouched;

	ash_mutex_lock(&heap->pages.lock);
	untouched = (block->touched[0] & block->touched[1]) != UINT64_MAX;
	ash_mutex_unlock(&heap->pages.lock);
	return untouched && ash_os_resident(address_of(block), ASH_HUGE) ==
				    (unsigned)(ASH_HUGE >> ash_os_page_shift);
}

/* Returns whether the block is seen to be huge.  Once advised, it keeps its place in the table:
 * it stays a mapping of its own. */
static bool advise(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_hugify *hugify = &heap->hugify;
	unsigned i = advised_at(hugify, block);

	if (i < hugify->advised && hugify->block[i].huge)
		return has_become_huge(heap, block);
	if (i == ASH_ADVISED_MOST || !ash_os_advise_huge(address_of(block), ASH_HUGE, true))
		return false;
	hugify->block[i].block = block;
	hugify->block[i].huge = true;
	hugify->advised += i == hugify->advised;
	return false;
}

/* Of blocks that have drained the kernel is to make no huge pages by itself.  (An empty one may
 * be unmapped.) */
static void withdraw_advice(struct ash_heap *heap)
{
	struct ash_hugify *hugify = &heap->hugify;
	struct ash_pages *pages = &heap->pages;

	for (unsigned i = 0; i < hugify->advised; i++) {
		const struct ash_hugeblock *block = hugify->block[i].block;
		bool broken;

		if (!hugify->block[i].huge)
			continue;
		ash_mutex_lock(&pages->lock);
		broken = block->nused < pages->bounds.broken && block->nused != 0;
		ash_mutex_unlock(&pages->lock);
		if (broken && ash_os_advise_huge(address_of(block), ASH_HUGE, false))
			hugify->block[i].huge = false;
	}
}

static void pause_for(struct ash_hugify *hugify, uint32_t epochs, uint32_t epoch)
{
	hugify->pause = epochs < PAUSE_MOST ? epochs : PAUSE_MOST;
	hugify->until = epoch + hugify->pause;
}

/* The kernel says that this block cannot be a huge page (EINVAL).  Most often one of its pages
 * was locked or protected by the program and is a mapping of its own now: then others can, and
 * the block is only tried later.  Where the process may have none any more, no block can.  Our
 * own thread asks; a call of the program must not, and takes many such answers in a row for
 * that one. */
static void cannot_be_huge(struct ash_heap *heap, uint32_t epoch)
{
	struct ash_hugify *hugify = &heap->hugify;
	bool none;

	if (heap->rounds.ours)
		none = ash_os_thp_disabled();
	else
		none = ++hugify->invalid >= INVALID_MOST;
	if (none) {
		hugify->invalid = 0;
		pause_for(hugify, PAUSE_MOST, epoch);
	}
}

static bool make_huge(struct ash_heap *heap, struct ash_hugeblock *block, uint32_t epoch)
{
	struct ash_hugify *hugify = &heap->hugify;
	uint64_t start = ash_os_thread_cpu_ns();
	bool done;
	int error;

	if (ash_load_relaxed(&block->advice) == ASH_ADVICE_SMALL)
		ash_huge_advice_give(block); /* or the kernel would refuse */
	done = !hugify->cannot_collapse && ash_os_collapse(address_of(block), ASH_HUGE);
	error = errno;

	if (!done && !hugify->cannot_collapse && error == EINVAL)
		hugify->cannot_collapse = !ash_os_can_collapse(address_of(block));
	if (hugify->cannot_collapse)
		return advise(heap, block);
	uint64_t ns = ash_os_thread_cpu_ns() - start;

	if (!done)
		ash_owned_add(&hugify->refused, 1);
	hugify->credit_ns -= (int64_t)ns;
	if (hugify->credit_ns > CREDIT_MOST) /* as in decay.c */
		hugify->credit_ns = CREDIT_MOST;
	if (!done && error == EINVAL) {
		cannot_be_huge(heap, epoch);
		return false;
	}
	hugify->invalid = 0;
	if (done && ns < SLOW_NS) {
		hugify->pause = 0;
	} else {
		pause_for(hugify,
			  hugify->pause != 0 ? hugify->pause * 2
			  : done             ? PAUSE_SLOW
					     : PAUSE,
			  epoch);
	}
	return done;
}

static bool pausing(const struct ash_hugify *hugify, uint32_t epoch)
{
	return hugify->pause != 0 && (int32_t)(hugify->until - epoch) > 0;
}

bool ash_hugify_is_valid(const struct ash_heap *heap)
{
	const struct ash_hugify *hugify = &heap->hugify;

	if (hugify->advised > ASH_ADVISED_MOST || hugify->credit_ns > CREDIT_MOST ||
	    hugify->pause > PAUSE_MOST || hugify->invalid >= INVALID_MOST)
		return false;
	for (unsigned i = 0; i < hugify->advised; i++)
		if (hugify->block[i].block == NULL)
			return false;
	return true;
}

static void earn(struct ash_hugify *hugify, uint32_t epoch)
{
	uint32_t passed = hugify->credited != 0 ? epoch - hugify->credited : 0;

	hugify->credited = epoch + (epoch == 0);
	hugify->credit_ns += (int64_t)EARNED_PER_EPOCH * (passed < 1000 ? passed : 1000);
	if (hugify->credit_ns > CREDIT_MOST)
		hugify->credit_ns = CREDIT_MOST;
}

/* After a fork: all blocks that wait, but for those that were filled since, which are the last,
 * go to the list of marked ones.  Nothing is written to them, for each was a page that the
 * relatives would no longer share. */
static void set_aside(struct ash_heap *heap)
{
	struct ash_pages *pages = &heap->pages;
	struct ash_list *n, *before;

	ash_mutex_lock(&pages->lock);
	ash_list_move_all(pages->shared.prev, &pages->dense);
	n = pages->shared.prev;
	for (unsigned i = 0; i < PASSED_BY && n != &pages->shared; i++, n = before) {
		before = n->prev;
		if (is_marked(&heap->hugify, entry(n)))
			continue;
		ash_list_remove(n);
		ash_list_push_front(&pages->dense, n);
	}
	ash_mutex_unlock(&pages->lock);
}

/* Some marks have ended: all marked blocks that wait are looked at once more. */
static void bring_back(struct ash_heap *heap)
{
	ash_mutex_lock(&heap->pages.lock);
	ash_list_move_all(&heap->pages.dense, &heap->pages.shared);
	ash_mutex_unlock(&heap->pages.lock);
}

/* Once per epoch while forks have relatives: who of them is still there. */
static void look_at_relatives(struct ash_heap *heap, uint32_t epoch)
{
	struct ash_hugify *hugify = &heap->hugify;
	uint32_t forks = ash_load_relaxed(&ash_relatives_forks), before = hugify->sharing;
	bool forked = hugify->forks != forks;

	if (!forked && (before == 0 || hugify->looked == epoch))
		return;
	hugify->forks = forks;
	hugify->looked = epoch;
	hugify->sharing = ash_relatives_sharing();
	if (forked && hugify->sharing != 0)
		set_aside(heap);
	if (hugify->sharing != (forked ? forks : before)) {
		hugify->again = ash_hugeblock_newest(heap);
		bring_back(heap);
	}
}

/* The next block that was a huge page when a fork shared it, with a relative that has ended
 * since; NULL = none.  Looks at some blocks at most. */
static struct ash_hugeblock *was_huge(struct ash_heap *heap)
{
	struct ash_hugify *hugify = &heap->hugify;

	for (unsigned i = 0; i < PASSED_BY && hugify->again != NULL; i++) {
		struct ash_hugeblock *block = hugify->again;
		bool found;

		hugify->again = block->older;
		if (!(ash_load_relaxed(&block->keep) & ASH_KEEP_HUGE))
			continue;
		ash_mutex_lock(&heap->pages.lock);
		found = (block->keep & ASH_KEEP_HUGE) && block->huge_fork != hugify->forks &&
			!is_marked(hugify, block);
		ash_mutex_unlock(&heap->pages.lock);
		if (found)
			return block;
	}
	return NULL;
}

bool ash_hugify_step(struct ash_heap *heap, uint32_t epoch, unsigned most)
{
	struct ash_pages *pages = &heap->pages;
	struct ash_hugify *hugify = &heap->hugify;
	/* Of what is not in use half must be resident, too. */
	unsigned wanted =
		(unsigned)((ASH_HUGE >> ash_os_page_shift) *
			   (pages->bounds.dense + ASH_HUGE_GRANULES) / (2 * ASH_HUGE_GRANULES));
	struct ash_hugeblock *block;
	int saved = errno;

	if (!heap->advice.allowed)
		return false;
	earn(hugify, epoch);
	withdraw_advice(heap);
	look_at_relatives(heap, epoch);
	ash_mutex_lock(&pages->lock);
	ash_block_date_new(&pages->dense, epoch + hugify->age);
	ash_mutex_unlock(&pages->lock);
	while (!pausing(hugify, epoch) && most > 0 && hugify->credit_ns > 0 &&
	       (block = was_huge(heap)) != NULL) {
		most--;
		if (make_huge(heap, block, epoch))
			ash_store_relaxed(&block->huge_fork, hugify->forks);
		else
			ash_hugify_break(heap, block); /* and then it waits like others */
	}
	while (!pausing(hugify, epoch) && most > 0 && hugify->credit_ns > 0 &&
	       (block = due_block(heap, epoch, false)) != NULL) {
		/* Under a hard limit there must be room for what becomes resident.  The whole
		 * of it counts as held meanwhile. */
		size_t room = ash_limits_room(heap),
		       more = room < ASH_HUGE || room == ASH_NO_LIMIT ? 0 : ASH_HUGE;

		most--;
		ash_account_depart(heap, more);
		if (room >= ASH_HUGE && ash_limits_room(heap) != 0 &&
		    ash_os_resident(address_of(block), ASH_HUGE) >= wanted &&
		    make_huge(heap, block, epoch))
			settle(heap, block);
		else
			postpone(heap, block, epoch);
		ash_account_arrive(heap, more);
	}
	errno = saved;
	ash_assert_internal(ash_hugify_is_valid(heap));
	/* After refusals only as long as the program itself is busy. */
	return !(pausing(hugify, epoch) && hugify->pause >= PAUSE) &&
	       (hugify->again != NULL || due_block(heap, epoch + hugify->age, true) != NULL);
}

/* A huge page with more granules in use than `most` stays one.  Returns the free granules that
 * may go now. */
static size_t break_up(struct ash_heap *heap, struct ash_hugeblock *block, unsigned most)
{
	struct ash_pages *pages = &heap->pages;
	size_t kept;

	ash_mutex_lock(&pages->lock);
	kept = heap->account.kept;
	if ((block->keep & ASH_KEEP_HUGE) && block->nused <= most) {
		ash_block_keep(heap, block, block->keep & ~(unsigned)ASH_KEEP_HUGE);
		ash_block_changed(heap, block);
	}
	kept -= heap->account.kept;
	ash_mutex_unlock(&pages->lock);
	return kept;
}

void ash_hugify_break(struct ash_heap *heap, struct ash_hugeblock *block)
{
	break_up(heap, block, ASH_HUGE_GRANULES);
}

size_t ash_hugify_break_some(struct ash_heap *heap, size_t bytes)
{
	size_t gone = 0, most = ash_granules_of(bytes);

	for (struct ash_hugeblock *block = ash_hugeblock_newest(heap);
	     block != NULL && ash_account_kept(heap) != 0 && gone < most;
	     block = block->older) {
		if (ash_load_relaxed(&block->keep) & ASH_KEEP_HUGE)
			gone += break_up(heap, block, ASH_HUGE_GRANULES - 1);
	}
	return gone << ASH_GRANULE_SHIFT;
}

uint64_t ash_hugify_count(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->hugify.count);
}
