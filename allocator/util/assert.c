#include "util/assert.h"
#include "util/fmt.h"

#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

void ash_fatal(const char *format, ...)
{
	char line[512];
	va_list args;

	va_start(args, format);
	/* (Not to the program's function: locks may be held.) */
	ash_write_fd(STDERR_FILENO, line,
		     ash_vformat_message(line, sizeof(line), format, args));
	va_end(args);
	abort();
}

void ash_assert_failed(const char *expression, const char *file, int line)
{
	ash_fatal("%s:%d: assertion failed: %s", file, line, expression);
}

#if ASH_DEBUG >= 3
#define WALK_AT_ONCE 64 /* elements that each change pays for */

bool ash_assert_is_due(size_t length)
{
	static __thread size_t saved;

	if (length <= WALK_AT_ONCE)
		return true;
	saved += WALK_AT_ONCE;
	if (saved < length)
		return false;
	saved -= length;
	return true;
}
#endif
