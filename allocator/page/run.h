/* Runs: sequences of granules inside one hugeblock, handed out, taken back and merged. */
#ifndef ASH_PAGE_RUN_H
#define ASH_PAGE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include "meta/descriptor.h"

#define ASH_RUN_MOST \
	(ASH_HUGE_GRANULES / 2) /* granules: 1 MiB; above that mappings of their own */

void ash_page_init(void);

/* A run of `granules` (at most ASH_HUGE_GRANULES) whose address is a multiple of `align`
 * granules (a power of two, at most ASH_HUGE_GRANULES), its descriptor in `state`.
 * *zeroed (where not NULL) tells whether its memory was never used.  NULL with ENOMEM.
 * May map memory: call without a lock. */
struct ash_run *ash_run_alloc(unsigned granules, unsigned align, enum ash_run_state state,
			      bool *zeroed);

/* The same where `room` granules are free from its start (more than `granules`, at most
 * ASH_HUGE_GRANULES), so that it can grow in place; the room stays anybody's.  Where the
 * machine cannot give so many, without; always from a multiple of one granule. */
struct ash_run *ash_run_alloc_room(unsigned granules, unsigned room, enum ash_run_state state);

/* Takes the run back; its memory is no longer the caller's. */
void ash_run_free(struct ash_run *run);
/* The same for a large allocation; false where it is none (any more): of two threads that free
 * it at once one finds it gone. */
bool ash_run_free_large(struct ash_run *run);

/* Changes the length in place, also to the one it has, where its size did.  Growing takes free
 * granules behind the run; false where they are not free, or where the run's tail is just being
 * purged. */
bool ash_run_resize(struct ash_run *run, unsigned granules);

/* Granules in use in all hugeblocks; free ones that may hold memory which is to go; others
 * that stay (they are part of huge pages, or the kernel refuses to take them); and a running
 * count of those that were taken again while dirty. */
size_t ash_run_granules(void);
size_t ash_run_dirty(void);
size_t ash_run_kept(void);
/* The least that was dirty since the last call, what was purged meanwhile apart: that much was
 * needed by nobody. */
size_t ash_run_dirty_low(void);
size_t ash_run_muzzy(void); /* free, not purged, and the kernel may take them: not dirty */
uint64_t ash_run_retaken(void);

/* A running count of granules taken: a clock that goes as fast as the program turns memory
 * over. Read it relaxed. */
extern size_t ash_run_clock;

/* The kernel refused to take memory of the block: it is left alone until ash_run_try_refused
 * lets all such blocks be tried again. */
void ash_run_refused(struct ash_hugeblock *block);
void ash_run_try_refused(void);

/* Unmaps wholly free hugeblocks, so that their addresses and memory can serve other purposes;
 * for when memory is short.  With `clean` those only that hold no memory.  Returns how many
 * went. */
unsigned ash_run_release_blocks(bool clean);

/* A range of dirty granules that nobody can take while it is purged. */
struct ash_dirty_range {
	struct ash_hugeblock *block;
	uint16_t first, count;
	bool purged; /* set by the caller before it gives the range back */
	bool lazily; /* the same: not gone, but the kernel may take it.  Where both stay false
			the block is left alone for a while */
};

/* Reserves ranges of dirty granules, or of muzzy ones (those that were given back lazily), at
 * most `most` and not many more granules than asked for, those that have been so longest first;
 * returns how many.  Each must be given back. */
unsigned ash_run_reserve(bool lazy, struct ash_dirty_range *range, unsigned most,
			 size_t granules);
void ash_run_return_dirty(const struct ash_dirty_range *range, unsigned n);

struct ash_mutex;
struct ash_mutex *ash_page_mutex(void); /* for fork */

#endif
