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
/* What `as` can say: of a cell, and of a mean. */
static const char *const of_cell[] = {"ratio", "value", NULL};
static const enum claim_of as_of_cell[] = {CLAIM_RATIO, CLAIM_VALUE};
static const char *const of_mean[] = {"ratio", "median", "least", "most", NULL};
static const enum claim_of as_of_mean[] = {CLAIM_MEAN, CLAIM_MEDIAN, CLAIM_LEAST, CLAIM_MOST};
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

/* Of what it is, by the keys that are there. */
static int read_subject(struct claim *claim, const json_t *json, char *why, size_t size)
{
	const char *cell = json_field_text(json, "cell"), *mean = json_field_text(json, "mean");
	const char *cells = json_field_text(json, "cells"),
		   *fact = json_field_text(json, "fact");
	const char *as = json_field_text(json, "as"), *scope = *mean ? mean : cells;
	int which = 0;

	if (!!*cell + !!*mean + !!*cells + !!*fact != 1)
		return because(why, size, "one of cell, mean, cells and fact is needed");
	if (*as)
		which = *cell ? index_of(of_cell, as) : *mean ? index_of(of_mean, as) : -1;
	if (which < 0)
		return because(why, size,
			       "as '%s': 'value' and 'ratio' are known of a cell, 'ratio', "
			       "'median', 'least' and 'most' of a mean",
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
	claim->of = *mean ? as_of_mean[which] : *cells ? CLAIM_CELLS : as_of_cell[which];
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

static double half_width_of(const struct interval *i)
{
	return isnan(i->low) ? 0 : fmax(i->high - i->point, i->point - i->low) / i->point;
}

/* A number without an interval of its own. */
static struct claim_measured bare(double value, size_t n, const struct interval *behind)
{
	return (struct claim_measured){{n, value, NAN, NAN, 0}, true, half_width_of(behind)};
}

/* What is claimed of a mean, or n = 0 with why. */
static struct claim_measured measure_mean(const struct claims *claims,
					  const struct claim *claim, const struct comparison *c,
					  const struct means *means, size_t contender,
					  char *why, size_t size)
{
	static const struct claim_measured none = {{0, NAN, NAN, NAN, 0}, true, 0};
	const struct mean *mean =
		means_of(means, c, contender, claim->scope, claim->metric->metric);
	struct doubts doubts = doubts_of_mean(mean);
	struct claim_measured measured;

	if (!mean->ratio.n) {
		because(why, size, "no mean of %s", scopes[claim->scope]);
		return none;
	}
	if (claim->of == CLAIM_CELLS)
		return (struct claim_measured){exact((double)mean->cells), true, 0};
	if (!same_cells(claims, claim, c, means)) {
		because(why, size, "the mean of %s goes over other cells there",
			scopes[claim->scope]);
		return none;
	}
	if (claim->of == CLAIM_MEAN)
		return (struct claim_measured){mean->ratio, !doubts.what,
					       half_width_of(&mean->ratio)};
	measured = bare(claim->of == CLAIM_MEDIAN  ? mean->median
			: claim->of == CLAIM_LEAST ? mean->least.ratio
						   : mean->most.ratio,
			mean->ratio.n, &mean->ratio);
	measured.certain = !(doubts.what & DOUBTS_FEW);
	if (!isnan(measured.value.point))
		return measured;
	because(why, size, "the mean of %s is of one cell alone", scopes[claim->scope]);
	return none;
}

struct claim_measured claim_measure(const struct claims *claims, const struct claim *claim,
				    const struct findings *findings, const struct means *means,
				    char *why, size_t size)
{
	struct claim_measured measured = {{0, NAN, NAN, NAN, 0}, true, 0};
	const struct comparison *c = findings->c;
	const struct finding *found = NULL;
	size_t contender;

	because(why, size, "%s", "");
	if (claim->of == CLAIM_FACT) {
		struct interval fact = measure_fact(claim, c->set);

		if (isnan(fact.point))
			because(why, size, "the set does not tell its %s", claim->fact);
		else
			measured.value = fact;
		return measured;
	}
	contender = results_find_contender(c->set, claim->contender);
	if (contender == SIZE_MAX) {
		because(why, size, "no contender %s", claim->contender);
		return measured;
	}
	if (!*claim->cell)
		return measure_mean(claims, claim, c, means, contender, why, size);
	for (size_t i = 0; i < c->set->ncells && !found; i++)
		if (strcmp(c->set->cells[i].name, claim->cell) == 0)
			found = findings_find(findings, i, claim->metric, contender);
	if (!found || (claim->of == CLAIM_RATIO && !found->ratio.n)) {
		because(why, size, "no %s of %s in %s", claim->metric->name, claim->contender,
			claim->cell);
		return measured;
	}
	measured.value = claim->of == CLAIM_VALUE ? found->value : found->ratio;
	measured.certain =
		!(claim->of == CLAIM_VALUE ? &found->value_doubts : &found->doubts)->what;
	measured.half_width = half_width_of(&measured.value);
	return measured;
}

enum claim_state claim_judge(const struct claim *claim, const struct claim_measured *measured)
{
	double least = claim->value * (1 - claim->tolerance),
	       most = claim->value * (1 + claim->tolerance);
	const struct interval *value = &measured->value;
	bool repeats = claim->metric && claim->metric->unit == FINDING_COUNT;

	if (!value->n || claim_is_count(claim))
		return CLAIM_UNMEASURED;
	if (value->point >= least && value->point <= most)
		return CLAIM_WITHIN;
	if (repeats)
		return CLAIM_OUTSIDE;
	if (isnan(value->low) || stat_too_few(value))
		return CLAIM_UNDECIDED;
	return value->low > most || value->high < least ? CLAIM_OUTSIDE : CLAIM_UNDECIDED;
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

enum claim_state claim_judge_exactly(const struct claim *claim,
				     const struct claim_measured *measured)
{
	const struct interval *value = &measured->value;

	if (!value->n)
		return CLAIM_UNMEASURED;
	return same_digits(claim->value, value->point, claim->digits) &&
			       same_digits(claim->low, value->low, claim->digits) &&
			       same_digits(claim->high, value->high, claim->digits) &&
			       claim->certain == measured->certain
		       ? CLAIM_WITHIN
		       : CLAIM_OUTSIDE;
}

static double rounded(double value, int digits)
{
	double scale = pow(10, digits);

	return round(value * scale) / scale;
}

static double tolerance_of(const struct claim_measured *measured)
{
	return fmax(CLAIMS_LEAST,
		    ceil(CLAIMS_HALF_WIDTHS * measured->half_width * 1000) / 1000);
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

void claims_restate(struct claims *claims, size_t index, const struct claim_measured *measured)
{
	struct claim *claim = &claims->list[index];
	json_t *json = json_array_get(json_object_get(claims->json, "claims"), index);

	claim->value = rounded(measured->value.point, claim->digits);
	claim->low = rounded(measured->value.low, claim->digits);
	claim->high = rounded(measured->value.high, claim->digits);
	claim->certain = measured->certain;
	put(json, "value", claim->value);
	put(json, "low", claim->low);
	put(json, "high", claim->high);
	if (!claim_is_count(claim)) {
		claim->tolerance = tolerance_of(measured);
		put(json, "tolerance", claim->tolerance);
	}
	if (measured->certain)
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
