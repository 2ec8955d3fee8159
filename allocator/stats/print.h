/* A snapshot as text for people. */
#ifndef ASH_STATS_PRINT_H
#define ASH_STATS_PRINT_H

#include "stats/snapshot.h"
#include "util/out.h"

/* Writes a snapshot of now to stderr.  Allocates nothing. */
void ash_print_stats(void);

/* Its parts: sums; classes that were used; large objects by size, those that were. */
void ash_print_sums(struct ash_out *out, const struct ash_snapshot *s);
void ash_print_bins(struct ash_out *out, const struct ash_snapshot_whole *whole);
void ash_print_larges(struct ash_out *out, const struct ash_snapshot_whole *whole);

#endif
