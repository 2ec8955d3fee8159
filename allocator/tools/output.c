#include "tools/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *name;
static int failed;

static void check(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return;
	fprintf(stderr, "%s: the output could not be written\n", name);
	_exit(failed);
}

void output_check_at_exit(const char *program, int status)
{
	name = program;
	failed = status;
	atexit(check);
}
