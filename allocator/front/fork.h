/* The allocator's part in fork. */
#ifndef ASH_FRONT_FORK_H
#define ASH_FRONT_FORK_H

/* Registers the handlers that carry the allocator over fork.  May allocate. */
void ash_fork_init(void);

#endif
