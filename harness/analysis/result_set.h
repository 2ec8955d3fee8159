/* One folder of results in memory: manifest.json and samples.jsonl, as described in
 * results/README.md.  Nothing is filtered here. */
#ifndef HARNESS_RESULT_SET_H
#define HARNESS_RESULT_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <jansson.h>

#include "harness/base/sample_fields.h"
#include "harness/base/tarball.h"
#include "harness/stats/distribution.h"

/* An open loop that answered less than this share of what it was offered is saturated. */
#define RESULTS_SATURATED 0.98

/* All strings belong to the JSON values of the set and live as long as it. */
struct result_contender {
	const char *name;
	const char *status, *reason; /* of the manifest; "" when it says nothing */
	json_t *json;                /* its entry in the manifest, or null */
};

/* A cell is a workload with its parameters in one mode; the same name may be there
 * in several modes. */
struct result_cell {
	const char *name, *workload, *kind, *mode, *ops_unit;
	json_t *json; /* its entry in the manifest, or null */
};

struct result_sample {
	int64_t id, block, order;
	size_t cell, contender; /* indices into the set */
	const char *status, *reason;
	bool ok;
	bool superseded; /* a later record holds the same cell, contender and block */
	bool again;      /* the contender's second run in the block (A/A) */
	int64_t attempt; /* 1: of the repeat of a disturbed block */
	bool saturated; /* an open loop that did not keep up: no latency of it means anything */
	double achieved_share; /* of what an open loop was offered; NaN where there was none */
	size_t node;           /* of a cluster: its number in the set; 0 in others */
	const char *disturbed; /* by what; "" = nothing; null in older sets, which do not say */
	/* NaN where the record does not say. */
	double cpu_ns, user_ns, sys_ns, wall_ns, ops;
	double peak_rss_bytes, table_bytes, minor_faults, instructions, allocator_instructions;
	double runqueue_delay_ns, steal_ns;
	json_t *json;
};

struct result_set {
	char *dir;
	json_t *manifest;
	struct result_contender *contenders;
	size_t ncontenders;
	struct result_cell *cells;
	size_t ncells;
	struct result_sample *samples;
	size_t nsamples;
	/* Second runs in a block (A/A), of the contender that each names: beside the others, in
	 * none of whose numbers they are. */
	struct result_sample *again;
	size_t nagain;
	/* Machines of a cluster, as samples name them; none in a set of one machine. */
	const char **nodes;
	size_t nnodes;
	/* What was found amiss but does not spoil the rest: one line each. */
	char **remarks;
	size_t nremarks;
	struct tarball packed; /* the side files of a packed set */
};

/* Loads dir.  On failure returns null with one line in message: no such folder, no
 * manifest, another schema or major suite version, no sample, a damaged archive.  A line of
 * samples.jsonl that is no JSON object (the torn last one of a killed run) becomes
 * a remark. */
struct result_set *results_load(const char *dir, char *message, size_t size);
void results_free(struct result_set *set);
void results_remark(struct result_set *set, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Index, or SIZE_MAX. */
size_t results_find_contender(const struct result_set *set, const char *name);

/* The class of the machine that measured, "" where it is not recorded, and the C library's
 * world; sets of before there were worlds are of the system's own, "stable". */
const char *results_machine_class(const struct result_set *set);
const char *results_world(const struct result_set *set);
/* That library's version in its own words, "" where it is not recorded. */
const char *results_libc(const struct result_set *set);

/* Has the contender a good sample? */
bool results_has_good(const struct result_set *set, size_t contender);

bool results_is_mode(const struct result_cell *cell, const char *mode);
bool results_is_program(const struct result_cell *cell);
bool results_is_null(const struct result_contender *contender);

/* Did others disturb the sample?  By its own word; in older sets, which know nothing of others
 * on the machine, where it lost more than 1 % of its time, and 20 ms, to other guests of the
 * host. */
bool results_is_disturbed(const struct result_sample *sample);

/* A side file (timeline/N.tsv, ...), from the folder or, where it does not lie there, from the
 * archive of a packed set.  Null with errno when there is none, or when the name leaves the
 * folder (EPERM); close it with fclose. */
FILE *results_side_file(const struct result_set *set, const char *name);

/* Adds the histogram of one kind ("alloc", "free", "request") of a sample to d.
 * Returns false, with a remark, when the sample names a file that cannot be read;
 * true without adding when it has no latency. */
bool results_add_latency(struct result_set *set, const struct result_sample *sample,
			 const char *kind, struct distribution *d);

/* One row of a timeline; bytes, live_bytes NaN where unknown. */
struct timeline_row {
	double ms, rss_bytes, anon_bytes, live_bytes;
};

/* The rows of a sample's timeline; free *rows.  Returns their number, 0 with a
 * remark when the file the sample names cannot be read. */
size_t results_timeline(struct result_set *set, const struct result_sample *sample,
			struct timeline_row **rows);

/* A field of a sample's record (or of a cell's entry in the manifest, where it has the same):
 * the value, or null, NaN or "" when it is not there. */
json_t *results_value(const json_t *record, enum sample_field field);
double results_number(const json_t *record, enum sample_field field);
const char *results_text(const json_t *record, enum sample_field field);

/* Fields of other JSON objects, with NaN or "" for what is absent, null or of another type. */
double json_field_number(const json_t *object, const char *key);
const char *json_field_text(const json_t *object, const char *key);

#endif
