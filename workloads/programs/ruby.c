/* ruby: strings and arrays made in masses, some of them kept. */
#include <stdio.h>
#include "workloads/programs/tools.h"

enum { STRINGS };

static const struct wl_param params[] = {
	{"strings", "strings that are made", "0.5 to 1 s under glibc", 600000, 1000,
	 1000000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

/* As rbstress does: one string in twenty is kept, at a random place. */
static const char script[] =
	"strings, state = ARGV[0].to_i, ARGV[1].to_i % 2147483647 + 1\n"
	"number = lambda { |below| state = state * 48271 % 2147483647; state % below }\n"
	"kept = Array.new(strings / 20 + 1)\n"
	"digest = 0\n"
	"strings.times do |i|\n"
	"  text = 'a' * (24 + number.call(400)) + i.to_s\n"
	"  parts = [text, text.upcase, text.reverse]\n"
	"  digest = (digest * 31 + parts[1].length + parts[2].getbyte(0)) % 4294967291\n"
	"  kept[number.call(kept.length)] = parts if i % 20 == 0\n"
	"end\n"
	"puts digest, kept.compact.sum { |parts| parts.sum(&:length) }\n";

static const char *available(char *why, size_t why_size)
{
	return program_path("ruby", "install ruby", why, why_size);
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *ruby = available(why, why_size);

	(void)dir;
	if (!ruby)
		return -1;
	*p = (struct program_plan){
		/* Without gems, which differ between machines. */
		.argv = {ruby, "--disable=gems", NULL},
		.ops = (uint64_t)values[STRINGS],
		.ops_unit = "strings",
	};
	return program_script(p, cache_dir, "strings.rb", script, values[STRINGS], seed, why,
			      why_size);
}

const struct program program_ruby = {
	.name = "ruby",
	.summary = "ruby makes strings and arrays, one in twenty kept",
	.isolates = "strings freed by a garbage collector, in sweeps and not one by one",
	.cannot_tell = "small objects: ruby keeps those up to 40 bytes in pages of its own",
	.source = "rbstress in mimalloc-bench",
	.allocation_share = "8 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
