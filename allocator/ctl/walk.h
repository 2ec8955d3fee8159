/* A walk over the names of mallctl that can be read, in the order of the rows: what every form
 * of malloc_stats_print but OpenMetrics is made from, so that no form lacks what another has.
 */
#ifndef ASH_CTL_WALK_H
#define ASH_CTL_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include "ctl/row.h"

/* By the letters of malloc_stats_print. */
struct ash_walk_wanted {
	bool general, merged, arenas, destroyed, bins, larges, mutexes, extents, blocks;
};

/* What a form does with what is found.  Names are components, not ended by NUL; `to` is the
 * form's own. */
struct ash_walk_form {
	/* What has this component before it begins, and ends. */
	void (*begin)(void *to, const char *name, size_t length);
	void (*end)(void *to);
	void (*value)(void *to, const char *name, size_t length, enum ash_ctl_type type,
		      const union ash_ctl_value *value);
	/* The component is followed by a number: one element for each of its values.  All NULL:
	 * the form leaves such names out. */
	void (*begin_array)(void *to, const char *name, size_t length);
	void (*begin_element)(void *to, size_t number);
	void (*end_element)(void *to);
	void (*end_array)(void *to);
	bool skips_zeroes; /* no elements in which all is 0 */
};

/* Names that begin with `beginning`, of `depth` components, each without these.  Other arenas
 * than the one that it names are no part of them. */
void ash_walk(const struct ash_walk_form *form, void *to, const struct ash_walk_wanted *wanted,
	      const char *beginning, unsigned depth);

/* Calls `fn` for the arenas that are wanted and have statistics: all together (ASH_CTL_ALL),
 * the destroyed ones (ASH_CTL_DESTROYED), and each. */
void ash_walk_arenas(const struct ash_walk_wanted *wanted, void (*fn)(void *to, unsigned arena),
		     void *to);

#endif
