/* A shard: one bin per class (what jemalloc calls an arena; `arena` in the public API).
 *
 * There is one at start.  Threads that keep finding bins locked get more, up to one per
 * usable CPU; a thread is bound to a shard by the CPU it runs on when that happens.
 *
 * Regions of lined classes (size_class.h) share cache lines, so where there are several threads
 * these classes have shards of their own, with bins for them alone: one in common, whose
 * fills take whole lines, and one for each thread that turns over much.  The first thread
 * owns the first shard.
 *
 * A shard is never taken away.  It is complete before the count that covers it is stored
 * (release, under the lock of rank SHARDS) and loaded (acquire), so whoever got an index may
 * go on without a lock; each bin has its own, the inbox none. */
#ifndef ASH_SLAB_SHARD_H
#define ASH_SLAB_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/size_class.h"
#include "slab/bin.h"

#define ASH_SHARDS_MOST 64 /* by CPU */
#define ASH_SHARDS_OWNED 64
static_assert(1 + ASH_SHARDS_MOST + ASH_SHARDS_OWNED <= UINT8_MAX, "struct ash_run.shard");

/* index is the shard's place among all, and its bins are made, those below `classes`.  Constant
 * but for inbox, users and left. */
struct ash_shard {
	void *inbox;      /* atomic: batches of objects from other threads; see slab/inbox.h */
	uint16_t index;   /* among all */
	uint16_t classes; /* ASH_CLASSES, or ASH_LINED_CLASSES */
	uint16_t owned;   /* 0 = none for owners; else its place among these, and the first
			     shard is ASH_SHARD_FIRST */
	uint16_t users;   /* threads that own it; SHARDS lock, read without it, too */
	uint32_t left;    /* atomic, by class: a former owner may have left much free */
	struct ash_bin bin[];
};
#define ASH_SHARD_FIRST (ASH_SHARDS_OWNED + 1)

/* Makes the first shard; `most` bounds their number (0 = one per usable CPU).  False where
 * there is no memory. */
bool ash_shard_init(unsigned most);
/* A smaller bound from now on.  Those that there are stay.  Call without a lock. */
void ash_shard_bound(unsigned bound);

bool ash_shard_is_valid(const struct ash_shard *shard);

/* All there are, and those by CPU. */
unsigned ash_shard_count(void);
unsigned ash_shard_count_by_cpu(void);
/* As many of the latter as there may be; constant. */
unsigned ash_shard_most_by_cpu(void);
/* Whether all objects of the class are the first shard's. */
ASH_INLINE bool ash_shard_is_one(unsigned class)
{
	return ash_shard_count() == 1 ||
	       (ash_class_group(class) == 1 && ash_shard_count_by_cpu() == 1);
}
/* index < ash_shard_count(). */
struct ash_shard *ash_shard_at(unsigned index);

/* The bins of a class, for a walk over all shards: NULL where the shard has none of it. */
static inline struct ash_bin *ash_shard_bin(unsigned index, unsigned class)
{
	struct ash_shard *shard = ash_shard_at(index);

	return class < shard->classes ? &shard->bin[class] : NULL;
}

/* The shard to which an object of the class goes back that lies in a slab or run of that index.
 * Where the shard has none of the class the slab went away and its pages serve another: the
 * object had been given back before, which the first shard's bin finds and reports. */
static inline struct ash_shard *ash_shard_of(unsigned index, unsigned class)
{
	struct ash_shard *shard = ash_shard_at(index);

	return ASH_LIKELY(class < shard->classes) ? shard : ash_shard_at(0);
}

/* The shard of lined classes for threads that own none: the first one where there is no other,
 * for want of memory or of a second CPU.  Call without a lock. */
struct ash_shard *ash_shard_common(void);

/* What a thread owns it has in *own, which changes under the SHARDS lock together with the
 * shard's users: a fork finds both or neither.  Call without a lock.
 *
 * Gives a thread one of lined classes: one that nobody owns, a new one, or if need be another
 * thread's; returns it.  NULL, as *own stays, where there may be none.  Under the lock, a new
 * one is given to `made` before anybody else can know of it. */
struct ash_shard *ash_shard_own(struct ash_shard **own, void (*made)(unsigned owned));
/* For a thread that begins: the first shard where nobody owns it, else another one that there
 * is and nobody owns, or none. */
void ash_shard_own_idle(struct ash_shard **own);
/* The thread ends; *own may be NULL. */
void ash_shard_disown(struct ash_shard **own);

/* Objects of a lined class, written downward from `end`, out of what an owner left behind that
 * has ended, whoever owns the shard now, where that is much (ash_bin_fill_idle); how many.  It
 * looks at a few shards in each call, from *at on, where the last call stopped; 0 at first.
 * Call without a lock. */
unsigned ash_shard_fill_left(unsigned class, uint8_t *at, void **end, unsigned want);

/* The shard for a thread that runs on this CPU now. */
struct ash_shard *ash_shard_for_cpu(unsigned cpu);

/* Counts of those who waited for bins begin anew. */
void ash_shard_reset_waits(void);

/* Adds a shard where contention asks for it; returns whether one was added.  Call without a
 * lock. */
bool ash_shard_add(void);

/* Moves the items that belong to the first one's shard to the front; returns how many they are.
 * n > 0. */
unsigned ash_shard_gather(void **items, unsigned n);

/* Gives n objects of one class back, whatever shards they belong to, by the locks.  items[]
 * is reordered. */
void ash_shard_flush(unsigned class, void **items, unsigned n);

struct ash_mutex *ash_shard_mutex(void); /* for fork */
/* In the child, where nobody makes a shard any more. */
void ash_shard_after_fork(void);

#endif
