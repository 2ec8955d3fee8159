/* The allocator's part in fork. */
#ifndef ASH_API_FORK_H
#define ASH_API_FORK_H

/* Registers the handlers that carry the allocator over fork.  May allocate. */
void ash_fork_init(void);

#endif
