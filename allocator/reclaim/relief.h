/* Relief: what others do without goes where the heap is about to grow, or a hard limit to
 * refuse. */
#ifndef ASH_RECLAIM_RELIEF_H
#define ASH_RECLAIM_RELIEF_H

/* Registers the hooks of page/growth.h and page/limits.h.  At boot. */
void ash_relief_init(void);

#endif
