/* cc1plus: the C++ compiler proper, on a preprocessed file.
 *
 * The file is made once per run set: a small source that uses maps, hashes and
 * sorts and includes <regex>, put through g++ -E, so that all allocators compile the
 * same bytes and neither the driver nor the preprocessor is measured. */
#include <stdio.h>
#include <string.h>
#include "workloads/programs/tools.h"

enum { OPTIMIZE, SMALL };

static const struct wl_param params[] = {
	{"optimize", "level of -O", "0: 1 s under glibc", 0, 0, 3},
	{"small", "1 = a source that includes less, for slow tools", "the whole one", 0, 0, 1},
	{NULL, NULL, NULL, 0, 0, 0},
};

static const char source[] =
	"#include <algorithm>\n"
	"#include <map>\n"
	"#include <regex>\n"
	"#include <string>\n"
	"#include <unordered_map>\n"
	"#include <vector>\n"
	"\n"
	"template <int N> struct record { int key[N]; std::string text; };\n"
	"\n"
	"template <int N> int work(const std::string &s)\n"
	"{\n"
	"\tstd::map<std::string, record<N>> sorted;\n"
	"\tstd::unordered_map<int, record<N>> hashed;\n"
	"\tstd::vector<record<N>> all(N);\n"
	"\n"
	"\tstd::sort(all.begin(), all.end(),\n"
	"\t\t  [](const record<N> &a, const record<N> &b) { return a.text < b.text; });\n"
	"\tsorted[s].key[0] = N;\n"
	"\thashed[N] = sorted[s];\n"
	"\treturn hashed[N].key[0] + (int)all.size();\n"
	"}\n"
	"\n"
	"int main(int argc, char **argv)\n"
	"{\n"
	"\tstd::string s(argv[argc - 1]);\n"
	"\n"
	"\treturn work<1>(s) + work<2>(s) + work<3>(s) + work<4>(s);\n"
	"}\n";

/* A third of the work. */
static const char small_source[] = "#include <map>\n"
				   "#include <string>\n"
				   "\n"
				   "template <int N> int work(const std::string &s)\n"
				   "{\n"
				   "\tstd::map<std::string, std::string> sorted;\n"
				   "\n"
				   "\tsorted[s] = std::string(N, 'x');\n"
				   "\treturn (int)sorted[s].size();\n"
				   "}\n"
				   "\n"
				   "int main(int argc, char **argv)\n"
				   "{\n"
				   "\tstd::string s(argv[argc - 1]);\n"
				   "\n"
				   "\treturn work<1>(s) + work<2>(s);\n"
				   "}\n";

static const char *available(char *why, size_t why_size)
{
	const char *driver = program_path("g++", "install g++", why, why_size);
	char path[1024] = "";
	FILE *answer;

	if (!driver)
		return NULL;
	answer = popen(program_text("'%s' -print-prog-name=cc1plus", driver), "r");
	if (answer) {
		if (!fgets(path, sizeof(path), answer))
			path[0] = '\0';
		pclose(answer);
	}
	path[strcspn(path, "\n")] = '\0';
	/* Without the compiler proper the driver answers the bare name. */
	if (path[0] != '/') {
		snprintf(why, why_size, "%s has no cc1plus: install g++", driver);
		return NULL;
	}
	return program_text("%s", path);
}

static int check(const struct program_plan *plan, const char *stdout_path, const char *dir,
		 char *why, size_t why_size)
{
	(void)dir;
	(void)stdout_path;
	/* argv ends in: -o OUTPUT, and the reference lies beside the input. */
	return program_same(plan->argv[6], program_text("%s.s%s", plan->argv[4], plan->argv[3]),
			    why, why_size);
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *compiler = available(why, why_size), *driver;
	const char *name = values[SMALL] ? "small" : "unit";
	const char *input = program_text("%s/%s.ii", cache_dir, name);
	const char *text = program_text("%s/%s.cc", cache_dir, name);
	const char *level = program_text("-O%lld", (long long)values[OPTIMIZE]);
	const char *expected = program_text("%s.s%s", input, level);

	(void)seed; /* the source is the same for all */
	if (!compiler)
		return -1;
	driver = program_path("g++", "install g++", why, why_size);
	*p = (struct program_plan){
		.argv = {compiler, "-quiet", "-fpreprocessed", level, input, "-o",
			 program_text("%s/unit.s", dir), NULL},
		.check = check,
		.ops = 1,
		.ops_unit = "compilations",
		.timeout_s = 120,
	};
	if (!program_exists(input)) {
		const char *const preprocess[] = {driver, "-E", text, NULL};

		if (program_write(text, values[SMALL] ? small_source : source, why, why_size) <
			    0 ||
		    program_run(preprocess, NULL, NULL, input, why, why_size) < 0)
			return -1;
	}
	if (!program_exists(expected)) {
		/* "-" as output is standard output, which arrives whole or not at all. */
		const char *const compile[] = {
			compiler, "-quiet", "-fpreprocessed", level, input, "-o", "-", NULL};

		if (program_run(compile, NULL, NULL, expected, why, why_size) < 0)
			return -1;
	}
	return 0;
}

const struct program program_cc1plus = {
	.name = "cc1plus",
	.summary = "the C++ compiler proper on a preprocessed file",
	.isolates = "a batch program whose allocations are many, small and of all lifetimes",
	.cannot_tell = "much about large objects: the compiler's collector maps its own memory",
	.source = "own; the compilers in mimalloc-bench (its lua and linux builds) without "
		  "their start-up",
	.allocation_share = "5 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
