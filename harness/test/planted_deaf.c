/* Prints a line on stdout, then never comes to its end and hears no signal that asks it to. */
#include <signal.h>
#include <unistd.h>
#include "harness/test/planted.h"

void planted_begin(void)
{
	static const char line[] = "planted\n";
	ssize_t n = write(STDOUT_FILENO, line, sizeof(line) - 1);

	(void)n;
	for (int i = 1; i < 65; i++)
		signal(i, SIG_IGN);
	for (;;)
		;
}

void planted_call(void)
{
}
