/* Running the command, and the price of recording it. */
#include "harness/record/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/stats/statistics.h"
#include "workloads/recorder/raw.h"

/* ---- the command -------------------------------------------------------------- */

void recording_environment(const struct recording *r, const char *folder)
{
	const char *before = getenv("LD_PRELOAD");
	const char *parts[3] = {folder ? r->recorder : NULL, r->with ? r->with->path : NULL,
				before};
	char *preload = text_format("%s", "");

	for (int i = 0; i < 3; i++)
		if (parts[i] && *parts[i]) {
			char *longer =
				text_format("%s%s%s", preload, *preload ? ":" : "", parts[i]);

			free(preload);
			preload = longer;
		}
	setenv("LD_PRELOAD", preload, 1);
	free(preload);
	for (int i = 0; r->with && i < r->with->nenv; i++) {
		char *name = text_format("%s", r->with->env[i]), *value = strchr(name, '=');

		*value = '\0';
		setenv(name, value + 1, 1);
		free(name);
	}
	if (folder)
		setenv(RAW_VARIABLE, folder, 1);
	else
		unsetenv(RAW_VARIABLE);
}

static const int passed_on[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2};

#define PASSED (sizeof(passed_on) / sizeof(passed_on[0]))

static volatile pid_t receiver;

/* The terminal sends ctrl-C to the command too; what a process sends comes to us alone. */
static void pass_on(int signal_number, siginfo_t *info, void *context)
{
	int kept = errno;

	(void)context;
	if (info->si_code <= 0 && receiver > 0)
		kill(receiver, signal_number);
	errno = kept;
}

static void run_command(const struct recording *r, const sigset_t *mask, int errors)
{
	int error;

	recording_environment(r, r->folder);
	signal(SIGXFSZ, SIG_DFL); /* which we ignore */
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(r->command[0], r->command);
	error = errno;
	if (write(errors, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int recording_run(struct recording *r)
{
	struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO};
	sigset_t these, before;
	int errors[2], error = 0;
	ssize_t got;

	if (pipe2(errors, O_CLOEXEC) < 0) {
		complain("record: pipe: %s", strerror(errno));
		return 126;
	}
	sigemptyset(&these);
	for (size_t i = 0; i < PASSED; i++)
		sigaddset(&these, passed_on[i]);
	sigprocmask(SIG_BLOCK, &these, &before);
	fflush(NULL);
	receiver = r->pid = fork();
	if (r->pid == 0)
		run_command(r, &before, errors[1]);
	close(errors[1]);
	for (size_t i = 0; i < PASSED; i++)
		sigaction(passed_on[i], &action, NULL);
	sigprocmask(SIG_SETMASK, &before, NULL);
	while (r->pid > 0 && (got = read(errors[0], &error, sizeof(error))) < 0 &&
	       errno == EINTR)
		;
	close(errors[0]);
	if (r->pid < 0) {
		complain("record: fork: %s", strerror(errno));
		return 126;
	}
	while (waitpid(r->pid, &r->status, 0) < 0 && errno == EINTR)
		;
	receiver = 0;
	if (!error)
		return 0;
	complain("record: %s cannot be executed: %s", r->command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

/* ---- the price ---------------------------------------------------------------- */

#define ROUNDS 21
#define PAIRS 10000
#define RUNS 3

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int recording_loop(void)
{
	void *(*volatile allocate)(size_t) = malloc;
	void (*volatile release)(void *) = free;
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double from = seconds();

		for (int k = 0; k < PAIRS; k++)
			release(allocate(32));
		took[i] = (seconds() - from) / (2.0 * PAIRS) * 1e9;
	}
	printf("%.2f\n", stat_median(took, ROUNDS));
	return STATUS_OK;
}

/* ns per event of the loop; negative when it did not run. */
static double run_loop(const struct recording *r, const char *folder)
{
	double ns = -1;
	int out[2];
	pid_t pid;
	FILE *in;

	if (pipe2(out, O_CLOEXEC) < 0)
		return ns;
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY);

		recording_environment(r, folder);
		dup2(out[1], STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		execl(paths_find()->self, "ashlar-bench", "record", "--loop", (char *)NULL);
		_exit(127);
	}
	close(out[1]);
	in = fdopen(out[0], "r");
	if (!in || fscanf(in, "%lf", &ns) != 1)
		ns = -1;
	if (in)
		fclose(in);
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return ns;
}

void recording_price(const struct recording *r)
{
	double with[RUNS], without[RUNS];

	for (int i = 0; i < RUNS; i++) {
		char *folder = text_format("%s/price-%d", r->folder, i);

		mkdir(folder, 0700);
		without[i] = run_loop(r, NULL);
		with[i] = run_loop(r, folder);
		file_remove_tree(folder);
		free(folder);
		if (with[i] < 0 || without[i] < 0)
			return;
	}
	fprintf(stderr,
		"recording costs %.0f ns an event (%.0f with, %.0f without, medians of a "
		"loop of malloc and free)\n",
		stat_median(with, RUNS) - stat_median(without, RUNS), stat_median(with, RUNS),
		stat_median(without, RUNS));
}
