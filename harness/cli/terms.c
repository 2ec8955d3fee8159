#include "harness/cli/terms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/cli/number.h"

/* Products of all of them are numbers yet. */
#define MOST 1e12
#define MOST_TEXT "1e12"

enum {
	KEY_SERVERS = 0x400,
	KEY_GIB,
	KEY_CORE_HOUR,
	KEY_MEMORY_BOUND,
	KEY_CURRENCY,
	KEY_CORES,
	KEY_MEMORY,
	KEY_BY
};

static const struct argp_option options[] = {
	{"servers", KEY_SERVERS, "N", 0, "Servers of the fleet, under the reference", 10},
	{"gib", KEY_GIB, "PRICE", 0,
	 "Price of a GiB of memory for a year; PRICE/month and PRICE/hour for those", 10},
	{"core-hour", KEY_CORE_HOUR, "PRICE", 0, "Price of a core for an hour", 10},
	{"memory-bound", KEY_MEMORY_BOUND, "SHARE", 0,
	 "Share of the servers, 0 to 1, whose number is decided by memory, and of the rest by "
	 "CPU "
	 "time (without it cores and memory are paid each for itself)",
	 10},
	{"cores", KEY_CORES, "N", 0, "Cores of a server (those of the machine that measured)",
	 10},
	{"memory", KEY_MEMORY, "GIB", 0,
	 "Memory of a server (that of the machine that measured)", 10},
	{"by", KEY_BY, "peak|mean", 0,
	 "Memory by its peak (default) or on average over a program's run", 10},
	{"currency", KEY_CURRENCY, "NAME", 0, "Of the prices, to be named in the result", 10},
	{0},
};

/* Per year. */
static double memory_price(const char *text)
{
	static const char wanted[] = "a price from 0 to " MOST_TEXT
				     ", as PRICE (a year), PRICE/month or PRICE/hour,";
	const char *rest;
	double price = number_real("--gib", text, 0, MOST, wanted, &rest);

	if (!*rest || strcmp(rest, "/year") == 0)
		return price;
	if (strcmp(rest, "/month") == 0)
		return price * 12;
	if (strcmp(rest, "/hour") == 0)
		return price * FLEET_HOURS;
	exit(complain_usage("--gib %s: %s is wanted", text, wanted));
}

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct fleet_terms *terms = state->input;

	switch (key) {
	case KEY_SERVERS:
		terms->servers = number_real("--servers", value, 1, MOST,
					     "a number from 1 to " MOST_TEXT, NULL);
		return 0;
	case KEY_GIB:
		terms->gib_year = memory_price(value);
		return 0;
	case KEY_CORE_HOUR:
		terms->core_hour = number_real("--core-hour", value, 0, MOST,
					       "a price from 0 to " MOST_TEXT, NULL);
		return 0;
	case KEY_MEMORY_BOUND:
		terms->memory_bound = number_real("--memory-bound", value, 0, 1,
						  "a share from 0 to 1 (0.3 for 30 %)", NULL);
		return 0;
	case KEY_CORES:
		terms->cores = number_real("--cores", value, 0x1p-10, MOST,
					   "a number above 0, up to " MOST_TEXT, NULL);
		return 0;
	case KEY_MEMORY:
		terms->gib = number_real("--memory", value, 0x1p-30, MOST,
					 "a number of GiB above 0, up to " MOST_TEXT, NULL);
		return 0;
	case KEY_CURRENCY:
		terms->currency = value;
		return 0;
	case KEY_BY:
		if (strcmp(value, "peak") != 0 && strcmp(value, "mean") != 0)
			exit(complain_usage("--by %s: peak or mean is wanted", value));
		terms->mean_memory = *value == 'm';
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp terms_argp = {.options = options, .parser = parse};

void terms_begin(struct fleet_terms *terms)
{
	*terms = (struct fleet_terms){.servers = NAN,
				      .core_hour = NAN,
				      .gib_year = NAN,
				      .cores = NAN,
				      .gib = NAN,
				      .memory_bound = NAN,
				      .currency = ""};
}

bool terms_any(const struct fleet_terms *terms)
{
	return !isnan(terms->servers) || !isnan(terms->core_hour) || !isnan(terms->gib_year) ||
	       !isnan(terms->cores) || !isnan(terms->gib) || !isnan(terms->memory_bound) ||
	       terms->mean_memory || *terms->currency;
}

int terms_check(const struct fleet_terms *terms)
{
	const char *missing = isnan(terms->servers)     ? "--servers N"
			      : isnan(terms->gib_year)  ? "--gib PRICE"
			      : isnan(terms->core_hour) ? "--core-hour PRICE"
							: NULL;

	if (!missing)
		return STATUS_OK;
	return complain_usage("%s is missing: a cost needs --servers, --gib and --core-hour",
			      missing);
}
