/* Cases: one way in which allocators have failed programs, each with the figure that tells.
 *
 * A case knows malloc by its public names alone, so that it runs under any allocator.  It
 * prints one line, what it measured, and says whether that is right. */
#ifndef ASH_TEST_CASES_H
#define ASH_TEST_CASES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CASE_CANNOT 77 /* the machine does not let it be tried */

struct a_case {
	const char *name;
	int (*run)(int count, char **arguments);
	struct a_case *next;
};

/* Puts it among those that the program knows; before main. */
void case_enrol(struct a_case *a_case);

/* Prints the line, without allocating; returns the program's status. */
int case_measured(bool right, const char *format, ...) __attribute__((format(printf, 2, 3)));
int case_cannot(const char *why);

/* Argument `at` of the case as a number, or `otherwise` where there is none. */
long case_number(int count, char **arguments, int at, long otherwise);

/* Bytes of memory that the process has of its own (RssAnon), without allocating. */
long case_resident(void);

/* Runs fn(argument) in a child and waits for it: what waitpid says of it, or -1 where it
 * cannot be made.  What the child writes to stderr is dropped. */
int case_in_child(int (*fn)(void *argument), void *argument);
/* The same, with the beginning of that in `text`. */
int case_in_child_that_says(int (*fn)(void *argument), void *argument, char *text, size_t size);

/* Defines the case: CASE(name) { ... }, with its arguments in `count` and `arguments`. */
#define CASE(called)                                                      \
	static int called##_runs(int count, char **arguments);            \
	static struct a_case called##_case = {#called, called##_runs, 0}; \
	__attribute__((constructor)) static void called##_enrols(void)    \
	{                                                                 \
		case_enrol(&called##_case);                               \
	}                                                                 \
	static int called##_runs(__attribute__((unused)) int count,       \
				 __attribute__((unused)) char **arguments)

#ifdef __cplusplus
}
#endif

#endif
