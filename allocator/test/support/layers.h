/* Brings the layers below the api up in a unit test, once, in the order of boot, and with the
 * test's own clocks. */
#ifndef ASH_TEST_LAYERS_H
#define ASH_TEST_LAYERS_H

#include "meta/window.h"
#include "os/os.h"
#include "page/heap.h"
#include "slab/bin_walk.h"
#include "slab/shard.h"
#include "test/support/clock.h"

static inline int layers_up(void **state)
{
	(void)state;
	clock_start();
	ash_os_init();
	ash_heap_init(&ash_heap);
	return ash_window_init((uint64_t)16 << 30) && ash_shard_init(4) ? 0 : -1;
}

/* The first slab of the bin that is old enough and has holes. */
static inline struct ash_run *layers_detach(struct ash_bin *bin, uint32_t epoch,
					    uint64_t *holes)
{
	unsigned looks = UINT32_MAX;
	struct ash_bin_walk walk;

	ash_bin_walk_begin(bin, &walk, ASH_BIN_AGED, epoch);
	return ash_bin_walk_detach(bin, &walk, &looks, holes);
}

#endif
