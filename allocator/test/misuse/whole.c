/* A dozen misuses in one program, and none at all. */
#include "test/misuse/misuse.h"

static int global;

static void wrong_ways(void)
{
	int local;
	char *small = malloc(64), *large = malloc(100000), *mapping = malloc(3 << 20);

	free(small);
	free(hidden(small));
	free(hidden(small));
	free(hidden(&local));
	free(hidden(&global));
	free(hidden((char *)malloc(64) + 8));
	free(hidden(large + 4096));
	free(large);
	free(hidden(large));
	free(hidden(mapping + 4096));
	free(mapping);
	free(hidden(mapping));
	if (realloc(hidden(&local), 100) != NULL || malloc_usable_size(hidden(&global)) != 0)
		say("an answer to a wrong question\n");
}

/* A dozen misuses, each of which is found at the call.  A program that is told to continue has
 * one line said of all, and a heap that is none the worse. */
static void many(void)
{
	static unsigned *p[4000];

	wrong_ways();
	for (unsigned i = 0; i < 4000; i++) {
		p[i] = malloc(64);
		if (p[i] == NULL)
			_exit(4);
		*p[i] = i;
	}
	for (unsigned i = 0; i < 4000; i++) {
		if (*p[i] != i) {
			say("a block was handed out twice\n");
			_exit(5);
		}
		free(p[i]);
	}
}

/* Nothing wrong at all: it must be left alone. */
static void none(void)
{
	void *p = malloc(64);

	p = hidden(realloc(p, 5000));
	free(p);
	p = malloc(64);
	free(hidden(p));
	sized_frees_that_are_right();
}

const struct misuse misuse_whole[] = {
	{"many", many},
	{"none", none},
	{NULL, NULL},
};
