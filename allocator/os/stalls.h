/* For how long calls of the program stood still, by what held them up: giving memory back, a
 * lock that another thread had, the kernel.  Time that passed, by the clock that is read
 * without a system call; where there is none, only locks are told of.
 *
 * Each moment counts once, as what began first: what purging asks of the kernel is purging. */
#ifndef ASH_OS_STALLS_H
#define ASH_OS_STALLS_H

#include <stdint.h>
#include "util/compiler.h"

enum ash_os_stall_cause {
	ASH_OS_STALL_PURGE,
	ASH_OS_STALL_LOCK,    /* or the claim, slept for; a few polls are not timed */
	ASH_OS_STALL_SYSCALL, /* a call that changes what is mapped */
	ASH_OS_STALL_CAUSES
};

/* Microseconds up to which the classes reach; the last one has no bound. */
#define ASH_OS_STALL_BOUNDS 12
extern const uint32_t ash_os_stall_bound_us[ASH_OS_STALL_BOUNDS] ASH_HIDDEN;
/* The class of so many ns among the first `bounds` and what is longer. */
unsigned ash_os_stall_class(uint64_t ns, unsigned bounds);

/* Of one cause, ever. */
struct ash_os_stalled {
	uint64_t lasted[ASH_OS_STALL_BOUNDS + 1];
	uint64_t ns; /* of all of them */
	uint64_t longest_ns;
};

/* Where it is not 0 this thread's time is not counted: it purges, which is counted as a whole,
 * or it is not the program's. */
extern __thread uint32_t ash_os_stalls_apart ASH_HIDDEN;

/* They enclose what may take long; 0 stands for what is not counted.  errno stays. */
uint64_t ash_os_stall_begin(void);
void ash_os_stall_end(enum ash_os_stall_cause cause, uint64_t begin_ns);
/* The same where the thread has just looked at that clock anyway; 0 = it has not. */
uint64_t ash_os_stall_begin_at(uint64_t now_ns);
void ash_os_stall_end_at(enum ash_os_stall_cause cause, uint64_t begin_ns, uint64_t now_ns);
/* What was timed anyway. */
void ash_os_stall_count(enum ash_os_stall_cause cause, uint64_t ns);

void ash_os_stall_read(enum ash_os_stall_cause cause, struct ash_os_stalled *into);

#endif
