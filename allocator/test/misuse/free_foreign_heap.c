/* Memory behind the program's break, where other allocators have their blocks. */
#include "test/misuse/misuse.h"

static void wrong(void)
{
	char *p = sbrk(65536);

	free(hidden(p + 4096));
}
