/* How often cache lines go from one thread to another, by a model: each thread has a cache of
 * its own that forgets nothing, kept coherent by invalidation (the states modified, shared and
 * invalid of any textbook).  A line goes over when a thread reads what another one wrote last,
 * or writes what others have.  A line that comes to its first thread does not count. */
#ifndef SHARED_COHERENCE_H
#define SHARED_COHERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COHERENCE_LINE 64
#define COHERENCE_THREADS 128

struct coherence_line {
	uint64_t number;                      /* address / COHERENCE_LINE + 1; 0 = empty */
	uint64_t has[COHERENCE_THREADS / 64]; /* which threads have it */
	uint64_t dirty : 1;                   /* the one that has it wrote to it */
	uint64_t several : 1;                 /* threads have had it */
};

struct coherence {
	struct coherence_line *lines; /* a hash table; mask + 1 places */
	uint64_t mask, used;
	uint64_t shared;    /* lines that several threads had */
	uint64_t transfers; /* lines that went over, each as often as it did */
};

/* -1 with errno when there is no memory.  The table is shared memory of its own, no heap. */
int coherence_start(struct coherence *coherence);
void coherence_end(struct coherence *coherence);

/* A thread reads or writes the line of an address.  Returns whether it went over, or -1 with
 * errno when there is no memory. */
int coherence_access(struct coherence *coherence, unsigned thread, uintptr_t at, bool writes);

#endif
