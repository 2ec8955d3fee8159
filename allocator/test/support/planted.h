/* For unit tests that plant an inconsistency: in a process of its own one field of a structure
 * is made wrong, and the next change of the structure must be its end, by the predicate that
 * debug builds ask. */
#ifndef ASH_TEST_PLANTED_H
#define ASH_TEST_PLANTED_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/unit.h"

/* Runs plant (NULL = nothing) and then change in a child; returns whether the child lived, and
 * in `said` what it wrote to stderr. */
static inline bool planted_lives(void (*plant)(void), void (*change)(void), char *said,
				 size_t size)
{
	int out[2], status = 0;
	ssize_t n;
	size_t got = 0;
	pid_t child;

	assert_int_equal(pipe(out), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		signal(SIGABRT, SIG_DFL);
		dup2(out[1], STDERR_FILENO);
		if (plant != NULL)
			plant();
		change();
		_exit(0);
	}
	close(out[1]);
	while (got + 1 < size && (n = read(out[0], said + got, size - 1 - got)) > 0)
		got += (size_t)n;
	said[got] = '\0';
	close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 0;
	assert_int_equal(WTERMSIG(status), SIGABRT);
	return false;
}

/* The change alone is fine; with the fault it is the end, by this predicate. */
static inline void planted_expect(void (*plant)(void), void (*change)(void),
				  const char *predicate)
{
	char said[512];

	if (!planted_lives(NULL, change, said, sizeof(said)))
		fail_msg("without a fault: %s", said);
	if (planted_lives(plant, change, said, sizeof(said)))
		fail_msg("nobody saw it; expected %s", predicate);
	if (strstr(said, predicate) == NULL)
		fail_msg("not by %s, but: %s", predicate, said);
}

/* A test whose predicate is asked by assertions of the tier. */
#define PLANTED(tier, test) cmocka_unit_test_prestate(test, (void *)(uintptr_t)(tier))

/* Runs those tests whose tier is compiled in.  (cmocka 1.1.5 counts one that skips itself as
 * failed.) */
static inline int planted_run(const struct CMUnitTest *tests, size_t n, CMFixtureFunction up)
{
	struct CMUnitTest able[32];
	size_t count = 0;

	assert_true(n <= sizeof(able) / sizeof(able[0]));
	for (size_t i = 0; i < n; i++)
		if ((uintptr_t)tests[i].initial_state <= ASH_DEBUG)
			able[count++] = tests[i];
	if (count > 0)
		return _cmocka_run_group_tests("planted", able, count, up, NULL);
	puts("1..0 # SKIP assertions of tier 2 are not compiled in");
	return 0;
}

#endif
