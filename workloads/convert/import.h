/* Traces out of other tools' files.  Both know one order of all calls and no threads, so
 * everything becomes one thread's. */
#ifndef TRACE_IMPORT_H
#define TRACE_IMPORT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct import_result {
	uint64_t events;
	uint64_t unknown_frees; /* of objects that the file never allocated; left out */
	uint64_t lost_frees;    /* an address came again without its free: one was put in */
};

/* heaptrack's text, as written by its library or by heaptrack_interpret; in the latter
 * frees name only size and place of the allocation: the youngest such object goes.
 * Reallocs are frees and allocations there, and so here.  Times are heaptrack's, in ms. */
int import_heaptrack(FILE *in, const char *name, const char *path, struct import_result *result,
		     char *why, size_t why_size);

/* The text of glibc's mtrace().  It has no times: events are one unit apart. */
int import_mtrace(FILE *in, const char *name, const char *path, struct import_result *result,
		  char *why, size_t why_size);

#endif
