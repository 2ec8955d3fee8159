/* A walk over all hugeblocks and mappings: what lies in them, by class and by size, and how
 * much of it holds memory.
 *
 * Costs a look at each granule's descriptor, 128 per 2 MiB.  Nobody is stopped meanwhile: exact
 * where the program rests, else as old as it takes. */
#ifndef ASH_STATS_CENSUS_H
#define ASH_STATS_CENSUS_H

#include <stddef.h>
#include <stdint.h>
#include "meta/large_size.h"
#include "meta/page_size.h"
#include "meta/size_class.h"

struct ash_census_class {
	uint64_t slabs, nonfull; /* with free regions */
};

/* Free runs: sequences of granules that are dirty, that the kernel may take, or that hold no
 * memory.  What is kept as part of huge pages is none of them. */
enum ash_census_free {
	ASH_CENSUS_DIRTY,
	ASH_CENSUS_MUZZY,
	ASH_CENSUS_CLEAN,
	ASH_CENSUS_FREE_KINDS
};
struct ash_census_runs {
	uint64_t count[ASH_CENSUS_FREE_KINDS];
	size_t bytes[ASH_CENSUS_FREE_KINDS];
};

/* Hugeblocks.  Bytes in runs in use, and of free granules that hold memory. */
struct ash_census_blocks {
	size_t count, active, dirty;
};

/* The lengths of runs, by meta/page_size.h: none is longer than a hugeblock. */
#define ASH_CENSUS_LENGTHS 32u

/* Bytes, if nothing else is said.
 *
 *   large == sum of usable sizes, and so are whole pages but for ends of runs */
struct ash_census {
	struct ash_census_class class[ASH_CLASSES];
	uint64_t larges[ASH_LARGE_SIZES]; /* count of live objects by size */
	struct ash_census_runs runs[ASH_CENSUS_LENGTHS];
	/* The second of two: huge pages.  Full ones, empty ones, and the others by their
	 * longest free run; the first are the sum. */
	struct ash_census_blocks blocks[2], full[2], empty[2], nonfull[ASH_CENSUS_LENGTHS][2];
	size_t large;      /* of live large objects */
	size_t slab_pages; /* of slabs that were carved and not given back, in whole pages */
	size_t slack;      /* that runs in use hold besides, as parts of huge pages */
};

void ash_census_take(struct ash_census *census);

#endif
