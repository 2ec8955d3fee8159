/* Formatting into a caller's buffer: no allocation, no locale, no lock, no stdio, so
 * that it serves inside malloc and after the heap was found broken. */
#ifndef ASH_UTIL_FMT_H
#define ASH_UTIL_FMT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include "util/compiler.h"

/* Knows %s, %c, %d, %u, %x, %p and %%, the lengths l and z, a zero-padded or blank-padded
 * width, and %.*s.  Writes at most `size` bytes, always ends with NUL where size > 0,
 * and returns the number of characters written without it (cut ones not counted). */
size_t ash_vformat(char *out, size_t size, const char *format, va_list args);
size_t ash_format(char *out, size_t size, const char *format, ...) ASH_PRINTF(3, 4);

/* Tells "<ashlar>: ", the text and a newline as a line, which keeps errno.  Call without a
 * lock. */
void ash_vmessage(const char *format, va_list args);
void ash_message(const char *format, ...) ASH_PRINTF(1, 2);

/* Writes that line into the buffer; its length. */
size_t ash_vformat_message(char *line, size_t size, const char *format, va_list args);

/* A line of so many characters with its newline, and NUL behind it: to who takes messages, else
 * to stderr in one write(2).  Keeps errno; call without a lock. */
void ash_tell_line(const char *line, size_t length);
/* Who takes messages: true where it did.  NULL = nobody yet; atomic. */
extern bool (*ash_line_hook)(const char *line) ASH_HIDDEN;

/* Writes text to the descriptor, all of it; keeps errno. */
void ash_write_fd(int fd, const char *text, size_t length);

#endif
