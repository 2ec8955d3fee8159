/* python-json and python-pymalloc: CPython makes, writes and reads JSON documents.
 *
 * PYTHONMALLOC=malloc sends every object to malloc; by default Python's own allocator
 * serves all up to 512 bytes and asks malloc or mmap for large pieces.  The pair shows
 * what changing the allocator under Python can do, and what it does unless asked. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "workloads/programs/tools.h"

enum { DOCUMENTS, KEPT };

static const struct wl_param params[] = {
	{"documents", "documents of 3000 records", "0.5 to 1 s under glibc", 45, 1, 100000},
	{"kept", "documents that live at a time", "own: some 20 MiB; 16 make some 70", 3, 1,
	 10000},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* Behind a line that says how many documents are kept. */
static const char script[] =
	"import json, sys, zlib\n"
	"documents, state = int(sys.argv[1]), int(sys.argv[2]) % 2147483647 + 1\n"
	"\n"
	"def number(below):\n"
	"    global state\n"
	"    state = state * 48271 % 2147483647\n"
	"    return state % below\n"
	"\n"
	"def record(i):\n"
	"    return {'id': i, 'name': 'n%d' % number(100000), 'score': number(1000) / 8,\n"
	"            'tags': ['t%d' % number(50) for _ in range(number(6))],\n"
	"            'next': {'a': number(2) == 0, 'b': None, 'c': 'x' * number(200)}}\n"
	"\n"
	"digest, kept = 0, []\n"
	"for d in range(documents):\n"
	"    text = json.dumps([record(i) for i in range(3000)], sort_keys=True)\n"
	"    digest = zlib.crc32(text.encode(), digest)\n"
	"    kept.append(json.loads(text))\n"
	"    if len(kept) > KEPT:\n"
	"        kept.pop(number(KEPT))\n"
	"print(digest, sum(r['score'] for document in kept for r in document))\n";

static const char *available(char *why, size_t why_size)
{
	/* A wrapper of a version manager on PATH would be a process of its own. */
	if (access("/usr/bin/python3", X_OK) == 0)
		return "/usr/bin/python3";
	return program_path("python3", "install python3-minimal", why, why_size);
}

static int plan_with(const char *allocator, const int64_t *values, uint64_t seed,
		     const char *cache_dir, struct program_plan *p, char *why, size_t why_size)
{
	const char *python = available(why, why_size);

	if (!python)
		return -1;
	*p = (struct program_plan){
		/* -S: no site packages, which differ between machines. */
		.argv = {python, "-S", NULL},
		.env = {allocator, "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", NULL},
		.ops = (uint64_t)values[DOCUMENTS] * 3000,
		.ops_unit = "records",
	};
	/* (What is in the cache already is not written again.) */
	return program_script(p, cache_dir,
			      program_text("documents-%lld.py", (long long)values[KEPT]),
			      program_text("KEPT = %lld\n%s", (long long)values[KEPT], script),
			      values[DOCUMENTS], seed, why, why_size);
}

static int plan_malloc(const int64_t *values, uint64_t seed, const char *cache_dir,
		       const char *dir, struct program_plan *p, char *why, size_t why_size)
{
	(void)dir;
	return plan_with("PYTHONMALLOC=malloc", values, seed, cache_dir, p, why, why_size);
}

static int plan_pymalloc(const int64_t *values, uint64_t seed, const char *cache_dir,
			 const char *dir, struct program_plan *p, char *why, size_t why_size)
{
	(void)dir;
	return plan_with("PYTHONMALLOC=pymalloc", values, seed, cache_dir, p, why, why_size);
}

const struct program program_python_json = {
	.name = "python-json",
	.summary = "python3 makes, writes and reads JSON, every object from malloc",
	.isolates = "an interpreter's stream of tiny objects, freed by reference counts",
	.cannot_tell = "how Python does by default, where its own allocator serves them",
	.source = "own; CPython with PYTHONMALLOC=malloc",
	.allocation_share = "29 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan_malloc,
};

const struct program program_python_pymalloc = {
	.name = "python-pymalloc",
	.summary = "the same with Python's own allocator, which is its default",
	.isolates = "what of Python's memory reaches malloc unless it is asked for all",
	.cannot_tell = "much about an allocator: python-json is the one to look at for that",
	.source = "own; CPython as it comes",
	.allocation_share = "0.2 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan_pymalloc,
};
