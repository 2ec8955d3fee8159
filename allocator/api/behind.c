#include "api/behind.h"

#include <dlfcn.h>
#include <stddef.h>

#include "os/symbols.h"

/* By the loader's tables first.  dlsym may be another library's, and RTLD_NEXT is for libc's
 * then what lies behind that library: our own function, which would call itself for ever. */
const void *ash_behind_find(const char *name, const void *own)
{
	static const char here;
	const void *found = ash_symbols_next(name, &here);

	if (found == NULL)
		found = dlsym(RTLD_NEXT, name);
	return found != own ? found : NULL;
}
