/* SIGPLAN's Empirical Evaluation Checklist (Berger, Blackburn, Hauswirth and Hicks 2018),
 * answered for a set. */
#ifndef HARNESS_CHECKLIST_H
#define HARNESS_CHECKLIST_H

#include <stdbool.h>

#include "harness/analysis/comparison.h"

/* What a set has, counted. */
struct checklist_facts {
	size_t programs, workloads; /* cells of mode throughput */
	size_t latency, open_loop, instructions, locality, sharing, memory;
	size_t compared;                  /* allocators with a good sample, `null` left out */
	size_t least_blocks, most_blocks; /* of the ratios of time; 0: there are none */
	size_t ok, failed, disturbed, saturated, unfinished;
	bool disturbed_known;
	bool virtual_machine, unpinned, platform_known;
};

struct checklist_facts checklist_facts_of(const struct comparison *c);

struct checklist_item {
	const char *part;   /* a heading before this item, or null */
	const char *name;   /* of the fault that the checklist asks about */
	const char *answer; /* "done", "in part", "not done", "for the paper" */
	char *text;         /* works are cited as in references.h */
};

struct checklist {
	struct checklist_item *item;
	size_t nitems;
};

/* Its items, each with what the set does of it or that it does not.  Free it with
 * checklist_free. */
struct checklist *checklist_make(const struct comparison *c);
void checklist_free(struct checklist *list);

#endif
