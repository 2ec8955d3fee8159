#include "workloads/worker/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/shared/channel.h"
#include "workloads/replay/workload.h"
#include "workloads/catalogue/workloads.h"

const char options_usage[] =
	"Usage: ashlar-work [OPTION]... WORKLOAD\n"
	"Run one workload in this process, under whichever allocator is loaded.  A file that\n"
	"`ashlar-bench record` wrote is the workload trace:FILE, or trace:NAME=FILE.\n\n"
	"  --list               name every workload and its parameters\n"
	"  --seed N             seed of the workload's choices (default 1)\n"
	"  --mode MODE          throughput (default), latency or verify; of a trace or a\n"
	"                       workload of one thread also locality: where what is touched\n"
	"                       lies, at fixed addresses, and footprint: what is resident\n"
	"                       after each hundredth of its calls, without huge pages; of a\n"
	"                       trace or a workload whose threads exchange nothing sharing:\n"
	"                       they take turns, and lines that go from one to another count\n"
	"  --replay FILE        the same as the workload trace:FILE\n"
	"  --set NAME=VALUE     a parameter of the workload; may be repeated\n"
	"  --channel-fd N       write the figures into this memory file, not to stdout\n"
	"                       (also from the environment: " CHANNEL_ENV ")\n"
	"  --cdf FILE           book every object and write the distributions of sizes and\n"
	"                       lifetimes; times mean nothing then\n"
	"  --start N            no workload: allocate N objects, free every second and end,\n"
	"                       which is what startup-exit runs again and again\n"
	"  --help               this text\n";

static const char *const mode_names[] = {
	[WL_THROUGHPUT] = "throughput", [WL_LATENCY] = "latency",     [WL_VERIFY] = "verify",
	[WL_LOCALITY] = "locality",     [WL_FOOTPRINT] = "footprint", [WL_SHARING] = "sharing",
};

/* Decimal, with nothing before or after it. */
static int parse_int(const char *text, int64_t *value)
{
	char *end;

	if (!((*text >= '0' && *text <= '9') || (*text == '-' && text[1])))
		return -1;
	errno = 0;
	*value = strtoll(text, &end, 10);
	return *end || errno ? -1 : 0;
}

static int name_parameters(const struct workload *w, char *text, size_t size)
{
	int used = 0;

	text[0] = '\0';
	for (int i = 0; w->params[i].name && (size_t)used < size; i++)
		used += snprintf(text + used, size - (size_t)used, "%s%s", i ? ", " : "",
				 w->params[i].name);
	return used;
}

static int set_parameter(struct options *o, const char *setting, char *why, size_t why_size)
{
	const char *equals = strchr(setting, '=');
	const struct wl_param *param;
	char name[64], known[512];
	int64_t value;
	int i;

	if (!equals || equals == setting || (size_t)(equals - setting) >= sizeof(name)) {
		snprintf(why, why_size, "--set %s: NAME=VALUE is needed", setting);
		return -1;
	}
	memcpy(name, setting, (size_t)(equals - setting));
	name[equals - setting] = '\0';
	i = wl_param_index(o->workload, name);
	if (i < 0) {
		name_parameters(o->workload, known, sizeof(known));
		snprintf(why, why_size, "%s has no parameter '%s': known are %s",
			 o->workload->name, name, known);
		return -1;
	}
	param = &o->workload->params[i];
	if (wl_word_value(o->workload, name, equals + 1, &value)) {
		o->values[i] = value;
		return 0;
	}
	if (parse_int(equals + 1, &value) < 0 || value < param->min || value > param->max) {
		if (wl_words_named(o->workload, name, known, sizeof(known)))
			snprintf(why, why_size, "%s=%s: %s are accepted", name, equals + 1,
				 known);
		else
			snprintf(why, why_size,
				 "%s=%s: a whole number from %lld to %lld is accepted", name,
				 equals + 1, (long long)param->min, (long long)param->max);
		return -1;
	}
	o->values[i] = value;
	return 0;
}

/* The file is opened when the run begins, by the process that reads it. */
static int find_trace(struct options *o, const char *name, char *why, size_t why_size)
{
	static struct replay_workload trace;
	const char *file = name + strlen(REPLAY_PREFIX);
	size_t length = replay_name_length(file);
	char given[REPLAY_NAME_MOST + sizeof(REPLAY_PREFIX)];

	if (length > REPLAY_NAME_MOST) {
		snprintf(why, why_size, "%s: a name has at most %d characters", name,
			 REPLAY_NAME_MOST);
		return -1;
	}
	if (length) {
		snprintf(given, sizeof(given), REPLAY_PREFIX "%.*s", (int)length, file);
		file += length + 1;
		name = given;
	}
	if (!replay_workload_make(&trace, name, file, NULL)) {
		snprintf(why, why_size, "the name of the trace is too long");
		return -1;
	}
	o->workload = &trace.workload;
	return 0;
}

static int find_workload(struct options *o, const char *name, char *why, size_t why_size)
{
	size_t used;

	if (strncmp(name, REPLAY_PREFIX, strlen(REPLAY_PREFIX)) == 0)
		return find_trace(o, name, why, why_size);
	o->workload = workload_find(name);
	if (o->workload)
		return 0;
	used = (size_t)snprintf(why, why_size, "no workload '%s': known are", name);
	for (const struct workload *const *w = workloads_all; *w && used < why_size; w++)
		used += (size_t)snprintf(why + used, why_size - used, "%s %s",
					 w == workloads_all ? "" : ",", (*w)->name);
	return -1;
}

static int set_mode(struct options *o, const char *name, char *why, size_t why_size)
{
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++)
		if (mode_names[i] && strcmp(name, mode_names[i]) == 0) {
			o->mode = (enum wl_mode)i;
			return 0;
		}
	snprintf(why, why_size,
		 "--mode %s: throughput, latency, verify, locality, footprint and sharing are "
		 "accepted",
		 name);
	return -1;
}

/* "--name VALUE" and "--name=VALUE"; moves *i to the last word it took. */
static const char *value_of(const char *option, int argc, char **argv, int *i)
{
	size_t length = strlen(option);

	if (strncmp(argv[*i], option, length) != 0)
		return NULL;
	if (argv[*i][length] == '=')
		return argv[*i] + length + 1;
	if (argv[*i][length] || *i + 1 >= argc)
		return NULL;
	return argv[++*i];
}

static int take_option(struct options *o, int argc, char **argv, int *i, char *why,
		       size_t why_size)
{
	const char *value, *word = argv[*i];
	int64_t number;

	if (strcmp(word, "--list") == 0) {
		o->list = true;
	} else if (strcmp(word, "--help") == 0) {
		o->help = true;
	} else if ((value = value_of("--seed", argc, argv, i))) {
		if (parse_int(value, &number) < 0 || number < 0) {
			snprintf(why, why_size, "--seed %s: a whole number from 0 is accepted",
				 value);
			return -1;
		}
		o->seed = (uint64_t)number;
	} else if ((value = value_of("--mode", argc, argv, i))) {
		return set_mode(o, value, why, why_size);
	} else if ((value = value_of("--channel-fd", argc, argv, i))) {
		if (parse_int(value, &number) < 0 || number < 0 || number > INT32_MAX) {
			snprintf(why, why_size,
				 "--channel-fd %s: a descriptor's number is needed", value);
			return -1;
		}
		o->channel_fd = (int)number;
	} else if ((value = value_of("--replay", argc, argv, i))) {
		o->replay = value;
	} else if ((value = value_of("--cdf", argc, argv, i))) {
		o->cdf = value;
		o->mode = WL_CDF;
	} else if ((value = value_of("--start", argc, argv, i))) {
		if (parse_int(value, &number) < 0 || number < 0 || number > INT32_MAX) {
			snprintf(why, why_size,
				 "--start %s: a whole number from 0 to %d is accepted", value,
				 INT32_MAX);
			return -1;
		}
		o->start = true;
		o->start_objects = number;
	} else if (!value_of("--set", argc, argv, i)) {
		snprintf(why, why_size, "unknown option or missing value: %s (see --help)",
			 word);
		return -1;
	}
	return 0;
}

int options_parse(int argc, char **argv, struct options *o, char *why, size_t why_size)
{
	const char *name = NULL, *setting, *fd = getenv(CHANNEL_ENV);
	int64_t number;

	*o = (struct options){.seed = 1, .channel_fd = -1};
	if (fd) {
		if (parse_int(fd, &number) < 0 || number < 0 || number > INT32_MAX) {
			snprintf(why, why_size,
				 CHANNEL_ENV "=%s: a descriptor's number is needed", fd);
			return -1;
		}
		o->channel_fd = (int)number;
	}
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] == '-') {
			if (take_option(o, argc, argv, &i, why, why_size) < 0)
				return -1;
		} else if (name) {
			snprintf(why, why_size,
				 "one workload at a time: '%s' and '%s' were given", name,
				 argv[i]);
			return -1;
		} else {
			name = argv[i];
		}
	}
	if (o->list || o->help || o->start)
		return 0;
	if (!name && !o->replay) {
		snprintf(why, why_size, "a workload is needed: --list names them");
		return -1;
	}
	if (name && o->replay) {
		snprintf(why, why_size, "one workload at a time: '%s' and --replay were given",
			 name);
		return -1;
	}
	if (o->replay) {
		static char prefixed[4200];

		snprintf(prefixed, sizeof(prefixed), REPLAY_PREFIX "%s", o->replay);
		name = prefixed;
	}
	if (find_workload(o, name, why, why_size) < 0)
		return -1;
	if ((o->mode == WL_FOOTPRINT || o->mode == WL_LOCALITY) &&
	    !replay_workload_path(o->workload) &&
	    (o->workload->threaded || o->workload->processes)) {
		snprintf(why, why_size,
			 "--mode %s is for traces and for workloads of one thread: %s has more",
			 mode_names[o->mode], name);
		return -1;
	}
	if (o->mode == WL_SHARING && !o->workload->takes_turns) {
		snprintf(why, why_size,
			 "--mode sharing is for traces and for workloads whose threads "
			 "exchange nothing: %s is no such one",
			 name);
		return -1;
	}
	for (int i = 0; o->workload->params[i].name; i++)
		o->values[i] = o->workload->params[i].value;
	/* Settings need the workload, which may come last: a second pass. */
	for (int i = 1; i < argc; i++)
		if ((setting = value_of("--set", argc, argv, &i)) &&
		    set_parameter(o, setting, why, why_size) < 0)
			return -1;
	return 0;
}
