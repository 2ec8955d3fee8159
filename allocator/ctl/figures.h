/* What rows of statistics tell: of the heap a field of the last epoch's snapshot, of arenas of
 * the program's own what was noted of them then. */
#ifndef ASH_CTL_FIGURES_H
#define ASH_CTL_FIGURES_H

#include "arena/figures.h"
#include "ctl/row.h"
#include "stats/epoch.h"

enum own {
	NOTHING,
	ALLOCATED,
	SMALL,
	LARGE,
	ACTIVE,
	DIRTY,
	MUZZY,
	PINNED,
	RESIDENT,
	MAPPED,
	RETAINED,
	METADATA,
	UPTIME,
	SMALL_NMALLOC,
	SMALL_NDALLOC,
	LARGE_NMALLOC,
	LARGE_NDALLOC,
	DIRTY_NPURGE,
	DIRTY_NMADVISE,
	DIRTY_PURGED,
	MUZZY_NPURGE,
	MUZZY_NMADVISE,
	MUZZY_PURGED,
	LOCK_OPS,
	LOCK_WAITS,
};
/* A row's `offset`: of both, of the heap alone, of the others alone. */
#define SUM(field) offsetof(struct ash_snapshot_whole, sums.field)
#define BOTH(field, own) (SUM(field) | (size_t)(own) << 16)
#define OWN(own) ((size_t)(own) << 16)

#define ASH_CTL_OF_ARENA "stats.arenas.<arena>."

/* Whether what is told of the number is the heap's: its own, and that of all.  And whether it
 * is another's, too, or alone: of number 0 where that was given hooks. */
bool ash_ctl_has_heap(size_t arena);
bool ash_ctl_has_own(size_t arena);

/* 64 bits of the snapshot. */
uint64_t ash_ctl_epoch_at(size_t offset);

/* The row's figure: of the heap, and of arenas that these were counted of. */
uint64_t ash_ctl_of_heap(const struct ash_ctl_row *row);
uint64_t ash_ctl_of_own(const struct ash_arena_stats *s, const struct ash_ctl_row *row);

/* All of the program's own, as the snapshot has them. */
struct ash_arena_stats ash_ctl_all_own(void);
/* One of them, or those that are no more; ENOENT where there is no such. */
int ash_ctl_one_own(size_t arena, struct ash_arena_stats *s);

/* 64 bits of what is counted of a bin of arenas of the program's own: of all, or of one. */
int ash_ctl_own_bin(size_t arena, unsigned class, size_t offset, uint64_t *n);

/* Calls of rows: of the process the sum; and of an arena, by its number. */
ash_ctl_call ash_ctl_sum, ash_ctl_figure;

/* None by design: there is no such thing here. */
ash_ctl_call ash_ctl_none, ash_ctl_none_of_arena;

#endif
