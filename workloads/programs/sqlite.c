/* sqlite: a database in memory, filled, indexed, joined, changed. */
#include <stdio.h>
#include <string.h>
#include "workloads/programs/tools.h"

enum { ROWS };

static const struct wl_param params[] = {
	{"rows", "rows of the table", "0.5 to 1 s under glibc", 250000, 1000, 10000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* The numbers are primes: 'n * prime % modulus' scatters without a random function. */
static const char script[] =
	"CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, bucket INTEGER, amount REAL);\n"
	"WITH RECURSIVE n(i) AS (VALUES(%llu) UNION ALL SELECT i + 1 FROM n WHERE i < %llu)\n"
	"INSERT INTO t SELECT i, 'name' || (i * 7919 %% 100003), i * 104729 %% 1009, i * 0.5 "
	"FROM n;\n"
	"CREATE INDEX by_name ON t(name);\n"
	"CREATE INDEX by_bucket ON t(bucket);\n"
	"SELECT count(*), sum(length(names)) FROM\n"
	"  (SELECT group_concat(name) AS names FROM t GROUP BY bucket);\n"
	"SELECT count(*), sum(x.id) FROM t x JOIN t y ON x.bucket = y.bucket WHERE x.id %% 50 "
	"= 0;\n"
	"UPDATE t SET name = upper(name) || bucket || hex(amount) WHERE id %% 3 = 0;\n"
	"DELETE FROM t WHERE id %% 7 = 0;\n"
	"SELECT count(DISTINCT substr(name, 1, 7)), max(name), sum(amount) FROM t;\n"
	"SELECT sum(length(j)) FROM\n"
	"  (SELECT json_group_array(json_object('id', id, 'name', name)) AS j FROM t GROUP BY "
	"bucket);\n";

static const char *available(char *why, size_t why_size)
{
	return program_path("sqlite3", "install sqlite3", why, why_size);
}

static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	(void)dir;
	return program_same(stdout_path, program_text("%s.expected", plan->stdin_path), why,
			    why_size);
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *shell = available(why, why_size), *expected;
	unsigned long long first = seed % 1000000 + 1; /* numbers the rows from elsewhere */
	unsigned long long last = first + (unsigned long long)values[ROWS] - 1;
	const char *input = program_text("%s/rows-%llu-%llu.sql", cache_dir, first, last);

	(void)dir;
	if (!shell)
		return -1;
	*p = (struct program_plan){
		.argv = {shell, "-batch", "-bail", ":memory:", NULL},
		.stdin_path = input,
		.check = check,
		.ops = (uint64_t)values[ROWS],
		.ops_unit = "rows",
		.timeout_s = 120,
	};
	expected = program_text("%s.expected", input);
	if (!program_exists(input) &&
	    program_write(input, program_text(script, first, last), why, why_size) < 0)
		return -1;
	if (!program_exists(expected))
		return program_run(p->argv, NULL, input, expected, why, why_size);
	return 0;
}

const struct program program_sqlite = {
	.name = "sqlite",
	.summary = "sqlite3 fills, indexes, joins and changes a database in memory",
	.isolates = "a page cache and short-lived statement memory in one program",
	.cannot_tell =
		"much about the smallest objects: sqlite's lookaside memory serves those",
	.source = "own; the shape of sqlite's speedtest1",
	.allocation_share = "3.5 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
