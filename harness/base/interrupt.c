#include "harness/base/interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t signals;

static void count(int number)
{
	static const char first[] =
		"\nashlar-bench: ending after the running sample; once more ends it too\n";

	(void)number;
	if (signals == 0 && isatty(STDERR_FILENO)) {
		ssize_t n = write(STDERR_FILENO, first, sizeof(first) - 1);

		(void)n;
	}
	if (signals < 2)
		signals++;
}

void interrupt_catch(void)
{
	struct sigaction action;

	memset(&action, 0, sizeof(action));
	action.sa_handler = count; /* without SA_RESTART: waits shall notice */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

bool interrupt_wanted(void)
{
	return signals > 0;
}

bool interrupt_insisted(void)
{
	return signals > 1;
}
