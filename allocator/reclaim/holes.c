#include "reclaim/holes.h"

#include "meta/window.h"
#include "os/os.h"
#include "page/block.h"
#include "page/dirty.h"
#include "page/huge_advice.h"
#include "reclaim/hugify.h"
#include "reclaim/purge.h"
#include "reclaim/stall.h"
#include "slab/bin_walk.h"
#include "slab/shard.h"
#include "slab/slab.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bitmap.h"
#include "util/bits.h"

#define AGE_MOST 600u /* epochs */
#define INTERVAL                                                                            \
	20u         /* epochs between two judgements of a class, and most between two walks \
		     */
#define LOOK_NS 50u /* what a look into a slab counts as */
#define LOOKS_AT_ONCE 64u /* until the clock is looked at */
#define REFUSAL_LOOKS 16u
#define LOOKS 8192u           /* of one step, */
#define LOOKS_IN_A_CALL 1024u /* and while objects are freed */
#define LOOKS_AT_GROWTH 64u   /* for each bin, when the heap grows */

/* Ranges of a slab until the clock is looked at, by which a call of the program leaves the
 * others to the next walk after so long. */
#define RANGES_AT_ONCE 4u
#define SLAB_NS (115000u * ASH_HOLES_SLOWED)

/* Gives the pages of `holes` back, as few ranges as possible, which may go over pages that went
 * before; returns those that went.  (The slab is detached: nobody touches these.) */
static uint64_t purge_pages(struct ash_heap *heap, struct ash_run *slab, uint64_t holes)
{
	uint64_t all = holes | slab->purged;
	struct ash_hugeblock *block = ash_run_block(slab);
	char *base = ash_run_address(slab) - ash_slab_lead(slab);
	uint64_t gone = 0;
	unsigned at = 0, ranges = 0;

	if (ash_load_relaxed(&block->keep) & ASH_KEEP_HUGE)
		ash_hugify_break(heap, block);
	ash_block_becomes_sparse(heap, block);
	ash_huge_advice_withdraw(block);
	while ((at = ash_bitmap_next(&holes, 64, at, true)) < 64) {
		unsigned end = ash_bitmap_next(&all, 64, at, false);

		while (!(holes >> (end - 1) & 1))
			end--;
		if (++ranges % RANGES_AT_ONCE == 0 && ash_stall_lasts(SLAB_NS)) {
			slab->seen = 0; /* which looks at it however little was freed */
			return gone;
		}
		if (ash_os_purge(base + ((size_t)at << ash_os_page_shift),
				 (size_t)(end - at) << ash_os_page_shift))
			gone |= ash_bits_mask(at, end - at) & holes;
		at = end;
	}
	ash_assert((gone & ~holes) == 0);
	if (gone != holes) {
		slab->seen = 0; /* the next walk is to find them */
		ash_dirty_refused(heap, block);
	}
	return gone;
}

/* More than half of what was purged came back within an interval: wait longer next time. */
static void judge(struct ash_holes *state, unsigned class, uint32_t epoch)
{
	uint32_t refaults, purged = 0;
	uint32_t age = 0; /* the longest: a bin that is new has the first one */

	if (epoch - state->judged[class] < INTERVAL)
		return;
	state->judged[class] = epoch;
	refaults = ash_load_relaxed(&ash_slab_refaults[class]);
	for (unsigned s = 0; s < ash_shard_count(); s++) {
		struct ash_bin *bin = ash_shard_bin(s, class);

		if (bin == NULL)
			continue;
		ash_mutex_lock(&bin->lock);
		purged += bin->holes;
		bin->holes = 0;
		if (ash_load_relaxed(&bin->hole_age) > age)
			age = ash_load_relaxed(&bin->hole_age);
		ash_mutex_unlock(&bin->lock);
	}
	if ((refaults - state->refaults[class]) * 2 > purged && purged > 16)
		age = age * 2 < AGE_MOST ? age * 2 : AGE_MOST;
	else if (age > ash_bin_hole_age)
		age = age * 3 / 4 > ash_bin_hole_age ? age * 3 / 4 : ash_bin_hole_age;
	state->refaults[class] = refaults;
	for (unsigned s = 0; s < ash_shard_count(); s++) {
		struct ash_bin *bin = ash_shard_bin(s, class);

		if (bin != NULL)
			ash_store_relaxed(&bin->hole_age, age);
	}
}

/* What one call may still do. */
struct budget {
	uint64_t start_ns, most_ns;
	unsigned looks; /* into slabs, */
	unsigned most_looks;
	size_t bytes; /* and still to be purged */
};

static struct budget budget(uint64_t most_ns, unsigned most_looks, size_t bytes)
{
	return (struct budget){ash_os_given_ns(), most_ns, most_looks, most_looks, bytes};
}

static bool is_used_up(const struct budget *b)
{
	return b->looks == 0 || b->bytes == 0 ||
	       ash_os_given_ns() - b->start_ns +
			       (uint64_t)(b->most_looks - b->looks) * LOOK_NS >=
		       b->most_ns ||
	       ash_stall_lasts(ASH_HOLES_CALL_NS);
}

/* Purges the holes of slabs that the walk of the bin comes to; true where the budget is used up
 * before it is over. */
static bool purge_bin(struct ash_heap *heap, struct ash_bin *bin, struct ash_bin_walk *walk,
		      struct budget *b, bool *found)
{
	for (;;) {
		unsigned most = b->looks < LOOKS_AT_ONCE ? b->looks : LOOKS_AT_ONCE,
			 looks = most;
		uint64_t holes;
		struct ash_run *slab = ash_bin_walk_detach(bin, walk, &looks, &holes);
		size_t gone;

		b->looks -= most - looks;
		if (slab == NULL && (looks > 0 || b->looks == 0))
			return b->looks == 0;
		if (slab == NULL) {
			/* (Looks in vain go on beyond what they count as, but not for long.) */
			if (ash_stall_lasts(ASH_HOLES_CALL_NS))
				return true;
			continue;
		}
		holes = purge_pages(heap, slab, holes);
		ash_bin_attach(bin, slab, holes);
		gone = (size_t)ash_bits_count(holes) << ash_os_page_shift;
		b->bytes -= gone < b->bytes ? gone : b->bytes;
		*found |= gone != 0;
		if (gone == 0) /* refused, which is a call of the kernel all the same */
			b->looks -= b->looks < REFUSAL_LOOKS ? b->looks : REFUSAL_LOOKS;
		if (is_used_up(b))
			return true;
	}
}

static bool walk_is_valid(const struct ash_holes_walk *at)
{
	return at->class_at >= 1 && at->class_at <= ASH_CLASSES &&
	       at->shard_at < ash_shard_count();
}

bool ash_holes_is_valid(const struct ash_heap *heap)
{
	return walk_is_valid(&heap->holes.aged) && walk_is_valid(&heap->holes.rich);
}

static void begin(struct ash_holes_walk *at)
{
	at->shard_at = 0;
	at->class_at = 1;
	at->in_bin = false;
}

static struct ash_bin *bin_at(const struct ash_holes_walk *at)
{
	return &ash_shard_at(at->shard_at)->bin[at->class_at];
}

/* The next bin; false after the last. */
static bool next_bin(struct ash_holes_walk *at)
{
	at->in_bin = false;
	if (++at->class_at < ash_shard_at(at->shard_at)->classes)
		return true;
	at->class_at = 1;
	if (++at->shard_at < ash_shard_count())
		return true;
	at->shard_at = 0;
	return false;
}

/* Epochs from the end of one walk to the beginning of the next. */
static uint32_t interval_after(const struct ash_holes *holes)
{
	uint32_t least = ash_bin_hole_age < ash_bin_hole_age_most ? ash_bin_hole_age
								  : ash_bin_hole_age_most;

	if (holes->found || holes->interval * 2 < least)
		return least;
	return holes->interval * 2 < INTERVAL ? holes->interval * 2
	       : least < INTERVAL             ? INTERVAL
					      : least;
}

bool ash_holes_step(struct ash_heap *heap, uint32_t epoch, uint64_t most_ns)
{
	struct ash_holes *holes = &heap->holes;
	struct ash_holes_walk *at = &holes->aged;
	struct budget b = budget(most_ns, LOOKS, SIZE_MAX);

	ash_assert_internal(ash_holes_is_valid(heap));
	if (!holes->walking) {
		uint32_t wait = holes->due - epoch;

		if (holes->interval != 0 && (int32_t)wait > 0 && wait <= ash_bin_hole_age_most)
			return holes->young;
		holes->walking = true;
		holes->found = holes->young = false;
		begin(at);
	}
	do {
		struct ash_bin *bin = bin_at(at);
		bool stop;

		if (!at->in_bin && ash_load_relaxed(&bin->filled) == 0)
			continue;
		if (!at->in_bin) {
			judge(holes, at->class_at, epoch);
			ash_bin_walk_begin(bin, &at->bin, ASH_BIN_AGED, epoch);
			at->in_bin = true;
		}
		stop = purge_bin(heap, bin, &at->bin, &b, &holes->found);
		holes->young |= at->bin.young;
		if (stop) {
			ash_purge_worked(heap, (uint64_t)(b.most_looks - b.looks) * LOOK_NS);
			return true;
		}
	} while (next_bin(at));
	ash_purge_worked(heap, (uint64_t)(b.most_looks - b.looks) * LOOK_NS);
	holes->walking = false;
	holes->interval = interval_after(holes);
	holes->due = epoch + holes->interval;
	return holes->young;
}

bool ash_holes_rich(struct ash_heap *heap, bool anew, uint64_t most_ns, size_t *gone)
{
	struct ash_holes_walk *at = &heap->holes.rich;
	struct budget b = budget(most_ns, LOOKS_IN_A_CALL, SIZE_MAX);
	bool found = false, stop = false;

	ash_assert_internal(ash_holes_is_valid(heap));
	if (anew)
		begin(at);
	do {
		/* The largest classes first: more pages lie free in a row. */
		const struct ash_shard *shard = ash_shard_at(at->shard_at);
		unsigned class = shard->classes - at->class_at;
		struct ash_bin *bin = ash_shard_bin(at->shard_at, class);

		if (!at->in_bin && (ash_load_relaxed(&bin->filled) == 0 ||
				    ash_bin_bytes(bin, class).idle == 0))
			continue;
		if (!at->in_bin) {
			ash_bin_walk_begin(bin, &at->bin, ASH_BIN_RICH, 0);
			at->in_bin = true;
		}
		stop = purge_bin(heap, bin, &at->bin, &b, &found);
	} while (!stop && next_bin(at));
	*gone = SIZE_MAX - b.bytes;
	return stop;
}

void ash_holes_relieve(struct ash_heap *heap, uint32_t epoch, size_t bytes, uint64_t most_ns)
{
	struct budget b = budget(most_ns, UINT32_MAX, bytes);
	bool found = false;

	/* Between large objects more pages lie free in a row, for which one call suffices. */
	for (unsigned c = ASH_CLASSES - 1; c > 0; c--)
		for (unsigned s = 0; s < ash_shard_count(); s++) {
			struct ash_bin *bin = ash_shard_bin(s, c);
			struct ash_bin_walk walk;

			if (bin == NULL || ash_load_relaxed(&bin->filled) == 0)
				continue;
			b.looks = b.most_looks = LOOKS_AT_GROWTH;
			ash_bin_walk_begin(bin, &walk, ASH_BIN_LIKELY, epoch);
			purge_bin(heap, bin, &walk, &b, &found);
			b.looks = b.most_looks;
			if (is_used_up(&b))
				return;
		}
}

/* Walks through the bin once; returns the pages that went, not many more than `most`. */
static size_t walk_bin(struct ash_heap *heap, struct ash_bin *bin, size_t most)
{
	unsigned looks = UINT32_MAX;
	struct ash_bin_walk walk;
	struct ash_run *slab;
	uint64_t holes;
	size_t gone = 0;

	if (ash_load_relaxed(&bin->filled) == 0)
		return 0;
	ash_bin_walk_begin(bin, &walk, ASH_BIN_ALL, 0);
	while (gone < most &&
	       (slab = ash_bin_walk_detach(bin, &walk, &looks, &holes)) != NULL) {
		holes = purge_pages(heap, slab, holes);
		gone += (size_t)ash_bits_count(holes);
		ash_bin_attach(bin, slab, holes);
	}
	return gone;
}

size_t ash_holes_of_any_age(struct ash_heap *heap, size_t bytes)
{
	size_t most = (bytes >> ash_os_page_shift) + ((bytes & (ash_os_page - 1)) != 0);
	size_t gone = 0;

	for (unsigned s = 0; s < ash_shard_count(); s++)
		for (unsigned c = ash_shard_at(s)->classes - 1u; c > 0 && gone < most; c--)
			gone += walk_bin(heap, &ash_shard_at(s)->bin[c], most - gone);
	return gone << ash_os_page_shift;
}
