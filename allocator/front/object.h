/* What a pointer of the program's is: the full check, for every call that is not the fast
 * path of free. */
#ifndef ASH_FRONT_OBJECT_H
#define ASH_FRONT_OBJECT_H

#include <stddef.h>
#include "meta/far_table.h"

struct ash_run;

enum ash_object_kind {
	ASH_OBJECT_NONE,  /* no live allocation of ours; `why` says what is wrong */
	ASH_OBJECT_FREED, /* ours, but free */
	ASH_OBJECT_SMALL,
	ASH_OBJECT_RUN,
	ASH_OBJECT_MAPPING,
	ASH_OBJECT_ARENA, /* of an arena of the program's own */
	ASH_OBJECT_EARLY, /* allocated while boot went on (meta/early.h) */
};

struct ash_object {
	enum ash_object_kind kind;
	size_t usable; /* bytes; of a freed one where known, else 0 */
	struct ash_run *run;
	struct ash_far far;
	unsigned class; /* of an arena's small one, else 0 */
	const char *why;
};

/* Why, where no call ever returned it. */
#define ASH_OBJECT_NEVER "it was never allocated"

/* An object that lies in a thread's magazine counts as live: only its slab can tell.  (Under
 * `checks:on` it counts as freed.) */
struct ash_object ash_object_of(const void *p);

#endif
