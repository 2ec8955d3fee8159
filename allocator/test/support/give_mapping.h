/* Gives an allocation of a mapping's own back as free does. */
#ifndef ASH_TEST_GIVE_MAPPING_H
#define ASH_TEST_GIVE_MAPPING_H

#include "meta/far_table.h"
#include "page/heap.h"
#include "page/mapping.h"
#include "test/support/unit.h"

static inline void give_mapping(void *p)
{
	struct ash_far entry;

	assert_true(ash_far_remove(p, &entry));
	ash_mapping_free(&ash_heap, &entry);
}

#endif
