/* What a thread's cache gives up: to the slabs its objects, to the free list its magazines, to
 * the pages the runs that it kept.  By the thread itself, but where another is said. */
#ifndef ASH_FRONT_TCACHE_FLUSH_H
#define ASH_FRONT_TCACHE_FLUSH_H

#include "cache/thread.h"
#include "util/atomic.h"
#include "util/compiler.h"

ASH_INLINE void ash_tcache_set_top(void ***tops, unsigned class, void **top)
{
	ASH_COMPILER_FENCE(); /* what top covers was written before */
	tops[class] = top;
	ASH_COMPILER_FENCE();
}

/* Gives the items from `top` down to their slabs. */
void ash_tcache_flush_below(unsigned class, void **top);

/* All of this thread's. */
void ash_tcache_flush(void);

/* What the class has; it has to earn its magazines anew.  And its spare alone. */
void ash_tcache_flush_class(struct ash_thread *t, void **tops[], unsigned class);
void ash_tcache_flush_spare_there(struct ash_class_cache *cc, unsigned class);
ASH_INLINE void ash_tcache_flush_spare(struct ash_class_cache *cc, unsigned class)
{
	if (ash_load_relaxed(&cc->spare) != NULL)
		ash_tcache_flush_spare_there(cc, class);
}

/* For a thread that ends, that vanished in a fork, or is about to be bound; `tops` are its
 * magazines'. By whoever has the record. */
void ash_tcache_flush_thread(struct ash_thread *t, void **tops[]);

/* Once per epoch: a class that saw no miss through it gets half the room, and each does where
 * the thread has more than its budget. */
void ash_tcache_flush_idle(struct ash_thread *t);

#endif
