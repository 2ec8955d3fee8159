/* Arenas as objects: heaps of the program's own beside the one heap, each with its slabs and
 * extents, made and destroyed at run time.
 *
 * Arenas have numbers.  Those below ash_arenas_automatic() are jemalloc's automatic ones, which
 * here are all names of the one heap until one is given hooks (ash_arena_hooks); what else has
 * one of its own was made by ash_arena_create.  Numbers of destroyed ones are used again.
 * Functions return 0 or an errno value, which is ENOENT where no arena of its own has this
 * number (never made, destroyed, automatic), and keep errno.  All may be called from any thread
 * without a lock; they may call extent hooks, which happens without a lock, too.  Before them
 * ash_boot must have succeeded.
 *
 * What a thread does with an object, or with the arena, while another resets or destroys the
 * arena, is undefined for the program; the library's own state stays sound. */
#ifndef ASH_ARENA_ARENA_H
#define ASH_ARENA_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena/figures.h"
#include "arena/hooks.h"
#include "meta/large_size.h"

#define ASH_ARENA_FLAG_MOST 4094u /* the last that MALLOCX_ARENA can name */
#define ASH_ARENAS_ALL 4096u      /* never the number of an arena, as are 4095 */
#define ASH_ARENAS_DESTROYED 4097u

/* At boot: how many numbers are the heap's, between 1 and ASH_ARENA_FLAG_MOST; and that what
 * lies idle in arenas makes room under a limit. */
void ash_arenas_init(unsigned automatic);
void ash_arenas_relief_init(void);
unsigned ash_arenas_automatic(void);
/* One more than the largest number that is or was in use (arenas.narenas). */
unsigned ash_arenas_count(void);
/* The least number that an arena of its own has, or could have next. */
unsigned ash_arenas_first(void);
/* Whether an arena of its own has this number now. */
bool ash_arena_exists(unsigned index);

/* Makes one, with these hooks, which stay the caller's and must outlive it (NULL = the default
 * ones); *index is its number.  EAGAIN where there is no memory for it. */
int ash_arena_create(const extent_hooks_t *hooks, unsigned *index);
/* Makes the one of an automatic number, for ash_arena_hooks; EEXIST where there is one. */
int ash_arena_adopt(unsigned index, const extent_hooks_t *hooks);
/* Frees all that is allocated in it; ENOENT of an automatic one, as the next. */
int ash_arena_reset(unsigned index);
/* The same, and gives all its memory back.  EFAULT while threads are bound to it, and from one
 * of its hooks where the library gives memory of it back. */
int ash_arena_destroy(unsigned index);

/* The number of the arena that the allocation which p points into belongs to.  ENOENT where p
 * is in none of an arena of its own: it may be the heap's (front/extended.h asks for both). */
int ash_arena_lookup(const void *p, unsigned *index);

/* "manual_<index>" at first, or "auto_<index>"; a name of the caller's is cut.  The heap has
 * one name for all of its numbers. */
int ash_arena_name(unsigned index, char name[ASH_ARENA_NAME]);
int ash_arena_set_name(unsigned index, const char *name);
/* For these: the heap's, by which of its numbers it was asked for. */
void ash_arenas_heap_name(unsigned index, char name[ASH_ARENA_NAME]);
void ash_arenas_name_heap(const char name[ASH_ARENA_NAME]);

/* The hooks in force, and others from now on.  NULL arguments: do not ask, do not change.  An
 * automatic number that is changed gets an arena of its own, for good: what is asked of it by
 * number comes from there, and of number 0 also what threads that are bound to none allocate,
 * the calling one at once and others from ash_arena_follow on.  What lies in the heap stays
 * there.  EAGAIN where there is no memory for it. */
int ash_arena_hooks(unsigned index, const extent_hooks_t **old, const extent_hooks_t *hooks);

/* How long free memory stays as it is, in ms: 0 = not at all, -1 = for good; EFAULT below
 * that.  ASH_DECAY_MUZZY is the time from lazily given back to given back. */
int ash_arena_decay_ms(unsigned index, enum ash_arena_decay which, int64_t *ms);
int ash_arena_set_decay_ms(unsigned index, enum ash_arena_decay which, int64_t ms);
/* The same for arenas that are made from now on; at first dirty_decay_ms and muzzy_decay_ms. */
int64_t ash_arenas_decay_ms(enum ash_arena_decay which);
int ash_arenas_set_decay_ms(enum ash_arena_decay which, int64_t ms);

/* What the hooks are asked for at most beyond what is needed (64 KiB are never too much); cut
 * down to one of meta/page_size.h, EFAULT below an OS page.  And from which length on a free
 * extent goes at once, 0 = none does.  Read of a number that is no arena of its own: a
 * hugeblock, and 0. */
size_t ash_arena_grow_most(unsigned index);
int ash_arena_set_grow_most(unsigned index, size_t bytes);
size_t ash_arena_oversize(unsigned index);
int ash_arena_set_oversize(unsigned index, size_t bytes);
#define ASH_ARENA_GROW_MOST ((size_t)2 << 20) /* unless it is set */

/* Gives back what is due by time; and all that is free.  `index` may be ASH_ARENAS_ALL, which
 * does so for all arenas but the heap. */
int ash_arena_decay(unsigned index);
int ash_arena_purge(unsigned index);

/* The calling thread's allocations come from this arena from now on; an automatic number brings
 * it back to the heap.  EAGAIN where the thread has no record (no memory, or it is ending). */
int ash_arena_bind(unsigned index);
/* Its number; as it was bound, 0 at first. */
unsigned ash_arena_bound(void);
/* For the calling thread, whose record this is: where arena 0 has become one of its own, who is
 * bound to no other is bound to it. */
struct ash_thread;
void ash_arena_follow(const struct ash_thread *thread);
/* A thread with this record is no more: it counts as bound no longer. */
void ash_arena_thread_ends(struct ash_thread *thread);

/* What lies idle in arenas of their own: gives back up to `bytes`, not from within a hook;
 * returns how many went. */
size_t ash_arenas_relieve(size_t bytes);

/* The arena of this number, NULL where there is none (ENOENT above). */
struct ash_arena;
struct ash_arena *ash_arena_at(unsigned index);
/* The same for who gives memory back on the library's account: the arena is not destroyed
 * before ash_arena_leave.  From a hook another arena may be visited; of one that this thread
 * visits already it is NULL, and the outer visit is told in `again` what was asked of it. */
struct ash_arena_visit {
	struct ash_arena *arena;
	struct ash_arena_visit *outer;
	bool again; /* everything is to go once more, by the visitor */
};
struct ash_arena *ash_arena_visit(struct ash_arena_visit *visit, unsigned index, bool all);
void ash_arena_leave(struct ash_arena_visit *visit);
/* In a child: who visited an arena in other threads is not here. */
void ash_arenas_after_fork(void);
/* Counts of those that are no more; whether there is such a one. */
void ash_arenas_destroyed(struct ash_arena_stats *stats);
bool ash_arenas_any_destroyed(void);
/* The same, and what is so by class and by size is noted for the next two, which are ENOENT
 * where there is no such one. */
void ash_arenas_take_destroyed(struct ash_arena_stats *stats);
int ash_arenas_destroyed_bin(unsigned class, struct ash_arena_bin_stats *stats);
int ash_arenas_destroyed_larges(unsigned size, struct ash_large_count *stats);

/* Calls fn for each lock of arenas and explicit caches, in rank order; for fork.  The number of
 * them is that of the first call with `prepare`. */
struct ash_mutex;
void ash_arenas_each_mutex(bool prepare, void (*fn)(struct ash_mutex *mutex));

/* Counts of now.  ASH_ARENAS_ALL adds up all but the heap, ASH_ARENAS_DESTROYED has what was
 * ever counted in those that are no more. */
int ash_arena_stats(unsigned index, struct ash_arena_stats *stats);

/* Makes room for what ash_arenas_take is to note, of each arena in which something was
 * allocated. Call without a lock. */
void ash_arenas_prepare_to_take(void);
/* Notes what is so of each arena, and adds all of it up: in *sum, in bins by class (0 is left
 * out), in larges by size, in extents by bucket; what was ever counted of those that are no
 * more is not among it. Returns how many there are.  One arena after the other is looked at
 * under its lock, which ranks above that of the epoch. */
unsigned ash_arenas_take(struct ash_arena_stats *sum, struct ash_arena_bin_stats bins[],
			 struct ash_large_count larges[],
			 struct ash_arena_extent_stats extents[]);

/* What was noted of one arena, or of ASH_ARENAS_DESTROYED, which has no extents; zeroes where
 * it was made since.  `class` is 1 .. ASH_CLASSES - 1, `size` below ASH_LARGE_SIZES, `bucket`
 * below ASH_EXTENT_BUCKETS.  EAGAIN where there was no memory to note it. */
int ash_arena_told(unsigned index, struct ash_arena_stats *stats);
int ash_arena_bin_told(unsigned index, unsigned class, struct ash_arena_bin_stats *stats);
int ash_arena_larges_told(unsigned index, unsigned size, struct ash_large_count *stats);
int ash_arena_extents_told(unsigned index, unsigned bucket,
			   struct ash_arena_extent_stats *stats);
/* Bytes of the shortest extent that a bucket counts. */
size_t ash_arena_bucket_least(unsigned bucket);

#endif
