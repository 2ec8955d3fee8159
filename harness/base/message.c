#include "harness/base/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void say(const char *format, va_list args)
{
	fflush(stdout); /* so that the two streams keep their order in a log */
	fputs("ashlar-bench: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
}

int complain_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return STATUS_USAGE;
}

char *text_format(const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		complain("out of memory");
		exit(STATUS_FAILED);
	}
	return text;
}

int because(char *why, size_t size, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	/* Reasons become one line of a record, and may quote what a program printed. */
	for (char *p = why; size && *p; p++)
		if ((unsigned char)*p < ' ')
			*p = ' ';
	return -1;
}
