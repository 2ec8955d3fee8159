/* What large runs have in place of magazines (cache/runs.h), for the calling thread.  None of
 * these changes errno. */
#ifndef ASH_FRONT_TCACHE_RUNS_H
#define ASH_FRONT_TCACHE_RUNS_H

#include <stdbool.h>
#include <stddef.h>

struct ash_run;

/* Keeps a large run that the program frees; returns whether it did. */
bool ash_tcache_runs_keep(struct ash_run *run);
/* A run that it kept, for a request of so many bytes, of more than a slab gives and no more than
 * a run; NULL where there is none. */
void *ash_tcache_runs_alloc(size_t size, bool *zeroed);
/* This thread's go back to the pages; returns whether there were any. */
bool ash_tcache_runs_flush(void);

#endif
