#include "harness/cli/verbs.h"

#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "harness/cli/json_output.h"
#include "harness/base/message.h"
#include "workloads/trace/format.h"
#include "workloads/convert/import.h"
#include "workloads/trace/reader.h"
#include "workloads/trace/text.h"

/* ---- info --------------------------------------------------------------------- */

/* The least size that so many thousandths of the allocations do not exceed; of the bucket
 * it lies in, the greatest. */
static uint64_t quantile(const struct trace_summary *s, unsigned thousandths)
{
	uint64_t all = 0, sum = 0;
	unsigned last = 0;

	for (unsigned i = 0; i < TRACE_SIZE_BUCKETS; i++)
		all += s->sizes[i];
	for (unsigned i = 0; i < TRACE_SIZE_BUCKETS; i++) {
		if (s->sizes[i])
			last = i;
		sum += s->sizes[i];
		if (all && sum >= (all * thousandths + 999) / 1000)
			break;
	}
	return trace_size_bucket_least(last + 1) - 1;
}

static void print_keys(const struct trace_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		printf("%-20s %s\n", keys->list[i].key, keys->list[i].value);
}

/* Frees and reallocs by another thread than the object's; of all of them, `*all` if not null.
 */
static uint64_t remote_frees(const struct trace_summary *s, uint64_t *all)
{
	size_t pairs;
	struct trace_cross *cross = trace_summary_cross(s, &pairs);
	uint64_t remote = 0, sum = 0;

	for (size_t i = 0; cross && i < pairs; i++) {
		sum += cross[i].count;
		if (cross[i].alloc_tid != cross[i].free_tid)
			remote += cross[i].count;
	}
	free(cross);
	if (all)
		*all = sum;
	return remote;
}

static void print_cross(const struct trace_summary *s)
{
	uint64_t all, remote = remote_frees(s, &all);

	printf("%-20s %" PRIu64 " of %" PRIu64 " frees and reallocs (%.1f %%)\n",
	       "of other threads'", remote, all,
	       all ? 100.0 * (double)remote / (double)all : 0);
}

static void print_summary(const struct trace_summary *s)
{
	printf("%-20s %" PRIu64 "\n", "events", s->events);
	for (unsigned op = 0; op < TRACE_OPS; op++)
		if (s->count[op])
			printf("  %-18s %" PRIu64 "\n", trace_op_name((enum trace_op)op),
			       s->count[op]);
	printf("%-20s %.6f s\n", "duration", (double)s->duration * TRACE_TIME_UNIT_NS * 1e-9);
	printf("%-20s %" PRIu64 "\n", "threads", s->threads);
	printf("%-20s %" PRIu64 " bytes\n", "asked for", s->bytes);
	printf("%-20s %" PRIu64 " bytes, after %" PRIu64 " events, at %.6f s\n", "peak live",
	       s->peak_live_bytes, s->peak_event,
	       (double)s->peak_time * TRACE_TIME_UNIT_NS * 1e-9);
	printf("%-20s %" PRIu64 " objects, %" PRIu64 " slots\n", "", s->peak_live_objects,
	       s->slots);
	printf("%-20s %" PRIu64 " objects, %" PRIu64 " bytes\n", "live at the end",
	       s->live_objects, s->live_bytes);
	printf("%-20s half up to %" PRIu64 ", 90 %% up to %" PRIu64 ", 99 %% up to %" PRIu64
	       ", all up to %" PRIu64 " bytes\n",
	       "sizes", quantile(s, 500), quantile(s, 900), quantile(s, 990),
	       quantile(s, 1000));
	for (unsigned i = 0; i < TRACE_ALIGN_BUCKETS; i++)
		if (s->aligns[i])
			printf("  %-18s %" PRIu64 " to %" PRIu64 " bytes\n", "aligned",
			       s->aligns[i], UINT64_C(1) << i);
	print_cross(s);
}

static struct trace_reader *open_or_complain(const char *path)
{
	char why[1024];
	struct trace_reader *reader = trace_open(path, why, sizeof(why));

	if (!reader)
		complain("%s", why);
	return reader;
}

static json_t *keys_json(const struct trace_keys *keys)
{
	json_t *object = json_object();

	for (size_t i = 0; i < keys->count; i++)
		json_object_set_new(object, keys->list[i].key,
				    json_string(keys->list[i].value));
	return object;
}

/* What print_summary() says, in numbers of bytes, objects, events and seconds. */
static json_t *summary_json(struct trace_reader *reader)
{
	const struct trace_summary *s = trace_summary(reader);
	struct trace_layout layout = trace_layout(reader);
	json_t *calls = json_object();

	for (unsigned op = 0; op < TRACE_OPS; op++)
		json_object_set_new(calls, trace_op_name((enum trace_op)op),
				    json_integer((json_int_t)s->count[op]));
#define NUMBER(x) (json_int_t)(x)
	return json_pack(
		"{s:s, s:o, s:I, s:o, s:f, s:I, s:I, s:I, s:I, s:I, s:f, s:I, s:I, s:I, s:I, "
		"s:{s:I, s:I, s:I, s:I}, s:{s:I, s:I, s:I, s:I}, s:o}",
		"schema", "ashlar-trace-info 1", "header", keys_json(trace_header(reader)),
		"events", NUMBER(s->events), "calls", calls, "duration_s",
		(double)s->duration * TRACE_TIME_UNIT_NS * 1e-9, "threads", NUMBER(s->threads),
		"asked_bytes", NUMBER(s->bytes), "peak_live_bytes", NUMBER(s->peak_live_bytes),
		"peak_live_objects", NUMBER(s->peak_live_objects), "peak_after_events",
		NUMBER(s->peak_event), "peak_at_s",
		(double)s->peak_time * TRACE_TIME_UNIT_NS * 1e-9, "slots", NUMBER(s->slots),
		"end_live_objects", NUMBER(s->live_objects), "end_live_bytes",
		NUMBER(s->live_bytes), "remote_frees", NUMBER(remote_frees(s, NULL)),
		"size_bytes", "p50", NUMBER(quantile(s, 500)), "p90", NUMBER(quantile(s, 900)),
		"p99", NUMBER(quantile(s, 990)), "max", NUMBER(quantile(s, 1000)), "file",
		"bytes", NUMBER(layout.file_bytes), "chunks", NUMBER(layout.chunks),
		"raw_bytes", NUMBER(layout.raw_bytes), "packed_bytes",
		NUMBER(layout.packed_bytes), "notes", keys_json(trace_notes(reader)));
#undef NUMBER
}

static int info(const char *path, bool json)
{
	struct trace_reader *reader = open_or_complain(path);
	struct trace_layout layout;
	double events;
	int status = STATUS_OK;

	if (!reader)
		return STATUS_FAILED;
	if (trace_check(reader)) {
		fflush(stdout);
		complain("%s", trace_error(reader));
		status = STATUS_FAILED;
	}
	if (json) {
		print_json(summary_json(reader));
		trace_close(reader);
		return status;
	}
	print_keys(trace_header(reader));
	print_summary(trace_summary(reader));
	layout = trace_layout(reader);
	events = trace_summary(reader)->events ? (double)trace_summary(reader)->events : 1;
	printf("%-20s %" PRIu64 " bytes in %" PRIu64
	       " chunks, %.2f bytes an event, %.2f packed\n",
	       "file", layout.file_bytes, layout.chunks, (double)layout.raw_bytes / events,
	       (double)layout.packed_bytes / events);
	print_keys(trace_notes(reader));
	trace_close(reader);
	return status;
}

static int check(char *const *paths)
{
	int status = STATUS_OK;

	for (; *paths; paths++) {
		struct trace_reader *reader = open_or_complain(*paths);

		if (reader && trace_check(reader) == 0) {
			printf("%s: %" PRIu64 " events, all well\n", *paths,
			       trace_summary(reader)->events);
		} else {
			if (reader)
				complain("%s", trace_error(reader));
			status = STATUS_FAILED;
		}
		trace_close(reader);
	}
	return status;
}

/* ---- text --------------------------------------------------------------------- */

static int dump(const char *path)
{
	struct trace_reader *reader = open_or_complain(path);
	char why[1024];
	int status = STATUS_OK;

	if (!reader)
		return STATUS_FAILED;
	if (trace_dump(reader, stdout, why, sizeof(why))) {
		if (ferror(stdout))
			end_if_nobody_reads();
		complain("%s", why);
		clearerr(stdout); /* it is told */
		status = STATUS_FAILED;
	}
	trace_close(reader);
	return status;
}

static FILE *open_text(const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");

	if (!in)
		complain("%s: %s", path, strerror(errno));
	return in;
}

/* The file is complete before the first byte of it goes out; then it is removed. */
static int copy_out(const char *path)
{
	FILE *in = fopen(path, "re");
	char bytes[65536];
	size_t n;

	unlink(path); /* what ends here leaves nothing behind */
	while (in && (n = fread(bytes, 1, sizeof(bytes), in)) > 0)
		if (fwrite(bytes, 1, n, stdout) != n)
			break;
	if (!in || ferror(in) || ferror(stdout) || fflush(stdout) != 0) {
		if (ferror(stdout))
			end_if_nobody_reads();
		complain("the trace could not be written: %s", strerror(errno));
		clearerr(stdout); /* it is told */
		if (in)
			fclose(in);
		return STATUS_FAILED;
	}
	fclose(in);
	return STATUS_OK;
}

static int undump(const char *text, const char *path)
{
	const char *temporary = getenv("TMPDIR");
	char *made = NULL, why[1024];
	FILE *in = open_text(text);
	int status = STATUS_OK, fd;

	if (!in)
		return STATUS_FAILED;
	if (!path) {
		made = text_format("%s/ashlar-trace-XXXXXX", temporary ? temporary : "/tmp");
		fd = mkstemp(made);
		if (fd < 0) {
			complain("%s: %s", made, strerror(errno));
			free(made);
			return STATUS_FAILED;
		}
		close(fd);
	}
	if (trace_undump(in, in == stdin ? "standard input" : text, path ? path : made, why,
			 sizeof(why))) {
		complain("%s", why);
		status = STATUS_FAILED;
	} else if (made) {
		status = copy_out(made);
	}
	if (made)
		unlink(made);
	free(made);
	if (in != stdin)
		fclose(in);
	return status;
}

static int import(const char *from, const char *text, const char *path)
{
	struct import_result result;
	char why[1024];
	bool heaptrack = strcmp(from, "heaptrack") == 0;
	FILE *in;
	int failed;

	if (!heaptrack && strcmp(from, "mtrace") != 0)
		return complain_usage("trace import: --from %s: heaptrack and mtrace are known",
				      from);
	in = open_text(text);
	if (!in)
		return STATUS_FAILED;
	failed = (heaptrack ? import_heaptrack : import_mtrace)(
		in, in == stdin ? "standard input" : text, path, &result, why, sizeof(why));
	if (in != stdin)
		fclose(in);
	if (failed) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	fprintf(stderr,
		"%s: %" PRIu64 " events; %" PRIu64
		" frees of unknown objects left out, %" PRIu64
		" frees put in where an address came again\n",
		path, result.events, result.unknown_frees, result.lost_frees);
	return STATUS_OK;
}

/* ---- the command line --------------------------------------------------------- */

struct arguments {
	const char *verb, *out, *from;
	bool json;
	char **files; /* NULL behind the last */
	int count;
};

static int run_info(const struct arguments *a)
{
	return info(a->files[0], a->json);
}

static int run_check(const struct arguments *a)
{
	return check(a->files);
}

static int run_dump(const struct arguments *a)
{
	return dump(a->files[0]);
}

static const char *text_of(const struct arguments *a)
{
	return a->count ? a->files[0] : "-";
}

static int run_undump(const struct arguments *a)
{
	return undump(text_of(a), a->out);
}

static int run_import(const struct arguments *a)
{
	if (!a->out || !a->from)
		return complain_usage("trace import: --from heaptrack|mtrace and -o FILE are "
				      "needed");
	return import(a->from, text_of(a), a->out);
}

static const struct verb {
	const char *name;
	int least, most; /* files */
	bool out, from;  /* the options that mean something */
	int (*run)(const struct arguments *a);
} verbs[] = {
	{"info", 1, 1, false, false, run_info},
	{"check", 1, INT_MAX, false, false, run_check},
	{"dump", 1, 1, false, false, run_dump},
	{"undump", 0, 1, true, false, run_undump},
	{"import", 0, 1, true, true, run_import},
};

enum { KEY_JSON = 256 };

static const struct argp_option table[] = {
	{"out", 'o', "FILE", 0, "the trace to make", 0},
	{"from", 'f', "TOOL", 0, "import: what wrote TEXT, heaptrack or mtrace", 0},
	{"json", KEY_JSON, NULL, 0, "info: the same as one JSON object", 0},
	{0},
};

static error_t take(int key, char *argument, struct argp_state *state)
{
	struct arguments *a = state->input;

	switch (key) {
	case 'o':
		a->out = argument;
		break;
	case 'f':
		a->from = argument;
		break;
	case KEY_JSON:
		a->json = true;
		break;
	case ARGP_KEY_ARG:
		a->verb = argument;
		a->files = state->argv + state->next; /* options were taken before */
		a->count = state->argc - state->next;
		state->next = state->argc;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp parser = {
	.options = table,
	.parser = take,
	.args_doc = "info FILE\n"
		    "check FILE...\n"
		    "dump FILE\n"
		    "undump [TEXT]\n"
		    "import --from TOOL -o FILE [TEXT]",
	.doc = "Tell, show, check or make a recorded trace.\n\n"
	       "  info    what it holds: where it comes from, calls, sizes, threads\n"
	       "  check   read all of it and compare with its own summary\n"
	       "  dump    print it, one event a line\n"
	       "  undump  make the file of such a text again, to the byte (to standard\n"
	       "          output without -o)\n"
	       "  import  make one of another tool's file, unpacked\n"
	       "\vTEXT is standard input when it is missing or '-'. A trace that is cut short "
	       "or "
	       "damaged is told and printed as far as it can be read, and the exit status is "
	       "then 1.",
};

static int wants(const struct verb *verb, const struct arguments *a)
{
	if (a->count < verb->least)
		return complain_usage("trace %s: a file is needed", verb->name);
	if (a->count > verb->most)
		return complain_usage("trace %s: too many files", verb->name);
	if (a->out && !verb->out)
		return complain_usage("trace %s: it writes no file: -o means nothing",
				      verb->name);
	if (a->from && !verb->from)
		return complain_usage("trace %s: --from is for import", verb->name);
	if (a->json && verb->run != run_info)
		return complain_usage("trace %s: --json is for info", verb->name);
	return STATUS_OK;
}

int trace_main(int argc, char **argv)
{
	struct arguments a = {0};

	/* A pipe that is closed early or a full disk shows as an error of write(). */
	signal(SIGPIPE, SIG_IGN);
	argp_parse(&parser, argc, argv, 0, NULL, &a);
	for (size_t i = 0; a.verb && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(a.verb, verbs[i].name) == 0) {
			int wrong = wants(&verbs[i], &a);

			return wrong ? wrong : verbs[i].run(&a);
		}
	return complain_usage("trace: %s%s%s: info, check, dump, undump and import are known",
			      a.verb ? "'" : "", a.verb ? a.verb : "a verb is needed",
			      a.verb ? "'" : "");
}
