/* cases NAME [ARGUMENT...]: runs one case.  Without a name it lists them. */
#include "test/cases/cases.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct a_case *first;

void case_enrol(struct a_case *a_case)
{
	a_case->next = first;
	first = a_case;
}

static void say(const char *line, size_t length)
{
	while (length > 0) {
		ssize_t done = write(STDOUT_FILENO, line, length);

		if (done <= 0)
			return;
		line += done;
		length -= (size_t)done;
	}
}

int case_measured(bool right, const char *format, ...)
{
	char line[500];
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(line, sizeof(line) - 1, format, values);
	va_end(values);
	if (length < 0)
		length = 0;
	if ((size_t)length > sizeof(line) - 2)
		length = (int)sizeof(line) - 2;
	line[length++] = '\n';
	say(line, (size_t)length);
	return right ? 0 : 1;
}

int case_cannot(const char *why)
{
	case_measured(false, "cannot be tried: %s", why);
	return CASE_CANNOT;
}

long case_number(int count, char **arguments, int at, long otherwise)
{
	char *end;
	long number;

	if (at >= count)
		return otherwise;
	number = strtol(arguments[at], &end, 10);
	if (end == arguments[at] || *end != '\0') {
		case_measured(false, "argument '%s' is no number", arguments[at]);
		exit(2);
	}
	return number;
}

long case_resident(void)
{
	char text[4096];
	int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	ssize_t length;
	const char *line;

	if (fd < 0)
		return -1;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length <= 0)
		return -1;
	text[length] = '\0';
	line = strstr(text, "RssAnon:");
	return line == NULL ? -1 : atol(line + strlen("RssAnon:")) * 1024;
}

int case_in_child(int (*fn)(void *argument), void *argument)
{
	int status;
	pid_t child = fork();

	if (child < 0)
		return -1;
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		if (null >= 0)
			dup2(null, STDERR_FILENO);
		_exit(fn(argument));
	}
	return waitpid(child, &status, 0) == child ? status : -1;
}

int case_in_child_that_says(int (*fn)(void *argument), void *argument, char *text, size_t size)
{
	size_t length = 0;
	int pipes[2], status;
	ssize_t n;
	pid_t child;

	if (pipe(pipes) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		dup2(pipes[1], STDERR_FILENO);
		close(pipes[0]);
		close(pipes[1]);
		_exit(fn(argument));
	}
	close(pipes[1]);
	do {
		n = read(pipes[0], text + length, size - 1 - length);
		length += n > 0 ? (size_t)n : 0;
	} while (n > 0 && length < size - 1);
	text[length] = '\0';
	close(pipes[0]);
	return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

int main(int count, char **arguments)
{
	const struct a_case *a_case = first;

	if (count < 2) {
		for (; a_case != NULL; a_case = a_case->next)
			case_measured(true, "%s", a_case->name);
		return 0;
	}
	while (a_case != NULL && strcmp(a_case->name, arguments[1]) != 0)
		a_case = a_case->next;
	if (a_case == NULL) {
		fprintf(stderr, "cases: there is no case '%s'; without a name it lists them\n",
			arguments[1]);
		return 2;
	}
	return a_case->run(count - 2, arguments + 2);
}
