/* The exported functions about limits: the program reads and sets them, and is told of them. */
#include <ashlar/ashlar.h>

#include <errno.h>

#include "front/boot.h"
#include "front/bounds.h"
#include "page/account.h"
#include "page/limits.h"

static_assert((int)ASHLAR_LIMIT_SOFT == (int)ASH_BOUND_SOFT &&
		      (int)ASHLAR_LIMIT_HARD == (int)ASH_BOUND_HARD,
	      "the listener gets what the program knows");

ASH_EXPORT int ASH_API(set_limit_callback)(ASH_API(limit_function) * function, void *argument)
{
	return ash_bounds_listen(function, argument) ? 0 : EBUSY;
}

ASH_EXPORT int ASH_API(set_limit)(int which, size_t bytes)
{
	if (!ash_boot())
		return ENOMEM;
	if (bytes == 0)
		bytes = ASH_NO_LIMIT;
	switch (which) {
	case ASHLAR_LIMIT_SOFT:
		ash_limits_set_soft(&ash_heap, bytes);
		return 0;
	case ASHLAR_LIMIT_HARD:
		ash_store_relaxed(&ash_heap.limits.hard, bytes);
		return 0;
	default:
		return EINVAL;
	}
}

ASH_EXPORT size_t ASH_API(held)(void)
{
	return ash_boot() ? ash_account_held(&ash_heap) : 0;
}
