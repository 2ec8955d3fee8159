/* The thread cache's slow paths: what malloc and free call when the magazine at hand is
 * empty or full. */
#ifndef ASH_FRONT_TCACHE_H
#define ASH_FRONT_TCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include "cache/thread.h"
#include "conf/conf.h"
#include "conf/parse.h"

struct ash_run;

/* Off, every call goes straight to the slabs (`checks:full`, `tcache:false`). */
extern bool ash_tcache_enabled;

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

/* What large runs have in place of magazines (cache/runs.h).  The first keeps a large run that
 * the program frees, and returns whether it did; the second has a run that it kept for a
 * request of so many bytes, of more than a slab gives and no more than a run, NULL where there
 * is none. Neither changes errno. */
bool ash_tcache_keep_run(struct ash_run *run);
void *ash_tcache_alloc_run(size_t size, bool *zeroed);
/* This thread's go back to the pages; returns whether there were any. */
bool ash_tcache_flush_runs(void);

/* For slow paths that touch no magazine (large objects): a tick now and then.  `allocates` as
 * in ash_rounds_tick. */
void ash_tcache_tick(bool allocates);

/* Of this thread: its magazines give their objects to the slabs. */
void ash_tcache_flush(void);
/* Whether it may have magazines.  Setting is false where it has no record for want of memory;
 * where it has ended (destructors), what was set is read, and it has none. */
bool ash_tcache_is_enabled(void);
bool ash_tcache_set_enabled(bool enabled);
/* Largest objects that they hold, in bytes; rounded up to a class, at most ASH_SMALL_MAX, 0 =
 * none. Kept while they are not enabled. */
size_t ash_tcache_max(void);
bool ash_tcache_set_max(size_t bytes);

/* Objects that its magazines of the class hold at most; 0 = it has none for it.  The second
 * says so by ranges of sizes that can be read (ash_parse_range), none of which is looked at
 * behind one that cannot; false where it has no record. */
unsigned ash_tcache_most(unsigned class);
bool ash_tcache_set_most(struct ash_span ranges);

/* Empties this thread's magazines and gives back all that lies idle (ash_relief_all). */
bool ash_tcache_release(void);

#endif
