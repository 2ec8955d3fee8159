/* Relatives: the processes that forks made of one, as far as they are still there with the
 * memory that they had then.  fork copies nothing, and memory stays shared until one of those
 * who have it writes to it; making a huge page of it would copy it for whoever does that.
 *
 * All of a family share a page in which each has a mutex that dies with its owner (robust).
 * The kernel marks such mutexes when their owner ends or calls exec, so that others see it
 * without a call of the kernel, a descriptor or a file.  Forks are numbered throughout the
 * family, from 1 on. */
#ifndef ASH_OS_RELATIVES_H
#define ASH_OS_RELATIVES_H

#include <stdbool.h>
#include <stdint.h>
#include "util/compiler.h"

/* Relatives at a time; of more than that nobody sees the end. */
#define ASH_RELATIVES_MOST 4000

/* The last fork in which this process took part, as parent or child; 0 = none.  Atomic. */
extern uint32_t ash_relatives_forks ASH_HIDDEN;

/* Around fork, by the forking thread, one at a time, without a lock.  A child of a process of
 * one thread may be made in a handler that interrupted the first of these. */
void ash_relatives_before_fork(void);
void ash_relatives_in_parent(void);
void ash_relatives_in_child(void);

/* A fork of which living relatives were made: memory of this process that was filled before it
 * may be shared with them, what was filled since is not.  0 = there is none.  Looks at each
 * relative.  Any thread; call without a lock. */
uint32_t ash_relatives_sharing(void);

/* Whether memory filled when ash_relatives_forks was `filled` may be shared, where `sharing` is
 * what the function above said. */
static inline bool ash_relatives_share(uint32_t sharing, uint32_t filled)
{
	return (int32_t)(filled - sharing) < 0;
}

/* The process's mutex is one of its threads': one that goes on takes it where nobody has it
 * (cheap where somebody has), and one that ends leaves it.  Call without a lock. */
void ash_relatives_thread_goes_on(void);
void ash_relatives_thread_ends(void);

#endif
