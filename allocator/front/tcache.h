/* The thread cache's slow paths: what malloc and free call when the magazine at hand is
 * empty or full. */
#ifndef ASH_FRONT_TCACHE_H
#define ASH_FRONT_TCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include "cache/thread.h"

/* Off, every call goes straight to the slabs (`checks:full`, `tcache:false`). */
extern bool ash_tcache_enabled;

/* Once, before the first of the others; allocates nothing. */
void ash_tcache_init(void);

/* An object of the class; NULL with ENOMEM.  The thread's magazine for it is empty. */
void *ash_tcache_alloc(unsigned class);

/* Takes an object whose stack (meta/size_class.h: the one that free gives to) is full. */
void ash_tcache_free(unsigned stack, void *p);

/* For slow paths that touch no magazine (large objects): a tick now and then.  `allocates` as
 * in ash_rounds_tick. */
void ash_tcache_tick(bool allocates);

/* Empties this thread's magazines and gives back all that lies idle (ash_relief_all). */
bool ash_tcache_release(void);

#endif
