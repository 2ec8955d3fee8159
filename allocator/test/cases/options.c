/* Options that images carry in MALLOC_CONF, as jemalloc reads them. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/cases/cases.h"

static int start_again(void *setting)
{
	char *const arguments[] = {(char *)"cases", NULL};
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	setenv("MALLOC_CONF", (const char *)setting, 1);
	close(STDOUT_FILENO);
	execv("/proc/self/exe", arguments);
	return 2;
}

/* setting TEXT LINES: a program that is started with this in MALLOC_CONF says so many lines,
 * and aborts where that is any. */
CASE(setting)
{
	const char *setting = count > 0 ? arguments[0] : "";
	long lines = case_number(count, arguments, 1, 1), said = 0;
	char text[2000];
	int status = case_in_child_that_says(start_again, (void *)(size_t)setting, text,
					     sizeof(text));
	bool aborts = status != -1 && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;

	for (const char *c = text; *c != '\0'; c++)
		said += *c == '\n';
	return case_measured(aborts == (lines > 0) && said == lines, "%ld lines, and %s", said,
			     aborts ? "aborts" : "goes on");
}
