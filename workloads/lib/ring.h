/* A place that holds one thing on its way from one thread to another.
 *
 * Workloads in which threads free each other's objects pass them on in a ring of
 * boxes, at fixed points of their work: so the share of remote frees is settled by
 * construction, and not by who happens to run. */
#ifndef WORKLOADS_BOX_H
#define WORKLOADS_BOX_H

#include <pthread.h>

struct box {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	void *content; /* NULL = empty */
} __attribute__((aligned(128)));

void box_init(struct box *box);
/* Waits until it is empty, then puts something in. */
void box_put(struct box *box, void *content);
/* Waits until it is full, then empties it. */
void *box_take(struct box *box);

/* A thread's place in a ring, in which all pass something on at the same points. */
struct ring_place {
	struct box inbox, done;
	struct ring_place *next;
};

void ring_init(struct ring_place *place, struct ring_place *next);

/* Passes something to the next thread and returns what came from the one before. */
void *ring_pass(struct ring_place *place, void *content);
/* Says that what came was dealt with, and waits until the next thread says so of what
 * was passed to it: its table may then be used again. */
void ring_done(struct ring_place *place);

#endif
