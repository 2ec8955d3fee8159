/* What a run set is to measure: from the command line, or from the manifest of one
 * that was interrupted. */
#ifndef HARNESS_PLAN_H
#define HARNESS_PLAN_H

#include "harness/run/manifest.h"
#include "harness/run/request.h"
#include "harness/run/runset.h"

/* Fills all but the environment.  argv (without its first) is recorded as the command.
 * Returns STATUS_OK, or another exit status after its message. */
int plan_new(const struct run_request *request, int argc, char **argv,
	     struct manifest *manifest);

/* Opens the folder and takes its manifest, if it was begun by this version on this
 * machine with these libraries.  Returns as plan_new(). */
int plan_resumed(const char *folder, struct runset *set, struct manifest *manifest);

/* Finds world and libraries of a manifest that was read; `refusal` is what cannot be done
 * without them ("DIR cannot be resumed").
 * What is another one here than when it was written is refused, but with `any_libc` the
 * system's own C library, which is part of the machine's class.  Returns as plan_new(). */
int plan_resolve(const char *refusal, bool any_libc, struct manifest *manifest);

/* A folder for a new run set, that does not exist yet; free it. */
char *plan_default_out(const struct manifest *manifest);
/* The newest run set in the default place; NULL = none.  Free it. */
char *plan_newest(void);

/* Prints cells and allocators. */
void plan_show(const struct manifest *manifest);

#endif
