/* A thread's side of the cache: the tops in its TLS, and the cold record behind them.
 *
 * Records are type-stable: one is reused by later threads and never unmapped, so that a tick
 * of another thread may look at any of them. */
#ifndef ASH_CACHE_THREAD_H
#define ASH_CACHE_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cache/magazine.h"
#include "cache/runs.h"
#include "meta/large_size.h"
#include "meta/size_class.h"
#include "util/atomic.h"
#include "util/list.h"

struct ash_arena;
struct ash_shard;

/* Per class.  `spare` is NULL or a full magazine: set only by the owner (release), always taken
 * by exchange (acquire), since the tick of another thread may collect it.  It may hold less
 * than `cap`: its capacity is its own.  The rest is the owner's. */
struct ash_class_cache {
	void **spare;
	void **drained; /* an empty magazine kept for the next overflow, or NULL */
	uint8_t cap;    /* capacity of its magazines; 0 = the class has not earned one */
	uint8_t misses; /* before: towards earning; after: in this epoch (saturates) */
	uint8_t left;   /* where ash_shard_fill_left goes on */
	uint8_t bound;  /* 0, or one more than the capacity that the program allows */
	uint32_t taken; /* bytes from slabs or depot, as far as it matters: to own_from */
};

/* Usable bytes of what the thread's calls took and gave back since it asked for them to be
 * counted.  The owner's; the program reads the first two by address.
 *
 *   peak >= base, of which one was allocated - deallocated when it was last reset, the other
 * the most since */
struct ash_counted {
	uint64_t allocated, deallocated;
	int64_t base, peak;
};

/* The record.  Its owner is the thread that `tls` belongs to; what has no other remark is the
 * owner's alone.  A record of an older generation is that of a thread that a fork left behind
 * in the parent: nobody's, until the child's threads have taken what it holds.
 *
 * For the owner, between two operations:
 *   budget_used == sum over the classes of cap * size
 *   cap is a capacity; where it is 0 the class has no spare
 *   the shard is one of those that there are, and own is NULL or another, or the first */
struct ash_thread {
	struct ash_list link;      /* all records; THREADS lock */
	struct ash_thread *unused; /* next record without a thread; THREADS lock */
	struct ash_tls *tls;       /* NULL while it has no thread; THREADS lock */
	uint32_t generation;       /* forks between the first process and its thread's */
	/* By class, the tops of its magazines: those of tls; where the thread is apart `rest`,
	 * an array of its own that it keeps, and those of tls stay at the static one, so that
	 * every call takes the slow path.  Changes under the THREADS lock. */
	void ***top;
	void ***rest; /* or NULL */
	struct ash_shard *shard;
	struct ash_shard *own; /* for lined classes of which it took own_from bytes, or NULL;
				  changes under the SHARDS lock */
	uint32_t own_from;
	uint64_t contended;        /* failed try-locks when last looked at */
	uint64_t contended_common; /* the same of the common shard's; while own_from > 0 */
	uint32_t epoch;            /* of its last tick; atomic, others read it */
	bool asleep;               /* not in the list of those awake; changes under the THREADS
				      lock, the owner reads it without */
	struct ash_list awake;     /* THREADS lock */
	uint32_t slow_paths;
	bool fresh; /* it is not the only thread, and made no slow call that allocates yet */
	uint32_t budget_used; /* bytes that its capacities amount to */
	/* The program's own arena that it is bound to: no class has a magazine then, so that
	 * every call takes the slow path; NULL = none.  And the number that it asked for. */
	struct ash_arena *arena;
	unsigned arena_index;
	size_t freed;         /* bytes that it gave to depot and slabs and did not take since */
	uint32_t tcache_max;  /* largest class with magazines; 0 = none has: all of its calls go
				 to the slabs */
	uint32_t tcache_most; /* the same while it is on, as it is unless the program says so */
	bool tcache_on;
	struct ash_counted counted;
	uint64_t paced; /* bytes that it took, and that the sum lacks: see stats_interval */
	struct ash_class_cache classes[ASH_CLASSES];
	struct ash_runs runs;
	/* Of all threads that the record ever had; read by anyone (cache/larges.h). */
	struct ash_large_count larges[ASH_LARGE_FREQUENT];
};

/* Why all of a thread's calls take the slow path; bits. */
enum ash_apart {
	ASH_APART_COUNTED = 1, /* what it takes and gives back is counted */
	ASH_APART_CHECKED = 2, /* checks:on */
	ASH_APART_FILLED = 4,  /* what it takes or gives back is filled: junk, zero */
	ASH_APART_PACED = 8,   /* the bytes that it takes count towards stats_interval */
};

/* Why those of all threads do.  Set at boot, or (mallopt) later: a thread that there was before
 * is apart as soon as it has seen it.  Atomic. */
extern uint32_t ash_thread_all_apart ASH_HIDDEN;

enum ash_thread_phase { ASH_THREAD_UNBORN, ASH_THREAD_BIRTH, ASH_THREAD_LIVE, ASH_THREAD_DEAD };

/* All that the fast paths touch of a thread; tops by class.  One
 * without a magazine points to a static slot that reads as both empty and full.
 *
 * It is the thread's alone.  Compiler fences order its accesses against a fork in between: an
 * item is stored before the top that covers it, and read before the top is lowered.  Others
 * read tops only for statistics, under the THREADS lock, which keeps the thread from ending
 * meanwhile.
 *
 * Each top points into a magazine of its class (cache/magazine.h), no two into one, or
 * is the static one, as they all are while the thread is apart; thread is NULL or a record
 * whose `tls` is this; runs is NULL or that record's, and NULL while the thread is apart. */
struct ash_tls {
	void **top[ASH_CLASSES];
	/* Class of n up to 1024 bytes at [(n + 15) / 16].  The same in every thread: here it
	 * is an instruction nearer than as a table of the library's. */
	uint8_t class_by_16[ASH_BY_16_MAX / ASH_SMALL_STEP + 1];
	/* Size of those classes, for calloc: in every thread for the same reason. */
	uint16_t size_of[ASH_BY_16_CLASSES];
	struct ash_thread *thread;
	struct ash_runs *runs; /* NULL also until it kept a run */
	uint32_t phase;        /* enum ash_thread_phase */
	uint32_t apart;        /* enum ash_apart */
	bool may_fail;         /* whoever allocates just now can do without: see xmalloc */
	bool said_on;          /* in destructors, after its end: that it have a cache */
};

extern __thread struct ash_tls ash_tls ASH_HIDDEN;

/* Both empty and full: NULL, NULL below it, and the end of its block. */
extern void *ash_static_magazine[ASH_MAGAZINE_SLOTS] ASH_HIDDEN;
#define ASH_STATIC_TOP (&ash_static_magazine[ASH_MAGAZINE_SLOTS - 1])

struct ash_thread *ash_thread_birth(void);

/* What `bound` of each class is in a thread that begins; set before there is one. */
extern uint8_t ash_thread_bounds[ASH_CLASSES] ASH_HIDDEN;
/* The thread's are these again; it has no magazines. */
void ash_thread_unbound(struct ash_thread *thread);

/* Puts the thread apart for one more reason; false where there is no memory.  Its own only. */
bool ash_thread_set_apart(struct ash_thread *thread, enum ash_apart why);

/* For slow paths: the thread took, or gave back, an object of so many usable bytes. */
ASH_INLINE void ash_thread_count_taken(size_t usable)
{
	if (ASH_UNLIKELY(ash_tls.apart & ASH_APART_COUNTED) && ash_tls.thread != NULL) {
		struct ash_counted *c = &ash_tls.thread->counted;

		c->allocated += usable;
		if ((int64_t)(c->allocated - c->deallocated) > c->peak)
			c->peak = (int64_t)(c->allocated - c->deallocated);
	}
}
ASH_INLINE void ash_thread_count_given(size_t usable)
{
	if (ASH_UNLIKELY(ash_tls.apart & ASH_APART_COUNTED) && ash_tls.thread != NULL)
		ash_tls.thread->counted.deallocated += usable;
}

/* The equations of a record, and of the magazines that its tops point into; by its owner.  The
 * second walks over all items. */
bool ash_thread_is_valid(const struct ash_thread *thread);
bool ash_thread_tops_are_valid(const struct ash_thread *thread);
/* The equations of the list of records (thread.c), by a walk; caller holds the THREADS lock. */
bool ash_thread_list_is_valid(void);

/* This thread's record, made on first use.  NULL where it has none (no memory, being born,
 * ending): the caller then serves singly.  May allocate: call without a lock. */
ASH_INLINE struct ash_thread *ash_thread_self(void)
{
	return ASH_LIKELY(ash_tls.phase == ASH_THREAD_LIVE) ? ash_tls.thread
							    : ash_thread_birth();
}

/* Registers what ends threads.  Call once at boot, without a lock; allocations made while it
 * runs are served. */
void ash_thread_init(void);

/* The record whose thread there is that comes after `thread` in the list, or the first of all
 * (NULL); NULL at the end.  Caller holds the THREADS lock. */
struct ash_thread *ash_thread_next(struct ash_thread *thread);
/* Calls fn for every record whose thread there is, under the THREADS lock. */
void ash_thread_each(void (*fn)(struct ash_thread *thread, void *argument), void *argument);
/* The same for all records, also those without a thread. */
void ash_thread_each_record(void (*fn)(struct ash_thread *thread, void *argument),
			    void *argument);
/* The same for those that are awake: all but whom fn had fall asleep.  Where it returns false
 * the thread does, if it has no spare magazine and no run waits; it wakes by itself when it
 * gets one (ash_thread_wake). So what goes by epochs costs nothing for threads that do nothing.
 */
void ash_thread_each_awake(bool (*fn)(struct ash_thread *thread, void *argument),
			   void *argument);
/* By the owner, after it looked at the clock, stored a spare or kept a run, where it finds
 * itself asleep. Call without a lock. */
void ash_thread_wake(struct ash_thread *thread);
unsigned ash_thread_count(void);
/* Bytes of objects in the magazines of all threads: exact where they rest. */
size_t ash_thread_cached_bytes(void);
/* Bytes of runs in the run caches of all threads, likewise. */
size_t ash_thread_waiting_bytes(void);
/* Since when, by the coarse clock, at most one thread with a record is left of several; 0 where
 * there are several, or never were. */
uint64_t ash_thread_alone_ns(void);

/* Called by a thread that ends where no more than one is left, after it gave up its record and
 * under no lock.  Set at boot, NULL = nobody. */
extern void (*ash_thread_alone_hook)(void);
/* Whether every thread that ever had a record has ended: the process may be about to. */
bool ash_thread_none_left(void);

/* What a thread's end and a fork leave to the cache layer above this file: all magazines of the
 * record, and those that the tops (of each class) point into, go to the slabs. */
extern void (*ash_thread_flush)(struct ash_thread *thread, void **top[]);

/* After fork, in the child: notes what threads hold that are no more, which costs it a look at
 * each.  Their stacks are libc's to use again from now on. */
void ash_thread_after_fork(void);

/* Flushes and drops the records of up to `most` such threads; returns whether some are left.
 * By any thread.  Call without a lock. */
bool ash_thread_inherit(unsigned most);

struct ash_mutex;
struct ash_mutex *ash_thread_mutex(void); /* for fork */

#endif
