/* git: log --stat and patches of a repository of our own making.
 *
 * The repository is made once per run set from a generated stream of `git
 * fast-import`: dates, authors and contents follow from the seed, so that its hashes
 * are the same everywhere. */
#include <stdio.h>
#include <stdlib.h>
#include "workloads/programs/tools.h"
#include "workloads/shared/rng.h"

enum { COMMITS };

#define FILES 40
#define LINES 120
#define CHANGED 4 /* files of a commit */

static const struct wl_param params[] = {
	{"commits", "commits", "0.5 to 1 s under glibc", 2500, 10, 100000},
	{NULL, NULL, NULL, 0, 0, 0},
};

static const char *const quiet[] = {"GIT_CONFIG_NOSYSTEM=1",
				    "GIT_CONFIG_GLOBAL=/dev/null",
				    "GIT_PAGER=cat",
				    "HOME=/nonexistent",
				    "TZ=UTC",
				    NULL};

static const char *available(char *why, size_t why_size)
{
	return program_path("git", "install git", why, why_size);
}

/* A file's lines, some of which the commit changes. */
static void write_file(FILE *file, uint32_t *lines, int number, struct rng *r)
{
	size_t size;
	char *text;
	FILE *content = open_memstream(&text, &size);

	if (!content)
		return; /* fast-import will miss it and say so */
	for (int i = 0; i < LINES; i++) {
		if (rng_below(r, 12) == 0)
			lines[i] = (uint32_t)rng_below(r, 1000000);
		fprintf(content, "line %d says %u, and %u again\n", i, lines[i],
			lines[i] * 7 % 9973);
	}
	fclose(content);
	fprintf(file, "M 100644 inline folder-%d/file-%d.txt\ndata %zu\n%s\n", number % 5,
		number, size, text);
	free(text);
}

static int write_stream(const char *path, long long commits, uint64_t seed, char *why,
			size_t why_size)
{
	uint32_t(*lines)[LINES] = calloc(FILES, sizeof(*lines));
	const char *unfinished = program_text("%s.part", path);
	FILE *file = fopen(unfinished, "w");
	struct rng r;

	if (!file || !lines) {
		snprintf(why, why_size, "cannot write %s", unfinished);
		free(lines);
		if (file)
			fclose(file);
		return -1;
	}
	rng_seed(&r, seed, 0);
	for (long long i = 0; i < commits; i++) {
		fprintf(file,
			"commit refs/heads/main\ncommitter A <a@example.org> %lld +0000\n"
			"data 14\nchange %07lld\n",
			1700000000 + i * 60, i);
		for (int k = 0; k < CHANGED; k++) {
			int number = (int)rng_below(&r, FILES);

			write_file(file, lines[number], number, &r);
		}
	}
	free(lines);
	if (fclose(file) == 0 && rename(unfinished, path) == 0)
		return 0;
	snprintf(why, why_size, "cannot write %s", path);
	return -1;
}

static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	(void)dir;
	return program_same(stdout_path, program_text("%s.expected", plan->argv[2]), why,
			    why_size);
}

static int make_repository(const char *git, const char *repository, long long commits,
			   uint64_t seed, char *why, size_t why_size)
{
	const char *stream = program_text("%s.stream", repository);
	const char *const init[] = {git, "init", "-q", "--bare", repository, NULL};
	const char *const import[] = {git, "-C", repository, "fast-import", "--quiet", NULL};

	if (write_stream(stream, commits, seed, why, why_size) < 0 ||
	    program_run(init, quiet, NULL, NULL, why, why_size) < 0)
		return -1;
	return program_run(import, quiet, stream, NULL, why, why_size);
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *git = available(why, why_size), *expected;
	unsigned long long number = seed % 10000;
	const char *repository = program_text("%s/repository-%llu-%lld.git", cache_dir, number,
					      (long long)values[COMMITS]);

	(void)dir;
	if (!git)
		return -1;
	*p = (struct program_plan){
		.argv = {git, "-C", repository, "log", "--stat", "--patch", "--no-color",
			 "main", NULL},
		.env = {quiet[0], quiet[1], quiet[2], quiet[3], quiet[4], NULL},
		.check = check,
		.ops = (uint64_t)values[COMMITS],
		.ops_unit = "commits",
		.timeout_s = 120,
	};
	expected = program_text("%s.expected", repository);
	if (program_exists(expected))
		return 0;
	if (!program_exists(program_text("%s/HEAD", repository)) &&
	    make_repository(git, repository, values[COMMITS], number, why, why_size) < 0)
		return -1;
	return program_run(p->argv, quiet, NULL, expected, why, why_size);
}

const struct program program_git = {
	.name = "git",
	.summary = "git log with statistics and patches",
	.isolates = "buffers of files that are read, compared and dropped",
	.cannot_tell = "much about speed: inflating and comparing take most of the time",
	.source = "own; a repository made by fast-import",
	.allocation_share = "6 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
