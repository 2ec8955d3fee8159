/* What the options junk, zero and stats_interval, and thread.allocated, want of each object
 * that is taken or given back.  The fast paths know nothing of it: threads whose objects are
 * looked at are apart (cache/thread.h), and only they come here. */
#ifndef ASH_FRONT_APART_H
#define ASH_FRONT_APART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "cache/thread.h"
#include "util/atomic.h"
#include "util/compiler.h"

/* Whether this thread's fast paths see no magazine, or soon will not. */
ASH_INLINE bool ash_front_is_apart(void)
{
	return ash_load_relaxed(&ash_thread_all_apart) != 0 || ash_tls.apart != 0;
}

/* What memory is filled with: the low byte when it is taken, the next when it is given back,
 * each where its bit says so.  Atomic. */
#define ASH_FILL_TAKEN 0x10000u
#define ASH_FILL_GIVEN 0x20000u
extern uint32_t ash_apart_fill ASH_HIDDEN;

/* Puts the options into force, at boot. */
void ash_apart_init(void);

/* As glibc's M_PERTURB from now on: what is given back is filled with the byte, what is taken
 * with its complement, unless zero:true clears it; `off`: as the options say.  The calling
 * thread is apart at once, others from their next look at the clock on.  Call without a lock.
 */
void ash_apart_perturb(bool off, uint8_t byte);

/* For the calling thread, which may hold no lock: puts it apart where all are to be. */
void ash_apart_follow(struct ash_thread *thread);

/* Called where so many bytes were allocated as stats_interval says, by the thread that did,
 * under no lock; one thread at a time.  NULL before there is anybody to tell.  Atomic. */
extern void (*ash_apart_due)(void) ASH_HIDDEN;

/* In the child of a fork. */
void ash_apart_after_fork(void);

/* Whether what is taken is to be cleared. */
ASH_INLINE bool ash_apart_clears(void)
{
	return (ash_load_relaxed(&ash_apart_fill) & (ASH_FILL_TAKEN | 0xff)) == ASH_FILL_TAKEN;
}

/* For ash_apart_taken and ash_apart_resized: bytes [from, to) of p are the program's now. */
void ash_apart_look_at_taken(void *p, size_t from, size_t to);

/* p is about to be given to the program.  `filled`: what it holds is as it should be. */
ASH_INLINE void ash_apart_taken(void *p, size_t usable, bool filled)
{
	ash_thread_count_taken(usable);
	if (ash_load_relaxed(&ash_thread_all_apart) & (ASH_APART_FILLED | ASH_APART_PACED))
		ash_apart_look_at_taken(p, filled ? usable : 0, usable);
}

/* p, which is still the program's, is about to be given back; the first fills it alone. */
void ash_apart_fill_given(void *p, size_t usable);
void ash_apart_given(void *p, size_t usable);

/* p has got another size in its place, or was moved with all that it holds. */
void ash_apart_resized(void *p, size_t before, size_t usable);

#endif
