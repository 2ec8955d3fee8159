/* What the allocator holds and has done, in one record that every form of it is made from.
 *
 * Nobody is stopped while it is taken: numbers that belong together may be a moment apart. What
 * depends on that order is put right, so that
 *   cached <= small
 *   ash_snapshot_in_use() = small - cached + runs of large allocations + large_of_arenas */
#ifndef ASH_STATS_SNAPSHOT_H
#define ASH_STATS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "arena/figures.h"
#include "meta/size_class.h"
#include "os/mutex.h"
#include "os/stalls.h"
#include "reclaim/stall.h"
#include "stats/census.h"

struct ash_snapshot {
	/* Bytes, if nothing else is said. */
	size_t small;         /* of small objects out of their slabs */
	size_t cached;        /* of these, in magazines and the depot */
	size_t runs;          /* of runs in use, slabs and large */
	size_t slabs;         /* of these, slabs */
	size_t heap;          /* of hugeblocks mapped */
	size_t mappings;      /* count of large mappings */
	size_t mapped;        /* their bytes */
	size_t metadata;      /* mapped for descriptors and the like */
	size_t descriptors;   /* of these, of hugeblocks and extents, */
	size_t maps;          /* and what leads from an address to them */
	size_t dirty;         /* of free runs, resident; with those that threads keep */
	size_t muzzy;         /* of free runs that the kernel may take */
	size_t kept;          /* of free runs whose memory stays, as parts of huge pages */
	size_t kept_mappings; /* of freed mappings that wait for another use */
	size_t holes;         /* of pages given back inside slabs */
	size_t held;          /* all that may be resident: what limits count */
	/* What jemalloc calls by these names (doc/statistics.md); allocated <= active <=
	 * resident
	 * <= addresses. */
	size_t allocated;        /* usable sizes of what the program holds */
	size_t active;           /* pages that it lies in */
	size_t resident;         /* with what is free and not given back, and metadata */
	size_t addresses;        /* with pages that were never touched */
	size_t retained;         /* addresses kept beside that, without memory */
	size_t clean;            /* of these, free granules */
	size_t large;            /* of large objects, by usable size */
	size_t large_of_arenas;  /* of these, in arenas of the program's own, where they were
				    added */
	size_t mapped_of_arenas; /* their extents but retained ones, likewise */
	uint64_t purged;         /* given back so far */
	struct ash_stalls stalls;
	struct ash_os_stalled stalled[ASH_OS_STALL_CAUSES];
	uint64_t purge_passes, purge_ranges; /* batches of free runs given back, and runs */
	uint64_t muzzy_passes,
		muzzy_ranges; /* of these, of muzzy ones; and of all the others */
	uint64_t dirty_passes, dirty_ranges;
	uint64_t muzzy_purged, dirty_purged; /* of `purged`, likewise */
	uint64_t huge_made;                  /* count of blocks made huge pages, */
	uint64_t huge_refused;               /* not made by the kernel, */
	uint64_t huge_slowed;  /* times that the next ones waited since it was slow, */
	uint64_t huge_broken;  /* and that are none any more */
	size_t pool;           /* from the pool of huge pages */
	uint64_t pool_refused; /* count of refusals by it */
	uint64_t pressed;      /* how often memory was found short */
	uint64_t small_nmalloc, small_ndalloc; /* regions that left slabs and came back, ever */
	uint64_t large_nmalloc, large_ndalloc; /* large objects taken and given back, ever */
	uint64_t background_runs;              /* rounds of background threads */
	uint64_t background_interval_ns;       /* between two of them, on average */
	uint64_t small_nfills, small_nflushes; /* calls that took regions, and gave some back */
	uint64_t uptime_ns;                    /* since the heap was made */
	unsigned threads;
	unsigned shards;
	bool background; /* there is a background thread */
};

/* Of one class, over all shards.
 *
 *   ndalloc == nmalloc - curregs, and curslabs <= nslabs */
struct ash_snapshot_bin {
	uint64_t nmalloc; /* regions that left slabs, for the program or for caches, ever */
	uint64_t ndalloc; /* that came back */
	uint64_t curregs; /* out */
	uint64_t nslabs;  /* made, ever */
	uint64_t curslabs;
	uint64_t nfills;   /* calls that took some, ever, */
	uint64_t nflushes; /* and that gave some back */
	uint64_t nreslabs; /* slabs that were used up, ever */
	uint64_t waits;    /* calls that found the lock taken and waited for it */
};

/* With what takes a walk: by class and by size.
 *
 *   sums.large_nmalloc == sum of nmalloc over larges, and so are ndalloc;
 *   at rest census.larges[i] == larges[i].nmalloc - larges[i].ndalloc */
struct ash_snapshot_whole {
	struct ash_snapshot sums;
	struct ash_snapshot_bin bin[ASH_CLASSES];
	struct ash_census census;
	struct ash_large_count larges[ASH_LARGE_SIZES];
	/* Of all arenas of the program's own, and of those that are no more; they are in
	 * nothing above but held and metadata. */
	struct ash_arena_stats arenas, destroyed;
	struct ash_arena_bin_stats arenas_bin[ASH_CLASSES];
	struct ash_large_count arenas_larges[ASH_LARGE_SIZES];
	struct ash_arena_extent_stats arenas_extents[ASH_EXTENT_BUCKETS];
	unsigned arenas_count;                   /* that there are */
	struct ash_mutex_waits locks[ASH_RANKS]; /* of all locks of a rank */
};

/* Takes the locks of the bins one after the other; call without a lock. */
void ash_snapshot_take(struct ash_snapshot *s);
void ash_snapshot_take_whole(struct ash_snapshot_whole *whole);

/* What the program has in arenas of its own is added to all that it is like: as jemalloc tells.
 */
void ash_snapshot_add_arenas(struct ash_snapshot_whole *whole);

/* Bytes that the program holds in hugeblocks: small objects outside caches, and large ones as
 * they lie. */
size_t ash_snapshot_in_use(const struct ash_snapshot *s);

#endif
