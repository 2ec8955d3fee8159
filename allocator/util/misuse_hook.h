/* How a lower layer reports that the program misused the heap: it fills a record, and,
 * once it holds no lock, hands it to the hook that the api layer registered at boot. */
#ifndef ASH_UTIL_MISUSE_HOOK_H
#define ASH_UTIL_MISUSE_HOOK_H

#include <stddef.h>

enum ash_misuse_kind { ASH_MISUSE_NONE, ASH_MISUSE_DOUBLE_FREE, ASH_MISUSE_INVALID_FREE };

struct ash_misuse {
	enum ash_misuse_kind kind;
	const void *pointer;
	size_t size;     /* of the size class or allocation; 0 = not known */
	const char *why; /* for an invalid free */
};

/* Returns where the program chose to go on; the object is then left as it is. */
extern void (*ash_misuse_hook)(const struct ash_misuse *misuse);

#endif
