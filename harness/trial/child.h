/* A process of our own making: started in a group of its own with exactly the
 * environment and files it is given, waited for with a deadline, ended for sure. */
#ifndef HARNESS_CHILD_H
#define HARNESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

struct child_plan {
	const char *path; /* executed; no search */
	const char *const *argv;
	const char *const *env;
	const char *folder;         /* its working directory; NULL = ours */
	const char *in, *out, *err; /* files; NULL = /dev/null */
	int channel_fd; /* stays open across the exec under the same number; -1 = none */
};

struct child {
	pid_t pid;
	int pidfd;
	const struct child_plan *plan; /* until child_go() */
	int gate;                      /* a byte written here lets it execute its program */
	int errors;                    /* comes with an errno when it could not */
};

enum child_end { CHILD_EXITED, CHILD_TIMED_OUT, CHILD_HUNG, CHILD_INTERRUPTED };

/* Forks; the child waits before its exec until child_go(), so that counters can be
 * attached; until then the plan must stay.  Returns 0, or -1 with `why` filled. */
int child_make(struct child *child, const struct child_plan *plan, char *why, size_t why_size);
/* Returns 0, or -1 with `why` filled when the program could not be executed, for itself or for
 * its folder or files; it is then gone already. */
int child_go(struct child *child, const char *path, char *why, size_t why_size);

/* Has it ended?  Sleeps up to `wait_ns` for that. */
bool child_ended(const struct child *child, uint64_t wait_ns);

/* Calls `tick(arg)` every `every_ns` until it ends, the clock passes `deadline_ns` or
 * the user insists on ending.  The child is not reaped. */
enum child_end child_watch(const struct child *child, uint64_t deadline_ns, uint64_t every_ns,
			   void (*tick)(void *arg), void *arg);

/* The same for a child that works all the time: CHILD_HUNG where it took no CPU time for
 * `idle_ns` (told after twice that at the latest). */
enum child_end child_watch_work(const struct child *child, uint64_t deadline_ns,
				uint64_t idle_ns);

/* Waits for its end or the clock, whatever the user insists on. */
enum child_end child_wait(const struct child *child, uint64_t deadline_ns);

/* Ends what is left of it and its group (SIGTERM, two seconds later SIGKILL), reaps
 * it and closes the descriptors.  `status` is wait's; `usage` its own resources. */
void child_finish(struct child *child, int *status, struct rusage *usage);

/* "exit status 3", "killed by SIGSEGV"; NULL when it exited with 0. */
const char *child_status_text(int status, char *text, size_t size);

#endif
