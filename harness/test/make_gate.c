/* Writes outcomes of a gate that are made up here: make_gate CASE [what the verb's output
 * options are].  Ends with the status of the gate. */
#include "harness/export/gate_output.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"

struct arguments {
	const char *name;
	struct gate_files files;
};

static struct gate_line *exact(struct gate_outcome *o, int tier, const char *cell,
			       const char *metric, enum gate_unit unit, double base,
			       double head, enum gate_state state)
{
	struct gate_line *line = gate_outcome_add(o, tier, cell, metric, unit);

	line->base = base;
	line->head = head;
	line->ratio = (struct interval){1, head / base, head / base, head / base, 0};
	line->limit = 0.005;
	line->state = state;
	return line;
}

static struct gate_line *sampled(struct gate_outcome *o, const char *cell, double ratio,
				 enum gate_state state)
{
	struct gate_line *line = gate_outcome_add(o, 3, cell, "cpu_ns", GATE_NS);

	line->base = 83.25;
	line->head = 83.25 * ratio;
	line->ratio = (struct interval){20, ratio, ratio - 0.0125, ratio + 0.0125, 0};
	line->limit = 0.03;
	line->smallest_effect = 0.055;
	line->state = state;
	for (int i = 0; i < 20; i++)
		gate_line_pair(line, 83 + 0.01 * i, (83 + 0.01 * i) * ratio);
	return line;
}

static void describe(struct gate_outcome *o)
{
	gate_text(&o->base.name, "old");
	gate_text(&o->base.path, "/builds/old/libashlar.so");
	gate_text(&o->base.build_id, "0123456789abcdef");
	gate_text(&o->head.name, "new");
	gate_text(&o->head.version, "0.1.0");
	gate_outcome_field(o, "architecture", "x86_64");
	gate_outcome_field(o, "compiler", "gcc 12.2.0");
	o->seconds = 12.345;
}

static void add_mean(struct gate_outcome *o, double ratio, enum gate_state state)
{
	struct gate_line *line = gate_outcome_add(o, 1, NULL, "instructions", GATE_COUNT);

	line->ratio = (struct interval){1, ratio, ratio, ratio, 0};
	line->limit = 0.002;
	line->state = state;
}

static void make_pass(struct gate_outcome *o)
{
	struct gate_line *line;

	exact(o, 0, "malloc", "instructions", GATE_COUNT, 20, 20, GATE_STATE_PASS);
	exact(o, 1, "trace:git", "instructions", GATE_COUNT, 104.25, 104.26, GATE_STATE_PASS);
	add_mean(o, 0.99, GATE_STATE_PASS);
	line = exact(o, 2, "trace:git", "peak", GATE_BYTES, 0x1p24, 0x1.1p24,
		     GATE_STATE_ACCEPTED);
	gate_text(&line->reason, "accepted: room for the new table");
	line = gate_outcome_add(o, 3, "larson", "cpu_ns", GATE_NS);
	line->state = GATE_STATE_SKIPPED;
	gate_text(&line->reason, "needs 4 CPUs, 2 are here");
}

static void make_fail(struct gate_outcome *o)
{
	struct gate_line *line;

	gate_text(&o->baseline, "results/baselines/x86_64.json");
	exact(o, 1, "trace:git", "instructions", GATE_COUNT, 1000, 990, GATE_STATE_PASS);
	line = exact(o, 1, "tiny-churn", "instructions", GATE_COUNT, 1000, 1012,
		     GATE_STATE_FAIL);
	gate_text(&line->command, "ashlar-bench gate --cells tiny-churn --tiers 1");
	gate_line_part(line, "malloc", 400, 412.5);
	gate_line_part(line, "free", 300, 299.5);
	add_mean(o, 1.001, GATE_STATE_PASS);
	exact(o, 2, "trace:git", "area", GATE_BYTE_EVENTS, 0x1p40, 0x1p40, GATE_STATE_PASS);
	o->alpha = 0.05;
	o->false_alarms = 10;
	o->aa_percentile = 0.021;
	o->aa_pairs = 40;
	sampled(o, "larson", 1.02, GATE_STATE_INCONCLUSIVE);
	sampled(o, "shbench", 0.97, GATE_STATE_PASS);
}

static void make_inconclusive(struct gate_outcome *o)
{
	o->alpha = 0.05;
	o->false_alarms = 10;
	gate_text(&sampled(o, "larson", 1.02, GATE_STATE_INCONCLUSIVE)->command,
		  "ashlar-bench gate --tiers 3 --cells larson");
	sampled(o, "shbench", 0.97, GATE_STATE_PASS);
}

static void make_passing_inconclusive(struct gate_outcome *o)
{
	make_inconclusive(o);
	o->inconclusive_passes = true;
}

static void make_broken(struct gate_outcome *o)
{
	struct gate_line *line =
		gate_outcome_add(o, 1, "trace:git", "instructions", GATE_COUNT);

	make_fail(o);
	line = &o->lines[0];
	line->state = GATE_STATE_BROKEN;
	gate_text(&line->reason, "new: ended by signal 11\nafter 3 s");
}

static void make_skipped(struct gate_outcome *o)
{
	struct gate_line *line = gate_outcome_add(o, 2, "trace:git", "peak", GATE_BYTES);

	line->state = GATE_STATE_SKIPPED;
	gate_text(&line->reason, "no baseline of this class");
	gate_text(&line->command, "ashlar-bench gate --update x.json");
}

static void make_empty(struct gate_outcome *o)
{
	(void)o;
}

/* Every state, in names that each format has to write in another way; values that are none. */
static void make_hostile(struct gate_outcome *o)
{
	static const char *const names[] = {
		"quotes \" and ' and `",
		"<cell> & ]]> --> &amp;",
		"two\nlines\nof text",
		"\n::error title=forged::forged",
		"::error::forged",
		"µ-Zellen – ﬁ 🧱",
		"escape \033[31mred\033[0m \a \177",
		"broken \xff\xfe \xc3( \xed\xa0\x80 \xc0\xaf \xf4\x90\x80\x80 \xe2\x82",
		"csi \xc2\x9b"
		"31m, none \xef\xbf\xbf",
		"100% a:b,c=d;e",
		"pipe | star * under_score _em_ [link](x) # 1. \\",
		"tab\there",
		"/a/b -8",
		"git",
		"Git",
		"git",
		"git",
		"git (2)",
		"1. item",
		"",
		"back\\slash\\n \\",
		"{{ x }} ${HOME} $(id) %0A %s",
		"\xc2\xa0 blank \xe2\x80\xa8 separators",
	};
	size_t n = sizeof(names) / sizeof(*names);

	for (size_t i = 0; i < 2 * n; i++) {
		const char *name = names[i % n];
		struct gate_line *line =
			exact(o, (int)(i % 4), name, i < n ? "instructions" : name,
			      (enum gate_unit)(i % GATE_UNITS), 100 + (double)i,
			      101 + (double)i, (enum gate_state)(i % GATE_STATES));

		gate_text(&line->reason, "because of %s", name);
		gate_text(&line->command, "ashlar-bench gate --cells '%s'", name);
		gate_line_part(line, name, 1, 2);
		gate_outcome_field(o, name, name);
		if (i % 5 == 0)
			line->base = line->head = line->ratio.point = NAN;
		if (i % 7 == 0)
			line->ratio = (struct interval){0, NAN, NAN, NAN, 0};
		if (i % 11 == 0) {
			line->base = 0;
			line->ratio = (struct interval){1, INFINITY, INFINITY, INFINITY, 0};
		}
		if (i % 13 == 0)
			line->limit = INFINITY;
	}
	for (int i = 0; i < 3; i++)
		exact(o, 1, "git", "instructions", GATE_COUNT, 1000 + i, 1000, GATE_STATE_PASS);
	gate_text(&o->base.name, "%s", names[1]);
	gate_text(&o->base.path, "%s", names[7]);
	gate_text(&o->head.version, "%s", names[2]);
	gate_text(&o->baseline, "%s", names[0]);
	o->seconds = NAN;
	o->alpha = NAN;
	o->false_alarms = INFINITY;
}

/* 10,000 lines, some of them long. */
static void make_many(struct gate_outcome *o)
{
	for (unsigned i = 0; i < 10000; i++) {
		unsigned mixed = i * 2654435761U >> 12;
		enum gate_state state = (enum gate_state)(mixed % GATE_STATES);
		char *cell = text_format("cell-%u,size=%u", i, mixed);
		struct gate_line *line = exact(o, (int)(i % 4), cell, "instructions",
					       GATE_COUNT, 1e6, 1e6 + mixed % 20000, state);

		if (state != GATE_STATE_PASS)
			gate_text(
				&line->reason, "%.*s", (int)(mixed % 400),
				"and this is why: a reason may be as long "
				"as whoever gives it finds good, and where ten thousand lines "
				"have one each they are longer together than any summary may "
				"be, so that it ends before they do, the worst of them first");
		if (state == GATE_STATE_FAIL)
			for (int k = 0; k < 12; k++)
				gate_line_part(line, "malloc", 1, 2 + k);
		free(cell);
	}
}

/* One text alone is longer than a summary may be. */
static void make_long(struct gate_outcome *o)
{
	size_t size = (1 << 20) + 3;
	char *name = malloc(size + 1);

	for (size_t i = 0; name && i < size; i++)
		name[i] = "<|&_*"[i % 5];
	name[size] = '\0';
	exact(o, 1, name, "instructions", GATE_COUNT, 1, 2, GATE_STATE_FAIL);
	name[10000] = '\0';
	for (int i = 0; i < 3; i++) {
		struct gate_line *line =
			exact(o, 1, name, name, GATE_COUNT, 1, 2, GATE_STATE_FAIL);

		gate_text(&line->reason, "%s", name);
		gate_text(&line->command, "%s", name);
		gate_line_part(line, name, 1, 2);
	}
	for (int i = 0; i < 1000; i++)
		gate_outcome_field(o, i ? "key" : name, i ? "value" : name);
	gate_text(&o->base.name, "%s", name);
	free(name);
}

static const struct {
	const char *name;
	void (*make)(struct gate_outcome *o);
} cases[] = {
	{"pass", make_pass},
	{"fail", make_fail},
	{"inconclusive", make_inconclusive},
	{"passing-inconclusive", make_passing_inconclusive},
	{"broken", make_broken},
	{"skipped", make_skipped},
	{"empty", make_empty},
	{"hostile", make_hostile},
	{"many", make_many},
	{"long", make_long},
};

static error_t parse(int key, char *value, struct argp_state *state)
{
	struct arguments *arguments = state->input;

	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = &arguments->files;
	else if (key == ARGP_KEY_ARG)
		arguments->name = value;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

int main(int argc, char **argv)
{
	static const struct argp_child children[] = {{&gate_output_argp, 0, NULL, 0}, {0}};
	static const struct argp argp = {NULL, parse, "CASE", NULL, children, NULL, NULL};
	struct arguments arguments = {0};
	struct gate_outcome outcome;
	int status;

	argp_err_exit_status = STATUS_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	for (size_t i = 0; arguments.name && i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(cases[i].name, arguments.name)) {
			gate_outcome_init(&outcome);
			describe(&outcome);
			cases[i].make(&outcome);
			status = gate_write(&outcome, &arguments.files);
			gate_outcome_free(&outcome);
			return status;
		}
	return complain_usage("no such case");
}
