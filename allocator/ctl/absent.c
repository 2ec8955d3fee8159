#include "ctl/absent.h"

#include "ctl/figures.h"

#define PROFILE "There are no heap profiles (config.prof)."
#define NO_LOCK "There is no such lock."
#define LOCKING "It would be a store in each taking of a lock."
#define DROPPED "jemalloc 5.4.0 has dropped it, too."
#define NO_NAME "An option alone, of jemalloc's, too."

static const struct ash_ctl_absent absent[] = {
	{"prof.*", PROFILE},
	{"thread.prof.*", PROFILE},
	{"experimental.prof_recent.*", PROFILE},
	{"experimental.hooks.prof_*", PROFILE},
	{"experimental.hooks.thread_event", "It would be a branch in each call."},
	{"experimental.hooks.install", DROPPED},
	{"experimental.hooks.remove", DROPPED},
	{"experimental.arenas.<arena>.pactivep",
	 "Pages in use are no word of memory that could be pointed to."},
	{"opt.bin_shards", NO_NAME},
	{"opt.log", NO_NAME},
	{"opt.slab_sizes", NO_NAME},
	{"opt.lg_tcache_flush_large_div", DROPPED},
	{"opt.lg_tcache_flush_small_div", DROPPED},
	{"opt.lg_tcache_nslots_mul", DROPPED},
	{"opt.tcache_gc_delay_bytes", DROPPED},
	{"opt.tcache_nslots_large", DROPPED},
	{"opt.tcache_nslots_small_max", DROPPED},
	{"opt.tcache_nslots_small_min", DROPPED},
	{"stats.mutexes.background_thread.*", NO_LOCK},
	{"stats.mutexes.max_per_bg_thd.*", NO_LOCK},
	{"stats.mutexes.prof*", PROFILE},
	{"stats.mutexes.ctl.num_ops", LOCKING},
	{"stats.mutexes.ctl.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "extent_avail", "Unused descriptors are not counted."},
	{ASH_CTL_OF_ARENA "hpa_sec_*", "There is no such cache."},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.num_spin_acq",
	 "Bins tell of all who waited alike: num_wait."},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.total_wait_time",
	 "How long is known of kinds of locks alone."},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.max_wait_time", "The same."},
	{ASH_CTL_OF_ARENA "bins.<bin>.mutex.max_num_thds", "The same."},
	{ASH_CTL_OF_ARENA "mutexes.large.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.large.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.extent_avail.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.extent_avail.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.extents_dirty.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.extents_dirty.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.extents_muzzy.*",
	 "The lock of runs in hugeblocks is told of as hpa_shard."},
	{ASH_CTL_OF_ARENA "mutexes.extents_retained.*", "The same."},
	{ASH_CTL_OF_ARENA "mutexes.extents_pinned.*",
	 "The lock of an arena of one's own is told of as mutexes.arena."},
	{ASH_CTL_OF_ARENA "mutexes.decay_dirty.*", NO_LOCK},
	{ASH_CTL_OF_ARENA "mutexes.decay_muzzy.*", NO_LOCK},
	{ASH_CTL_OF_ARENA "mutexes.base.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.base.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.tcache_list.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.tcache_list.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.hpa_shard.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.hpa_shard.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.hpa_shard_grow.num_ops", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.hpa_shard_grow.num_owner_switch", LOCKING},
	{ASH_CTL_OF_ARENA "mutexes.hpa_sec.*", "There is no such cache."},
};

unsigned ash_ctl_absent_count(void)
{
	return sizeof(absent) / sizeof(absent[0]);
}

const struct ash_ctl_absent *ash_ctl_absent_at(unsigned i)
{
	return &absent[i];
}
