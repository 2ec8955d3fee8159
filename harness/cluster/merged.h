/* Where what was merged is, of a plan whose nodes were of several classes: DIR/merged.json
 * names the sets by the SET that was asked for.  It is a note: one that cannot be written stops
 * nothing. */
#ifndef HARNESS_CLUSTER_MERGED_H
#define HARNESS_CLUSTER_MERGED_H

/* Notes in DIR that `out` became these sets. */
void merged_note(const char *dir, const char *out, char *const *sets, int n);

/* `out`, where it is a set, or those that it became, separated by commas; NULL where it is not
 * merged, or not all of them are there.  Free it. */
char *merged_sets(const char *dir, const char *out);

#endif
