#include "workloads/programs/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Every string made, so that they stay reachable: a leak checker is right to ask. */
static struct kept {
	struct kept *before;
	char text[];
} * kept;

const char *program_text(const char *format, ...)
{
	va_list args, again;
	struct kept *one;
	int length;

	va_start(args, format);
	va_copy(again, args);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	one = malloc(sizeof(*one) + (size_t)length + 1);
	if (!one)
		abort(); /* no memory for a file name: nothing sensible is left to do */
	vsnprintf(one->text, (size_t)length + 1, format, again);
	va_end(again);
	one->before = kept;
	kept = one;
	return one->text;
}

const char *program_path(const char *name, const char *needed, char *why, size_t why_size)
{
	const char *path = getenv("PATH"), *end;

	for (; path && *path; path = *end ? end + 1 : end) {
		const char *file;

		end = strchrnul(path, ':');
		file = program_text("%.*s/%s", (int)(end - path), path, name);
		if (access(file, X_OK) == 0)
			return file;
	}
	snprintf(why, why_size, "%s not found: %s", name, needed);
	return NULL;
}

int program_exists(const char *path)
{
	return access(path, R_OK) == 0;
}

int program_write(const char *path, const char *text, char *why, size_t why_size)
{
	const char *unfinished = program_text("%s.%ld", path, (long)getpid());
	FILE *file = fopen(unfinished, "w");

	if (file && fputs(text, file) >= 0 && fclose(file) == 0 &&
	    rename(unfinished, path) == 0)
		return 0;
	snprintf(why, why_size, "cannot write %s: %s", path, strerror(errno));
	return -1;
}

static int open_or_null(const char *path, int flags)
{
	return open(path ? path : "/dev/null", flags, 0666);
}

static _Noreturn void become(const char *const *argv, const char *const *env, const char *in,
			     const char *out)
{
	int fds[2] = {open_or_null(in, O_RDONLY),
		      open_or_null(out, O_WRONLY | O_CREAT | O_TRUNC)};

	if (fds[0] < 0 || fds[1] < 0 || dup2(fds[0], 0) < 0 || dup2(fds[1], 1) < 0)
		_exit(126);
	for (; env && *env; env++)
		putenv((char *)*env);
	unsetenv("LD_PRELOAD");
	execv(argv[0], (char *const *)argv);
	_exit(127);
}

int program_run(const char *const *argv, const char *const *env, const char *stdin_path,
		const char *stdout_path, char *why, size_t why_size)
{
	const char *unfinished =
		stdout_path ? program_text("%s.%ld", stdout_path, (long)getpid()) : NULL;
	int status = 0;
	pid_t child = fork();

	if (child == 0)
		become(argv, env, stdin_path, unfinished);
	while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
		continue;
	if (child < 0)
		snprintf(why, why_size, "cannot start %s: %s", argv[0], strerror(errno));
	else if (WIFSIGNALED(status))
		snprintf(why, why_size, "%s died from signal %d", argv[0], WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(why, why_size, "%s ended with status %d", argv[0],
			 WEXITSTATUS(status));
	else if (unfinished && rename(unfinished, stdout_path) < 0)
		snprintf(why, why_size, "cannot write %s: %s", stdout_path, strerror(errno));
	else
		return 0;
	return -1;
}

int program_same(const char *path, const char *expected, char *why, size_t why_size)
{
	FILE *a = fopen(path, "r"), *b = fopen(expected, "r");
	long at = 0;
	int ca = EOF, cb = EOF, result = -1;

	if (!a || !b) {
		snprintf(why, why_size, "cannot read %s", a ? expected : path);
	} else {
		do {
			ca = getc(a);
			cb = getc(b);
			at++;
		} while (ca == cb && ca != EOF);
		if (ca != cb)
			snprintf(why, why_size,
				 "%s differs from what an unpreloaded run wrote, from byte %ld "
				 "on",
				 path, at);
		else if (at == 1)
			snprintf(why, why_size, "%s is empty", path);
		else
			result = 0;
	}
	if (a)
		fclose(a);
	if (b)
		fclose(b);
	return result;
}

/* What a script is to print, by the last three words of its command. */
static const char *expected_of(const struct program_plan *p)
{
	int n = 0;

	while (p->argv[n])
		n++;
	return program_text("%s.expected-%s-%s", p->argv[n - 3], p->argv[n - 2],
			    p->argv[n - 1]);
}

static int check_script(const struct program_plan *plan, const char *stdout_path,
			const char *dir, char *why, size_t why_size)
{
	(void)dir;
	return program_same(stdout_path, expected_of(plan), why, why_size);
}

int program_script(struct program_plan *p, const char *cache_dir, const char *file,
		   const char *script, int64_t work, uint64_t seed, char *why, size_t why_size)
{
	const char *path = program_text("%s/%s", cache_dir, file), *expected;
	int n = 0;

	while (p->argv[n])
		n++;
	p->argv[n] = path;
	p->argv[n + 1] = program_text("%lld", (long long)work);
	p->argv[n + 2] = program_text("%llu", (unsigned long long)seed);
	p->argv[n + 3] = NULL;
	p->check = check_script;
	p->timeout_s = 120;
	expected = expected_of(p);
	if (!program_exists(path) && program_write(path, script, why, why_size) < 0)
		return -1;
	if (!program_exists(expected))
		return program_run(p->argv, p->env, NULL, expected, why, why_size);
	return 0;
}
