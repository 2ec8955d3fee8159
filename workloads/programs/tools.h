/* What the planners of real programs share.  They run in the bench's own process,
 * before anything is measured, so they may allocate; strings they make live as long
 * as the process, as program.h promises.  Functions return 0 or -1 with `why` filled,
 * unless said otherwise. */
#ifndef WORKLOADS_PROGRAM_TOOLS_H
#define WORKLOADS_PROGRAM_TOOLS_H

#include <stddef.h>
#include "workloads/shared/program.h"

/* A formatted string that is never freed. */
const char *program_text(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Full path of an executable on PATH, or NULL with `why` filled from what is needed. */
const char *program_path(const char *name, const char *needed, char *why, size_t why_size);

/* Writes a file that holds `text`, whole or not at all. */
int program_write(const char *path, const char *text, char *why, size_t why_size);

/* Runs a command as it is, input and output from files (NULL = /dev/null); exit status
 * other than 0 is a failure.  The output appears whole or not at all. */
int program_run(const char *const *argv, const char *const *env, const char *stdin_path,
		const char *stdout_path, char *why, size_t why_size);

/* Whether two files hold the same bytes, neither of them empty. */
int program_same(const char *path, const char *expected, char *why, size_t why_size);

int program_exists(const char *path); /* 1 or 0 */

/* An interpreter runs a script of ours with two numbers, the work and the seed.  `p` comes with
 * the interpreter and its options in argv, and its env; this writes the script into
 * `cache_dir` as `file`, adds it and the numbers to argv, has the output made once by a
 * plain run, and sets a check that compares with it. */
int program_script(struct program_plan *p, const char *cache_dir, const char *file,
		   const char *script, int64_t work, uint64_t seed, char *why, size_t why_size);

#endif
