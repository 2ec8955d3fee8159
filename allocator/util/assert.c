#include "util/assert.h"
#include "util/fmt.h"

#include <stdarg.h>
#include <stdlib.h>

void ash_fatal(const char *format, ...)
{
	char text[400];
	va_list args;

	va_start(args, format);
	ash_vformat(text, sizeof(text), format, args);
	va_end(args);
	ash_message("%s", text);
	abort();
}

void ash_assert_failed(const char *expression, const char *file, int line)
{
	ash_fatal("%s:%d: assertion failed: %s", file, line, expression);
}
