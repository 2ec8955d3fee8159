/* How many objects the magazines of a thread hold: a class that misses often gets more, as far
 * as the thread's budget in bytes goes. */
#ifndef ASH_FRONT_CAPACITY_H
#define ASH_FRONT_CAPACITY_H

#include <stdbool.h>
#include <stdint.h>
#include "cache/thread.h"
#include "conf/parse.h"

#define ASH_CLASS_BYTES_MOST ((size_t)256 << 10) /* one magazine holds at most this */
#define ASH_CAPACITY_FIRST 4                     /* what a class begins with */

/* Objects that a magazine of the class holds at most. */
unsigned ash_capacity_most(unsigned class);
/* The same of this thread, where the program may allow less, or none; and its saying so, by
 * what is kept in `bound`.  Its magazine of the class must have been dropped. */
unsigned ash_capacity_most_of(const struct ash_thread *t, unsigned class);
void ash_capacity_bound(struct ash_thread *t, unsigned class, uint8_t bound);
/* The same of classes by the sizes of a range (option tcache_ncached_max), in an array of
 * `bound`s. Sizes that no magazine holds are left out. */
void ash_capacity_bound_range(uint8_t bounds[ASH_CLASSES], const struct ash_range *range);

/* Sets the capacity of the thread's magazines of a class, at most ash_capacity_most, where the
 * budget allows; true where it changed.  The thread's own only. */
bool ash_capacity_set(struct ash_thread *t, unsigned class, unsigned cap);

/* Granules that may wait in the thread's run cache, at most. */
uint32_t ash_capacity_runs(const struct ash_thread *t);

/* Whether the thread has more than twice the room that its budget is by now: others were born.
 */
bool ash_capacity_is_excessive(const struct ash_thread *t);

/* Twice the room, where it is not the most already. */
ASH_INLINE void ash_capacity_double(struct ash_thread *t, unsigned class)
{
	unsigned cap = t->classes[class].cap;

	if (cap < ASH_MAGAZINE_MOST &&
	    (cap + 1) * ash_class_size(class) <= ASH_CLASS_BYTES_MOST)
		ash_capacity_set(t, class, cap * 2);
}

ASH_INLINE void ash_capacity_count_miss(struct ash_class_cache *cc)
{
	if (cc->misses < UINT8_MAX)
		cc->misses++;
}

#endif
