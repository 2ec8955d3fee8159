#include "harness/trial/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/base/clock.h"
#include "harness/base/interrupt.h"
#include "harness/base/message.h"

#define GRACE_NS 2000000000u /* between SIGTERM and SIGKILL */
#define WAIT_NS 100000000u   /* between two looks, where pidfd is not known */

/* What a child could not do, as it tells its parent. */
enum step { STEP_FOLDER, STEP_IN, STEP_OUT, STEP_ERR, STEP_EXEC };

struct failure {
	enum step step;
	int error; /* 0 = none */
};

static int move_fd(const char *path, int flags, int to)
{
	int fd = open(path ? path : "/dev/null", flags, 0666);

	if (fd < 0)
		return errno;
	if (fd != to) {
		dup2(fd, to);
		close(fd);
	}
	return 0;
}

/* Folder and files, as far as the first that cannot be had. */
static struct failure take_places(const struct child_plan *plan)
{
	struct failure f = {STEP_FOLDER, 0};

	if (plan->folder && chdir(plan->folder) < 0)
		f.error = errno;
	if (!f.error)
		f = (struct failure){STEP_IN, move_fd(plan->in, O_RDONLY, STDIN_FILENO)};
	if (!f.error)
		f = (struct failure){STEP_OUT, move_fd(plan->out, O_WRONLY | O_CREAT | O_TRUNC,
						       STDOUT_FILENO)};
	if (!f.error)
		f = (struct failure){STEP_ERR, move_fd(plan->err, O_WRONLY | O_CREAT | O_APPEND,
						       STDERR_FILENO)};
	return f;
}

/* In the child; must not return.  Only async-signal-safe calls: the parent may have
 * had threads. */
static void become(const struct child_plan *plan, int gate, int errors, pid_t parent)
{
	static const char fatness[] = "1000";
	struct failure failure;
	sigset_t none;
	char byte;
	int fd;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127); /* nobody is left to be told */
	for (int s = 1; s < 32; s++)
		signal(s, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* If memory runs out, the process under test is to blame, not its launcher. */
	fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		ssize_t n = write(fd, fatness, sizeof(fatness) - 1);

		(void)n;
		close(fd);
	}
	failure = take_places(plan);
	if (plan->channel_fd >= 0)
		fcntl(plan->channel_fd, F_SETFD, 0);
	while (read(gate, &byte, 1) < 0 && errno == EINTR)
		;
	if (!failure.error) {
		execve(plan->path, (char *const *)plan->argv, (char *const *)plan->env);
		failure = (struct failure){STEP_EXEC, errno};
	}
	while (write(errors, &failure, sizeof(failure)) < 0 && errno == EINTR)
		;
	_exit(127);
}

int child_make(struct child *child, const struct child_plan *plan, char *why, size_t why_size)
{
	int gate[2], errors[2];
	pid_t parent = getpid();

	if (pipe2(gate, O_CLOEXEC) < 0)
		return because(why, why_size, "pipe: %s", strerror(errno));
	if (pipe2(errors, O_CLOEXEC) < 0) {
		because(why, why_size, "pipe: %s", strerror(errno));
		close(gate[0]);
		close(gate[1]);
		return -1;
	}
	fflush(NULL);
	child->pid = fork();
	if (child->pid == 0) {
		/* Else the end of the parent would not end the wait for the gate. */
		close(gate[1]);
		become(plan, gate[0], errors[1], parent);
	}
	close(gate[0]);
	close(errors[1]);
	if (child->pid < 0) {
		because(why, why_size, "fork: %s", strerror(errno));
		close(gate[1]);
		close(errors[0]);
		return -1;
	}
	setpgid(child->pid, child->pid); /* both sides, so that neither is too late */
	child->plan = plan;
	child->gate = gate[1];
	child->errors = errors[0];
	child->pidfd = (int)syscall(SYS_pidfd_open, child->pid, 0);
	return 0;
}

static int explain(const struct child_plan *plan, const struct failure *f, const char *path,
		   char *why, size_t why_size)
{
	const char *const files[] = {
		[STEP_IN] = plan->in, [STEP_OUT] = plan->out, [STEP_ERR] = plan->err};
	const char *file = f->step == STEP_EXEC ? path : files[f->step];

	if (f->step == STEP_FOLDER)
		return because(why, why_size, "folder %s: %s", plan->folder,
			       strerror(f->error));
	return because(why, why_size, "%s cannot be %s: %s", file ? file : "/dev/null",
		       f->step == STEP_EXEC ? "executed" : "opened", strerror(f->error));
}

int child_go(struct child *child, const char *path, char *why, size_t why_size)
{
	const struct child_plan *plan = child->plan;
	struct failure failure;
	int status;
	ssize_t n;

	n = write(child->gate, "", 1);
	close(child->gate);
	child->gate = -1;
	/* The other end closes with a successful exec: end of file. */
	while ((n = read(child->errors, &failure, sizeof(failure))) < 0 && errno == EINTR)
		;
	close(child->errors);
	child->errors = -1;
	if (n != (ssize_t)sizeof(failure))
		return 0;
	child_finish(child, &status, NULL);
	return explain(plan, &failure, path, why, why_size);
}

bool child_ended(const struct child *child, uint64_t wait_ns)
{
	struct timespec t = {(time_t)(wait_ns / 1000000000u), (long)(wait_ns % 1000000000u)};
	siginfo_t info;

	if (wait_ns) {
		struct pollfd p = {.fd = child->pidfd, .events = POLLIN};

		ppoll(&p, 1, &t, NULL); /* a kernel without pidfd just sleeps here */
	}
	info.si_pid = 0;
	return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid != 0;
}

enum child_end child_watch(const struct child *child, uint64_t deadline_ns, uint64_t every_ns,
			   void (*tick)(void *arg), void *arg)
{
	uint64_t next = now_ns();

	for (;;) {
		uint64_t now = now_ns(), until;

		if (now >= next) {
			if (tick)
				tick(arg);
			/* A late tick is not made up for: that would only disturb more. */
			next = now + every_ns;
		}
		if (now >= deadline_ns)
			return CHILD_TIMED_OUT;
		if (interrupt_insisted())
			return CHILD_INTERRUPTED;
		until = next < deadline_ns ? next : deadline_ns;
		now = now_ns();
		if (child_ended(child, until > now ? until - now : 0))
			return CHILD_EXITED;
	}
}

enum child_end child_wait(const struct child *child, uint64_t deadline_ns)
{
	for (;;) {
		uint64_t now = now_ns(), left = deadline_ns > now ? deadline_ns - now : 0;

		if (child_ended(child, left < WAIT_NS ? left : WAIT_NS))
			return CHILD_EXITED;
		if (!left)
			return CHILD_TIMED_OUT;
	}
}

/* Who waits takes a little CPU time, too: a thousandth is none. */
#define IDLE_SHARE 1000

enum child_end child_watch_work(const struct child *child, uint64_t deadline_ns,
				uint64_t idle_ns)
{
	uint64_t before = 0, cpu = 0;

	for (;;) {
		uint64_t until = now_ns() + idle_ns;
		enum child_end end =
			child_watch(child, until < deadline_ns ? until : deadline_ns,
				    idle_ns / 4, NULL, NULL);

		if (end != CHILD_TIMED_OUT || until >= deadline_ns)
			return end;
		if (cpu_ns_of(child->pid, &cpu) && cpu - before < idle_ns / IDLE_SHARE)
			return CHILD_HUNG;
		before = cpu;
	}
}

void child_finish(struct child *child, int *status, struct rusage *usage)
{
	pid_t orphan;

	if (child->gate >= 0)
		close(child->gate);
	if (child->errors >= 0)
		close(child->errors);
	if (!child_ended(child, 0)) {
		uint64_t deadline = now_ns() + GRACE_NS;

		kill(-child->pid, SIGTERM);
		while (now_ns() < deadline && !child_ended(child, 10000000))
			;
	}
	kill(-child->pid, SIGKILL); /* also what it left behind in its group */
	while (wait4(child->pid, status, 0, usage) < 0 && errno == EINTR)
		;
	/* Where this process adopts orphans (trial_run), their CPU time is the sample's, too.
	 */
	do {
		errno = 0;
		orphan = waitpid(-child->pid, NULL, 0);
	} while (orphan > 0 || errno == EINTR);
	if (child->pidfd >= 0)
		close(child->pidfd);
	child->pid = -1;
}

const char *child_status_text(int status, char *text, size_t size)
{
	if (WIFEXITED(status)) {
		if (WEXITSTATUS(status) == 0)
			return NULL;
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
	} else {
		const char *name = sigabbrev_np(WTERMSIG(status));

		if (name)
			snprintf(text, size, "killed by SIG%s", name);
		else
			snprintf(text, size, "killed by signal %d", WTERMSIG(status));
	}
	return text;
}
