/* malloc_stats_print: the statistics in a form that letters choose. */
#ifndef ASH_CTL_STATS_PRINT_H
#define ASH_CTL_STATS_PRINT_H

/* Takes a new snapshot and writes it, through `write` in pieces that each end with NUL, or to
 * stderr where that is NULL.  Letters: J = JSON, P = OpenMetrics (which has everything), else
 * text; and what is left out: g what does not change, m all arenas together, a each arena, d
 * destroyed ones, b bins, l large objects, x locks, e what is free by its length, h hugeblocks.
 * NULL is none of them.
 * Allocates nothing.  Call without a lock. */
void ash_stats_print(void (*write)(void *opaque, const char *text), void *opaque,
		     const char *letters);

#endif
