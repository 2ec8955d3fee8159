/* Burns instructions at each call, as many loops as PLANTED_BURN says.  Three make
 * tiny-churn about a fifth slower. */
#include "harness/test/planted.h"

static unsigned long burn = 3;

void planted_begin(void)
{
	const char *text = getenv("PLANTED_BURN");

	if (text)
		burn = strtoul(text, NULL, 10);
}

void planted_call(void)
{
	for (unsigned long i = 0; i < burn; i++)
		__asm__ volatile("" : "+r"(i));
}
