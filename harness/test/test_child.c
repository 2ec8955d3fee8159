/* Processes of our own making: their ends, their environment, their leftovers. */
#include "harness/test/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "harness/trial/child.h"
#include "harness/base/clock.h"
#include "harness/base/file.h"
#include "harness/machine/procfs.h"

static char out[] = "/tmp/ashlar-child-XXXXXX";
static const char *const plain[] = {"PATH=/usr/bin:/bin", NULL};

/* Until the script has said something, where `says`, the seconds do not count. */
static enum child_end run_until(const char *script, bool says, double seconds, int *status)
{
	const char *const argv[] = {"sh", "-c", script, NULL};
	const struct child_plan plan = {.path = "/bin/sh",
					.argv = argv,
					.env = plain,
					.out = out,
					.err = out,
					.channel_fd = -1};
	struct child child;
	enum child_end end;
	char why[256];

	assert_int_equal(truncate(out, 0), 0);
	assert_int_equal(child_make(&child, &plan, why, sizeof(why)), 0);
	assert_int_equal(child_go(&child, plan.path, why, sizeof(why)), 0);
	for (int i = 0; says && i < 6000; i++) {
		struct stat st;

		says = stat(out, &st) == 0 && st.st_size == 0;
		usleep(10000);
	}
	end = child_watch(&child, now_ns() + (uint64_t)(seconds * 1e9), 10000000, NULL, NULL);
	child_finish(&child, status, NULL);
	return end;
}

static enum child_end run(const char *script, double seconds, int *status)
{
	return run_until(script, false, seconds, status);
}

static void ends_are_told_apart(void **state)
{
	char text[64];
	int status;

	(void)state;
	assert_int_equal(run("exit 0", 60, &status), CHILD_EXITED);
	assert_null(child_status_text(status, text, sizeof(text)));
	assert_int_equal(run("exit 3", 60, &status), CHILD_EXITED);
	assert_string_equal(child_status_text(status, text, sizeof(text)), "exit status 3");
	assert_int_equal(run("kill -SEGV $$", 60, &status), CHILD_EXITED);
	assert_string_equal(child_status_text(status, text, sizeof(text)), "killed by SIGSEGV");
	assert_int_equal(run_until("echo; exec sleep 600", true, 0.1, &status),
			 CHILD_TIMED_OUT);
	assert_string_equal(child_status_text(status, text, sizeof(text)), "killed by SIGTERM");
}

static void a_deaf_one_is_killed(void **state)
{
	char text[64];
	int status;

	(void)state;
	assert_int_equal(
		run_until("trap '' TERM; echo; while :; do sleep 1; done", true, 0.3, &status),
		CHILD_TIMED_OUT);
	assert_string_equal(child_status_text(status, text, sizeof(text)), "killed by SIGKILL");
}

static void nothing_is_left_behind(void **state)
{
	char line[64];
	int status;
	pid_t left;

	(void)state;
	assert_int_equal(run("sleep 600 & echo $!", 60, &status), CHILD_EXITED);
	left = (pid_t)atoi(file_line(out, line, sizeof(line)));
	assert_true(left > 1);
	/* Killed with its group; who reaps it is not our business, so a zombie will do. */
	for (int i = 0; i < 6000 && kill(left, 0) == 0; i++) {
		char path[64], *text;
		bool zombie;

		snprintf(path, sizeof(path), "/proc/%d/stat", (int)left);
		text = file_read(path);
		zombie = text && strstr(text, ") Z ");
		free(text);
		if (zombie)
			return;
		usleep(10000);
	}
	assert_int_equal(kill(left, 0), -1);
	assert_int_equal(errno, ESRCH);
}

static void the_environment_is_exactly_what_was_given(void **state)
{
	char *text;
	int status;

	(void)state;
	setenv("ASHLAR_LEAK", "1", 1);
	assert_int_equal(run("exec env", 60, &status), CHILD_EXITED);
	text = file_read(out);
	assert_non_null(strstr(text, "PATH=/usr/bin:/bin"));
	assert_null(strstr(text, "ASHLAR_LEAK"));
	free(text);
}

static void what_cannot_be_executed_is_said(void **state)
{
	const char *const argv[] = {"x", NULL};
	const struct child_plan plan = {
		.path = "/no/such/program", .argv = argv, .env = plain, .channel_fd = -1};
	struct child child;
	char why[256];

	(void)state;
	assert_int_equal(child_make(&child, &plan, why, sizeof(why)), 0);
	assert_int_equal(child_go(&child, plan.path, why, sizeof(why)), -1);
	assert_non_null(strstr(why, "/no/such/program cannot be executed: No such file"));
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* and reaped */
}

static void what_it_lacks_is_said(void **state)
{
	static const struct {
		struct child_plan plan;
		const char *said;
	} cases[] = {
		{{.folder = "/no/such/folder"}, "folder /no/such/folder: No such file"},
		{{.in = "/no/such/in"}, "/no/such/in cannot be opened: No such file"},
		{{.out = "/no/such/out"}, "/no/such/out cannot be opened: No such file"},
		{{.err = "/no/such/err"}, "/no/such/err cannot be opened: No such file"},
	};
	const char *const argv[] = {"true", NULL};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct child_plan plan = cases[i].plan;
		struct child child;
		char why[256] = "";

		plan.path = "/bin/true";
		plan.argv = argv;
		plan.env = plain;
		plan.channel_fd = -1;
		assert_int_equal(child_make(&child, &plan, why, sizeof(why)), 0);
		assert_int_equal(child_go(&child, plan.path, why, sizeof(why)), -1);
		assert_non_null(strstr(why, cases[i].said));
	}
}

/* Looked at twice it is told to end, by a file. */
static char seen[sizeof(out) + sizeof(".seen")];
static int ticks;

static void look(void *arg)
{
	struct proc_counts counts;
	uint64_t ns;

	if (++ticks == 2)
		close(open(seen, O_CREAT | O_WRONLY, 0600));
	if (cpu_ns_of(*(pid_t *)arg, &ns) && proc_read_counts(*(pid_t *)arg, &counts))
		assert_true(proc_peak_rss(*(pid_t *)arg) < (uint64_t)1 << 30);
}

static void it_is_looked_at_while_it_runs(void **state)
{
	const char *const argv[] = {"sh", "-c", "until [ -e \"$0\" ]; do sleep 0.01; done",
				    seen, NULL};
	const struct child_plan plan = {
		.path = "/bin/sh", .argv = argv, .env = plain, .channel_fd = -1};
	struct child child;
	char why[256];
	int status;

	(void)state;
	snprintf(seen, sizeof(seen), "%s.seen", out);
	assert_int_equal(child_make(&child, &plan, why, sizeof(why)), 0);
	assert_int_equal(child_go(&child, plan.path, why, sizeof(why)), 0);
	assert_int_equal(
		child_watch(&child, now_ns() + 60000000000u, 10000000, look, &child.pid),
		CHILD_EXITED);
	child_finish(&child, &status, NULL);
	assert_int_equal(status, 0);
	assert_true(ticks >= 2);
	unlink(seen);
}

/* A child that should work and only waits is told from one that is slow. */
static void who_hangs_is_told(void **state)
{
	static const struct {
		const char *script;
		enum child_end end;
	} cases[] = {
		{"exec sleep 600", CHILD_HUNG},
		{"while :; do :; done", CHILD_TIMED_OUT},
		{"exit 0", CHILD_EXITED},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const argv[] = {"sh", "-c", cases[i].script, NULL};
		const struct child_plan plan = {
			.path = "/bin/sh", .argv = argv, .env = plain, .channel_fd = -1};
		/* Nobody waits for the one that works longer than needed. */
		uint64_t most_ns = cases[i].end == CHILD_TIMED_OUT ? 3000000000u : 60000000000u;
		struct child child;
		char why[256];
		int status;

		assert_int_equal(child_make(&child, &plan, why, sizeof(why)), 0);
		assert_int_equal(child_go(&child, plan.path, why, sizeof(why)), 0);
		assert_int_equal(child_watch_work(&child, now_ns() + most_ns, 1000000000u),
				 cases[i].end);
		child_finish(&child, &status, NULL);
	}
}

static int create(void **state)
{
	int fd = mkstemp(out);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int destroy(void **state)
{
	(void)state;
	return unlink(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_are_told_apart),
		cmocka_unit_test(a_deaf_one_is_killed),
		cmocka_unit_test(nothing_is_left_behind),
		cmocka_unit_test(the_environment_is_exactly_what_was_given),
		cmocka_unit_test(what_cannot_be_executed_is_said),
		cmocka_unit_test(what_it_lacks_is_said),
		cmocka_unit_test(it_is_looked_at_while_it_runs),
		cmocka_unit_test(who_hangs_is_told),
	};

	return cmocka_run_group_tests(tests, create, destroy);
}
