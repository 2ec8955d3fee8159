#include "page/growth.h"

#include "page/limits.h"

/* Below this much memory nobody looks for some to give back instead of growing. */
#define HEAP_LEAST ((size_t)4 << 20)

size_t ash_growth_fresh;
void (*ash_growth_hook)(size_t bytes);

static size_t mark = HEAP_LEAST; /* what is held when it is more than ever before */

void ash_growth_tell(void)
{
	size_t fresh = ash_load_relaxed(&ash_growth_fresh), held = ash_limits_held();
	size_t step = held / 64 > ASH_GROWTH_STEP ? held / 64 : ASH_GROWTH_STEP;

	if (ash_growth_hook == NULL || held < HEAP_LEAST || fresh < step ||
	    !ash_cas_relaxed(&ash_growth_fresh, &fresh, 0)) /* another thread tells */
		return;
	if (held < ash_load_relaxed(&mark)) {
		ash_growth_hook(0);
		return;
	}
	ash_growth_hook(2 * step);
	/* Where others gave so much back, the peak stays what it was. */
	ash_store_relaxed(&mark, ash_limits_held() + step <= held ? held : held + step);
}
