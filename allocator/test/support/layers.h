/* Brings the layers below the api up in a unit test, once, in the order of boot, and with the
 * test's own clocks. */
#ifndef ASH_TEST_LAYERS_H
#define ASH_TEST_LAYERS_H

#include "meta/window.h"
#include "os/os.h"
#include "page/heap.h"
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

#endif
