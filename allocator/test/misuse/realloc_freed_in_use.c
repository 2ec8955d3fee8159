/* realloc of a freed block that still lies in the thread's magazine, to a size that moves it.
 */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p;

	honest_use(300);
	p = malloc(300);
	free(p);
	hidden(realloc(hidden(p), 2000));
}
