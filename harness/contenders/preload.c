/* The harness never loads a contender into itself: a second allocator in the process that
 * measures would be no help. */
#include "harness/contenders/preload.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"

#define MOST_NS 3000000000u /* true(1) takes a millisecond */

/* What it prints on stdout is nobody's: the bench's own may be a document. */
static _Noreturn void become(const char *path, const char *const *words, int errors,
			     pid_t parent)
{
	char preload[PATH_MAX + 16], name[] = "true", *plain[] = {name, NULL},
				     *envp[] = {preload, NULL}, *none[] = {NULL};
	int null = open("/dev/null", O_RDWR);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null < 0)
		_exit(127);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(errors, STDERR_FILENO);
	snprintf(preload, sizeof(preload), "LD_PRELOAD=%s", path);
	if (words)
		execve(words[0], (char *const *)words, none);
	else
		execvpe(name, plain, envp);
	_exit(127);
}

/* What it says until it ends or its time is over.  What has no room is read all the same: a
 * full pipe would hold it up. */
static void listen_to(int fd, char *text, size_t size)
{
	uint64_t until = now_ns() + MOST_NS, now;
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char part[512];
	size_t used = 0;

	while ((now = now_ns()) < until) {
		size_t room = size - 1 - used;
		ssize_t n;

		if (poll(&p, 1, (int)((until - now) / 1000000u) + 1) <= 0)
			continue;
		n = read(fd, part, sizeof(part));
		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		if (n > 0) {
			room = (size_t)n < room ? (size_t)n : room;
			memcpy(text + used, part, room);
			used += room;
		}
	}
	text[used] = '\0';
}

/* Runs it, and fills `text` with what it says on stderr.  Returns 0, or -1 with `why`. */
static int run(const char *path, const char *const *words, char *text, size_t size, char *why,
	       size_t why_size)
{
	pid_t parent = getpid(), pid;
	int errors[2];

	if (pipe2(errors, O_CLOEXEC) < 0)
		return because(why, why_size, "pipe: %s", strerror(errno));
	pid = fork();
	if (pid == 0)
		become(path, words, errors[1], parent);
	close(errors[1]);
	if (pid < 0) {
		close(errors[0]);
		return because(why, why_size, "fork: %s", strerror(errno));
	}
	setpgid(pid, pid); /* both sides, so that neither is too late */
	listen_to(errors[0], text, size);
	close(errors[0]);
	/* It may ignore every other signal. */
	kill(-pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return 0;
}

int preload_try(const char *path, const struct world *world, char *why, size_t why_size)
{
	char *program = world ? paths_find_program("true") : NULL;
	const char *words[WORLD_WORDS];
	char text[2048];
	int status;

	if (world && !program)
		return because(why, why_size, "no program true to try it with");
	if (world)
		world_start(world, path, NULL, program, words);
	status = run(path, world ? words : NULL, text, sizeof(text), why, why_size);
	free(program);
	if (status < 0)
		return -1;
	/* The loader does not fail on a library that it cannot preload: it prints a line and
	 * goes on without. */
	if (strstr(text, "cannot be preloaded") || strstr(text, "not found (required by")) {
		text[strcspn(text, "\n")] = '\0';
		return because(why, why_size, "does not load here: %s", text);
	}
	return 0;
}
