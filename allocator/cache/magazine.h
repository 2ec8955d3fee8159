/* A magazine: a fixed array of pointers to free objects of one class, used as a stack.
 *
 * It is 64 words long and aligned to 512 bytes.  A magazine of capacity `cap` (at most 62) has
 * its items in slots 64 - cap .. 63, bottom first, and `top` points at the last item.  The two
 * slots below hold no items.  Slot 63 - cap is NULL, the sentinel that ends malloc's stack, so
 * its place is the capacity.  (In an inbox it holds the class: what lies in an object's place
 * now does not tell it, where the object was freed twice.)  Slot 62 - cap lets the comparison
 * with the last two items stay inside the array and off stale pointers.  free finds the
 * magazine full where the slot behind `top` would be the next array's.  Slot 0 holds the
 * capacity as a number, which equals no pointer, so the comparison may meet it.  In a list slot
 * 0 holds the link, too: arrays are aligned to 512, which leaves nine bits for the number.
 *
 * A magazine belongs to whoever holds it, and nobody else reads or writes it.  That is a thread
 * (the one that its top points into, its drained one, one on the way), a spare slot (its owner
 * or the tick that takes it by exchange), the depot (under the lock of the class), an inbox
 * (whoever takes the list), or the free list (under its lock, rank MAGAZINES).  It changes
 * hands by a lock or by release and acquire, so its items are visible with it.  Statistics
 * alone look into the magazine of a running thread; arrays are never unmapped, so that is safe.
 */
#ifndef ASH_CACHE_MAGAZINE_H
#define ASH_CACHE_MAGAZINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "meta/window.h"
#include "util/assert.h"
#include "util/compiler.h"

#define ASH_MAGAZINE_SLOTS 64
#define ASH_MAGAZINE_BYTES (ASH_MAGAZINE_SLOTS * sizeof(void *))
#define ASH_MAGAZINE_MOST 62 /* capacity */

/* Whether `top` points into a magazine as described above: the capacity is one, NULL lies in
 * the slot of the sentinel and below it, and no item is NULL (with safety checks: else a sized
 * free may have given one).  By whoever holds it.  The static magazine is one, too. */
bool ash_magazine_is_valid(void *const *top);
/* The same of one that is full, as they lie in the depot. */
bool ash_magazine_is_full(void *const *magazine);

/* One array from the free list, its content undefined.  NULL where there is no memory. */
void **ash_magazine_get(void);
void ash_magazine_put(void **magazine);

struct ash_mutex;
struct ash_mutex *ash_magazine_mutex(void); /* for fork */

/* Makes it empty with the given capacity; returns its top. */
static inline void **ash_magazine_clear(void **magazine, unsigned cap)
{
	void **top = magazine + (ASH_MAGAZINE_SLOTS - 1 - cap);

	ash_assert(((uintptr_t)magazine & (ASH_MAGAZINE_BYTES - 1)) == 0);
	ash_assert(cap > 0 && cap <= ASH_MAGAZINE_MOST);
	top[0] = NULL;
	top[-1] = NULL;
	magazine[0] = (void *)(uintptr_t)cap;
	return top;
}

ASH_INLINE bool ash_top_is_full(void **top)
{
	return ((uintptr_t)(top + 1) & (ASH_MAGAZINE_BYTES - 1)) == 0;
}

/* The block that a top points into. */
static inline void **ash_magazine_of(void **top)
{
	return (void **)((uintptr_t)top & ~(uintptr_t)(ASH_MAGAZINE_BYTES - 1));
}

/* The top of a full magazine. */
static inline void **ash_magazine_full_top(void **magazine)
{
	return magazine + ASH_MAGAZINE_SLOTS - 1;
}

ASH_INLINE unsigned ash_magazine_cap(void **magazine)
{
	return (unsigned)((uintptr_t)magazine[0] & (ASH_MAGAZINE_BYTES - 1));
}

/* Items below and including `top`, by its distance from the sentinel; the first of them is
 * top[1 - count]. */
static inline unsigned ash_top_count(void **top)
{
	void **magazine = ash_magazine_of(top);

	ash_assert(top >= magazine + ASH_MAGAZINE_SLOTS - 1 - ash_magazine_cap(magazine));
	return (unsigned)(top -
			  (magazine + ASH_MAGAZINE_SLOTS - 1 - ash_magazine_cap(magazine)));
}

/* Whether there is no item.  NULL is the sentinel, unless it may be an item (see below). */
ASH_INLINE bool ash_top_is_empty(void **top)
{
#ifdef ASH_SAFETY_CHECKS
	return *top == NULL;
#else
	return ash_top_count(top) == 0;
#endif
}

/* Moves the items to the front that belong to a slab; returns how many they are.  The others
 * are NULL and blocks of the early heap, which are dropped.  There are such only where sized
 * frees take any pointer, without safety checks. */
static inline unsigned ash_drop_nulls(void **items, unsigned n)
{
#ifdef ASH_SAFETY_CHECKS
	(void)items;
	return n;
#else
	unsigned n_left = 0;

	for (unsigned i = 0; i < n; i++)
		if (ash_window_holds(items[i]))
			items[n_left++] = items[i];
	return n_left;
#endif
}

/* The class of the items, in the sentinel's slot: from ash_magazine_write_class to
 * ash_magazine_take_class nobody may use the magazine as a stack. */
static inline void ash_magazine_write_class(void **magazine, unsigned class)
{
	void **sentinel = magazine + (ASH_MAGAZINE_SLOTS - 1 - ash_magazine_cap(magazine));

	ash_assert(class != 0 && *sentinel == NULL);
	*sentinel = (void *)(uintptr_t) class;
}

static inline unsigned ash_magazine_take_class(void **magazine)
{
	void **sentinel = magazine + (ASH_MAGAZINE_SLOTS - 1 - ash_magazine_cap(magazine));
	unsigned class = (unsigned)(uintptr_t)*sentinel;

	ash_assert(class != 0);
	*sentinel = NULL;
	return class;
}

/* Links a magazine before `next` (NULL ends the list) and unlinks it again. */
static inline void ash_magazine_link(void **magazine, void **next)
{
	ash_assert(((uintptr_t)next & (ASH_MAGAZINE_BYTES - 1)) == 0);
	magazine[0] = (void *)((uintptr_t)next | ash_magazine_cap(magazine));
}

static inline void **ash_magazine_unlink(void **magazine)
{
	uintptr_t word = (uintptr_t)magazine[0];

	magazine[0] = (void *)(word & (ASH_MAGAZINE_BYTES - 1));
	return (void **)(word & ~(uintptr_t)(ASH_MAGAZINE_BYTES - 1));
}

#endif
