/* Writes a SYNTHETIC folder of results in the documented schema, for tests of the
 * report.  No number in it was measured; the host is called "synthetic".
 *
 *   make_sample_set DIR [blocks=N] [planted] [torn] [schema=N] [unfinished] [pmu=FILE] [turned]
 *                   [seed=N] [drift=X] [slower=NAME] [suite=VERSION] [class=HASH] [old]
 *                   [day=N] [latencies=N]
 *
 * Everything is drawn from a fixed generator.  `planted` adds two contenders,
 * `slower20` (glibc's work + 20 %) and `glibc-again` (glibc's own).  `torn` cuts the
 * last line in the middle and `unfinished` leaves blocks of the last program away.  With
 * `turned` slower20 is 4 % above glibc in time and memory, but in big-buffers and sqlite3 at a
 * tenth of both: means below 1 that one cell makes.  With another seed it is
 * another run of the same things, `drift` the time that all takes in it, `slower` a contender
 * that takes 10 % more, `day` the one in January (1 to 31) on which it was measured, and its
 * revision; of such a set, one of many, there are no timelines.  In four cells glibc runs twice
 * in each block, but not with `old`.  `latencies=N`: latency is measured in N blocks and not in
 * one, and `slower` takes 25 % longer there, too.  `pmu` is a file of raw counts
 * (perf_counts.txt), read as those of a PMU are, a set a block in turn. */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/sample_fields.h"
#include "harness/run/counting.h"
#include "harness/stats/statistics.h"
#include "harness/test/raw_counts.h"
#include "workloads/shared/rng.h"

static const struct {
	const char *name;
	double time, memory; /* beside glibc */
} contenders[] = {
	{"glibc", 1, 1},          {"jemalloc", 0.9, 1.12},  {"tcmalloc", 0.78, 1.2},
	{"mimalloc2", 0.74, 1.3}, {"mimalloc3", 0.72, 1.1}, {"ashlar", 0.7, 0.93},
	{"null", 0.4, 6},         {"slower20", 1.2, 1},     {"glibc-again", 1, 1},
};
#define STANDARD 7

static const struct {
	const char *cell, *workload, *kind, *mode, *unit;
	int threads;           /* 0 = none */
	double ns, mib, fault; /* per operation, peak, faults per operation */
} cells[] = {
	{"tiny-churn", "tiny-churn", "workload", "throughput", "pair", 0, 21, 4, 1e-5},
	{"live-sweep", "live-sweep", "workload", "throughput", "pair", 0, 84, 260, 0.003},
	{"larson", "larson", "workload", "throughput", "pair", 4, 95, 60, 0.001},
	{"larson:threads=1", "larson", "workload", "throughput", "pair", 1, 60, 30, 0.001},
	{"larson:threads=2", "larson", "workload", "throughput", "pair", 2, 80, 45, 0.001},
	{"prod-cons", "prod-cons", "workload", "throughput", "message", 2, 140, 48, 0.0007},
	{"fleet", "fleet", "workload", "throughput", "pair", 0, 110, 310, 0.004},
	{"kv-server", "kv-server", "workload", "throughput", "request", 2, 900, 420, 0.02},
	{"frag-drain", "frag-drain", "workload", "throughput", "pair", 0, 130, 512, 0.01},
	{"big-buffers", "big-buffers", "workload", "throughput", "buffer", 0, 2.4e5, 190, 900},
	{"redis", "redis", "program", "throughput", "request", 0, 6500, 71, 0.01},
	{"cc1plus", "cc1plus", "program", "throughput", "file", 0, 9.1e8, 340, 70000},
	{"python3-json", "python3-json", "program", "throughput", "document", 0, 4e7, 96, 3000},
	{"sqlite3", "sqlite3", "program", "throughput", "statement", 0, 12000, 55, 0.02},
	{"frag-drain:idle_ms=3000", "frag-drain", "workload", "memory", "pair", 0, 130, 512,
	 0.01},
	{"tiny-churn", "tiny-churn", "workload", "latency", "pair", 0, 21, 4, 1e-5},
	{"fleet", "fleet", "workload", "latency", "pair", 0, 110, 310, 0.004},
	{"prod-cons", "prod-cons", "workload", "latency", "message", 2, 140, 48, 0.0007},
	{"kv-server:load=50", "kv-server", "workload", "latency", "request", 2, 900, 420, 0.02},
	{"kv-server:load=70", "kv-server", "workload", "latency", "request", 2, 900, 420, 0.02},
	{"kv-server:load=90", "kv-server", "workload", "latency", "request", 2, 900, 420, 0.02},
	{"tiny-churn", "tiny-churn", "workload", "instructions", "pair", 0, 21, 4, 1e-5},
	{"live-sweep", "live-sweep", "workload", "instructions", "pair", 0, 84, 260, 0.003},
	{"fleet", "fleet", "workload", "instructions", "pair", 0, 110, 310, 0.004},
};
#define AGAIN_ID 1000000 /* numbers of second runs, beyond all others */
#define NCELLS (sizeof(cells) / sizeof(*cells))

static struct rng source, of_again; /* second runs draw apart: all else stays */
static bool turned;
static double drift = 1;
static int nodes; /* machines of a cluster, the last of them slow */
static bool pool;
static int day, latencies = 1;
static const char *slower = "", *suite = "1.0", *class = "0123456789abcdef";

static double uniform(void)
{
	return rng_unit(&source);
}

static double noise(double size)
{
	double sum = -6;

	for (int i = 0; i < 12; i++)
		sum += uniform();
	return exp(size * sum);
}

static FILE *create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (!f) {
		fprintf(stderr, "make_sample_set: %s: %s\n", path, strerror(errno));
		exit(1);
	}
	return f;
}

static json_t *params_of(size_t cell)
{
	json_t *params = json_pack("{s:i}", "size", 64);

	if (cells[cell].threads)
		json_object_set_new(params, "threads", json_integer(cells[cell].threads));
	return params;
}

static json_t *bytes(double value)
{
	return json_integer((json_int_t)(value > 0 ? value : 0));
}

/* Ramp, steady, drain, idle, refill as a share of the peak, over u in [0, 1]. */
static double live_share(double u)
{
	if (u < 0.25)
		return u / 0.25;
	if (u < 0.5)
		return 1;
	if (u < 0.55)
		return 1 - 0.9 * (u - 0.5) / 0.05;
	return u < 0.85 ? 0.1 : 0.1 + 0.9 * (u - 0.85) / 0.15;
}

static json_t *write_timeline(const char *dir, int id, size_t cell, double ms, double factor)
{
	double peak = cells[cell].mib * 0x1p20, held = 0;
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "timeline/%d.tsv", id);
	f = create(dir, name);
	fputs("ms\trss_bytes\tanon_bytes\tlive_bytes\n", f);
	for (double t = 0; t <= ms; t += ms > 4000 ? 20 : 10) {
		double live = peak * live_share(t / ms);
		double rss = live * factor + 3e6;

		held = fmax(rss, held - peak * (factor < 1 ? 0.03 : 0.002 / factor));
		fprintf(f, "%.0f\t%.0f\t%.0f\t%.0f\n", t, held + peak / 50, held,
			!strcmp(cells[cell].kind, "program") ? 0 : live);
	}
	fclose(f);
	return json_string(name);
}

static json_t *write_latency(const char *dir, int id, size_t cell, double factor)
{
	static const char *const kinds[] = {"alloc", "free", "request"};
	bool requests = !strncmp(cells[cell].cell, "kv-server", 9);
	json_t *summary = json_object();
	char name[64];
	FILE *f;

	snprintf(name, sizeof(name), "latency/%d.tsv", id);
	f = create(dir, name);
	fputs("kind\tfrom_ns\tto_ns\tcount\n", f);
	for (int kind = requests ? 2 : 0; kind < (requests ? 3 : 2); kind++) {
		unsigned long long total = 0;
		double max = 0;

		for (int b = 0; b < 220; b++) {
			double from = 16 * pow(1.1, b),
			       typical = (requests ? 9000 : 30) * factor;
			double z = log(from / typical) / (requests ? 0.5 : 0.3);
			double tail = 60 * pow(from / typical, -1.1);
			double n = 60000 * exp(-z * z / 2) + (from > typical ? tail * 20 : 0);

			if (n < 1)
				continue;
			fprintf(f, "%s\t%.0f\t%.0f\t%.0f\n", kinds[kind], floor(from),
				floor(from * 1.1), floor(n));
			total += (unsigned long long)n;
			max = from * 1.1;
		}
		json_object_set_new(
			summary, kinds[kind],
			json_pack("{s:I,s:f}", "count", (json_int_t)total, "max", floor(max)));
	}
	fclose(f);
	return json_pack("{s:s,s:o,s:i,s:i}", "file", name, "kinds", summary, "clock_cost_ns",
			 24, "sample_every", 256);
}

static json_t *phases_of(size_t cell, double factor)
{
	static const struct {
		const char *name;
		double at;
	} marks[] = {{"ramp", 0.25},
		     {"steady", 0.5},
		     {"drained", 0.55},
		     {"idle", 0.85},
		     {"refilled", 1}};
	json_t *phases = json_array();

	for (size_t i = 0; i < 5 && !strcmp(cells[cell].workload, "frag-drain"); i++) {
		double peak = cells[cell].mib * 0x1p20, live = peak * live_share(marks[i].at);
		double floor_bytes = fmin(live * (i < 2 ? 1.1 : 4 * sqrt(factor)), peak);

		json_array_append_new(
			phases,
			json_pack("{s:s,s:i,s:o,s:o,s:o,s:o}", "name", marks[i].name, "at_ns",
				  (int)(marks[i].at * 1e9), "rss_bytes",
				  bytes(floor_bytes * (1.05 + 0.4 * factor * uniform()) +
					peak / 50),
				  "table_bytes", bytes(peak / 50), "live_bytes", bytes(live),
				  "floor_bytes", bytes(floor_bytes)));
	}
	return phases;
}

/* Why there is no number, or null.  Every kind of hole is there once. */
static const char *hole(size_t contender, size_t cell, int block, const char **status)
{
	const char *name = contenders[contender].name, *where = cells[cell].cell;

	*status = "failed";
	if (!strcmp(name, "mimalloc3") && !strcmp(where, "redis"))
		return "killed by signal 11 (Segmentation fault)";
	*status = "timeout";
	if (!strcmp(name, "tcmalloc") && !strcmp(where, "prod-cons") && block == 2)
		return "no end after 60 s";
	*status = "skipped";
	if (!strcmp(name, "null") && (!strcmp(where, "fleet") || cells[cell].mib > 400 ||
				      !strcmp(cells[cell].kind, "program")))
		return "allocates more than a quarter of RAM in all, and null reuses nothing";
	return NULL;
}

static void put(json_t *record, enum sample_field field, json_t *value)
{
	json_object_set_new(record, sample_fields[field].name, value);
}

static json_t *whole(double value)
{
	return json_integer((json_int_t)value);
}

/* The counts of the file, by way of counters.h. */
static json_t *raw_counts_of(int block)
{
	struct counters counters;
	struct counters_reading reading;

	counters_open(&counters, &raw_counts, 0,
		      counter_sets_turn(counter_sets_default(), block));
	counters_finish(&counters, &reading);
	return counters_to_json(&reading);
}

static int node_of(int block, int blocks)
{
	return block * nodes / blocks;
}

/* The last machine takes longer, and tcmalloc's thread caches more so. */
static double slow_node(int node, const char *name)
{
	return node != nodes - 1 ? 1 : strcmp(name, "tcmalloc") ? 1.4 : 1.4 * 1.15;
}

static void put_merged(json_t *manifest)
{
	json_t *list = json_array();

	for (int i = 0; i < nodes; i++)
		json_array_append_new(
			list, json_pack("{s:o, s:s, s:s, s:s, s:s, s:i, s:[i]}", "name",
					json_sprintf("node%d", i), "boot", "synthetic",
					"machine_class",
					pool && i == nodes - 1 ? "fedcba9876543210" : class,
					"cpu", "synthetic", "kernel", "synthetic",
					"cpus_online", 2, "shards", i));
	json_object_set_new(manifest, "merged",
			    json_pack("{s:s, s:i, s:b, s:o, s:[]}", "plan", "synthetic",
				      "shards", nodes, "pool", pool, "nodes", list, "missing"));
}

static json_t *sample(const char *dir, int id, int schema, size_t cell, size_t k, int block,
		      int order, double weather, const char *pmu)
{
	bool throughput = !strcmp(cells[cell].mode, "throughput");
	bool memory = !strcmp(cells[cell].mode, "memory");
	/* Contenders differ from workload to workload; the same contender does not. */
	double swing = contenders[k].time == 1 || contenders[k].time == 1.2
			       ? 1
			       : 0.8 + 0.05 * (double)((cell * 7 + k * 3) % 9);
	bool tenth = !strcmp(cells[cell].cell, "big-buffers") ||
		     !strcmp(cells[cell].cell, "sqlite3");
	bool turn = turned && !strcmp(contenders[k].name, "slower20");
	double factor = turn ? (tenth ? 0.1 : 1.04) : contenders[k].time * swing;
	double share_of_memory = turn ? factor : contenders[k].memory;
	double ns = cells[cell].ns * factor;
	double ops = floor(0.7e9 / cells[cell].ns) + 1,
	       cpu = ns * ops * weather * noise(0.015) * drift *
		     (strcmp(slower, contenders[k].name) ? 1 : 1.1);
	double peak = cells[cell].mib * 0x1p20 * share_of_memory * noise(0.004);
	double share = fmin(0.9, cells[cell].fault * 500 / cells[cell].ns + 0.005);
	const char *status, *reason = hole(k, cell, block, &status);
	json_t *s = json_object();

	put(s, FIELD_schema, json_integer(schema));
	put(s, FIELD_suite_version, json_string(suite));
	put(s, FIELD_id, json_integer(id));
	put(s, FIELD_cell, json_string(cells[cell].cell));
	put(s, FIELD_workload, json_string(cells[cell].workload));
	put(s, FIELD_kind, json_string(cells[cell].kind));
	put(s, FIELD_mode, json_string(cells[cell].mode));
	put(s, FIELD_allocator, json_string(contenders[k].name));
	put(s, FIELD_block, json_integer(block));
	put(s, FIELD_order, json_integer(order));
	put(s, FIELD_seed, json_integer(1));
	put(s, FIELD_params, params_of(cell));
	put(s, FIELD_status, json_string(reason ? status : "ok"));
	put(s, FIELD_reason, json_string(reason ? reason : ""));
	put(s, FIELD_started, json_string("2000-01-01T00:00:00Z"));
	if (reason)
		return s;
	put(s, FIELD_cpu_ns, whole(cpu));
	put(s, FIELD_user_ns, whole(cpu * (1 - share)));
	put(s, FIELD_sys_ns, whole(cpu * share));
	put(s, FIELD_wall_ns,
	    whole(cpu * 1.03 / (cells[cell].threads > 1 ? cells[cell].threads * 0.8 : 1)));
	put(s, FIELD_ops, whole(ops));
	put(s, FIELD_ops_unit, json_string(cells[cell].unit));
	put(s, FIELD_peak_rss_bytes, bytes(peak + 2e6));
	put(s, FIELD_table_bytes, bytes(2e6));
	put(s, FIELD_minor_faults, whole(ops * cells[cell].fault * contenders[k].memory));
	put(s, FIELD_major_faults, json_integer(0));
	put(s, FIELD_runqueue_delay_ns, whole(cpu * 0.02 * uniform() * uniform()));
	put(s, FIELD_steal_ns, json_integer(0));
	put(s, FIELD_version, json_string("synthetic"));
	put(s, FIELD_build_id, json_string("00112233445566778899aabbccddeeff00112233"));
	put(s, FIELD_allocator_file, json_string("/synthetic/lib.so"));
	if ((throughput || memory) && !day) {
		put(s, FIELD_timeline,
		    write_timeline(dir, id, cell, memory ? 5000 : cpu / 1e6,
				   contenders[k].memory));
		put(s, FIELD_phases, phases_of(cell, contenders[k].memory));
	}
	if (!strcmp(cells[cell].mode, "latency"))
		put(s, FIELD_latency,
		    write_latency(dir, id, cell,
				  latencies > 1 && !strcmp(slower, contenders[k].name)
					  ? 1.25 * factor
					  : factor));
	if (!strcmp(cells[cell].mode, "instructions")) {
		put(s, FIELD_instructions, whole(ops * ns * 4));
		put(s, FIELD_allocator_instructions, whole(ops * ns * 3));
	}
	if (pmu && throughput)
		put(s, FIELD_counters, raw_counts_of(block));
	return s;
}

/* Sizes and lifetimes of each own workload, of two steps.  prod-cons has none. */
static void write_distributions(const char *dir)
{
	for (size_t i = 0; i < NCELLS; i++) {
		char name[64];
		FILE *f;

		if (strcmp(cells[i].kind, "workload") || strcmp(cells[i].mode, "throughput") ||
		    !strcmp(cells[i].workload, "prod-cons"))
			continue;
		snprintf(name, sizeof(name), "cdf/%s.tsv", cells[i].workload);
		f = create(dir, name);
		fputs("# synthetic\nworkload\tquantity\tvalue\tcount\tbytes\n", f);
		fprintf(f, "%s\tsize\t%zu\t0.75\t0.25\n", cells[i].workload, 15 + 16 * i);
		fprintf(f, "%s\tsize\t%zu\t1\t1\n", cells[i].workload, 1023 + 64 * i);
		fprintf(f, "%s\tlifetime\t0\t0.5\t0.1\n", cells[i].workload);
		fprintf(f, "%s\tlifetime\t%zu\t1\t1\n", cells[i].workload, 4095 + i);
		fclose(f);
	}
}

/* glibc's second run in the block of some cells. */
static void write_again(FILE *f, const char *dir, int id, int schema, size_t cell, int block,
			double weather)
{
	static const char *const twice[] = {"tiny-churn", "larson", "fleet", "sqlite3"};
	struct rng kept = source;
	bool wanted = false;
	json_t *s;

	for (size_t i = 0; i < sizeof(twice) / sizeof(*twice); i++)
		wanted |= !strcmp(cells[cell].cell, twice[i]);
	if (!wanted || strcmp(cells[cell].mode, "throughput"))
		return;
	source = of_again;
	s = sample(dir, id, schema, cell, 0, block, 0, weather, false);
	of_again = source;
	source = kept;
	put(s, FIELD_allocator, json_string("glibc" SAMPLE_AGAIN));
	json_dumpf(s, f, JSON_COMPACT);
	fputc('\n', f);
	json_decref(s);
}

static void write_manifest(const char *dir, int schema, int blocks, size_t ncontenders,
			   bool finished, const char *pmu)
{
	json_t *manifest = json_pack(
		"{s:i,s:s,s:s,s:[s,s,s],s:i,s:s,s:s,s:s,s:i,s:i,s:{s:f},s:{s:s,s:s}}", "schema",
		schema, "suite_version", suite, "suite", "synthetic", "command", "ashlar-bench",
		"run", "--suite=it's synthetic", "seed", 1, "started", "2000-01-01T00:00:00Z",
		"host", "synthetic", "revision", "0000000", "blocks", blocks, "budget_s", 600,
		"capacity", "kv-server", 1.1e6, "counters", "tier", "software", "reason",
		"no PMU: this set is synthetic");
	json_t *list = json_array(), *all = json_array();
	FILE *f = create(dir, "manifest.json");
	char text[32];

	if (day) {
		snprintf(text, sizeof(text), "2000-01-%02dT00:00:00Z", day);
		json_object_set_new(manifest, "started", json_string(text));
		snprintf(text, sizeof(text), "%07d", day);
		json_object_set_new(manifest, "revision", json_string(text));
	}

	if (pmu)
		json_object_set_new(manifest, "counters",
				    counting_plan(&raw_counts, counter_sets_default()));
	json_object_set_new(manifest, "finished",
			    finished ? json_string("2000-01-01T00:10:00Z") : json_null());
	for (size_t k = 0; k < ncontenders; k++)
		json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s,s:{},s:s,s:s}", "name",
						      contenders[k].name, "version",
						      "synthetic", "build_id", "00112233",
						      "file", "/synthetic/lib.so", "env",
						      "status", "ok", "reason", ""));
	json_array_append_new(
		list, json_pack("{s:s,s:s,s:s}", "name", "absent", "status", "skipped",
				"reason", "library <absent.so> & its package are not here"));
	json_object_set_new(manifest, "contenders", list);
	for (size_t i = 0; i < NCELLS; i++)
		json_array_append_new(
			all, json_pack("{s:s,s:s,s:s,s:o,s:s,s:s,s:s}", "cell", cells[i].cell,
				       "workload", cells[i].workload, "kind", cells[i].kind,
				       "params", params_of(i), "summary", "synthetic", "mode",
				       cells[i].mode, "ops_unit", cells[i].unit));
	json_object_set_new(manifest, "cells", all);
	if (nodes)
		put_merged(manifest);
	json_object_set_new(manifest, "environment",
			    json_pack("{s:s,s:s,s:i,s:{s:s},s:s}", "kernel", "synthetic", "cpu",
				      "synthetic", "cpus_online", 2, "thp", "enabled",
				      "madvise", "machine_class", class));
	json_dumpf(manifest, f, JSON_INDENT(1));
	fclose(f);
	json_decref(manifest);
}

int main(int argc, char **argv)
{
	bool planted = false, old = false, torn = false, unfinished = false;
	int blocks = 5, schema = 1, id = 0, seed = 2026;
	const char *dir = argc > 1 ? argv[1] : "", *pmu = NULL;
	size_t ncontenders;
	char path[4096];
	FILE *f;

	for (int i = 2; i < argc; i++) {
		if (!strncmp(argv[i], "blocks=", 7))
			blocks = atoi(argv[i] + 7);
		else if (!strncmp(argv[i], "schema=", 7))
			schema = atoi(argv[i] + 7);
		else if (!strncmp(argv[i], "seed=", 5))
			seed = atoi(argv[i] + 5);
		else if (!strncmp(argv[i], "day=", 4))
			day = atoi(argv[i] + 4);
		else if (!strncmp(argv[i], "latencies=", 10))
			latencies = atoi(argv[i] + 10);
		else if (!strncmp(argv[i], "nodes=", 6))
			nodes = atoi(argv[i] + 6);
		else if (!strcmp(argv[i], "pool"))
			pool = true;
		else if (!strncmp(argv[i], "drift=", 6))
			drift = atof(argv[i] + 6);
		else if (!strncmp(argv[i], "slower=", 7))
			slower = argv[i] + 7;
		else if (!strncmp(argv[i], "suite=", 6))
			suite = argv[i] + 6;
		else if (!strncmp(argv[i], "class=", 6))
			class = argv[i] + 6;
		else if (!strcmp(argv[i], "planted"))
			planted = true;
		else if (!strcmp(argv[i], "old"))
			old = true;
		else if (!strcmp(argv[i], "torn"))
			torn = true;
		else if (!strcmp(argv[i], "unfinished"))
			unfinished = true;
		else if (!strncmp(argv[i], "pmu=", 4))
			raw_counts_read(pmu = argv[i] + 4);
		else if (!strcmp(argv[i], "turned"))
			planted = turned = true;
		else
			dir = "";
	}
	if (!*dir) {
		fprintf(stderr,
			"usage: make_sample_set DIR [blocks=N] [schema=N] [planted] [torn] "
			"[unfinished] [pmu=FILE] [turned] [seed=N] [drift=X] [slower=NAME] "
			"[suite=VERSION] "
			"[class=HASH] [day=N] [latencies=N] [old] [nodes=N] [pool]\n");
		return 2;
	}
	rng_spread(&source, (uint64_t)seed);
	rng_spread(&of_again, (uint64_t)seed + 1);
	mkdir(dir, 0777);
	snprintf(path, sizeof(path), "%s/timeline", dir);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/latency", dir);
	mkdir(path, 0777);
	snprintf(path, sizeof(path), "%s/cdf", dir);
	mkdir(path, 0777);
	write_distributions(dir);
	ncontenders = planted ? sizeof(contenders) / sizeof(*contenders) : STANDARD;
	write_manifest(dir, schema, blocks, ncontenders, !unfinished, pmu);
	f = create(dir, "samples.jsonl");
	for (int block = 0; block < blocks; block++)
		for (size_t cell = 0; cell < NCELLS; cell++) {
			bool throughput = !strcmp(cells[cell].mode, "throughput");
			double weather = noise(0.1); /* of the machine, in this block */

			if (!throughput &&
			    block >= (!strcmp(cells[cell].mode, "memory")    ? 2
				      : !strcmp(cells[cell].mode, "latency") ? latencies
									     : 1))
				continue;
			if (unfinished && !strcmp(cells[cell].cell, "sqlite3"))
				continue;
			for (size_t k = 0; k < ncontenders; k++) {
				int node = nodes ? node_of(block, blocks) : 0;
				double here = slow_node(node, contenders[k].name);
				json_t *s = sample(dir, id++, schema, cell, k, block, (int)k,
						   weather * (nodes ? here : 1), pmu);

				if (nodes)
					put(s, FIELD_node, json_sprintf("node%d", node));

				json_dumpf(s, f, JSON_COMPACT);
				fputc('\n', f);
				json_decref(s);
			}
			if (!old)
				write_again(f, dir, AGAIN_ID + id, schema, cell, block,
					    weather);
		}
	if (torn)
		fputs("{\"schema\":1,\"suite_version\":\"1.0\",\"id\":99999,\"cell\":\"tiny-ch",
		      f);
	return fclose(f) ? 1 : 0;
}
