/* What an allocator touches for itself where threads take turns: read from the trace of memory
 * accesses that valgrind's tool lackey writes while the worker runs.
 *
 * The worker says by writes to marks (workloads/shared/channel.h) which thread enters the
 * allocator and leaves it; only what lies between counts.  The model of caches is that of mode
 * sharing (workloads/shared/coherence.h). */
#ifndef HARNESS_LACKEY_H
#define HARNESS_LACKEY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "workloads/shared/channel.h"
#include "workloads/shared/coherence.h"

struct lackey_figures {
	uint64_t calls;     /* of the allocator; 0 = nothing was traced */
	uint64_t accesses;  /* reads and writes in them */
	uint64_t transfers; /* of a line from one thread to another */
	uint64_t shared;    /* lines that several threads touched */
	/* Of accesses those by atomic instructions: what takes a lock, and what gives one back
	 * by such an instruction; and those of them that took the line from another thread. */
	bool atomics_known; /* on x86-64 */
	uint64_t atomics, atomic_transfers;
};

struct lackey {
	const struct channel *channel; /* tells where the marks are */
	pid_t pid;                     /* traced */
	int memory; /* its /proc/PID/mem, from the first look on; -1 = none */
	struct coherence coherence;
	int thread;               /* that is in the allocator; -1 = none */
	uintptr_t at;             /* of the instruction that runs */
	struct lackey_code *code; /* what is known of instructions */
	struct lackey_figures figures;
};

/* -1 with errno when there is no memory. */
int lackey_start(struct lackey *lackey, const struct channel *channel, pid_t pid);
/* A line of the trace, without its end; others than of accesses are passed over.  -1 with errno
 * when there is no memory. */
int lackey_line(struct lackey *lackey, const char *line);
void lackey_end(struct lackey *lackey);

/* Whether the instruction of these bytes reads and writes memory in one step. */
bool lackey_is_atomic(const uint8_t *code, int length);

#endif
