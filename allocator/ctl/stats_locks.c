/* What threads waited for. */
#include <errno.h>
#include <string.h>

#include "ctl/figures.h"
#include "os/mutex.h"
#include "slab/shard.h"

/* A row's `offset`: which locks, and what of them. */
#define WAITS(rank, field) ((size_t)(rank) | offsetof(struct ash_mutex_waits, field) << 8)

static int waits(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	struct ash_mutex_waits w;
	size_t rank = row->offset & 0xff;

	(void)at, (void)in;
	ash_epoch_read(offsetof(struct ash_snapshot_whole, locks) + rank * sizeof(w), &w,
		       sizeof(w));
	memcpy(out, (const char *)&w + (row->offset >> 8),
	       row->type == ASH_CTL_UNSIGNED ? sizeof(out->u) : sizeof(out->u64));
	return 0;
}

static int waits_of_heap(const struct ash_ctl_row *row, const size_t *at,
			 union ash_ctl_value *out, const union ash_ctl_value *in)
{
	return ash_ctl_has_heap(at[0]) ? waits(row, at, out, in) : ENOENT;
}

/* An arena of the program's own has one lock. */
static int of_own_lock(const struct ash_ctl_row *row, const size_t *at,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	return ash_ctl_has_heap(at[0]) ? ENOENT : ash_ctl_figure(row, at, out, in);
}

static int reset(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *out,
		 const union ash_ctl_value *in)
{
	(void)row, (void)at, (void)out, (void)in;
	ash_mutex_reset_waits();
	ash_shard_reset_waits();
	return 0;
}

/* clang-format off */
#define LOCK(name, rank, call, which) \
	{name ".num_wait", ASH_CTL_U64, ASH_CTL_READ, 0, WAITS(rank, slept), call, \
	 "Times that a thread slept until it had " which "."}, \
	{name ".num_spin_acq", ASH_CTL_U64, ASH_CTL_READ, 0, WAITS(rank, spun), call, \
	 "Times that it had it after a few polls."}, \
	{name ".total_wait_time", ASH_CTL_U64, ASH_CTL_READ, 0, WAITS(rank, slept_ns), call, \
	 "Nanoseconds that threads slept."}, \
	{name ".max_wait_time", ASH_CTL_U64, ASH_CTL_READ, 0, WAITS(rank, longest_ns), call, \
	 "The longest of these."}, \
	{name ".max_num_thds", ASH_CTL_UNSIGNED, ASH_CTL_READ, 0, WAITS(rank, most), call, \
	 "Most threads that slept at once."}
#define OF_ARENA(name, rank, which) \
	LOCK(ASH_CTL_OF_ARENA "mutexes." name, rank, waits_of_heap, which)
/* clang-format on */

static const struct ash_ctl_row rows[] = {
	{"stats.mutexes.reset", ASH_CTL_VOID, ASH_CTL_DO, 0, 0, reset,
	 "What is counted of waiting for locks, but for arenas of one's own, begins anew."},
	LOCK("stats.mutexes.ctl", ASH_RANK_EPOCH, waits, "the lock of these statistics"),
};
const struct ash_ctl_table ash_ctl_stats_mutexes = ASH_CTL_TABLE(rows);

static const struct ash_ctl_row arena_rows[] = {
	OF_ARENA("large", ASH_RANK_FAR, "the lock of the table of mappings"),
	OF_ARENA("extent_avail", ASH_RANK_EXTENTS, "the lock of unused descriptors of extents"),
	OF_ARENA("extents_dirty", ASH_RANK_MAPPINGS, "the lock of freed mappings"),
	{ASH_CTL_OF_ARENA "mutexes.arena.num_ops", ASH_CTL_U64, ASH_CTL_READ, 0, OWN(LOCK_OPS),
	 of_own_lock, "Times that the one lock of an arena of one's own was taken."},
	{ASH_CTL_OF_ARENA "mutexes.arena.num_wait", ASH_CTL_U64, ASH_CTL_READ, 0,
	 OWN(LOCK_WAITS), of_own_lock, "Times that it was found taken."},
	OF_ARENA("base", ASH_RANK_BASE, "the lock of memory for metadata"),
	OF_ARENA("tcache_list", ASH_RANK_THREADS, "the lock of the list of threads"),
	OF_ARENA("hpa_shard", ASH_RANK_PAGE, "the lock of runs in hugeblocks"),
	OF_ARENA("hpa_shard_grow", ASH_RANK_GROW, "the lock of mapping more hugeblocks"),
};
const struct ash_ctl_table ash_ctl_stats_locks = ASH_CTL_TABLE(arena_rows);
