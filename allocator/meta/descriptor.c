#include "meta/descriptor.h"

#include "util/atomic.h"

static bool is_in_use(unsigned state)
{
	return state == ASH_RUN_SLAB || state == ASH_RUN_LARGE || state == ASH_RUN_WAITING;
}

bool ash_descriptor_is_valid(const struct ash_run *head)
{
	unsigned first = head->index, n = head->granules;

	if (first >= ASH_HUGE_GRANULES || first + n > ASH_HUGE_GRANULES || n == 0 ||
	    head->address != ash_run_block(head)->address + first * ASH_GRANULE ||
	    head->head != 0 || !is_in_use(ash_load_relaxed(&head->state)))
		return false;
	for (unsigned i = 1; i < n; i++)
		if (ash_load_relaxed(&head[i].state) != ASH_RUN_INNER ||
		    ash_load_relaxed(&head[i].head) != i)
			return false;
	return true;
}
