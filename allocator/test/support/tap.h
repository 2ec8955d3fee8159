/*
 * Test cases reported as TAP, each in a process of its own: a case that crashes,
 * aborts or hangs is one failed line and the others still run.  A case may allocate
 * as it likes; the reporting itself never does.
 */
#ifndef ASH_TEST_TAP_H
#define ASH_TEST_TAP_H

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/patience.h"

#define TAP_SKIPPED 77

#ifdef __SANITIZE_THREAD__
/* A child that was forked beside threads cannot join them: they are no leak of its. */
__attribute__((weak)) const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
	return "report_thread_leaks=0";
}
#endif

/* Shared between the cases and the process that reports them. */
struct tap_shared {
	unsigned failures; /* of the running case; only the first few are printed */
	char skip_reason[200];
};

static struct tap_shared *tap_shared;
static unsigned tap_cases, tap_failed_cases;
/* Seconds after which a case counts as hung, for patience(). */
static unsigned tap_watchdog = 180;

static inline void tap_vsay(const char *prefix, const char *fmt, va_list ap)
{
	char line[700];
	int n = snprintf(line, sizeof(line), "%s", prefix);
	int m = vsnprintf(line + n, sizeof(line) - (size_t)n - 1, fmt, ap);

	n += m < (int)sizeof(line) - n - 1 ? m : (int)sizeof(line) - n - 2;
	line[n++] = '\n';
	for (char *at = line; n > 0;) {
		ssize_t done = write(STDOUT_FILENO, at, (size_t)n);

		if (done <= 0)
			break;
		at += done;
		n -= (int)done;
	}
}

__attribute__((format(printf, 1, 2))) static inline void tap_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_vsay("", fmt, ap);
	va_end(ap);
}

__attribute__((format(printf, 1, 2))) static inline void tap_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_vsay("# ", fmt, ap);
	va_end(ap);
}

/* Any thread of the running case may fail it. */
__attribute__((format(printf, 2, 3))) static inline void tap_fail(const char *where,
								  const char *fmt, ...)
{
	char prefix[300];
	va_list ap;

	if (__atomic_add_fetch(&tap_shared->failures, 1, __ATOMIC_RELAXED) > 8)
		return;
	snprintf(prefix, sizeof(prefix), "#   %s: ", where);
	va_start(ap, fmt);
	tap_vsay(prefix, fmt, ap);
	va_end(ap);
}

#define TAP_STRING_(x) #x
#define TAP_STRING(x) TAP_STRING_(x)
#define TAP_HERE(text) (__FILE__ ":" TAP_STRING(__LINE__) ": " text)

/* CHECK(condition, format, ...): a false condition fails the case and goes on. */
#define CHECK(cond, ...)                                        \
	do {                                                    \
		if (!(cond))                                    \
			tap_fail(TAP_HERE(#cond), __VA_ARGS__); \
	} while (0)

/* The same, and leaves the case, for what the rest cannot do without. */
#define NEED(cond, ...)                                         \
	do {                                                    \
		if (!(cond)) {                                  \
			tap_fail(TAP_HERE(#cond), __VA_ARGS__); \
			_exit(1);                               \
		}                                               \
	} while (0)

__attribute__((noreturn)) static inline void tap_skip(const char *reason)
{
	snprintf(tap_shared->skip_reason, sizeof(tap_shared->skip_reason), "%s", reason);
	_exit(TAP_SKIPPED);
}

static inline void tap_no_core(void)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

static inline void tap_start(void)
{
	void *p = mmap(NULL, sizeof(*tap_shared), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	tap_shared = (struct tap_shared *)p;
	if (p == MAP_FAILED) {
		tap_line("Bail out! no memory for the test's own state");
		exit(1);
	}
}

static inline void tap_report(bool passed, const char *name)
{
	tap_failed_cases += !passed;
	tap_line("%s %u - %s", passed ? "ok" : "not ok", ++tap_cases, name);
}

/* A case that has gone on is not hung, however long all of it takes. */
static inline void tap_alive(void)
{
	alarm(patience(tap_watchdog));
}

static inline void tap_case(const char *name, void (*run)(void))
{
	pid_t child;
	int status;

	tap_shared->failures = 0;
	child = fork();
	if (child == 0) {
		tap_no_core();
		tap_alive();
		run();
		_exit(tap_shared->failures != 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		tap_note("fork: %s", strerror(errno));
		tap_report(false, name);
	} else if (WIFEXITED(status) && WEXITSTATUS(status) == TAP_SKIPPED) {
		tap_line("ok %u - %s # SKIP %s", ++tap_cases, name, tap_shared->skip_reason);
	} else {
		if (WIFSIGNALED(status))
			tap_note("%s %s: %s", name,
				 WTERMSIG(status) == SIGALRM ? "hung" : "killed",
				 strsignal(WTERMSIG(status)));
		else if (tap_shared->failures > 8)
			tap_note("%u failed checks in all", tap_shared->failures);
		tap_report(WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
				   tap_shared->failures == 0,
			   name);
	}
}

/*
 * A case whose end matters as well: run this program again with one argument, and
 * pass if it leaves with status 0.
 */
static inline void tap_run_self(const char *argument)
{
	execl("/proc/self/exe", "test", argument, (char *)NULL);
	tap_fail(TAP_HERE("execl"), "%s", strerror(errno));
}

/* The plan comes last, so that an early end of the program is itself an error. */
static inline int tap_finish(void)
{
	tap_line("1..%u", tap_cases);
	return tap_failed_cases != 0;
}

#endif
