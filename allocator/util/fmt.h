/* Formatting into a caller's buffer: no allocation, no locale, no lock, no stdio, so
 * that it serves inside malloc and after the heap was found broken. */
#ifndef ASH_UTIL_FMT_H
#define ASH_UTIL_FMT_H

#include <stdarg.h>
#include <stddef.h>
#include "util/compiler.h"

/* Knows %s, %c, %d, %u, %x, %p and %%, the lengths l and z, a zero-padded or blank-padded
 * width, and %.*s.  Writes at most `size` bytes, always ends with NUL where size > 0,
 * and returns the number of characters written without it (cut ones not counted). */
size_t ash_vformat(char *out, size_t size, const char *format, va_list args);
size_t ash_format(char *out, size_t size, const char *format, ...) ASH_PRINTF(3, 4);

/* Writes "<ashlar>: ", the text and a newline to stderr in one write(2); keeps errno. */
void ash_vmessage(const char *format, va_list args);
void ash_message(const char *format, ...) ASH_PRINTF(1, 2);

/* Writes text to the descriptor, all of it; keeps errno. */
void ash_write_fd(int fd, const char *text, size_t length);

#endif
