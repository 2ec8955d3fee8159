#include "util/misuse_hook.h"
#include "util/assert.h"

/* Until boot has registered the real one. */
static void report_early(const struct ash_misuse *misuse)
{
	ash_fatal("misuse of the heap before it was set up: %p",
		  (void *)(size_t)misuse->pointer);
}

void (*ash_misuse_hook)(const struct ash_misuse *misuse) = report_early;
