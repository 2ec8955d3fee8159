#include "harness/base/message.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const char *speaker;
static int no_memory_status = STATUS_FAILED, usage_status = STATUS_USAGE;
static char *last;

void message_speaker(const char *verb)
{
	speaker = verb;
}

void message_statuses(int no_memory, int usage)
{
	no_memory_status = no_memory;
	usage_status = usage;
}

static void say(const char *format, va_list args)
{
	char *text;

	fflush(stdout); /* so that the two streams keep their order in a log */
	fprintf(stderr, "ashlar-bench%s%s: ", speaker ? " " : "", speaker ? speaker : "");
	if (vasprintf(&text, format, args) < 0) {
		fputs("out of memory\n", stderr);
		return;
	}
	fprintf(stderr, "%s\n", text);
	free(last);
	last = text;
}

const char *message_last(void)
{
	return last ? last : "";
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
	return usage_status;
}

int message_failed(void)
{
	return no_memory_status;
}

_Noreturn void out_of_memory(void)
{
	complain("out of memory");
	exit(no_memory_status);
}

/* Of an earlier write errno tells nothing any more. */
static bool reader_is_gone(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};

	return errno == EPIPE || (poll(&p, 1, 0) == 1 && p.revents & POLLERR);
}

void end_if_nobody_reads(void)
{
	if (!reader_is_gone())
		return;
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

static char *format_text(const char *format, va_list args)
{
	char *text;

	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	return text;
}

char *text_format(const char *format, ...)
{
	va_list args;
	char *text;

	va_start(args, format);
	text = format_text(format, args);
	va_end(args);
	return text;
}

void text_set(char **text, const char *format, ...)
{
	va_list args;
	char *whole;

	va_start(args, format);
	whole = format_text(format, args);
	va_end(args);
	free(*text);
	*text = whole;
}

void text_append(char **text, const char *format, ...)
{
	va_list args;
	char *more;

	va_start(args, format);
	more = format_text(format, args);
	va_end(args);
	text_set(text, "%s%s", *text ? *text : "", more);
	free(more);
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

void *list_grown(void *list, size_t count, size_t size)
{
	list = realloc(list, (count + 1) * size);
	if (!list)
		out_of_memory();
	return list;
}
