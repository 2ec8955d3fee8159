/* Processes of the test's own, as forks that the library takes part in make them: by calls of
 * what its handlers call. */
#ifndef ASH_TEST_RELATIVE_H
#define ASH_TEST_RELATIVE_H

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/relatives.h"
#include "test/support/patience.h"

struct relative {
	pid_t pid;
	int hold; /* closed, it ends */
};

static inline pid_t relative_fork(void)
{
	pid_t pid;

	ash_relatives_before_fork();
	pid = fork();
	if (pid == 0)
		ash_relatives_in_child();
	else
		ash_relatives_in_parent();
	return pid;
}

/* A child that runs fn(fd), where it is not NULL, and ends when it has and nobody holds the
 * other end of fd. */
static inline struct relative relative_start(void (*fn)(int fd))
{
	struct relative r;
	int ends[2], born[2];
	char byte;

	if (pipe(ends) != 0 || pipe(born) != 0)
		abort();
	r.hold = ends[1];
	r.pid = relative_fork();
	if (r.pid == 0) {
		close(born[0]);
		close(born[1]);
		alarm(patience(60));
		close(ends[1]);
		if (fn != NULL)
			fn(ends[0]);
		_exit(read(ends[0], &byte, 1) != 0);
	}
	close(ends[0]);
	close(born[1]);
	if (read(born[0], &byte, 1) != 0) /* who ends before it is seen was never made */
		abort();
	close(born[0]);
	return r;
}

static inline void relative_end(struct relative r)
{
	close(r.hold);
	kill(r.pid, SIGKILL); /* a later child may hold it, too */
	waitpid(r.pid, NULL, 0);
}

#endif
