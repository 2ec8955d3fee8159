/* The one ordered list of all locks, and the debug-only check that they are taken in
 * this order: a thread takes a lock only while every lock it holds ranks lower. */
#ifndef ASH_OS_LOCK_RANK_H
#define ASH_OS_LOCK_RANK_H

enum ash_lock_rank {
	ASH_RANK_EPOCH = 1, /* the snapshot that statistics are read from */
	ASH_RANK_THREADS,   /* list of thread records */
	ASH_RANK_SHARDS,    /* creation of shards, who owns them */
	ASH_RANK_DEPOT,     /* full magazines of one class (and one owned shard) */
	ASH_RANK_BIN,       /* slabs of one class in one shard */
	ASH_RANK_GROW,      /* mapping more hugeblocks */
	ASH_RANK_TAIL,      /* a mapping's unused end while it is purged */
	ASH_RANK_PAGE,      /* runs in hugeblocks */
	ASH_RANK_MAPPINGS,  /* cache of large mappings */
	ASH_RANK_FAR,       /* table of mappings outside the window */
	ASH_RANK_ARENAS,    /* which arenas of the program's own there are */
	ASH_RANK_TCACHES,   /* which explicit thread caches there are */
	ASH_RANK_TCACHE,    /* one of them */
	ASH_RANK_ARENA,     /* extents and slabs of one arena */
	ASH_RANK_EXTENTS,   /* unused descriptors of extents */
	ASH_RANK_MAGAZINES, /* free list of magazines */
	ASH_RANK_BASE,      /* memory for metadata */
	ASH_RANKS
};

#include <stdbool.h>

#if ASH_DEBUG >= 1
void ash_lock_rank_acquire(enum ash_lock_rank rank);
void ash_lock_rank_release(enum ash_lock_rank rank);
/* Fails where the thread holds any lock: before a call that may allocate or sleep. */
void ash_lock_rank_assert_none(void);
/* Whether the thread holds any; in builds without the check: no. */
bool ash_lock_rank_holds_any(void);
/* Fails where the thread holds a lock that must be free over a system call: all but GROW and
 * TAIL, outside of fork. */
void ash_lock_rank_assert_system_call(void);
/* Locks of one rank in sequence are allowed while set, and system calls. */
void ash_lock_rank_allow_same(int allow);
/* In between likewise, by who forks; in any order where a signal handler forks that interrupted
 * the thread with locks, or in a fork. */
void ash_lock_rank_fork_begins(void);
void ash_lock_rank_fork_ends(void);
#else
#define ash_lock_rank_acquire(rank) ((void)(rank))
#define ash_lock_rank_release(rank) ((void)(rank))
#define ash_lock_rank_assert_none() ((void)0)
#define ash_lock_rank_holds_any() false
#define ash_lock_rank_assert_system_call() ((void)0)
#define ash_lock_rank_allow_same(allow) ((void)(allow))
#define ash_lock_rank_fork_begins() ((void)0)
#define ash_lock_rank_fork_ends() ((void)0)
#endif

#endif
