/* Tests make the calls of this room fail.
 *
 * Each function of os/ that asks the kernel or the threads library for something which can be
 * refused asks the hook first: where that says true, the call is not made, and counts as one
 * that failed with the errno that the hook set.  Not among them are calls whose failure means
 * nothing but a wrong argument: futex to wake, the mask of signals, the auxiliary vector. */
#ifndef ASH_OS_FAULT_H
#define ASH_OS_FAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "util/atomic.h"
#include "util/compiler.h"

enum ash_os_call {
	ASH_OS_MMAP,
	ASH_OS_MUNMAP,
	ASH_OS_MPROTECT,
	ASH_OS_MADVISE,
	ASH_OS_MREMAP,
	ASH_OS_MINCORE,
	ASH_OS_OPEN,
	ASH_OS_READ,
	ASH_OS_CLOSE,
	ASH_OS_FSTAT,
	ASH_OS_FCNTL,
	ASH_OS_SYSINFO,
	ASH_OS_GETRLIMIT,
	ASH_OS_AFFINITY,
	ASH_OS_SCHEDULER,
	ASH_OS_GETCPU,
	ASH_OS_CLOCK,
	ASH_OS_PRCTL,
	ASH_OS_FUTEX_WAIT, /* returns early, as when a signal comes; so do the next two */
	ASH_OS_SLEEP,
	ASH_OS_YIELD,
	ASH_OS_THREAD,       /* pthread_create and its attributes */
	ASH_OS_THREAD_KEY,   /* pthread_key_create */
	ASH_OS_THREAD_VALUE, /* pthread_setspecific */
	ASH_OS_CALLS
};

/* Called before each, by any thread, also one that holds locks of the allocator: it must not
 * allocate.  NULL in production. */
extern bool (*ash_os_fault_hook)(enum ash_os_call call) ASH_HIDDEN;

static inline bool ash_os_faulted(enum ash_os_call call)
{
	bool (*hook)(enum ash_os_call) = ash_load_relaxed(&ash_os_fault_hook);

	return ASH_UNLIKELY(hook != NULL) && hook(call);
}

#endif
