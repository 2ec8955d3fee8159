/* Objects that lie in the caches and ought not to: freed twice, or never right to free.
 *
 * A magazine is compared with the slabs when it is flushed.  What still lies in one when the
 * process ends would never be. */
#ifndef ASH_CACHE_DOUBLES_H
#define ASH_CACHE_DOUBLES_H

struct ash_misuse;

/* Looks at no more objects than this, in all. */
#define ASH_DOUBLES_LOOKED_AT 65536

/* Looks through this thread's magazines, the depot and, as far as they can be read, other
 * threads' magazines.  Writes up to `most` wrong pointers to `found`; returns how many. Changes
 * nothing.  Waits for no lock, so it may be called from a signal handler that interrupted the
 * allocator: what is locked is left out. */
unsigned ash_doubles_find(struct ash_misuse *found, unsigned most);

#endif
