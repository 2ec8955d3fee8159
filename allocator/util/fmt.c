#include "util/fmt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "util/atomic.h"
#include "util/system_call.h"

struct sink {
	char *at, *end; /* room for the NUL is kept behind end */
};

static void put(struct sink *s, char c)
{
	if (s->at < s->end)
		*s->at++ = c;
}

static void put_text(struct sink *s, const char *text, size_t max)
{
	for (size_t i = 0; i < max && text[i] != '\0'; i++)
		put(s, text[i]);
}

static void put_number(struct sink *s, uint64_t n, unsigned base, bool negative, unsigned width,
		       char pad)
{
	char digits[24];
	unsigned count = 0;

	do {
		digits[count++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n != 0);
	if (negative && pad == ' ')
		digits[count++] = '-';
	else if (negative)
		put(s, '-');
	for (unsigned i = count + (negative && pad == '0'); i < width; i++)
		put(s, pad);
	while (count > 0)
		put(s, digits[--count]);
}

size_t ash_vformat(char *out, size_t size, const char *format, va_list args)
{
	struct sink s = {out, out + size - 1};

	if (size == 0)
		return 0;
	for (const char *f = format; *f != '\0'; f++) {
		char pad = ' ';
		unsigned width = 0, length = 0;
		size_t precision = SIZE_MAX;

		if (*f != '%') {
			put(&s, *f);
			continue;
		}
		f++;
		if (*f == '0')
			pad = *f++;
		while (*f >= '0' && *f <= '9')
			width = width * 10 + (unsigned)(*f++ - '0');
		if (f[0] == '.' && f[1] == '*') {
			precision = (size_t)va_arg(args, int);
			f += 2;
		}
		while (*f == 'l' || *f == 'z') {
			length = 1;
			f++;
		}
		switch (*f) {
		case 's':
			put_text(&s, va_arg(args, const char *), precision);
			break;
		case 'c':
			put(&s, (char)va_arg(args, int));
			break;
		case 'd': {
			int64_t n = length ? va_arg(args, long) : va_arg(args, int);

			put_number(&s, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 10, n < 0, width,
				   pad);
			break;
		}
		case 'u':
		case 'x': {
			uint64_t n =
				length ? va_arg(args, unsigned long) : va_arg(args, unsigned);

			put_number(&s, n, *f == 'u' ? 10 : 16, false, width, pad);
			break;
		}
		case 'p':
			put_text(&s, "0x", 2);
			put_number(&s, (uintptr_t)va_arg(args, void *), 16, false, width, pad);
			break;
		case '%':
			put(&s, '%');
			break;
		default: /* a mistake in the caller's text: show it */
			put(&s, '%');
			if (*f == '\0')
				f--;
			else
				put(&s, *f);
		}
	}
	*s.at = '\0';
	return (size_t)(s.at - out);
}

size_t ash_format(char *out, size_t size, const char *format, ...)
{
	va_list args;
	size_t length;

	va_start(args, format);
	length = ash_vformat(out, size, format, args);
	va_end(args);
	return length;
}

void ash_write_fd(int fd, const char *text, size_t length)
{
	int saved = errno;

	while (length > 0) {
		long n = ash_system_call(SYS_write, fd, text, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break; /* nowhere to say it */
		text += n;
		length -= (size_t)n;
	}
	errno = saved;
}

bool (*ash_line_hook)(const char *line);

void ash_tell_line(const char *line, size_t length)
{
	bool (*hook)(const char *line) = ash_load_relaxed(&ash_line_hook);
	int saved = errno;

	if (hook == NULL || !hook(line))
		ash_write_fd(STDERR_FILENO, line, length);
	errno = saved;
}

size_t ash_vformat_message(char *line, size_t size, const char *format, va_list args)
{
	size_t length = ash_format(line, size, "<ashlar>: ");

	length += ash_vformat(line + length, size - length - 1, format, args);
	line[length++] = '\n';
	line[length] = '\0';
	return length;
}

void ash_vmessage(const char *format, va_list args)
{
	char line[512];

	ash_tell_line(line, ash_vformat_message(line, sizeof(line), format, args));
}

void ash_message(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	ash_vmessage(format, args);
	va_end(args);
}
