#include "meta/descriptor.h"

#include "util/atomic.h"

bool ash_descriptor_is_valid(const struct ash_run *head)
{
	unsigned first = head->number % ASH_HUGE_GRANULES, n = head->granules;
	const struct ash_run *run = head - first;
	const struct ash_hugeblock *block =
		(const void *)((const char *)run - offsetof(struct ash_hugeblock, run));

	if (block->number != head->number / ASH_HUGE_GRANULES || head->head != 0 ||
	    (head->state != ASH_RUN_SLAB && head->state != ASH_RUN_LARGE) || n == 0 ||
	    first + n > ASH_HUGE_GRANULES)
		return false;
	for (unsigned i = 1; i < n; i++)
		if (ash_load_relaxed(&head[i].state) != ASH_RUN_INNER ||
		    ash_load_relaxed(&head[i].head) != i)
			return false;
	return true;
}
