/* Wrong frees: stopped, or passed over. */
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "test/cases/cases.h"

#define LIVE 5000
#define MOST 4000 /* other frees */

/* Block 0 is freed, then so many others, then block 0 again. */
struct frees {
	size_t size;
	unsigned between;
	bool by_thread; /* the second by another thread */
	bool ends;      /* the process ends behind it; else everything is handed out again */
};

static void *p[LIVE], *q[2 * LIVE];

/* The compiler must not see what is done. */
static void *hidden(void *block)
{
	__asm__ volatile("" : "+r"(block) : : "memory");
	return block;
}

static void *free_it(void *block)
{
	free(block);
	return NULL;
}

static int by_address(const void *a, const void *b)
{
	uintptr_t x = *(const uintptr_t *)a, y = *(const uintptr_t *)b;

	return x < y ? -1 : x > y;
}

static bool twice(void)
{
	qsort(q, 2 * LIVE, sizeof(q[0]), by_address);
	for (unsigned i = 1; i < 2 * LIVE; i++)
		if (q[i] == q[i - 1])
			return true;
	return false;
}

static int free_twice(void *argument)
{
	const struct frees *how = argument;
	struct rlimit none = {0, 0}, seconds = {5, 5};
	pthread_t thread;

	setrlimit(RLIMIT_CORE, &none);
	setrlimit(RLIMIT_CPU, &seconds); /* a broken heap may go round for ever */
	for (unsigned i = 0; i < LIVE; i++)
		p[i] = hidden(malloc(how->size));
	free(p[0]);
	for (unsigned i = 1; i <= how->between; i++)
		free(p[i]);
	if (!how->by_thread)
		free(hidden(p[0]));
	else if (pthread_create(&thread, NULL, free_it, hidden(p[0])) == 0)
		pthread_join(thread, NULL);
	if (how->ends)
		exit(0);
	for (unsigned i = 0; i < 2 * LIVE; i++)
		q[i] = hidden(malloc(how->size));
	return twice();
}

/* Writes to `text` what became of it; true where it was stopped. */
static bool stopped(struct frees *how, const char **text)
{
	int status = case_in_child(free_twice, how);

	if (status == -1)
		*text = "could not be tried";
	else if (WIFSIGNALED(status))
		*text = WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU
				? "never ends"
				: "stopped";
	else
		*text = status == 0 ? "passed over" : "handed out twice";
	return *text[0] == 's';
}

static const unsigned betweens[] = {0, 1, 2, 3, 8, 60, 400, MOST};
#define BETWEENS (sizeof(betweens) / sizeof(betweens[0]))

static int each(size_t size, bool by_thread, bool ends)
{
	char line[200];
	int at = 0;
	bool right = true;

	for (unsigned i = 0; i < BETWEENS; i++) {
		struct frees how = {size, betweens[i], by_thread, ends};
		const char *text;

		right &= stopped(&how, &text);
		at += snprintf(line + at, sizeof(line) - (size_t)at, "%s%u %s",
			       i == 0 ? "" : ", ", betweens[i], text);
		if ((size_t)at >= sizeof(line))
			break;
	}
	return case_measured(right, "frees between: %s", line);
}

/* double_free SIZE: a block is freed again after so many other frees. */
CASE(double_free)
{
	return each((size_t)case_number(count, arguments, 0, 64), false, false);
}

/* double_free_thread SIZE: the second free comes from another thread. */
CASE(double_free_thread)
{
	return each((size_t)case_number(count, arguments, 0, 64), true, false);
}

/* double_free_exit SIZE: the process ends behind it. */
CASE(double_free_exit)
{
	return each((size_t)case_number(count, arguments, 0, 8), false, true);
}

static int free_beyond(void *offset)
{
	struct rlimit none = {0, 0};
	char *block = hidden(malloc(16));

	setrlimit(RLIMIT_CORE, &none);
	free(hidden(block + *(long *)offset));
	return 0;
}

/* never OFFSET: so far behind the only block that there is one is freed that nobody ever had.
 */
CASE(never)
{
	long offset = case_number(count, arguments, 0, 16384);
	char text[200];
	int status = case_in_child_that_says(free_beyond, &offset, text, sizeof(text));
	bool stops = status != -1 && WIFSIGNALED(status);

	text[strcspn(text, "\n")] = '\0';
	for (char *c = text; *c != '\0'; c++) /* addresses differ from run to run */
		if (c[0] == '0' && c[1] == 'x')
			memset(c + 2, '-', strspn(c + 2, "0123456789abcdef"));
	return case_measured(stops && strstr(text, "double") == NULL, "%s, and says: %s",
			     stops ? "stopped" : "passed over", text);
}
