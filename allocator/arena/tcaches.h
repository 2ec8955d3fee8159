/* Explicit thread caches (tcache.create, MALLOCX_TCACHE): plain arrays of free small objects,
 * owned by whoever has the number.
 *
 * One holds objects of one arena, or of the heap, at a time, its home: it is emptied where one
 * of another is asked for, and none of another is put in.  So an object never comes from an
 * arena that was not asked for.  Two threads that use one at once wait for each other.  Numbers
 * of destroyed ones are used again.  Call all of it without a lock. */
#ifndef ASH_ARENA_TCACHES_H
#define ASH_ARENA_TCACHES_H

#include <stdbool.h>
#include <stddef.h>

struct ash_arena;
struct ash_mutex;

#define ASH_TCACHES_MOST 4093u /* the last number is one less; MALLOCX_TCACHE has 12 bits */

/* 0, or EAGAIN where there is no memory or number left. */
int ash_tcaches_create(unsigned *id);
/* Gives back what it holds.  ENOENT where there is none. */
int ash_tcaches_flush(unsigned id);
int ash_tcaches_destroy(unsigned id);
bool ash_tcaches_exists(unsigned id);

/* Writes up to `want` objects of the heap; returns how many. */
typedef unsigned ash_tcaches_fill(unsigned class, void **out, unsigned want);

/* An object of the class and of `home` (NULL = the heap, from which `fill` gets some); NULL
 * with ENOMEM. */
void *ash_tcaches_alloc(unsigned id, struct ash_arena *home, unsigned class,
			ash_tcaches_fill *fill);
/* Takes one that is out; false where it has to go back by another way, for the cache holds
 * another's.  One that it holds already is reported. */
bool ash_tcaches_free(unsigned id, struct ash_arena *home, unsigned class, void *p);

/* The objects of this arena are no more. */
void ash_tcaches_forget(struct ash_arena *arena);

/* For fork; as ash_arenas_each_mutex. */
void ash_tcaches_each_mutex(bool prepare, void (*fn)(struct ash_mutex *mutex));

#endif
