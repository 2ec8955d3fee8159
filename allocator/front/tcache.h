/* The thread cache's slow paths: what malloc and free call when the magazine at hand is
 * empty or full. */
#ifndef ASH_FRONT_TCACHE_H
#define ASH_FRONT_TCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include "cache/thread.h"

/* Once, before the first of the others; allocates nothing. */
void ash_tcache_init(void);

/* The like of the fast paths for such a thread: an object of the class, NULL where the magazine
 * is empty; whether it took one. */
ASH_INLINE void *ash_tcache_pop(unsigned class)
{
	struct ash_thread *t = ash_tls.thread;
	void **top, *p;

	if (ASH_UNLIKELY(t == NULL))
		return NULL;
	top = t->top[class];
	p = *top;
	if (ASH_LIKELY(p != NULL)) {
		ASH_COMPILER_FENCE(); /* as in front.h */
		t->top[class] = top - 1;
	}
	return p;
}

ASH_INLINE bool ash_tcache_push(unsigned class, void *p)
{
	struct ash_thread *t = ash_tls.thread;
	void **top;

	if (ASH_UNLIKELY(t == NULL))
		return false;
	top = t->top[class];
	if (ASH_UNLIKELY(ash_top_is_full(top)))
		return false;
	top[1] = p;
	ASH_COMPILER_FENCE();
	t->top[class] = top + 1;
	return true;
}

/* An object of the class; NULL with ENOMEM.  The thread's magazine for it is empty. */
void *ash_tcache_alloc(unsigned class);

/* Takes an object of the class, whose magazine is full. */
void ash_tcache_free(unsigned class, void *p);

/* The same past the magazines; and up to `want` objects of the heap, how many (0 with ENOMEM).
 */
void *ash_tcache_alloc_single(unsigned class);
void ash_tcache_free_single(unsigned class, void *p);
unsigned ash_tcache_fill(unsigned class, void **out, unsigned want);

/* Empties this thread's magazines and gives back all that lies idle (ash_relief_all). */
bool ash_tcache_release(void);

#endif
