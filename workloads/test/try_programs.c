/* Carries out the plan of each real program as the harness does, small and without a
 * preload, and checks the checks: right output passes, damaged output does not.
 *
 * `try_programs NAME [PARAMETER=VALUE]...` carries out one plan, LD_PRELOAD from
 * TRY_PRELOAD, and prints the CPU time of the program alone; the folder is kept. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "workloads/shared/program.h"
#include "workloads/catalogue/programs.h"

static char cache_dir[64] = "/tmp/ashlar-try-XXXXXX", dir[128], out[192], why[1024];

static pid_t start(const struct program_plan *p)
{
	const char *preload = getenv("TRY_PRELOAD");
	pid_t child = fork();

	if (child)
		return child;
	if (!freopen(p->stdin_path ? p->stdin_path : "/dev/null", "r", stdin) ||
	    !freopen(out, "w", stdout))
		_exit(126);
	for (int i = 0; p->env[i]; i++)
		putenv((char *)p->env[i]);
	if (preload)
		setenv("LD_PRELOAD", preload, 1);
	if (p->argv0) {
		char *argv[PROGRAM_ARGS];

		memcpy(argv, p->argv, sizeof(argv));
		argv[0] = (char *)p->argv0;
		execv(p->argv[0], argv);
	}
	execv(p->argv[0], (char *const *)p->argv);
	_exit(127);
}

static int call(const char *const *argv)
{
	int status = -1;
	pid_t child = fork();

	if (child == 0) {
		if (!freopen("/dev/null", "w", stdout))
			_exit(126);
		execv(argv[0], (char *const *)argv);
		_exit(127);
	}
	waitpid(child, &status, 0);
	return status;
}

static int wait_ready(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	for (int tries = 0; tries < 6000; tries++) { /* a minute, against a hang */
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);
		int ok = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;

		close(fd);
		if (ok)
			return 0;
		nanosleep(&(struct timespec){0, 10000000}, NULL);
	}
	return -1;
}

/* Returns 0 when the program, its clients and its check were content. */
static int carry_out(const struct program_plan *p, struct rusage *use)
{
	pid_t child = start(p);
	int status, failed = 0;

	if (p->ready_socket) {
		failed = wait_ready(p->ready_socket);
		for (int i = 0; !failed && p->clients[i][0]; i++)
			failed = call(p->clients[i]);
		call(p->stop);
	}
	wait4(child, &status, 0, use);
	if (failed || status) {
		snprintf(why, sizeof(why), "%s: status %x, clients %x", p->argv[0], status,
			 failed);
		return -1;
	}
	return p->check ? p->check(p, out, dir, why, sizeof(why)) : 0;
}

static int make_plan(const struct program *program, int argc, const char *const *argv,
		     struct program_plan *p)
{
	int64_t values[WL_MAX_PARAMS] = {0};

	for (int i = 0; program->params[i].name; i++) {
		size_t length = strlen(program->params[i].name);

		values[i] = program->params[i].value;
		for (int a = 0; a < argc; a++)
			if (strncmp(argv[a], program->params[i].name, length) == 0 &&
			    argv[a][length] == '=')
				values[i] = atoll(argv[a] + length + 1);
	}
	memset(p, 0, sizeof(*p));
	return program->plan(values, 7, cache_dir, dir, p, why, sizeof(why));
}

static int tests;

static void ok(int good, const char *what, const char *name)
{
	printf("%sok %d - %s: %s\n", good ? "" : "not ", ++tests, name, what);
	if (!good)
		printf("# %s\n", why);
}

/* Puts a byte in the middle of the file that the check reads. */
static void damage(const char *path)
{
	int fd = open(path, O_RDWR);
	char c;

	if (fd < 0)
		return;
	if (pread(fd, &c, 1, lseek(fd, 0, SEEK_END) / 2) == 1) {
		c ^= 1;
		if (pwrite(fd, &c, 1, lseek(fd, 0, SEEK_END) / 2) != 1)
			printf("# cannot damage %s\n", path);
	}
	close(fd);
}

static void test(const struct program *program)
{
	static const char *small[] = {"requests=2000", "documents=1", "rows=2000",
				      "commits=20",    "pages=2",     "problems=3",
				      "strings=2000",  "lines=1000"};
	struct program_plan p;
	struct rusage use;
	const char *victim;
	int planned;

	if (!program->available(why, sizeof(why))) {
		printf("ok %d - %s # SKIP %s\n", ++tests, program->name, why);
		return;
	}
	planned = make_plan(program, sizeof(small) / sizeof(small[0]), small, &p);
	ok(planned == 0, "is planned", program->name);
	if (planned < 0)
		return;
	ok(carry_out(&p, &use) == 0, "runs and passes its check", program->name);
	victim = out;
	if (strcmp(program->name, "cc1plus") == 0)
		victim = p.argv[6];
	if (p.ready_socket) {
		p.ops *= 1000; /* more than it was asked */
		ok(p.check(&p, out, dir, why, sizeof(why)) < 0, "too few requests are noticed",
		   program->name);
		return;
	}
	damage(victim);
	ok(p.check(&p, out, dir, why, sizeof(why)) < 0, "damaged output is noticed",
	   program->name);
}

int main(int argc, char **argv)
{
	const struct program *program = argc > 1 ? program_find(argv[1]) : NULL;
	struct program_plan p;
	struct rusage use;

	if (!mkdtemp(cache_dir))
		return 1;
	snprintf(dir, sizeof(dir), "%s", cache_dir);
	snprintf(out, sizeof(out), "%s/stdout", cache_dir);
	setvbuf(stdout, NULL, _IONBF, 0);
	if (program) {
		if (make_plan(program, argc - 2, (const char *const *)argv + 2, &p) < 0 ||
		    carry_out(&p, &use) < 0) {
			printf("%s: %s\n", argv[1], why);
			return 1;
		}
		printf("%s: %.3f s user, %.3f s system, %ld KiB peak, %llu %s, in %s\n",
		       argv[1],
		       (double)use.ru_utime.tv_sec + (double)use.ru_utime.tv_usec / 1e6,
		       (double)use.ru_stime.tv_sec + (double)use.ru_stime.tv_usec / 1e6,
		       use.ru_maxrss, (unsigned long long)p.ops, p.ops_unit, dir);
		return 0;
	}
	for (const struct program *const *each = programs_all; *each; each++)
		test(*each);
	printf("1..%d\n", tests);
	return call((const char *const[]){"/bin/rm", "-rf", cache_dir, NULL});
}
