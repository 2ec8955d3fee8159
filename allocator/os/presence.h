/* What one who looks at the process from outside can tell (ashlar-ctl doctor): a few words in
 * its memory, and an ELF note that says where they are and which version this is.  The note
 * lies in what is mapped, so that it tells of the library that runs, also where the file of
 * that name is another one by now. */
#ifndef ASH_OS_PRESENCE_H
#define ASH_OS_PRESENCE_H

#include <stdint.h>
#include "util/atomic.h"
#include "util/compiler.h"

enum ash_presence_state {
	ASH_PRESENCE_LOADED, /* nothing was served yet, or there was no memory to begin with */
	ASH_PRESENCE_BESIDE, /* malloc is another's: it serves who calls it by its own names */
	ASH_PRESENCE_SERVES, /* malloc */
	ASH_PRESENCE_OFF,    /* it passes all on to another's malloc, as the options say */
};

/* The note's owner and type.  Its text is the distance from itself to ash_presence, as a signed
 * number of 64 bits, and then the version with a NUL. */
#define ASH_PRESENCE_OWNER "Ashlar"
#define ASH_PRESENCE_NOTE 1

struct ash_presence {
	uint32_t layout; /* ASH_PRESENCE_LAYOUT; others are for other versions to read */
	uint32_t state;  /* enum ash_presence_state; atomic */
};
#define ASH_PRESENCE_LAYOUT 1

extern struct ash_presence ash_presence ASH_HIDDEN;

ASH_INLINE void ash_presence_set(enum ash_presence_state state)
{
	ash_store_relaxed(&ash_presence.state, (uint32_t)state);
}

#endif
