/* perl: words counted in hashes, texts split, joined and sorted. */
#include <stdio.h>
#include "workloads/programs/tools.h"

enum { LINES };

static const struct wl_param params[] = {
	{"lines", "lines of text", "0.5 to 1 s under glibc", 100000, 100, 100000000},
	{NULL, NULL, NULL, 0, 0, 0},
};

static const char script[] =
	"my ($lines, $state) = ($ARGV[0], $ARGV[1] % 2147483647 + 1);\n"
	"sub number { $state = $state * 48271 % 2147483647; return $state % $_[0]; }\n"
	"my (%count, %follows, @kept);\n"
	"for my $i (1 .. $lines) {\n"
	"    my $text = join ' ', map { 'w' . number(number(5000) + 1) } 1 .. 3 + number(8);\n"
	"    my @words = split / /, $text;\n"
	"    $count{$_}++ for @words;\n"
	"    push @{$follows{$words[$_]}}, $words[$_ + 1] for 0 .. $#words - 1;\n"
	"    $text =~ s/w(\\d)/x$1-/g;\n"
	"    $kept[number(5000)] = { text => $text, words => [@words], at => $i };\n"
	"}\n"
	"my $sum = 0;\n"
	"$sum += length $_->{text} for grep { defined } @kept;\n"
	"print \"$sum\\n\";\n"
	"for my $w ((sort { $count{$b} <=> $count{$a} || $a cmp $b } keys %count)[0 .. 99]) {\n"
	"    print \"$w $count{$w} \", scalar @{$follows{$w} || []}, \"\\n\";\n"
	"}\n";

static const char *available(char *why, size_t why_size)
{
	return program_path("perl", "install perl", why, why_size);
}

static int plan(const int64_t *values, uint64_t seed, const char *cache_dir, const char *dir,
		struct program_plan *p, char *why, size_t why_size)
{
	const char *perl = available(why, why_size);

	(void)dir;
	if (!perl)
		return -1;
	*p = (struct program_plan){
		.argv = {perl, NULL},
		/* The order of hashes is random by default; the work must not be. */
		.env = {"PERL_HASH_SEED=0", "PERL_PERTURB_KEYS=0", NULL},
		.ops = (uint64_t)values[LINES],
		.ops_unit = "lines",
	};
	return program_script(p, cache_dir, "words.pl", script, values[LINES], seed, why,
			      why_size);
}

const struct program program_perl = {
	.name = "perl",
	.summary = "perl counts words in hashes, splits, joins and sorts text",
	.isolates = "an interpreter that leaves strings and hash entries to malloc",
	.cannot_tell = "scalars: perl carves their heads and bodies from arenas of its own",
	.source = "own",
	.allocation_share = "14 % of its user-mode instructions: callgrind with glibc 2.36, "
			    "inclusive cost of malloc, calloc, realloc and free",
	.params = params,
	.available = available,
	.plan = plan,
};
