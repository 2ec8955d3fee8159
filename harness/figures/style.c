#include "harness/figures/style.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	struct style style;
} known[] = {
	{"glibc", {"#000000", 5}},      {"jemalloc", {"#E69F00", 9}},
	{"tcmalloc", {"#009E73", 11}},  {"mimalloc2", {"#56B4E9", 13}},
	{"mimalloc3", {"#0072B2", 15}}, {"ashlar", {"#D55E00", 7}},
	{"null", {"#999999", 6}},
};

/* Yellow comes late: thin lines of it do not show on white. */
static const struct style others[] = {
	{"#CC79A7", 4},  {"#B8A800", 12}, {"#777777", 8},
	{"#777777", 10}, {"#777777", 14}, {"#777777", 2},
};

struct style *style_make(const struct result_set *set)
{
	const size_t nknown = sizeof(known) / sizeof(*known);
	const size_t nothers = sizeof(others) / sizeof(*others);
	struct style *styles = calloc(set->ncontenders + 1, sizeof(*styles));
	size_t taken = 0, k;

	if (!styles)
		abort();
	for (size_t i = 0; i < set->ncontenders; i++) {
		for (k = 0; k < nknown; k++)
			if (!strcmp(known[k].name, set->contenders[i].name))
				break;
		if (k < nknown)
			styles[i] = known[k].style;
		else
			styles[i] = others[taken++ % nothers];
	}
	return styles;
}
