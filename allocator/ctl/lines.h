/* The names of mallctl and their values as lines of text, "NAME: VALUE", as far as they can be
 * read. */
#ifndef ASH_CTL_LINES_H
#define ASH_CTL_LINES_H

#include "ctl/walk.h"
#include "util/out.h"

/* Names that begin with `beginning`, of `depth` components.  Of those that numbers are followed
 * by more, each number has one line, "NAME.NUMBER: REST VALUE, REST VALUE", where anything in
 * it is not 0. */
void ash_ctl_lines(struct ash_out *out, const struct ash_walk_wanted *wanted,
		   const char *beginning, unsigned depth);

/* Without those that have numbers in them. */
void ash_ctl_lines_alone(struct ash_out *out, const struct ash_walk_wanted *wanted,
			 const char *beginning, unsigned depth);

#endif
