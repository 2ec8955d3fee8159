/* gs: ghostscript renders pages of curves and text. */
#include <stdio.h>
#include "workloads/programs/tools.h"

enum { PAGES };

static const struct wl_param params[] = {
	{"pages", "pages", "0.5 to 1 s under glibc", 60, 1, 100000},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* Each page builds dictionaries, strings and paths of its own, and draws them. */
static const char script[] =
	"%%!PS\n"
	"/state %llu def\n"
	"/number { /state state 16807 mul 2147483647 mod cvi def state exch mod } bind def\n"
	"/Helvetica findfont 9 scalefont setfont\n"
	"1 1 %lld {\n"
	"  /page exch def\n"
	"  /words 200 dict def\n"
	"  0 1 300 {\n"
	"    /i exch def\n"
	"    words 150 number 20 string cvs cvn 12 array put\n"
	"    30 500 number add 30 700 number add moveto\n"
	"    5 { 30 500 number add 30 700 number add 30 500 number add 30 700 number add\n"
	"        30 500 number add 30 700 number add curveto } repeat\n"
	"    100 number 100 div setgray stroke\n"
	"  } for\n"
	"  0 1 60 { 12 mul 40 add 40 exch moveto\n"
	"    6 { 100000 number 12 string cvs show ( word ) show } repeat } for\n"
	"  showpage\n"
	"} for\n";

static const char *available(char *why, size_t why_size)
{
	return program_path("gs", "install ghostscript", why, why_size);
}

static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	(void)dir;
	return program_same(stdout_path, program_text("%s.expected", plan->argv[8]), why,
			    why_size);
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *gs = available(why, why_size), *expected;
	unsigned long long first = seed % 10000 + 1;
	const char *path = program_text("%s/pages-%llu-%lld.ps", cache_dir, first,
					(long long)values[PAGES]);

	(void)dir;
	if (!gs)
		return -1;
	*p = (struct program_plan){
		.argv = {gs, "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=pgmraw", "-r36",
			 "-sOutputFile=-", path, NULL},
		.check = check,
		.ops = (uint64_t)values[PAGES],
		.ops_unit = "pages",
		.timeout_s = 120,
	};
	expected = program_text("%s.expected", path);
	if (!program_exists(path) &&
	    program_write(path, program_text(script, first, (long long)values[PAGES]), why,
			  why_size) < 0)
		return -1;
	if (!program_exists(expected))
		return program_run(p->argv, NULL, NULL, expected, why, why_size);
	return 0;
}

const struct program program_gs = {
	.name = "gs",
	.summary = "ghostscript renders pages of curves and text",
	.isolates = "an interpreter and rasteriser that gets its memory in chunks",
	.cannot_tell = "small objects: ghostscript has heaps of its own over malloc",
	.source = "gs in mimalloc-bench (there a PDF of 5000 pages)",
	.allocation_share =
		"less than 0.1 % of its user-mode instructions: callgrind with glibc 2.36, "
		"inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
