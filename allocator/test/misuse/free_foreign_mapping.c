/* Memory that the program mapped itself. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	void *p =
		mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	free(hidden(p));
}
