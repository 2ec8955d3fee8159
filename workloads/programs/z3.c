/* z3: an SMT solver on formulas of our own making.
 *
 * Pigeonhole problems in three theories, each without a solution, so that no choice of
 * the solver makes the work short. */
#include <stdio.h>
#include <stdlib.h>
#include "workloads/programs/tools.h"

enum { PROBLEMS };

static const struct wl_param params[] = {
	{"problems", "problems, of 4 to 6 pigeons by turns", "0.5 to 1 s under glibc", 30, 1,
	 10000},
	{NULL, NULL, NULL, 0, 0, 0},
};

static const char *available(char *why, size_t why_size)
{
	return program_path("z3", "install z3", why, why_size);
}

static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	(void)dir;
	return program_same(stdout_path, program_text("%s.expected", plan->argv[1]), why,
			    why_size);
}

/* n + 1 integers, all different, in a range of n; and the sums of neighbours bounded,
 * which keeps arithmetic busy.  As bit vectors, the same by products. */
static void write_problem(FILE *file, int number, int pigeons)
{
	int vectors = number & 1;

	fputs("(push)\n", file);
	for (int i = 0; i <= pigeons; i++)
		fprintf(file, "(declare-const p%d_%d %s)\n", number, i,
			vectors ? "(_ BitVec 8)" : "Int");
	for (int i = 0; i <= pigeons; i++) {
		if (vectors)
			fprintf(file, "(assert (bvult p%d_%d #x%02x))\n", number, i, pigeons);
		else
			fprintf(file, "(assert (and (<= 0 p%d_%d) (< p%d_%d %d)))\n", number, i,
				number, i, pigeons);
		for (int k = 0; k < i; k++)
			fprintf(file, "(assert (not (= p%d_%d p%d_%d)))\n", number, i, number,
				k);
		if (i > 1)
			fprintf(file,
				vectors ? "(assert (bvule (bvmul p%d_%d p%d_%d) #x%02x))\n"
					: "(assert (<= (+ p%d_%d p%d_%d) %d))\n",
				number, i, number, i - 1,
				vectors ? pigeons * pigeons : 2 * pigeons);
	}
	fputs("(check-sat)\n(pop)\n", file);
}

static int write_problems(const char *path, long long problems, char *why, size_t why_size)
{
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);
	int result;

	if (!file) {
		snprintf(why, why_size, "no memory for %s", path);
		return -1;
	}
	for (long long i = 0; i < problems; i++)
		write_problem(file, (int)i, 4 + (int)(i % 3));
	fclose(file);
	result = program_write(path, text, why, why_size);
	free(text);
	return result;
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *z3 = available(why, why_size), *expected;
	const char *path =
		program_text("%s/pigeons-%lld.smt2", cache_dir, (long long)values[PROBLEMS]);

	(void)dir;
	(void)seed; /* the problems are the same for all; z3's own seeds are fixed */
	if (!z3)
		return -1;
	*p = (struct program_plan){
		.argv = {z3, path, NULL},
		.check = check,
		.ops = (uint64_t)values[PROBLEMS],
		.ops_unit = "problems",
		.timeout_s = 120,
	};
	expected = program_text("%s.expected", path);
	if (!program_exists(path) && write_problems(path, values[PROBLEMS], why, why_size) < 0)
		return -1;
	if (!program_exists(expected))
		return program_run(p->argv, NULL, NULL, expected, why, why_size);
	return 0;
}

const struct program program_z3 = {
	.name = "z3",
	.summary = "z3 refutes pigeonhole problems in integers and bit vectors",
	.isolates = "a solver: terms and clauses of all lifetimes behind a counting wrapper",
	.cannot_tell = "much about speed: small problems, most of the time is propagation",
	.source = "z3 in mimalloc-bench, with formulas of our own",
	.allocation_share = "1 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
