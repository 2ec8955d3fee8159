#include "harness/export/html_page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/export/html.h"

static const char css[] =
	"body{font:15px/1.45 'DejaVu Sans',Verdana,sans-serif;color:#111;background:#fff;"
	"max-width:1180px;margin:1.5em auto;padding:0 1em}\n"
	"h1{font-size:1.5em}h2{font-size:1.2em;margin-top:2em;border-bottom:1px solid #ccc}\n"
	"table{border-collapse:collapse;font-size:13px}\n"
	"th,td{padding:2px 9px;text-align:left;vertical-align:top;border-bottom:1px solid "
	"#ddd}\n"
	"th{border-bottom:1px solid #888}\n"
	".num{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".ratio{font-variant-numeric:tabular-nums;white-space:nowrap}.unsure{color:#666}.hole "
	"a{color:#a40}.proof{font-size:11px;word-break:break-all}\n"
	".wide{overflow-x:auto;margin:1em 0}figure{margin:2em 0}figure "
	"svg{width:100%;height:auto}\n"
	"figcaption{font-size:13.5px}pre{background:#f4f4f4;padding:.7em;overflow-x:auto}\n"
	".warn{border-left:4px solid #D55E00;padding-left:.8em}nav a{margin-right:1.2em}\n";

static const char *text_of(const struct report *r, const char *key)
{
	const char *text = json_field_text(r->set->manifest, key);

	return *text ? text : "(not recorded)";
}

static const char *reference_name(const struct report *r)
{
	return r->set->contenders[r->c->reference].name;
}

static void section(FILE *f, const char *id, const char *title)
{
	fprintf(f, "<h2 id=\"%s\">", id);
	html_text(f, title);
	fputs("</h2>\n", f);
}

/* Workloads and programs among the cells, each counted once. */
static size_t count_workloads(const struct result_set *set, bool programs)
{
	size_t n = 0;

	for (size_t i = 0; i < set->ncells; i++) {
		size_t k = 0;

		while (strcmp(set->cells[k].workload, set->cells[i].workload))
			k++;
		n += k == i && cell_is_program(&set->cells[i]) == programs;
	}
	return n;
}

static void what_ran(struct report *r, FILE *f)
{
	const struct result_set *set = r->set;
	size_t ok = 0, failed = 0, timeout = 0, skipped = 0;
	const char *finished = json_field_text(set->manifest, "finished");

	for (size_t i = 0; i < set->nsamples; i++) {
		const struct result_sample *s = &set->samples[i];

		ok += s->ok;
		timeout += !strcmp(s->status, "timeout");
		skipped += !strcmp(s->status, "skipped");
	}
	failed = set->nsamples - ok - timeout - skipped;
	if (!*finished)
		fputs("<p class=\"warn\">This run was not finished: cells may be empty or hold "
		      "fewer blocks than planned. <code>ashlar-bench run --resume</code> "
		      "completes it.</p>\n",
		      f);
	if (failed || timeout)
		fprintf(f,
			"<p class=\"warn\">Failed: %zu, out of time: %zu samples; see the <a "
			"href=\"#gaps\">failures and gaps</a>.</p>\n",
			failed, timeout);
	else
		fputs("<p>No sample failed and none ran out of time.</p>\n", f);
	if (set->nremarks) {
		fputs("<ul class=\"warn\">\n", f);
		for (size_t i = 0; i < set->nremarks; i++) {
			fputs("<li>", f);
			html_text(f, set->remarks[i]);
			fputs("</li>\n", f);
		}
		fputs("</ul>\n", f);
	}
	fputs("<p>", f);
	html_format(f,
		    "Suite %s, version %s, from %s to %s on host %s, revision %s: %zu "
		    "contenders of which %zu gave a good sample, on %zu workloads and %zu "
		    "programs in %zu cells; %zu samples, of which %zu are good, %zu failed, "
		    "%zu ran out of time and %zu were skipped with a reason.",
		    text_of(r, "suite"), text_of(r, "suite_version"), text_of(r, "started"),
		    *finished ? finished : "(not finished)", text_of(r, "host"),
		    text_of(r, "revision"), set->ncontenders, r->nshown,
		    count_workloads(set, false), count_workloads(set, true), set->ncells,
		    set->nsamples, ok, failed, timeout, skipped);
	fputs("</p>\n", f);
}

/* Which blocks the run itself left out, and why. */
static void unfinished(struct report *r, FILE *f)
{
	json_t *list = json_object_get(r->set->manifest, "unfinished"), *entry;
	size_t i;

	if (!json_array_size(list))
		return;
	fputs("<p class=\"warn\">", f);
	html_format(f, "%zu blocks of cells were left out by the run: ", json_array_size(list));
	json_array_foreach(list, i, entry)
		html_format(f, "%s%s (%s, block %.0f: %s)", i ? ", " : "",
			    json_field_text(entry, "cell"), json_field_text(entry, "mode"),
			    json_field_number(entry, "block") + 1,
			    json_field_text(entry, "reason"));
	fputs(".</p>\n", f);
}

static void disturbance(struct report *r, FILE *f)
{
	size_t disturbed = 0, of = 0;

	for (size_t i = 0; i < r->set->nsamples; i++) {
		const struct result_sample *s = &r->set->samples[i];

		if (!s->ok || !cell_is(&r->set->cells[s->cell], "throughput"))
			continue;
		of++;
		disturbed += sample_disturbed(s);
	}
	fputs("<p>", f);
	html_format(
		f,
		"%zu of %zu throughput samples were disturbed: their threads waited for a CPU "
		"for more than 1 %% of their CPU time, or the machine lost more than 0.5 %% of "
		"the time to others. They are kept; pairing within blocks and the median take "
		"the edge off them.",
		disturbed, of);
	fputs("</p>\n", f);
}

static void interval_text(FILE *f, const struct interval *i)
{
	if (isnan(i->low))
		html_format(f, "%.3f (n = %zu, no interval)", i->point, i->n);
	else
		html_format(f, "%.3f [%.3f, %.3f]", i->point, i->low, i->high);
}

/* Sentences from the geometric means; no word of better or worse. */
static void overall(struct report *r, FILE *f)
{
	const struct comparison *c = r->c;
	size_t common = 0, throughput = 0;
	const char *before = "";

	for (size_t i = 0; i < r->set->ncells; i++) {
		common += c->common[i];
		throughput += cell_is(&r->set->cells[i], "throughput");
	}
	fputs("<p>", f);
	if (!common) {
		fputs("There is no geometric mean: no cell holds a value of every "
		      "contender.</p>\n",
		      f);
		return;
	}
	html_format(f,
		    "Over the %zu of %zu throughput cells that every ranked contender "
		    "completed, each workload counted once, the geometric mean of CPU time per "
		    "operation relative to %s is, with its 95 %% interval: ",
		    common, throughput, reference_name(r));
	for (int m = METRIC_CPU; m <= METRIC_RSS; m++) {
		for (size_t j = 0; j < r->nshown; j++) {
			const struct interval *mean = &c->geomean[m][r->shown[j] * SCOPES];

			if (!mean->n || r->shown[j] == c->reference)
				continue;
			html_format(f, "%s%s ", before, r->set->contenders[r->shown[j]].name);
			interval_text(f, mean);
			before = ", ";
		}
		if (m == METRIC_CPU)
			fputs(". Of peak resident memory: ", f);
		before = "";
	}
	fputs(". Below 1 is less than the reference.</p>\n", f);
}

/* Intervals of few blocks promise more than they can hold: say so beside them. */
static void few_blocks(struct report *r, FILE *f)
{
	size_t least = 0;

	for (size_t i = 0; i < r->set->ncells; i++)
		for (size_t k = 0; k < r->set->ncontenders; k++) {
			size_t n = r->c->ratio[METRIC_CPU][i * r->set->ncontenders + k].n;

			if (n && (!least || n < least))
				least = n;
		}
	if (least == 0 || least >= 5)
		return;
	fputs("<p class=\"warn\">", f);
	html_format(
		f,
		"Few blocks: some cells have %zu. An interval of the median made from n blocks "
		"covers it with at most 1 - 2^(1-n): %.0f %% for two, %.0f %% for three, %.0f "
		"%% for four, and with one there is none. Read such intervals as the range of "
		"what was seen.",
		least, 100 * stat_coverage_limit(2), 100 * stat_coverage_limit(3),
		100 * stat_coverage_limit(4));
	fputs("</p>\n", f);
}

static void summary(struct report *r, FILE *f)
{
	section(f, "summary", "Summary");
	what_ran(r, f);
	unfinished(r, f);
	few_blocks(r, f);
	overall(r, f);
	page_geomeans(r, f);
	disturbance(r, f);
}

static void figures(struct report *r, FILE *f)
{
	section(f, "figures", "Figures");
	fputs("<p>Each figure's numbers (.tsv), gnuplot script (.gp) and pictures (.svg, .png) "
	      "are in the folder <code>report/</code> beside this page.</p>\n",
	      f);
	for (size_t i = 0; i < report_nfigures; i++) {
		const struct figure *figure = &report_figures[i];
		char *svg;

		if (asprintf(&svg, "%s/%s.svg", r->dir, figure->name) < 0)
			abort();
		fprintf(f, "<figure id=\"%s\">\n", figure->name);
		if (figure->absent) {
			fputs("<figcaption><b>", f);
			html_format(f, "%s.", figure->title);
			fputs("</b> ", f);
			html_format(f, "Left out: %s.", figure->absent);
		} else {
			if (!figure->drawn ||
			    !html_svg(f, svg, figure->name, figure->title, figure->caption))
				fputs("<p class=\"warn\">Not drawn: the report said why when "
				      "it was made.</p>",
				      f);
			fputs("\n<figcaption><b>", f);
			html_format(f, "%s.", figure->title);
			fputs("</b> ", f);
			html_text(f, figure->caption ? figure->caption : "");
		}
		fputs("</figcaption></figure>\n", f);
		free(svg);
	}
}

static void methods(struct report *r, FILE *f)
{
	json_t *manifest = r->set->manifest, *counters = json_object_get(manifest, "counters");
	json_t *capacity = json_object_get(manifest, "capacity"), *rate;
	double seed = json_field_number(manifest, "seed"),
	       blocks = json_field_number(manifest, "blocks");
	const char *workload;

	section(f, "methods", "Methods");
	fputs("<p>", f);
	html_format(f,
		    "Every sample is a fresh process with fixed work. A block runs every "
		    "contender once per cell, in an order drawn anew from seed %.0f; %.0f "
		    "blocks were planned%s. The contender comes in by LD_PRELOAD; which file "
		    "served malloc is proven inside each process, and a sample served by "
		    "another one is a failure and not a number. ",
		    seed, blocks, isnan(blocks) ? " (not recorded)" : "");
	html_format(f,
		    "Ratios are formed within a block against %s and summed up by their "
		    "median, so that what slows a whole block cancels. Intervals are 95 %% "
		    "bootstrap intervals of the median log ratio: %d resamples of blocks, "
		    "tails widened for few blocks by Hesterberg's expanded percentile, "
		    "generator %s, so the same data give the same interval. No interval made "
		    "from n blocks can promise more than 1 - 2^(1-n): 94 %% for five, 75 %% "
		    "for three; with one there is none. ",
		    reference_name(r), STAT_RESAMPLES, STAT_BOOTSTRAP_VERSION);
	html_format(f, "Geometric means keep the workloads fixed and resample the blocks "
		       "within each; a workload counts once, however many cells it has. No "
		       "correction for the number of comparisons is made: of a hundred "
		       "intervals of equal contenders about five exclude 1. ");
	html_format(
		f,
		"CPU time is user and system time of the timed part. Peak memory is the "
		"high-water mark of resident memory of the measured process, less the tables "
		"of the workload driver. Latency is measured in runs of their own, as timing "
		"slows what it times; histograms are merged over blocks, and a percentile with "
		"fewer than %d values beyond it is not given. ",
		DISTRIBUTION_MIN_BEYOND);
	json_object_foreach(capacity, workload, rate) {
		if (json_is_number(rate))
			html_format(
				f,
				"The offered load of %s refers to %.0f requests per second, "
				"measured once under glibc and the same for all. ",
				workload, json_number_value(rate));
	}
	html_format(f, "Counters: %s%s%s.", json_field_text(counters, "tier"),
		    *json_field_text(counters, "reason") ? ", " : "",
		    json_field_text(counters, "reason"));
	fputs("</p>\n", f);
}

/* One word as a shell would have to be given it. */
static void shell_word(FILE *f, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%";

	if (*word && word[strspn(word, plain)] == '\0') {
		html_text(f, word);
		return;
	}
	html_text(f, "'");
	for (; *word; word++) {
		char one[2] = {*word, '\0'};

		html_text(f, *word == '\'' ? "'\\''" : one);
	}
	html_text(f, "'");
}

static void reproduce(struct report *r, FILE *f)
{
	json_t *word;
	size_t i;

	section(f, "reproduce", "Reproduce");
	fputs("<p>This set was made by the first command; the second makes this page again "
	      "from "
	      "<code>manifest.json</code> and <code>samples.jsonl</code>; the third draws one "
	      "figure "
	      "again after its script was changed.</p>\n<pre>",
	      f);
	json_array_foreach(json_object_get(r->set->manifest, "command"), i, word) {
		fputs(i ? " " : "", f);
		shell_word(f, json_is_string(word) ? json_string_value(word) : "?");
	}
	fputs("\nashlar-bench report . --reference ", f);
	shell_word(f, reference_name(r));
	fputs("\ncd report &amp;&amp; gnuplot fig01.gp</pre>\n", f);
}

static void page(struct report *r, FILE *f)
{
	static const char *const parts[][2] = {
		{"summary", "Summary"},         {"time", "CPU time"},
		{"memory", "Memory"},           {"figures", "Figures"},
		{"latency", "Latency"},         {"gaps", "Failures and gaps"},
		{"contenders", "Contenders"},   {"workloads", "Workloads"},
		{"environment", "Environment"}, {"methods", "Methods"},
		{"reproduce", "Reproduce"},
	};

	fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<title>", f);
	html_format(f, "ashlar-bench: %s, %s", text_of(r, "host"), text_of(r, "started"));
	fprintf(f,
		"</title>\n<style>\n%s</style></head><body>\n<h1>Allocators side by "
		"side</h1>\n<nav>",
		css);
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		fprintf(f, "<a href=\"#%s\">%s</a> ", parts[i][0], parts[i][1]);
	fputs("</nav>\n", f);
	summary(r, f);
	section(f, "time", "CPU time per operation");
	fputs("<p>", f);
	html_format(f,
		    "Ratio to %s with 95 %% interval; grey where the interval contains 1. n is "
		    "said where it is less than the reference has.",
		    reference_name(r));
	fputs("</p>\n", f);
	page_ratios(r, f, METRIC_CPU);
	section(f, "memory", "Peak resident memory");
	fputs("<p>", f);
	html_format(f, "Less the driver's own tables; ratio to %s with 95 %% interval.",
		    reference_name(r));
	fputs("</p>\n", f);
	page_ratios(r, f, METRIC_RSS);
	page_held(r, f);
	page_marks(r, f);
	figures(r, f);
	section(f, "latency", "Latency");
	fputs("<p>Of all blocks together; – where fewer than 100 values lie beyond. The cost "
	      "of reading the clock is within the values.</p>\n",
	      f);
	page_latency(r, f);
	if (page_has_replays(r)) {
		section(f, "replays", "Replays of traces");
		page_replays(r, f);
	}
	section(f, "gaps", "Failures and gaps");
	fputs("<p>Every cell and contender without a good sample, or with a bad one beside "
	      "good ones.</p>\n",
	      f);
	page_gaps(r, f);
	section(f, "contenders", "Contenders");
	page_contenders(r, f);
	section(f, "workloads", "Workloads");
	page_cells(r, f);
	section(f, "environment", "Environment");
	page_environment(r, f);
	methods(r, f);
	reproduce(r, f);
	fputs("</body></html>\n", f);
}

bool page_write(struct report *r, const char *path)
{
	char *unfinished;
	bool good = false;
	FILE *f;

	if (asprintf(&unfinished, "%s.part", path) < 0)
		abort();
	f = fopen(unfinished, "we");
	if (f) {
		page(r, f);
		good = !ferror(f);
		good = fclose(f) == 0 && good && rename(unfinished, path) == 0;
	}
	if (!good) {
		fprintf(stderr, "ashlar-bench report: %s: %s\n", path, strerror(errno));
		unlink(unfinished);
	}
	free(unfinished);
	return good;
}
