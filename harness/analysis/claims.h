/* Claims: the numbers that a page states, written down as what of a set of results each of them
 * is, so that they can be computed again and held against any other set.  The form of the file
 * is in results/README.md. */
#ifndef HARNESS_CLAIMS_H
#define HARNESS_CLAIMS_H

#include "harness/analysis/findings.h"
#include "harness/analysis/means.h"

#define CLAIMS_SCHEMA "ashlar-claims 1"

/* Two runs of the same thing on the same machine differ by up to the square root of 2
 * half-widths of a 95 % interval (a difference of two independent estimates of equal error) in
 * 95 of 100 cases.  A tolerance is this many, as many claims are looked at together, and at
 * least CLAIMS_LEAST: what a program's layout in memory does (see method.md, Comparing). */
#define CLAIMS_HALF_WIDTHS 2.0
#define CLAIMS_LEAST 0.02

/* What of a set a claim is about. */
enum claim_of {
	CLAIM_RATIO, /* a metric of a cell, to the reference */
	CLAIM_VALUE, /* a metric of a cell as it is, in the unit of the metric */
	CLAIM_MEAN,  /* the geometric mean of the ratios of programs or own workloads */
	/* Beside it: the median of its cells, the least and the most that is left of it when
	 * one of them is left out. */
	CLAIM_MEDIAN,
	CLAIM_LEAST,
	CLAIM_MOST,
	CLAIM_CELLS, /* over how many cells such a mean goes */
	CLAIM_FACT,  /* blocks, cpus or contenders of the set */
};

/* Strings belong to the JSON value of the claims. */
struct claim {
	const char *id;
	enum claim_of of;
	const char *cell, *fact;
	const char *contender;
	enum scope scope; /* of CLAIM_MEAN to CLAIM_CELLS */
	const struct finding_metric *metric;
	int digits;              /* behind the point, as stated */
	double value, low, high; /* as stated; NaN: no interval is */
	bool certain;            /* else it is stated in italics */
	double tolerance;        /* as a share of the value; NaN: it is of its own set alone */
};

struct claims {
	json_t *json;
	const char *set; /* the name of the set they are of */
	const char *machine_class, *reference;
	struct claim *list;
	size_t count;
};

/* The claims of a file, or null with one line in message, which names the claim and what is
 * wrong with it. */
struct claims *claims_load(const char *path, char *message, size_t size);
void claims_free(struct claims *claims);
const struct claim *claims_find(const struct claims *claims, const char *id, size_t length);

/* Is it a count of a set, that another set has its own of? */
bool claim_is_count(const struct claim *claim);

struct claim_measured {
	struct interval value; /* n = 0 where it was not measured */
	bool certain;          /* nothing is doubted */
	/* The half-width of its interval, or, of what stands beside a mean and has none, of the
	 * mean's; as a share of the point, 0 where there is none. */
	double half_width;
};

/* What a set says of a claim, with why (`size` bytes) where it was not measured; neither is
 * what belongs to a mean over other cells than the claimed one.  The set was compared with the
 * claims' reference. */
struct claim_measured claim_measure(const struct claims *claims, const struct claim *claim,
				    const struct findings *findings, const struct means *means,
				    char *why, size_t size);

enum claim_state {
	CLAIM_WITHIN,
	CLAIM_OUTSIDE,
	CLAIM_UNDECIDED, /* outside by its point, but its interval reaches the tolerance */
	CLAIM_UNMEASURED,
	CLAIM_STATES
};
/* "within", "outside", "cannot tell", "not measured" */
extern const char *const claim_states[CLAIM_STATES];

/* Against any set: within where the point is within the tolerance; outside where the whole
 * interval is beyond it, or, of counts that repeat, the point.  A claim of its own set alone is
 * not measured by others. */
enum claim_state claim_judge(const struct claim *claim, const struct claim_measured *measured);
/* Against the set that it is of: within where all that is stated is so to the last digit. */
enum claim_state claim_judge_exactly(const struct claim *claim,
				     const struct claim_measured *measured);

/* States what was measured, to the claim's digits, with its tolerance, in the claim and in the
 * JSON value. */
void claims_restate(struct claims *claims, size_t index, const struct claim_measured *measured);
/* Whose claims they are from now on: the name of the set, its machine class, and the cells that
 * its means go over.  To be called before its numbers are stated. */
void claims_name_set(struct claims *claims, const char *name, const struct findings *findings,
		     const struct means *means);

#endif
