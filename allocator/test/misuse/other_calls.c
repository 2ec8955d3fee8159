/* Wrong pointers in realloc and malloc_usable_size. */
#include "test/misuse/misuse.h"

/* realloc of a freed block. */
static void realloc_freed(void)
{
	void *p = malloc(700); /* of a class that nothing before main has used */

	free(p);
	hidden(realloc(hidden(p), 2000));
}

/* realloc of a freed block that still lies in the thread's magazine, to a size that moves it.
 */
static void realloc_freed_in_use(void)
{
	void *p;

	honest_use(300);
	p = malloc(300);
	free(p);
	hidden(realloc(hidden(p), 2000));
}

/* realloc of a local variable. */
static void realloc_stack(void)
{
	_Alignas(16) char room[64];

	hidden(realloc(hidden(room), 200));
}

/* realloc of a pointer into a block. */
static void realloc_wild(void)
{
	char *p = malloc(96);

	hidden(realloc(hidden(p + 16), 200));
}

/* malloc_usable_size of a pointer into a block. */
static void usable_size_inside(void)
{
	char *p = malloc(100);

	if (malloc_usable_size(hidden(p + 16)) > 0)
		say("it has a size\n");
}

/* malloc_usable_size of a global. */
static void usable_size_wild(void)
{
	static _Alignas(16) char room[64];

	if (malloc_usable_size(hidden(room)) > 0)
		say("it has a size\n");
}

const struct misuse misuse_other_calls[] = {
	{"realloc_freed", realloc_freed},
	{"realloc_freed_in_use", realloc_freed_in_use},
	{"realloc_stack", realloc_stack},
	{"realloc_wild", realloc_wild},
	{"usable_size_inside", usable_size_inside},
	{"usable_size_wild", usable_size_wild},
	{NULL, NULL},
};
