/* How functions here explain a failure. */
#ifndef TRACE_WHY_H
#define TRACE_WHY_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

/* Fills `why` (cut to fit) and returns -1. */
__attribute__((format(printf, 3, 4))) static inline int trace_because(char *why, size_t size,
								      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, size, format, args);
	va_end(args);
	return -1;
}

#endif
