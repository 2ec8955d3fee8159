/* Explicit thread caches (tcache.create, MALLOCX_TCACHE): plain arrays of free objects, owned by
 * whoever has the number.
 *
 * One holds objects of one arena, or of the heap, at a time: it is emptied before those of
 * another are put in, so that an object never comes from an arena that was not asked for.  Two
 * threads that use one at once wait for each other.  Numbers of destroyed ones are used again. */
#ifndef ASH_ARENA_TCACHES_H
#define ASH_ARENA_TCACHES_H

#include <stdbool.h>
#include <stddef.h>

#define ASH_TCACHES_MOST 4093u /* the last number is one less; MALLOCX_TCACHE has 12 bits */

/* 0, or EAGAIN where there is no memory or number left. */
int ash_tcaches_create(unsigned *id);
/* Gives back what it holds.  ENOENT where there is none. */
int ash_tcaches_flush(unsigned id);
int ash_tcaches_destroy(unsigned id);
bool ash_tcaches_exists(unsigned id);

#endif
