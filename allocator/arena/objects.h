/* What is allocated in an arena: small objects in slabs of the heap's size classes, and large
 * ones, each an extent of its own.  Called without a lock. */
#ifndef ASH_ARENA_OBJECTS_H
#define ASH_ARENA_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include "arena/map.h"
#include "cache/thread.h"
#include "arena/state.h"

/* At least `size` bytes (0 = 1) at a multiple of `align`, a power of two.  *zeroed (where not
 * NULL) tells whether they read as zero.  NULL with ENOMEM, after what lies idle was given
 * back. */
void *ash_objects_alloc(struct ash_arena *arena, size_t size, size_t align, bool *zeroed);

/* Up to `want` objects of a class; returns how many, 0 with ENOMEM.  Without relief. */
unsigned ash_objects_fill(struct ash_arena *arena, unsigned class, void **out, unsigned want);

enum ash_arena_place {
	ASH_PLACE_NONE,   /* in no extent of an arena */
	ASH_PLACE_OUT,    /* a live allocation begins here */
	ASH_PLACE_FREED,  /* it is free */
	ASH_PLACE_NEVER,  /* and was never allocated */
	ASH_PLACE_INSIDE, /* it lies within an allocation, not at its start */
};
struct ash_arena_object {
	enum ash_arena_place place;
	struct ash_arena *arena;
	size_t usable;  /* where OUT, and where a small one was FREED */
	unsigned class; /* of a small one, else 0 */
};
struct ash_arena_object ash_objects_look(const void *p);

/* How the extent is used that an object lies in, and all slabs of its class in the arena;
 * zeroes where p is in none. */
struct ash_arena_use {
	size_t nfree, nregs, bytes; /* of the extent */
	size_t bin_nfree, bin_nregs;
	void *filling; /* the slab that the next object comes from */
};
struct ash_arena_use ash_objects_use(const void *p);

/* Frees the allocation at p; false where none is live there (any more). */
bool ash_objects_free(void *p);

/* Another size for a large object, in its place: usable is then what ash_large_usable says of
 * it.  False where it cannot be; it is then as it was. */
bool ash_objects_resize(void *p, size_t size);

/* Slabs without an object that wait for their next one become free extents. */
void ash_objects_tidy(struct ash_arena *arena);
/* Frees all. */
void ash_objects_reset(struct ash_arena *arena);

/* The arena that this thread is bound to; NULL = none, or a hook is being called. */
ASH_INLINE struct ash_arena *ash_arena_mine(void)
{
	const struct ash_thread *t = ash_tls.thread;

	return ASH_LIKELY(t == NULL || t->arena == NULL) || ash_hooks_depth != 0 ? NULL
										 : t->arena;
}

#endif
