/* A real program as a workload: how to start it, drive it and check it.
 *
 * This side only plans (files, command lines, expected output); the harness
 * executes the plan under each allocator.  Only the server or compiler process is
 * preloaded and measured; clients run plain. */
#ifndef WORKLOADS_PROGRAM_H
#define WORKLOADS_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include "workloads/shared/workload.h"

#define PROGRAM_ARGS 48
#define PROGRAM_CLIENTS 8

struct program_plan {
	const char *argv[PROGRAM_ARGS]; /* argv[0] is the path to execute; NULL-terminated */
	const char *argv0;              /* what the program sees as argv[0]; NULL = the path */
	const char *env[8];     /* NAME=VALUE in addition to the harness's; NULL-terminated */
	const char *stdin_path; /* NULL = /dev/null */
	/* A server is ready when this Unix socket accepts a connection; NULL = a batch
	 * program, measured from start to exit. */
	const char *ready_socket;
	/* Run one after the other against a ready server, plain; each must exit 0. */
	const char *clients[PROGRAM_CLIENTS][PROGRAM_ARGS];
	/* Ends the server after its figures were read; must make it exit 0. */
	const char *stop[PROGRAM_ARGS];
	/* Checks what it wrote (stdout's file, and the run's folder); returns 0 or -1 with
	 * `why` filled.  NULL = exit status alone. */
	int (*check)(const struct program_plan *plan, const char *stdout_path, const char *dir,
		     char *why, size_t why_size);
	uint64_t ops; /* what the CPU time is divided by; unit in ops_unit */
	const char *ops_unit;
	int timeout_s;
};

struct program {
	const char *name, *summary, *isolates, *cannot_tell, *source;
	const char *allocation_share;  /* how much of its time is allocation, and how that was
					  found */
	const struct wl_param *params; /* ends with a NULL name */
	/* Which program it needs; returns its path, or NULL with `why` filled. */
	const char *(*available)(char *why, size_t why_size);
	/* Makes what the run needs in `dir` (inputs are made once per run set in
	 * `cache_dir` and shared by all allocators) and fills the plan; strings live as
	 * long as the process.  Returns 0, or -1 with `why` filled. */
	int (*plan)(const int64_t *values, uint64_t seed, const char *cache_dir,
		    const char *dir, struct program_plan *plan, char *why, size_t why_size);
};

#endif
