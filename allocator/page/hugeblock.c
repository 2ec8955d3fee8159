#include "page/hugeblock.h"

#include <errno.h>

#include "meta/base.h"
#include "meta/window.h"
#include "os/os.h"
#include "os/thp.h"
#include "page/huge_advice.h"
#include "util/assert.h"
#include "util/atomic.h"

#define STEP_MOST 512 /* blocks: 1 GiB */
#define EXTENSIONS_AT_ONCE 16
/* Of the first block, granules that are mapped when they are needed.  What is there at first
 * serves the longest run, and a MiB behind any object of it there is nothing. */
#define FIRST_MISSING (ASH_HUGE_GRANULES / 2)

/* What one growth spends at most on places that turn out to be taken, in system calls: first on
 * those of released blocks, then on the window.  The steps from one place of the window to the
 * next double, so that TRIES get across any.  When they got across and found nothing, one
 * growth after the other looks at a few places only, for some may come free again. */
#define RELEASED_TRIES 8
#define TRIES 24
#define TRIES_WHEN_FULL 2
/* Of growths in a row that find no memory one in so many looks everywhere, as the first does;
 * the others ask for one block where the last came from. */
#define LOOKS_EVERYWHERE 1024
#define LOOKED_AT 8192 /* entries of the window's table that are passed over at a time */

/* Caller holds the lock.  Maps `count` blocks at `address`, or a single one, as pages of the
 * pool; returns how many it gave. */
static uint32_t map_of_pool(struct ash_growing *growing, void *address, uint32_t count)
{
	if (!growing->use_pool)
		return 0;
	for (;;) {
		if (ash_os_map_pool_at(address, (size_t)count << ASH_HUGE_SHIFT,
				       ASH_HUGE_SHIFT)) {
			ash_owned_add(&growing->of_pool, count);
			return count;
		}
		if (errno == EINVAL) /* there is no such pool: nothing to ask for again */
			growing->use_pool = false;
		if (count == 1 || errno != ENOMEM)
			break;
		count = 1;
	}
	if (errno != EEXIST)
		ash_owned_add(&growing->refused, 1);
	return 0;
}

/* A piece of address space that was mapped for blocks. */
struct piece {
	uintptr_t address;
	uint32_t count;   /* blocks; 0 = none */
	unsigned keep;    /* what is to be known of them */
	unsigned missing; /* granules that a single one lacks at its end */
	bool refused;     /* none, and not because the place is taken: at a limit of the process
			     (RLIMIT_AS, RLIMIT_DATA, mappings) another place is refused, too */
};

static size_t bytes_of(const struct piece *piece)
{
	return ((size_t)piece->count << ASH_HUGE_SHIFT) -
	       ((size_t)piece->missing << ASH_GRANULE_SHIFT);
}

/* Caller holds the lock.  How many granules a block at `address` does without at first. Outside
 * the window the place behind it would soon be the next mapping's; and what is to be a huge
 * page from the start has to be whole. */
static unsigned missing_at(const struct ash_heap *heap, uintptr_t address)
{
	return heap->growing.made == 0 && ash_window_holds((void *)address) &&
			       heap->advice.mode != ASH_THP_ALWAYS
		       ? FIRST_MISSING
		       : 0;
}

/* Caller holds the lock.  Maps `count` blocks at `address`, or, of the pool, a single one. */
static struct piece map_at(struct ash_heap *heap, uintptr_t address, uint32_t count)
{
	uint32_t got = map_of_pool(&heap->growing, (void *)address, count);
	struct piece piece = {
		.address = address, .count = count, .missing = missing_at(heap, address)};

	if (got != 0)
		return (struct piece){.address = address, .count = got, .keep = ASH_KEEP_POOL};
	ash_assert(piece.missing == 0 || count == 1);
	if (!ash_os_map_at((void *)address, bytes_of(&piece)))
		return (struct piece){.refused = errno != EEXIST};
	ash_huge_advice_mapped(heap, (void *)address, bytes_of(&piece));
	return piece;
}

/* The same with a single one where there is no room for as many. */
static struct piece map_at_or_one(struct ash_heap *heap, uintptr_t address, uint32_t count)
{
	struct piece piece = map_at(heap, address, count);

	return piece.count == 0 && count > 1 ? map_at(heap, address, 1) : piece;
}

/* Where block `number` of the window lies. */
static uintptr_t place_of(uint32_t number)
{
	ash_assert(number < ash_window.nblocks);
	return ash_window.base + ((uintptr_t)number << ASH_HUGE_SHIFT);
}

static bool is_ours(const struct ash_growing *growing, uint32_t number)
{
	const struct ash_hugeblock *block;

	if (number >= growing->end)
		return false;
	block = ash_load_relaxed(&ash_window.blocks[number]);
	return block != NULL && block != &ash_block_elsewhere;
}

/* Caller holds the lock.  Moves on to the next place of the window that is none of a block of
 * ours; returns how many such places lie there in a row, `most` at most.  0 where there is none
 * before the end, where it starts over, or within reach. */
static uint32_t next_places(struct ash_growing *growing, uint32_t most)
{
	uint32_t n = 0;

	for (unsigned i = 0; is_ours(growing, growing->next); i++) {
		if (i == LOOKED_AT)
			return 0;
		growing->next++;
	}
	while (n < most && growing->next + n < ash_window.nblocks &&
	       !is_ours(growing, growing->next + n))
		n++;
	return n;
}

/* Caller holds the lock.  The place that was tried is somebody else's. */
static void skip(struct ash_growing *growing)
{
	uint32_t n = ash_window.nblocks, step = (uint32_t)1 << growing->skip;

	if (growing->is_full) { /* by the golden section, which comes close to every place */
		growing->next =
			(uint32_t)((growing->next + ((uint64_t)n * 0x9e3779b9u >> 32)) % n);
	} else if (step < n - growing->next) {
		growing->next += step;
		growing->skip++;
	} else {
		growing->is_full = true;
		growing->next = 0;
	}
}

/* Caller holds the lock.  Maps up to `count` blocks at the next place of the window that is
 * free, within a bounded search; a single one where it has to search: the next growth begins
 * where there is room. */
static struct piece map_in_window(struct ash_heap *heap, uint32_t count)
{
	struct ash_growing *growing = &heap->growing;
	bool was_full = growing->is_full;
	unsigned tries = was_full ? TRIES_WHEN_FULL : TRIES;

	if (was_full)
		count = 1;
	for (; tries > 0 && growing->is_full == was_full; tries--) {
		uint32_t room = next_places(growing, count);
		struct piece piece;

		if (room == 0) {
			if (growing->next == ash_window.nblocks) {
				growing->is_full = true;
				growing->next = 0;
			}
			break;
		}
		piece = map_at_or_one(heap, place_of(growing->next), room);
		if (piece.count != 0) {
			growing->next += piece.count;
			growing->skip = 0;
			growing->is_full = false;
			growing->in_annex = false;
			return piece;
		}
		if (piece.refused)
			return piece;
		skip(growing);
		count = 1;
	}
	return (struct piece){0};
}

/* Caller holds the lock.  Maps up to `count` blocks where the kernel finds room, below the last
 * ones if possible, where they are one mapping with them; does not ask again, unless it is to
 * look everywhere, when a single one was refused there. */
static struct piece map_elsewhere(struct ash_heap *heap, uint32_t count, bool everywhere)
{
	struct ash_growing *growing = &heap->growing;
	struct piece piece = {0};

	for (;; count = 1) {
		size_t size = (size_t)count << ASH_HUGE_SHIFT;
		void *p = NULL;

		if (growing->elsewhere > size)
			piece = map_at(heap, growing->elsewhere - size, count);
		if (piece.count != 0)
			break;
		if (everywhere || !piece.refused)
			p = ash_os_map(size, ASH_HUGE);
		if (p != NULL) {
			ash_huge_advice_mapped(heap, p, size);
			piece = (struct piece){.address = (uintptr_t)p, .count = count};
			break;
		}
		if (count == 1)
			return (struct piece){.refused = true};
	}
	growing->elsewhere = piece.address;
	growing->in_annex = true;
	return piece;
}

/* Caller holds the lock.  Counts a block that is mapped and has its descriptor, and hands it
 * out. */
static void add_block(struct ash_heap *heap, struct ash_hugeblock *block,
		      const struct piece *piece,
		      void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;

	ash_store_relaxed(&block->keep, (uint8_t)piece->keep);
	ash_owned_add(&growing->mapped, 1); /* before anything can be taken from it */
	if (piece->missing != 0) {
		growing->incomplete = block;
		ash_store_release(&growing->missing, piece->missing);
	}
	add(heap, block);
}

/* Caller holds the lock.  Maps what the first block is missing and hands that
 * out, or *refused. */
static bool complete(struct ash_heap *heap, bool *refused,
		     void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;
	struct ash_hugeblock *block = growing->incomplete;
	size_t bytes = (size_t)growing->missing << ASH_GRANULE_SHIFT;
	void *end;

	if (block == NULL)
		return false;
	end = (void *)(block->address + ASH_HUGE - bytes);
	if (!ash_os_map_at(end, bytes)) {
		if (errno == EEXIST) /* for good: nothing is looked for again */
			growing->incomplete = NULL;
		*refused = growing->incomplete != NULL;
		return false;
	}
	ash_huge_advice_mapped(heap, end, bytes);
	growing->incomplete = NULL;
	ash_store_relaxed(&growing->missing, 0);
	add(heap, block);
	return true;
}

/* Caller holds the lock.  A released block, mapped where it was, or *refused.  Where its place
 * was taken by somebody else meanwhile, its descriptor is left for another. */
static bool map_again(struct ash_heap *heap, bool *refused,
		      void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;

	for (unsigned i = 0; i < RELEASED_TRIES && !ash_list_empty(&growing->released); i++) {
		struct ash_hugeblock *block =
			ASH_LIST_ENTRY(growing->released.next, struct ash_hugeblock, link);
		struct piece piece = map_at(heap, block->address, 1);

		*refused = piece.refused;
		if (piece.refused)
			return false;
		ash_list_remove(&block->link);
		ash_owned_add(&growing->away, -1u);
		if (piece.count != 0) {
			add_block(heap, block, &piece, add);
			return true;
		}
		ash_block_set(block->address, &ash_block_elsewhere);
		ash_list_push_front(&growing->homeless, &block->link);
	}
	return false;
}

/* Caller holds the lock.  A descriptor whose place was lost, or of a released block: some of
 * them could not be mapped again just now.  NULL where there is none. */
static struct ash_hugeblock *unused_descriptor(struct ash_growing *growing)
{
	bool homeless = !ash_list_empty(&growing->homeless);
	struct ash_list *list = homeless ? &growing->homeless : &growing->released;
	struct ash_hugeblock *block;

	if (ash_list_empty(list))
		return NULL;
	block = ASH_LIST_ENTRY(list->prev, struct ash_hugeblock, link);
	ash_list_remove(&block->link);
	if (!homeless) {
		ash_owned_add(&growing->away, -1u);
		ash_block_set(block->address, &ash_block_elsewhere);
	}
	return block;
}

bool ash_hugeblock_is_valid(const struct ash_heap *heap)
{
	const struct ash_growing *growing = &heap->growing;

	return growing->of_pool <= growing->mapped && growing->mapped <= growing->made &&
	       (growing->made == 0) == (growing->newest == NULL) &&
	       (growing->mapped == growing->made) == (ash_list_empty(&growing->released) &&
						      ash_list_empty(&growing->homeless)) &&
	       ash_list_empty(&growing->released) == (growing->away == 0) &&
	       growing->mapped + growing->away <= growing->made &&
	       growing->next <= ash_window.nblocks && growing->end <= ash_window.nblocks &&
	       growing->missing <= (growing->mapped != 0 ? FIRST_MISSING : 0) &&
	       (growing->incomplete == NULL ||
		(growing->missing != 0 && growing->incomplete->missing == growing->missing)) &&
	       growing->skip < 32;
}

bool ash_hugeblock_places_are_valid(const struct ash_heap *heap)
{
	const struct ash_growing *growing = &heap->growing;
	size_t made = 0, found = 0, homeless = ash_list_length(&growing->homeless);

	for (const struct ash_hugeblock *block = growing->newest; block != NULL;
	     block = block->older) {
		made++;
		found += ash_block_at((void *)block->address) == block;
	}
	return made == growing->made && found == made - homeless &&
	       growing->away == ash_list_length(&growing->released) &&
	       growing->mapped + growing->away + homeless == made;
}

bool ash_hugeblock_release(struct ash_heap *heap, struct ash_hugeblock *block)
{
	struct ash_growing *growing = &heap->growing;

	ash_assert(block->nused == 0 && (block->touched[0] | block->touched[1]) == 0);
	ash_assert(block->missing == 0);
	if (!ash_os_unmap((void *)block->address, ASH_HUGE))
		return false;
	ash_mutex_lock(&growing->lock);
	if (block->keep & ASH_KEEP_POOL)
		ash_owned_add(&growing->of_pool, -1u);
	ash_store_relaxed(&block->keep, (uint8_t)0);
	ash_list_push_front(&growing->released, &block->link);
	ash_owned_add(&growing->away, 1);
	ash_owned_add(&growing->mapped, -1u);
	ash_assert_internal(ash_hugeblock_is_valid(heap));
	ash_mutex_unlock(&growing->lock);
	return true;
}

/* Caller holds the lock.  A new descriptor for an empty block; NULL where there is no memory.
 * The words of bitmaps that only slabs of the smallest classes need come for many blocks in one
 * piece, so that whole pages of them are never touched. */
static struct ash_hugeblock *new_descriptor(struct ash_growing *growing)
{
	struct ash_hugeblock *block;

	if (growing->extensions == 0) {
		size_t one = ASH_HUGE_GRANULES * sizeof(*growing->extension);

		growing->extension =
			ash_base_alloc_for(ASH_BASE_DESCRIPTORS, EXTENSIONS_AT_ONCE * one, 64);
		if (growing->extension == NULL)
			return NULL;
		growing->extensions = EXTENSIONS_AT_ONCE;
	}
	block = ash_base_alloc_for(ASH_BASE_DESCRIPTORS, sizeof(*block), 64);
	if (block == NULL)
		return NULL;
	block->extension = growing->extension;
	growing->extension += ASH_HUGE_GRANULES;
	growing->extensions--;
	block->older = growing->newest;
	ash_store_release(&growing->newest, block);
	ash_owned_add(&growing->made, 1);
	return block;
}

/* Caller holds the lock.  The descriptor for the block at `address`, which was just mapped:
 * that of the block which was there before, one whose place was lost, or a new one. */
static struct ash_hugeblock *descriptor_for(struct ash_growing *growing, uintptr_t address)
{
	struct ash_hugeblock *block = ash_block_at((void *)address);

	if (block != NULL && block != &ash_block_elsewhere) {
		ash_assert(block->address == address);
		ash_list_remove(&block->link);
		ash_owned_add(&growing->away, -1u);
		return block;
	}
	block = unused_descriptor(growing);
	if (block == NULL)
		block = new_descriptor(growing);
	if (block != NULL) {
		/* What is known of the place where it was says nothing of this one. */
		for (unsigned w = 0; w < 2; w++)
			ash_store_relaxed(&block->held[w], (uint64_t)0);
		ash_store_relaxed(&block->address, address);
		ash_block_set(address, block);
	}
	return block;
}

/* Caller holds the lock.  Notes how far blocks of ours reach in the window. */
static void note_end(struct ash_growing *growing, const struct piece *piece)
{
	uintptr_t last = piece->address + (piece->count - 1) * ASH_HUGE;

	if (ash_window_holds((void *)last) && last >= ash_window.base + growing->end * ASH_HUGE)
		growing->end = (uint32_t)((last - ash_window.base) >> ASH_HUGE_SHIFT) + 1;
}

/* Caller holds the lock.  Returns how many blocks of the piece, which was just mapped, got a
 * descriptor and were added. */
static uint32_t describe(struct ash_heap *heap, const struct piece *piece,
			 void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;
	uint32_t done = 0, left;

	if (piece->count == 0)
		return 0;
	note_end(growing, piece);
	if (ash_block_open(piece->address, piece->count)) {
		for (; done < piece->count; done++) {
			struct ash_hugeblock *block =
				descriptor_for(growing, piece->address + done * ASH_HUGE);

			if (block == NULL)
				break;
			add_block(heap, block, piece, add);
		}
	}
	left = piece->count - done;
	if (left > 0) {
		/* No metadata: give back what cannot be described. */
		ash_os_unmap((void *)(piece->address + done * ASH_HUGE),
			     bytes_of(piece) - done * ASH_HUGE);
		if (piece->keep & ASH_KEEP_POOL)
			ash_owned_add(&growing->of_pool, 0 - left);
	}
	return done;
}

/* Caller holds the lock.  A program that was refused memory may go on asking: then each growth
 * asks the kernel once, not for less and less at every kind of place.  That a refusal holds for
 * all places is relied on only where places of that kind were had before (an emulator may
 * refuse the window alone), and not for good. */
static bool grow(struct ash_heap *heap,
		 void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;
	bool everywhere = growing->refusals % LOOKS_EVERYWHERE == 0 || growing->made == 0;
	uint32_t want = everywhere ? growing->mapped / 8 : 1;
	struct piece piece = {0};
	bool grown;

	if (complete(heap, &piece.refused, add) ||
	    ((everywhere || !piece.refused) && map_again(heap, &piece.refused, add)))
		return true;
	if (want < 1)
		want = 1;
	if (want > STEP_MOST)
		want = STEP_MOST;
	if (everywhere || !(piece.refused || growing->in_annex))
		piece = map_in_window(heap, want);
	if (piece.count == 0 && (everywhere || !piece.refused))
		piece = map_elsewhere(heap, piece.refused ? 1 : want, everywhere);
	grown = describe(heap, &piece, add) > 0;
	if (!grown)
		errno = ENOMEM;
	return grown;
}

bool ash_hugeblock_grow(struct ash_heap *heap, uint32_t seen,
			void (*add)(struct ash_heap *heap, struct ash_hugeblock *block))
{
	struct ash_growing *growing = &heap->growing;
	bool grown = true;

	ash_mutex_lock(&growing->lock);
	if (growing->growths == seen) {
		grown = grow(heap, add);
		growing->refusals = grown ? 0 : growing->refusals + 1;
		if (grown)
			ash_owned_add(&growing->growths, 1);
	}
	ash_assert_internal(ash_hugeblock_is_valid(heap));
	ash_assert_walk(ash_hugeblock_places_are_valid(heap), growing->made);
	ash_mutex_unlock(&growing->lock);
	return grown;
}

struct ash_hugeblock *ash_hugeblock_newest(const struct ash_heap *heap)
{
	return ash_load_acquire(&heap->growing.newest);
}

uint32_t ash_hugeblock_growths(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->growing.growths);
}

size_t ash_hugeblock_mapped(const struct ash_heap *heap)
{
	/* (Of a block that is seen to lack some it is seen that it is mapped.) */
	size_t missing = ash_load_acquire(&heap->growing.missing);

	return ((size_t)ash_load_relaxed(&heap->growing.mapped) << ASH_HUGE_SHIFT) -
	       (missing << ASH_GRANULE_SHIFT);
}

void ash_hugeblock_use_pool(struct ash_heap *heap, bool use)
{
	heap->growing.use_pool = use;
}

size_t ash_hugeblock_pool(const struct ash_heap *heap)
{
	return (size_t)ash_load_relaxed(&heap->growing.of_pool) << ASH_HUGE_SHIFT;
}

uint64_t ash_hugeblock_pool_refused(const struct ash_heap *heap)
{
	return ash_load_relaxed(&heap->growing.refused);
}
