/* Dies of SIGSEGV at call PLANTED_CALLS. */
#include <signal.h>
#include "harness/test/planted.h"

static long left = 1000;

void planted_begin(void)
{
	const char *text = getenv("PLANTED_CALLS");

	if (text)
		left = atol(text);
}

void planted_call(void)
{
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_RELAXED) == 0)
		raise(SIGSEGV);
}
