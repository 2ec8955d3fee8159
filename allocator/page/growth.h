/* Growth: tells when the heap touches memory that it did not hold before, so that what others
 * do without can go first.
 *
 * Whoever takes fresh memory, granules of hugeblocks or a mapping, notes it, under whatever
 * lock; and looks afterwards, under none. */
#ifndef ASH_PAGE_GROWTH_H
#define ASH_PAGE_GROWTH_H

#include <stddef.h>
#include "util/atomic.h"
#include "util/compiler.h"

#define ASH_GROWTH_STEP ((size_t)512 << 10) /* the least, in bytes */

/* Called under no lock each time that fresh memory was a 64th of what is held, and at least
 * 512 KiB, from 4 MiB on.  Where more is held than ever before, `bytes` is two such steps:
 * where they are given back, the peak stays.  Else it is 0.  NULL = nobody. */
extern void (*ash_growth_hook)(size_t bytes);

/* Fresh memory noted since the hook was called last; read it relaxed. */
extern size_t ash_growth_fresh;

ASH_INLINE void ash_growth_note(size_t bytes)
{
	if (bytes != 0)
		ash_add_relaxed(&ash_growth_fresh, bytes);
}

void ash_growth_tell(void);

ASH_INLINE void ash_growth_look(void)
{
	if (ASH_UNLIKELY(ash_load_relaxed(&ash_growth_fresh) >= ASH_GROWTH_STEP))
		ash_growth_tell();
}

#endif
