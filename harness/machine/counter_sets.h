/* Named sets of counters: which events belong together, and how each set is counted.
 *
 * The events of a hardware set form one group, small enough for one PMU to count it whole (four
 * general counters).  Two such sets share no counters at any time: a run takes one of them
 * per block.  Other sets are not of perf: callgrind, the model of locality and
 * lackey are cells of their own. */
#ifndef HARNESS_COUNTER_SETS_H
#define HARNESS_COUNTER_SETS_H

#include <stddef.h>

#define COUNTER_GROUP 4 /* events of a hardware set at most */

enum counter_kind {
	COUNTERS_HARDWARE,  /* a group of the PMU */
	COUNTERS_SOFTWARE,  /* the kernel's own, counted beside every hardware set */
	COUNTERS_CALLGRIND, /* cells of mode instructions, with caches and branches simulated */
	COUNTERS_MODEL,     /* cells of mode locality */
	COUNTERS_TRACED /* cells of mode sharing, with what the allocator touches for itself */
};

/* An event by the name that perf(1) prints, and by libpfm4's general one, which means the same
 * on every CPU. */
struct counter_event {
	const char *name, *pfm;
};

struct counter_set {
	const char *name, *what;
	enum counter_kind kind;
	struct counter_event events[COUNTER_GROUP + 1]; /* of hardware; up to a name NULL */
};

/* The sets, in the order in which they take turns. */
extern const struct counter_set counter_sets[];
extern const int counter_sets_count;

/* A choice of sets: bit N is counter_sets[N]. */
typedef unsigned counter_choice;

/* What a run counts where nothing is said: core, tlb, cache. */
counter_choice counter_sets_default(void);

/* The sets of "core,tlb".  Returns 0, or -1 with `why` naming what was wrong and what is
 * accepted; then `choice` is as it was. */
int counter_sets_parse(counter_choice *choice, const char *list, char *why, size_t why_size);

/* The number of the set whose name these `length` characters are; -1: there is none. */
int counter_sets_find(const char *name, size_t length);

/* Whether one of the sets is of this kind. */
int counter_sets_have(counter_choice choice, enum counter_kind kind);

/* How many hardware sets take turns. */
int counter_sets_turns(counter_choice choice);

/* The hardware set whose turn it is in a block, NULL when there is none in the choice. */
const struct counter_set *counter_sets_turn(counter_choice choice, int block);

#endif
