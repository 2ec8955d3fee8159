/* A snapshot as text for people. */
#ifndef ASH_STATS_PRINT_H
#define ASH_STATS_PRINT_H

/* Writes a snapshot of now to stderr.  Allocates nothing. */
void ash_print_stats(void);

#endif
