#include "page/growth.h"

#include "page/account.h"
#include "util/assert.h"

/* Below this much memory nobody looks for some to give back instead of growing. */
#define HEAP_LEAST ((size_t)4 << 20)

bool (*ash_growth_hook)(struct ash_heap *heap, size_t bytes);

void ash_growth_tell(struct ash_heap *heap)
{
	struct ash_growth *growth = &heap->growth;
	size_t fresh = ash_load_relaxed(&growth->fresh), held = ash_account_held(heap), mark;
	size_t step = held / 64 > ASH_GROWTH_STEP ? held / 64 : ASH_GROWTH_STEP;

	ash_store_relaxed(&growth->step, step); /* nobody asks before */
	if (ash_growth_hook == NULL || held < HEAP_LEAST || fresh < step ||
	    !ash_cas_relaxed(&growth->fresh, &fresh, 0)) /* another thread tells */
		return;
	if (held < ash_load_relaxed(&growth->mark)) {
		ash_growth_hook(heap, 0);
		return;
	}
	if (ash_growth_hook(heap, 2 * step)) { /* it is to go on soon */
		ash_add_relaxed(&growth->fresh, step - step / 4);
		return;
	}
	/* Where others gave so much back, the peak stays what it was. */
	mark = ash_account_held(heap) + step <= held ? held : held + step;
	ash_assert(mark >= held);
	ash_store_relaxed(&growth->mark, mark);
}
