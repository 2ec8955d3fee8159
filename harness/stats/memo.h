/* Intervals that were computed before, by the whole of what they were computed of.  A report
 * states most numbers twice, in a table and on the page, and a bootstrap takes ten thousand
 * draws; the same input gives the same interval, so that nobody can tell that it was kept. */
#ifndef HARNESS_MEMO_H
#define HARNESS_MEMO_H

#include "harness/stats/statistics.h"

/* The bytes of an input, in an order that tells any two apart.  All zero: of nothing. */
struct memo_key {
	unsigned char *bytes;
	size_t length, room;
};

void memo_add(struct memo_key *key, const void *bytes, size_t length);
/* Is the interval of this key known?  Then *found is it. */
bool memo_find(const struct memo_key *key, struct interval *found);
/* Keeps it, and takes the key's bytes.  Of no more than MEMO_MOST: with one beyond these all
 * are forgotten. */
void memo_keep(struct memo_key *key, const struct interval *interval);
void memo_key_free(struct memo_key *key);

#define MEMO_MOST 8192

/* How often one was found. */
size_t memo_found(void);

#endif
