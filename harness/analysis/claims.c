#include "harness/analysis/claims.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

#define MOST_DIGITS 6

const char *const claim_states[CLAIM_STATES] = {
	[CLAIM_WITHIN] = "within",
	[CLAIM_OUTSIDE] = "outside",
	[CLAIM_UNDECIDED] = "cannot tell",
	[CLAIM_UNMEASURED] = "not measured",
};

static const char *const facts[] = {"blocks", "cpus", "contenders", NULL};
static const char *const scopes[] = {
	[SCOPE_PROGRAMS] = "programs", [SCOPE_WORKLOADS] = "workloads", NULL};

/* Index of a name in a list ended by null, -1 where it is not there. */
static int index_of(const char *const *list, const char *name)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(list[i], name) == 0)
			return i;
	return -1;
}

static const struct finding_metric *find_metric(const char *name)
{
	for (size_t i = 0; i < finding_nmetrics; i++)
		if (strcmp(finding_metrics[i].name, name) == 0)
			return &finding_metrics[i];
	return NULL;
}

/* Of which of the five kinds it is, by the keys that are there. */
static int read_subject(struct claim *claim, const json_t *json, char *why, size_t size)
{
	const char *cell = json_field_text(json, "cell"), *mean = json_field_text(json, "mean");
	const char *cells = json_field_text(json, "cells"),
		   *fact = json_field_text(json, "fact");
	const char *as = json_field_text(json, "as"), *scope = *mean ? mean : cells;

	if (!!*cell + !!*mean + !!*cells + !!*fact != 1)
		return because(why, size, "one of cell, mean, cells and fact is needed");
	if (*as && (!*cell || (strcmp(as, "value") && strcmp(as, "ratio"))))
		return because(why, size, "as '%s': 'value' and 'ratio' are known, of a cell",
			       as);
	claim->cell = cell;
	claim->fact = fact;
	if (*fact) {
		claim->of = CLAIM_FACT;
		if (index_of(facts, fact) < 0)
			return because(why, size,
				       "unknown fact '%s': blocks, cpus and contenders are "
				       "known",
				       fact);
		return 0;
	}
	claim->of = *mean                  ? CLAIM_MEAN
		    : *cells               ? CLAIM_CELLS
		    : !strcmp(as, "value") ? CLAIM_VALUE
					   : CLAIM_RATIO;
	claim->contender = json_field_text(json, "contender");
	claim->metric = find_metric(json_field_text(json, "metric"));
	if (!*claim->contender)
		return because(why, size, "it names no contender");
	if (!claim->metric)
		return because(why, size, "unknown metric '%s': those of summary.csv are known",
			       json_field_text(json, "metric"));
	if (*cell)
		return 0;
	if (index_of(scopes, scope) < 0)
		return because(why, size, "unknown mean '%s': programs and workloads are known",
			       scope);
	claim->scope = (enum scope)index_of(scopes, scope);
	if (claim->metric->metric != METRIC_CPU && claim->metric->metric != METRIC_RSS)
		return because(why, size, "there are means of cpu_ns and peak_rss_bytes only");
	return 0;
}

static int read_claim(struct claim *claim, const json_t *json, char *why, size_t size)
{
	double digits = json_field_number(json, "digits");
	bool interval;

	*claim = (struct claim){.id = json_field_text(json, "id")};
	if (!*claim->id ||
	    strspn(claim->id, "abcdefghijklmnopqrstuvwxyz0123456789-_") != strlen(claim->id))
		return because(why, size, "an id of a-z, 0-9, - and _ is needed");
	if (read_subject(claim, json, why, size))
		return -1;
	claim->value = json_field_number(json, "value");
	claim->low = json_field_number(json, "low");
	claim->high = json_field_number(json, "high");
	claim->tolerance = claim_is_count(claim) ? NAN : json_field_number(json, "tolerance");
	claim->certain = !json_is_false(json_object_get(json, "certain"));
	claim->digits = claim_is_count(claim) ? 0 : isnan(digits) ? 2 : (int)digits;
	if (claim->digits < 0 || claim->digits > MOST_DIGITS)
		return because(why, size, "digits: 0 to %d", MOST_DIGITS);
	interval = !isnan(claim->low);
	if (isnan(claim->value) || interval != !isnan(claim->high) ||
	    (interval && (claim->low > claim->value || claim->value > claim->high)))
		return because(why, size,
			       "a value is needed, with low and high around it or "
			       "without both");
	if (!claim_is_count(claim) && !(claim->tolerance > 0))
		return because(why, size, "a tolerance above 0 is needed");
	return 0;
}

static int read_all(struct claims *claims, char *why, size_t size)
{
	const json_t *list = json_object_get(claims->json, "claims");

	if (strcmp(json_field_text(claims->json, "schema"), CLAIMS_SCHEMA) != 0)
		return because(why, size, "its schema is '%s', not '%s'",
			       json_field_text(claims->json, "schema"), CLAIMS_SCHEMA);
	if (!json_array_size(list))
		return because(why, size, "it has no list of claims, or an empty one");
	claims->set = json_field_text(claims->json, "set");
	claims->machine_class = json_field_text(claims->json, "machine_class");
	claims->reference = json_field_text(claims->json, "reference");
	if (!*claims->set || !*claims->reference)
		return because(why, size, "it names no set, or no reference");
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *json = json_array_get(list, i);
		char reason[256];
		struct claim claim;

		if (read_claim(&claim, json, reason, sizeof(reason)))
			return because(why, size, "claim %zu '%s': %s", i + 1,
				       json_field_text(json, "id"), reason);
		if (claims_find(claims, claim.id, strlen(claim.id)))
			return because(why, size, "two claims have the id '%s'", claim.id);
		claims->list = list_grown(claims->list, claims->count, sizeof(*claims->list));
		claims->list[claims->count++] = claim;
	}
	return 0;
}

struct claims *claims_load(const char *path, char *message, size_t size)
{
	struct claims *claims = calloc(1, sizeof(*claims));
	char why[512];
	json_error_t error;

	if (!claims)
		abort();
	claims->json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!claims->json) {
		because(message, size, "%s: %s", path, error.text);
	} else if (read_all(claims, why, sizeof(why))) {
		because(message, size, "%s: %s", path, why);
	} else {
		return claims;
	}
	claims_free(claims);
	return NULL;
}

void claims_free(struct claims *claims)
{
	json_decref(claims->json);
	free(claims->list);
	free(claims);
}

const struct claim *claims_find(const struct claims *claims, const char *id, size_t length)
{
	for (size_t i = 0; i < claims->count; i++)
		if (strlen(claims->list[i].id) == length &&
		    memcmp(claims->list[i].id, id, length) == 0)
			return &claims->list[i];
	return NULL;
}

bool claim_is_count(const struct claim *claim)
{
	return claim->of == CLAIM_CELLS || claim->of == CLAIM_FACT;
}

static struct interval exact(double value)
{
	return (struct interval){1, value, NAN, NAN, 0};
}

static struct interval measure_fact(const struct claim *claim, const struct result_set *set)
{
	if (strcmp(claim->fact, "cpus") == 0)
		return exact(json_field_number(json_object_get(set->manifest, "environment"),
					       "cpus_online"));
	if (strcmp(claim->fact, "contenders") == 0)
		return exact((double)set->ncontenders);
	return exact(json_field_number(set->manifest, "blocks"));
}

/* The names of the cells that the means of a scope and metric go over. */
static json_t *mean_cells(const struct comparison *c, const struct means *means,
			  enum scope scope, enum metric metric)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->set->ncells; i++)
		if (means->common[metric][i] && means_in_scope(c, i, scope))
			json_array_append_new(list, json_string(c->set->cells[i].name));
	return list;
}

static bool same_cells(const struct claims *claims, const struct claim *claim,
		       const struct comparison *c, const struct means *means)
{
	const json_t *of =
		json_object_get(json_object_get(claims->json, "means"), claim->metric->name);
	const json_t *then = json_object_get(of, scopes[claim->scope]);
	json_t *now = mean_cells(c, means, claim->scope, claim->metric->metric);
	bool same = json_array_size(then) == json_array_size(now);

	for (size_t i = 0; same && i < json_array_size(then); i++) {
		same = false;
		for (size_t j = 0; j < json_array_size(now) && !same; j++)
			same = json_equal(json_array_get(then, i), json_array_get(now, j));
	}
	json_decref(now);
	return same;
}

struct interval claim_measure(const struct claims *claims, const struct claim *claim,
			      const struct findings *findings, const struct means *means,
			      bool *certain, char *why, size_t size)
{
	static const struct interval none = {0, NAN, NAN, NAN, 0};
	const struct comparison *c = findings->c;
	const struct finding *found = NULL;
	const struct mean *mean;
	struct interval measured;
	size_t contender;

	*certain = true;
	because(why, size, "%s", "");
	if (claim->of == CLAIM_FACT) {
		measured = measure_fact(claim, c->set);
		if (!isnan(measured.point))
			return measured;
		because(why, size, "the set does not tell its %s", claim->fact);
		return none;
	}
	contender = results_find_contender(c->set, claim->contender);
	if (contender == SIZE_MAX) {
		because(why, size, "no contender %s", claim->contender);
		return none;
	}
	if (claim->of == CLAIM_MEAN || claim->of == CLAIM_CELLS) {
		mean = means_of(means, c, contender, claim->scope, claim->metric->metric);
		if (!mean->ratio.n) {
			because(why, size, "no mean of %s", scopes[claim->scope]);
			return none;
		}
		if (claim->of == CLAIM_MEAN && !same_cells(claims, claim, c, means)) {
			because(why, size, "the mean of %s goes over other cells there",
				scopes[claim->scope]);
			return none;
		}
		if (claim->of == CLAIM_CELLS)
			return exact((double)mean->cells);
		*certain = !doubts_of_mean(mean).what;
		return mean->ratio;
	}
	for (size_t i = 0; i < c->set->ncells && !found; i++)
		if (strcmp(c->set->cells[i].name, claim->cell) == 0)
			found = findings_find(findings, i, claim->metric, contender);
	if (!found || (claim->of == CLAIM_RATIO && !found->ratio.n)) {
		because(why, size, "no %s of %s in %s", claim->metric->name, claim->contender,
			claim->cell);
		return none;
	}
	*certain = !(claim->of == CLAIM_VALUE ? &found->value_doubts : &found->doubts)->what;
	return claim->of == CLAIM_VALUE ? found->value : found->ratio;
}

enum claim_state claim_judge(const struct claim *claim, const struct interval *measured)
{
	double least = claim->value * (1 - claim->tolerance),
	       most = claim->value * (1 + claim->tolerance);
	bool repeats = claim->metric && claim->metric->unit == FINDING_COUNT;

	if (!measured->n || claim_is_count(claim))
		return CLAIM_UNMEASURED;
	if (measured->point >= least && measured->point <= most)
		return CLAIM_WITHIN;
	if (repeats)
		return CLAIM_OUTSIDE;
	if (isnan(measured->low) || stat_too_few(measured))
		return CLAIM_UNDECIDED;
	return measured->low > most || measured->high < least ? CLAIM_OUTSIDE : CLAIM_UNDECIDED;
}

/* Are they the same as printed, or both not there? */
static bool same_digits(double a, double b, int digits)
{
	char text[2][64];

	if (isnan(a) || isnan(b))
		return isnan(a) && isnan(b);
	snprintf(text[0], sizeof(text[0]), "%.*f", digits, a);
	snprintf(text[1], sizeof(text[1]), "%.*f", digits, b);
	return strcmp(text[0], text[1]) == 0;
}

enum claim_state claim_judge_exactly(const struct claim *claim, const struct interval *measured,
				     bool certain)
{
	if (!measured->n)
		return CLAIM_UNMEASURED;
	return same_digits(claim->value, measured->point, claim->digits) &&
			       same_digits(claim->low, measured->low, claim->digits) &&
			       same_digits(claim->high, measured->high, claim->digits) &&
			       claim->certain == certain
		       ? CLAIM_WITHIN
		       : CLAIM_OUTSIDE;
}

static double rounded(double value, int digits)
{
	double scale = pow(10, digits);

	return round(value * scale) / scale;
}

static double tolerance_of(const struct interval *measured)
{
	double half = isnan(measured->low) ? 0
					   : fmax(measured->high - measured->point,
						  measured->point - measured->low);

	return fmax(CLAIMS_LEAST,
		    ceil(CLAIMS_HALF_WIDTHS * half / measured->point * 1000) / 1000);
}

static void put(json_t *json, const char *key, double value)
{
	if (isnan(value))
		json_object_del(json, key);
	else if (value == round(value))
		json_object_set_new(json, key, json_integer((json_int_t)value));
	else
		json_object_set_new(json, key, json_real(value));
}

void claims_restate(struct claims *claims, size_t index, const struct interval *measured,
		    bool certain)
{
	struct claim *claim = &claims->list[index];
	json_t *json = json_array_get(json_object_get(claims->json, "claims"), index);

	claim->value = rounded(measured->point, claim->digits);
	claim->low = rounded(measured->low, claim->digits);
	claim->high = rounded(measured->high, claim->digits);
	claim->certain = certain;
	put(json, "value", claim->value);
	put(json, "low", claim->low);
	put(json, "high", claim->high);
	if (!claim_is_count(claim)) {
		claim->tolerance = tolerance_of(measured);
		put(json, "tolerance", claim->tolerance);
	}
	if (certain)
		json_object_del(json, "certain");
	else
		json_object_set_new(json, "certain", json_false());
}

void claims_name_set(struct claims *claims, const char *name, const struct findings *findings,
		     const struct means *means)
{
	static const enum metric metrics[] = {METRIC_CPU, METRIC_RSS};
	static const char *const names[] = {"cpu_ns", "peak_rss_bytes"};
	const struct comparison *c = findings->c;
	json_t *all = json_object();

	for (size_t m = 0; m < 2; m++) {
		json_t *of = json_object();

		for (enum scope scope = 0; scope < SCOPES; scope++)
			json_object_set_new(of, scopes[scope],
					    mean_cells(c, means, scope, metrics[m]));
		json_object_set_new(all, names[m], of);
	}
	json_object_set_new(claims->json, "means", all);
	json_object_set_new(claims->json, "set", json_string(name));
	json_object_set_new(claims->json, "machine_class",
			    json_string(results_machine_class(c->set)));
	claims->set = json_field_text(claims->json, "set");
	claims->machine_class = json_field_text(claims->json, "machine_class");
}
