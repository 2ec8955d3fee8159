/* The tree of names, by the rows: from a name to its numbers (a "mib") and from these to the
 * row.
 *
 * A component that is a number stands for itself; any other for the first row that has the same
 * beginning, so that a program may change the numbers and keep the rest. */
#ifndef ASH_CTL_NAMES_H
#define ASH_CTL_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include "ctl/row.h"

#define ASH_CTL_DEPTH 8   /* components of a name at most */
#define ASH_CTL_NUMBERS 3 /* of these numbers */
/* Lengths of free runs by which hugeblocks are told; as many as jemalloc has. */
#define ASH_CTL_LENGTHS 64

/* All rows, in the order of the tree; opt.* are made from the options'. */
unsigned ash_ctl_rows(void);
struct ash_ctl_row ash_ctl_row_at(unsigned i);

/* Fills mib[0 .. *depth - 1] in, as far as the name goes, which need not be to a row's end;
 * *depth becomes how many they are.  Of a name that is longer, the beginning.  ENOENT where
 * there is no such. */
int ash_ctl_find(const char *name, size_t *mib, size_t *depth);

/* The row of a whole mib, and its numbers.  ENOENT where there is no such, or more behind it.
 */
int ash_ctl_resolve(const size_t *mib, size_t depth, struct ash_ctl_row *row,
		    size_t at[ASH_CTL_NUMBERS]);

/* How many values the number after this beginning of a name has, for a walk. */
size_t ash_ctl_values(const char *component);

/* Rows lo .. hi-1 have the same first d components: of these the end of those that have the
 * d-th in common with row lo, too. */
unsigned ash_ctl_group_end(unsigned lo, unsigned hi, unsigned d);

/* The d-th component of a row's name; NULL at its end, else *length is set. */
const char *ash_ctl_component(const char *name, unsigned d, size_t *length);

#endif
