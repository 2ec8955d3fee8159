/* Threads that take turns: one runs at a time, for a number of operations and then handed over
 * to another, both drawn from the seed.  So the allocator sees that many threads, and the order
 * of all their calls is the same in every run and under every allocator.
 *
 * No lock is ever found held in such an order, and nobody waits: what an allocator does only
 * then (another arena, another shard) it does not do.  A thread's end is over before another
 * goes on: who gets the turn after it joins it. */
#ifndef WORKLOADS_TURNS_H
#define WORKLOADS_TURNS_H

#include <stdint.h>
#include "workloads/shared/workload.h"

struct turns;

/* For contexts 0 ... run->nthreads - 1, of which none is among them yet. */
struct turns *turns_make(const struct wl_run *run);

/* A context comes among those that take turns.  Whoever calls it has the turn, or nobody. */
void turns_add(struct turns *turns, unsigned index);
/* Draws who is first: called by a thread that is not among them, or by the only one. */
void turns_begin(struct turns *turns);
/* How many are among them. */
unsigned turns_count(const struct turns *turns);

/* Until the context has the turn. */
void turns_wait(struct turns *turns, unsigned index);
/* An operation of who has the turn is over: it may be another's then. */
void turns_step(struct turns *turns, unsigned index);
/* It cannot go on before another one has: hands over at once, and returns with the turn. */
void turns_yield(struct turns *turns, unsigned index);
/* It goes.  Where its thread ends, who comes next calls reap(ended), which joins it; with reap
 * NULL the thread goes on, outside. */
void turns_leave(struct turns *turns, unsigned index, void (*reap)(void *ended), void *ended);
/* Until all have left, for a thread that is not among them. */
void turns_drain(struct turns *turns);

#endif
