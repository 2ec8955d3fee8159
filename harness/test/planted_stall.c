/* Never returns from call 1000. */
#include <unistd.h>
#include "harness/test/planted.h"

static long left = 1000;

void planted_begin(void)
{
}

void planted_call(void)
{
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) == 0)
		for (;;)
			pause();
}
