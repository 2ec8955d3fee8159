/* What is known of one heap, in one place, so that there may be more than one: the state of all
 * files of page/, and what reclaim/ remembers of it from one round to the next.
 *
 * Fields stand in groups, each with the lock that protects it.  Files of page/ take the heap as
 * a parameter; those of slab/ and above name the one there is.  No fast path reads any of it.
 * What is read without its lock is stored atomically and read relaxed; the rest is its lock
 * holder's alone.  Options are set at boot and constant afterwards. */
#ifndef ASH_PAGE_HEAP_H
#define ASH_PAGE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/descriptor.h"
#include "os/mutex.h"
#include "util/compiler.h"
#include "util/epoch.h"
#include "util/misuse_hook.h"

#define ASH_NO_LIMIT SIZE_MAX

/* How much there is of what; functions in account.h.
 *
 *   held = (in_use + dirty + muzzy + kept) granules + mapped + cached + arenas + metadata
 *          + departed - holes
 *
 * where mapped is the far table's and metadata that of meta/base.h.  Over all hugeblocks:
 *
 *   sum of nused                  == in_use + reserved
 *   touched and not used          == dirty + muzzy of blocks that keep nothing, kept of others
 *   bits in the blocks' muzzy     == muzzy
 *   in_use + reserved + dirty + muzzy + kept <= granules mapped in all blocks
 *   dirty_low <= dirty, dirty_blocks is empty or dirty > 0 or OS pages are larger than granules
 */
struct ash_account {
	/* By the page lock, in granules; read by anyone but reserved and dirty_low. */
	size_t in_use;
	size_t dirty;     /* free, and may hold memory that shall go */
	size_t muzzy;     /* free, and the kernel may take their memory: not dirty */
	size_t kept;      /* free, and hold memory that stays: see enum ash_keep */
	size_t clock;     /* taken, ever: goes as fast as the program takes memory */
	uint64_t retaken; /* of those, the ones that were dirty */
	size_t reserved;  /* just being purged: nobody's */
	size_t dirty_low; /* least that `dirty` was since somebody asked, not counting purges */
	/* By the mappings lock. */
	size_t cached; /* bytes in the cache of freed mappings */
	/* Atomic. */
	size_t arenas; /* bytes of extents of the program's own arenas, but for those without
			  memory */
	size_t hole_pages; /* given back inside slabs */
	size_t departed;   /* bytes that left one of these, or the far table, and are not gone
			      yet nor in another */
};

/* Why whoever frees a large run looks further before it keeps it (front/free.c); bits. */
enum ash_wary {
	ASH_WARY_SOFT = 1,     /* a soft limit is set */
	ASH_WARY_DIRTY = 2,    /* so is what may lie idle */
	ASH_WARY_PRESSURE = 4, /* memory is short around us */
	ASH_WARY_LIMITS = ASH_WARY_SOFT | ASH_WARY_DIRTY | ASH_WARY_PRESSURE,
	ASH_WARY_ARENAS =
		8, /* there was an extent of an arena, which may begin where it does */
};

/* Bounds that the user sets; limits.h.  Bytes; ASH_NO_LIMIT = none.  Atomic:
 * they may be set while others work.
 *
 *   pending == sum of what was charged and is not settled
 *   crossings is odd while the soft limit is crossed
 *   wary has the bits of all that is set, at times of more; limits.h sets them together */
struct ash_limits {
	size_t hard;        /* more is refused with ENOMEM */
	size_t soft;        /* above it everything dirty goes, and the callback is called */
	size_t dirty_max;   /* free memory that may stay resident */
	bool pressure;      /* memory is short around us: as above the soft limit */
	uint32_t wary;      /* enum ash_wary */
	uint32_t crossed;   /* the program has to be told, by whoever exchanges it for 0 */
	size_t pending;     /* charged, not settled */
	uint32_t crossings; /* of the soft limit: odd = crossed, and not declined since */
};

/* Growth; growth.h.  Atomic. */
struct ash_growth {
	size_t fresh; /* bytes noted since the hook was called last, */
	size_t step;  /* from which on it may be called again */
	size_t mark;  /* what is held when it is more than ever before; 0 at first */
};

#define ASH_PACKING_LENGTHS (ASH_HUGE_GRANULES + 1)

/* Hugeblocks by the length of their longest free run; packing.h.
 *
 *   a block is on list[block->longest]
 *   bit i of `filled` is set  <=>  list[i] is not empty
 *   empty == blocks on the last list, the wholly free ones; read by anyone */
struct ash_packing {
	struct ash_list list[ASH_PACKING_LENGTHS];
	uint64_t filled[(ASH_PACKING_LENGTHS + 63) / 64];
	uint32_t empty;
};

/* Granules of a block in use: from `dense` on it is well used, and until it falls below
 * `dense_no_more`; a huge page below `broken` is broken up.  Each at least 1: an empty block is
 * neither.  Set at boot:  broken <= dense_no_more <= dense. */
struct ash_block_bounds {
	unsigned dense, dense_no_more, broken;
};

/* The lock of the page layer, and what it protects besides the blocks' own fields; block.h,
 * dirty.h, run.h, packing.h.  Lists have the oldest first. */
struct ash_pages {
	struct ash_mutex lock;
	struct ash_list dirty; /* blocks with something to purge, */
	struct ash_list
		muzzy; /* with something to purge that was given back lazily, by `lazy`, */
	struct ash_list refused; /* and that the kernel refused to take from, by `dirty` */
	struct ash_list dense;   /* well used blocks that are no huge pages yet, */
	struct ash_list shared;  /* and of them those with the mark of a fork, by `dense` */
	struct ash_list tailed;  /* blocks with bits in `tails` */
	struct ash_list pool; /* pages of the hugetlb pool that are wholly free, by `dense` */
	struct ash_packing packing;
	struct ash_block_bounds bounds;
	size_t room; /* granules that are free behind runs which are to grow into them: the
			sum of what their descriptors say */
	uint64_t broken_up; /* huge pages that are none any more, ever; read by anyone */
};

/* Where the next block comes from; hugeblock.h.  Its lock is held over the system calls:
 * growing is rare, and two threads that find the heap full want the same memory.
 *
 *   of_pool <= mapped, and mapped + away + blocks in `homeless` == made
 *   next <= blocks of the window, and from `end` on there was never one of ours
 *   `newest` leads to all that were made, by `older`
 *   a block that is not homeless is the one that is found at its address
 *
 * The first block is mapped in two pieces, the second when nothing suffices that is free in the
 * first: a write that runs away in a small process meets no memory there, and less is charged
 * to it.  Until then, and for good where somebody else has come to lie there, the block is
 * incomplete.  It is then neither released, nor made a huge page.
 *
 *   missing == that of the first block, 0 of all others;  missing != 0  =>  mapped != 0
 *   incomplete is NULL or the first block, whose missing is not 0
 */
struct ash_growing {
	struct ash_mutex lock;
	uint32_t next; /* block of the window that is tried next */
	uint32_t end;
	uint8_t skip;      /* binary logarithm of the step over the next place that is taken */
	bool is_full;      /* to the end of the window nothing was found free */
	bool in_annex;     /* the last place that was found is none of the window */
	uint32_t refusals; /* growths in a row that found no memory */
	bool use_pool;
	uint32_t mapped; /* blocks; read by anyone, as are the next three */
	uint32_t of_pool;
	uint32_t growths;
	uint32_t away;    /* blocks in `released`; read by anyone, too */
	uint32_t missing; /* granules, of the first block; read by anyone, too */
	struct ash_hugeblock *incomplete; /* whose end may yet be mapped; NULL = none */
	uint64_t refused;                 /* by the pool */
	uint32_t made;                    /* descriptors */
	struct ash_hugeblock *newest;     /* read by anyone */
	uintptr_t elsewhere; /* where the last blocks lie that the kernel found a place for; 0 =
				none yet */
	struct ash_list released; /* unmapped, to be mapped again */
	struct ash_list homeless; /* whose place is somebody else's by now */
	struct ash_bitmap_extension *extension;
	unsigned extensions; /* blocks that `extension` is enough for */
	bool limited;        /* addresses are, by RLIMIT_AS or RLIMIT_DATA; at boot */
};

/* Of freed mappings, of which programs take and free some hundred in a turn; and of ends. */
#define ASH_CACHED_SLOTS 1024
#define ASH_TAIL_SLOTS 32

/* A freed mapping, or a piece of one. */
struct ash_cached {
	uintptr_t address; /* 0 = empty slot */
	size_t bytes;
	uint64_t freed_ns;
	bool is_end; /* the end of a mapping: programs write beginnings first, so it is likely
			untouched */
};

/* A mapping whose end beyond what is used may hold memory. */
struct ash_tail {
	uintptr_t address; /* of the mapping; 0 = empty slot */
	uint64_t since_ns;
	size_t done; /* purged up to here, from the mapping's start */
};

#define ASH_RETAINED_BINS 64

/* Addresses that stay mapped without memory; mapping_retained.h.  Counts are read by anyone.
 *
 *   0 <= count < capacity, which is 0, and there are no nodes, or a power of two
 *   a node is in the bin of log2(bytes), and in the chains of its start and of its end */
struct ash_retained {
	struct ash_retained_node *nodes;
	bool in_base; /* they lie in metadata, for good: nothing else could be mapped */
	size_t capacity;
	size_t count;
	size_t bytes;    /* of the pieces */
	uint32_t used;   /* nodes that ever were */
	uint32_t unused; /* of those the ones that wait; 0 = none */
	uint32_t bins[ASH_RETAINED_BINS];
	size_t gaps; /* that our unmapping left between mappings, about */
	size_t gaps_most;
};

/* Mappings that were freed and asked for again; mapping_turns.h.  By the mappings lock; `bytes`
 * and `turned_ns` are read by anyone.
 *
 *   bytes <= most
 *   gone is read by anyone, too */
struct ash_turns {
	size_t bytes;        /* that may wait for their next turn, until a span after */
	uint64_t turned_ns;  /* something had its turn */
	size_t gone;         /* bytes that went for want of room, since then not asked for, */
	uint64_t gone_ns;    /* the last of them then */
	uint64_t cleared_ns; /* what served a request was cleared; 0 = never yet */
	/* Options. */
	size_t most;
	bool at_once; /* nothing else waits where no thread of ours sees to it */
};

/* Freed mappings and unused ends; mapping_cache.h, mapping_tail.h.
 *
 *   account.cached == sum of the bytes in `cache`, whose pieces do not overlap
 *   slots <= ASH_CACHED_SLOTS, and is 0 or the last piece's slot and one
 *   no two tails are of one mapping
 *   a tail is noted  =>  have_tails */
struct ash_mappings {
	struct ash_mutex lock;
	struct ash_cached *cache; /* ASH_CACHED_SLOTS */
	unsigned slots; /* those from this one on are empty, and the one before is not */
	struct ash_tail tail[ASH_TAIL_SLOTS];
	bool have_tails; /* read by anyone */
	/* Held while a piece of an end is purged, a system call; whose it is says in_work, set
	 * under the far table's lock too, so that who has taken an entry out of the table sees
	 * it.  0 = none. */
	struct ash_mutex tail_lock;
	uintptr_t in_work;
	/* How long freed mappings wait, and up to how many bytes where few are in use. */
	uint64_t cache_ns;
	size_t cache_least;
	struct ash_turns turns;
	struct ash_retained retained;
};

/* Huge pages where the heap grows; huge_growth.h.  By the page lock; made, refused and slowed
 * are read by anyone, as is whether a block is rising.
 *
 *   state is NONE  <=>  rising is NULL, else it is begun[0], not empty, and nused <= most
 *   state is HUGE   =>  `keep` of the rising block says so */
enum ash_rising {
	ASH_RISING_NONE,
	ASH_RISING_IN_WORK, /* a thread makes it a huge page */
	ASH_RISING_HUGE,    /* it is one, and not filled yet */
};
struct ash_huge_growth {
	struct ash_hugeblock *begun[2]; /* the block that was begun last, and the one before */
	struct ash_hugeblock *rising;
	enum ash_rising state;
	uint16_t most; /* granules of it that were in use at a time */
	uint16_t seen; /* those that were at the last look of an epoch that saw a change, */
	uint32_t seen_epoch; /* and that epoch */
	unsigned filled;     /* blocks that were of late, less those that were not */
	uint32_t skip;       /* blocks that are not tried next, */
	uint32_t pause; /* and how many they were at first; 0 = the last was had, in time */
	bool was_slow;  /* the last one that was had took slow_ns or more */
	bool cannot;    /* the kernel knows no huge pages */
	uint64_t made, refused;
	uint64_t slowed;  /* how often blocks waited since two in a row were slow */
	uint64_t slow_ns; /* what the faults take at most that one spares; constant */
	bool enabled;     /* option: not where 2 MiB are much of what there is */
};

/* What the machine and the user want of huge pages; huge_advice.h.  Set at boot. */
enum ash_thp {
	ASH_THP_DEFAULT, /* well used blocks, where the machine does not say never */
	ASH_THP_ALWAYS,  /* every block from the start */
	ASH_THP_NEVER,   /* none, also where the machine says always */
	ASH_THP_NONE,    /* none by us; the machine may make some */
};

struct ash_huge_advice {
	enum ash_thp mode;
	bool allowed;
	bool everywhere; /* the kernel makes huge pages of whatever it likes */
	/* Of which the kernel was told since they were mapped; by the page lock. */
	uint32_t blocks, blocks_most;
};

/* --- what reclaim/ remembers: the claimant's (reclaim/claim.h), but what says otherwise --- */

/* How much may stay dirty; reclaim/decay.h.
 *
 *   window_ns <= last_ns;  credit_ns <= its most */
struct ash_decay {
	uint64_t tau_ns;       /* time in which the excess falls to 1/e; 0 = a quarter second */
	uint64_t last_ns;      /* of the last step */
	uint64_t window_ns;    /* start of the present quarter second */
	uint64_t retaken_seen; /* the caller's running count when the window began */
	size_t retaken;        /* bytes retaken in the window before */
	size_t old;            /* bytes that were dirty at the last step and ever since */
	int64_t credit_ns;     /* CPU time that purging may still use */
};

/* Free runs go; reclaim/purge.h. */
struct ash_purge {
	struct ash_decay dirty, muzzy;
	uint64_t passed_ns;    /* when the last pass over free runs ended */
	uint64_t retaken_sum;  /* bytes; see purge.c */
	uint64_t retaken_seen; /* the account's, at the last look, */
	size_t dirty_seen;     /* and what was dirty then */
	size_t old;            /* the least that was since the last step */
	size_t goal;           /* what may stay by a long step that did not get so far, */
	uint64_t goal_ns;      /* and when it was set; 0 = none */
	/* Atomic. */
	uint64_t given_back; /* bytes, */
	uint64_t ranges;     /* in so many free runs, each a system call, */
	uint64_t passes;     /* and so many batches of them */
	/* Of the three, what was muzzy. */
	uint64_t muzzy_given_back, muzzy_ranges, muzzy_passes;
	uint64_t refused_ns; /* when the kernel refused what lies above a bound */
	uint64_t late_ns;    /* since when more is dirty than may be; 0 = it is not */
	/* Options. */
	int64_t dirty_ms, muzzy_ms; /* < 0 = never by time */
	int64_t dirty_share;        /* of what is in use, in 1/65536; < 0 = all */
	uint64_t interval_ns;       /* from the end of one pass to the next */
};

/* How long the program's calls were delayed by giving memory back; reclaim/stall.h.  Atomic.
 *
 *   longest_ns <= ns, where the kernel tells the time;  count == sum of lasted */
#define ASH_STALL_BOUNDS 9
struct ash_stalls {
	uint64_t count; /* calls that did any of it */
	uint64_t lasted[ASH_STALL_BOUNDS +
			1];     /* of those the ones up to each bound, and above */
	uint64_t ns;            /* CPU time of all of them */
	uint64_t longest_ns;    /* of one */
	uint64_t most_ranges;   /* system calls of one */
	uint64_t most_bytes;    /* given back by one */
	uint64_t background_ns; /* the background thread's */
};

/* Advice splits the mapping where it changes, and a process has 65,530 of them. */
#define ASH_ADVISED_MOST 256

/* CPU time that is saved up at the start: little, for a process of seconds would pay for what
 * serves those of hours; enough for a hundred blocks. */
#define ASH_HUGIFY_CREDIT_FIRST 50000000

/* Huge pages are made; reclaim/hugify.h.
 *
 *   the first `advised` of `block` are the blocks with advice of their own, each once
 *   pause == 0 or until is when it ends;  credit_ns <= its most
 *   a block bears the mark of a fork  <=>  ash_relatives_share(sharing, its filled_fork) */
struct ash_hugify {
	unsigned advised;
	uint32_t pause, until; /* epochs */
	uint32_t invalid;      /* blocks in a row that cannot be huge pages, in calls */
	int64_t credit_ns;
	uint32_t credited;    /* epoch; 0 = never yet */
	bool cannot_collapse; /* the kernel knows advice only */
	struct {
		struct ash_hugeblock *block;
		bool huge; /* the advice that it has now */
	} block[ASH_ADVISED_MOST];
	uint32_t forks;   /* ash_relatives_forks at the last look at relatives, */
	uint32_t sharing; /* and what ash_relatives_sharing said; 0 = they have all ended */
	uint32_t looked;  /* epoch of that look */
	/* It and all older ones still have to be looked at: a write to a page that was
	 * shared has broken the huge page, and those that shared it are no more. */
	struct ash_hugeblock *again;
	uint64_t count;   /* made so far; read by anyone, */
	uint64_t refused; /* as is how often the kernel made none */
	uint32_t age;     /* option: epochs that a block is well used before */
};

/* Pages of the hugetlb pool go back; reclaim/pool.h.  Options. */
struct ash_pool {
	bool for_good;
	uint32_t age; /* epochs */
};

/* A walk through the slabs of one bin; slab/bin_walk.h. */
struct ash_bin_walk {
	uint8_t wanted;              /* enum ash_bin_wanted */
	bool young;                  /* a slab was passed over for its age */
	uint32_t epoch;              /* now */
	unsigned lists;              /* still to be walked, the last of them at present */
	unsigned slabs;              /* that may still be on that one */
	const struct ash_run *first; /* that was looked at there; a place, not to be read */
};
struct ash_holes_walk {
	unsigned shard_at, class_at; /* the bin that is being walked, or is next */
	bool in_bin;                 /* its walk has begun */
	struct ash_bin_walk bin;
};

/* Holes in slabs are looked for; reclaim/holes.h.
 *
 *   1 <= class_at <= ASH_CLASSES;  shard_at is below the number of shards, of both walks */
struct ash_holes {
	struct ash_holes_walk aged, rich; /* of all bins, time and again; and at once */
	bool walking;                     /* through the aged ones, which */
	bool found, young;                /* found some; or some that are too young */
	uint32_t due;                     /* epoch from which on the next of these begins, */
	uint32_t interval; /* epochs between two: more where the last found nothing */
	uint32_t judged[ASH_CLASSES];   /* epoch of the last judgement, */
	uint32_t refaults[ASH_CLASSES]; /* and the class's refaults then */
	bool enabled;                   /* option: not where nothing goes by time */
};

/* What is freed goes at once; reclaim/drain.h.
 *
 *   retaken counts from window_ns on, which is no later than the last look */
struct ash_drain {
	size_t mark;      /* least that lay idle in slabs since the last walk of them */
	size_t reserve;   /* bytes that may lie idle besides, since so many were missed */
	size_t gone;      /* bytes that went at once and were not missed yet */
	uint64_t taken;   /* bytes of fresh memory taken, ever, at the last look */
	uint64_t aged_ns; /* when reserve and gone were last made less */
	size_t live;      /* while the heap drains: the least that did not lie idle */
	size_t peak;      /* the most that was held at a look */
	/* Bytes that were taken of what lay idle, in this quarter of a second and in the one
	 * before, which began at window_ns; and what that is counted from, at watched_ns. */
	size_t retaken, retaken_before;
	uint64_t window_ns, watched_ns, runs_retaken;
	size_t used, used_before; /* the most of these windows since aged_ns, and before it */
	size_t out;               /* bytes of regions that were out */
	bool draining;            /* it does */
	bool walking;             /* a walk through the slabs is under way */
	uint8_t blind;            /* steps of a walk that are next without a look */
	size_t credit;            /* bytes that were freed and paid for no step of a walk yet */
	size_t out_at_begin;      /* of it */
	/* Read by anyone. */
	bool lean;         /* it drains, and nothing of it came back so far */
	uint32_t homing;   /* the epoch after which objects may wait in the depot again */
	size_t dirty_most; /* bytes of free runs that may stay */
	size_t step;       /* bytes that a thread may free until it looks again */
	/* Options. */
	size_t reserve_most; /* where nobody looks when the program is silent */
	bool enabled;
};

/* Rounds of work; reclaim/rounds.h.  Atomic.
 *
 *   active_threads >= 1 */
struct ash_rounds {
	uint32_t claim;         /* the number of the thread that works; 0 = none */
	uint32_t claim_awaited; /* threads that wait for it, and get it before who only tries */
	uint32_t epoch;         /* of the last round; the claimant's, read by anyone */
	uint32_t active_threads; /* >= 1 */
	uint32_t visited;        /* threads that the last epoch looked at; the claimant's */
	uint32_t refused_epoch;  /* when memory that the kernel refused was last tried; the
				    claimant's */
	uint64_t ticked_ns;      /* when a slow path last ticked */
	uint64_t pressed;        /* looks that found memory short */
	bool behind;             /* the last step left what should have gone */
	/* The background thread's: when it last looked how much is retaken, and how much was.
	 */
	uint64_t moved_ns, moved;
	/* The account of how often the program comes back to one thread, and whether that was
	 * seldom the last time: then it leaves at once; atomic. */
	uint64_t leave_ns;
	bool leaves;
	/* The claimant's: told when the claim is given back. */
	struct ash_misuse postponed;
	uint64_t runs;     /* of the background thread; it writes it alone */
	uint64_t first_ns; /* when its first one was; atomic, 0 = there was none */
	bool stopped;      /* the program wants none; atomic, as are background and alone */
	bool ours; /* the claimant is the background thread; the claimant's, not atomic */
	/* Options. */
	bool background;       /* a background thread may be started, */
	bool alone;            /* also for a program of one thread */
	bool pressure;         /* it looks for signs that memory is short, */
	bool pressure_bounded; /* only where a group has a limit */
};

/* Trims, each of all that lies idle and one at a time; reclaim/relief.h.  Atomic.
 *
 *   count is odd while one is under way */
struct ash_trims {
	uint32_t count;   /* begun and ended, ever; who waits sleeps on it */
	uint32_t by;      /* the number of the thread whose one is under way */
	uint32_t waiting; /* threads that sleep, or are about to */
	bool gave;        /* the last one gave something back */
};

struct ash_heap {
	struct ash_account account ASH_CACHE_ALIGNED;
	struct ash_limits limits ASH_CACHE_ALIGNED;
	struct ash_growth growth;
	struct ash_pages pages ASH_CACHE_ALIGNED;
	struct ash_growing growing ASH_CACHE_ALIGNED;
	struct ash_mappings mappings ASH_CACHE_ALIGNED;
	struct ash_huge_advice advice;
	struct ash_huge_growth huge_growth ASH_CACHE_ALIGNED;
	struct ash_rounds rounds ASH_CACHE_ALIGNED;
	struct ash_purge purge ASH_CACHE_ALIGNED;
	struct ash_stalls stalls;
	struct ash_hugify hugify;
	struct ash_pool pool;
	struct ash_holes holes;
	struct ash_drain drain;
	uint64_t born_ns; /* constant after boot, as is the next */
	size_t page_last; /* the last byte of an OS page, or of a granule where that is less */
	struct ash_trims trims;
};

/* The one heap. */
extern struct ash_heap ash_heap ASH_HIDDEN;

/* Makes its lists: at boot, before anything is taken from it. */
void ash_heap_init(struct ash_heap *heap);

/* Calls fn for each of its locks, in rank order; for fork. */
void ash_heap_each_mutex(struct ash_heap *heap, void (*fn)(struct ash_mutex *mutex));

#endif
