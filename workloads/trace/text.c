#include "workloads/trace/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/trace/format.h"
#include "workloads/trace/why.h"
#include "workloads/trace/writer.h"

#define FIRST_LINE "# ashlar trace 1.0"
#define NOTE_MARK "#= "

static const char *const aligned_calls[] = {"posix_memalign", "aligned_alloc", "memalign",
					    "valloc", "pvalloc"};
static const char *const free_calls[] = {"free", "free_sized", "free_aligned_sized"};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

/* ---- out ---------------------------------------------------------------------- */

static void dump_event(const struct trace_event *e, FILE *out)
{
	fprintf(out, "%" PRIu64 " %" PRIu32 " ", e->time, e->tid);
	switch (e->op) {
	case TRACE_ALIGNED:
		fprintf(out, "%s #%" PRIu32 " %" PRIu64 " %" PRIu64 "\n",
			aligned_calls[e->call], e->slot, e->size, UINT64_C(1) << e->align_log2);
		break;
	case TRACE_MALLOC:
	case TRACE_CALLOC:
	case TRACE_REALLOC:
		fprintf(out, "%s #%" PRIu32 " %" PRIu64 "\n", trace_op_name(e->op), e->slot,
			e->size);
		break;
	case TRACE_FREE:
		fprintf(out, "%s #%" PRIu32, free_calls[e->call], e->slot);
		if (e->resident != TRACE_NOT_MEASURED)
			fprintf(out, " resident %" PRIu32, e->resident);
		fputc('\n', out);
		break;
	case TRACE_REALLOC_FREE:
		fprintf(out, "realloc-free #%" PRIu32 "\n", e->slot);
		break;
	case TRACE_START:
		if (e->other == TRACE_NO_THREAD)
			fprintf(out, "start\n");
		else
			fprintf(out, "start by %" PRIu32 "\n", e->other);
		break;
	case TRACE_END:
		fprintf(out, "end\n");
		break;
	default:
		fprintf(out, "%s %" PRIu32 "\n", trace_op_name(e->op), e->other);
	}
}

int trace_dump(struct trace_reader *reader, FILE *out, char *why, size_t why_size)
{
	const struct trace_keys *header = trace_header(reader), *notes = trace_notes(reader);
	struct trace_event event;
	int got;

	trace_rewind(reader);
	fprintf(out, FIRST_LINE "\n");
	for (size_t i = 0; i < header->count; i++)
		fprintf(out, "# %s: %s\n", header->list[i].key, header->list[i].value);
	while ((got = trace_next(reader, &event)) > 0) {
		dump_event(&event, out);
		if (ferror(out))
			break; /* whoever read it has seen enough, or the disk is full */
	}
	for (size_t i = 0; i < notes->count; i++)
		fprintf(out, NOTE_MARK "%s: %s\n", notes->list[i].key, notes->list[i].value);
	if (fflush(out) != 0 || ferror(out))
		return trace_because(why, why_size, "the text could not be written: %s",
				     strerror(errno));
	return got < 0 ? trace_because(why, why_size, "%s", trace_error(reader)) : 0;
}

/* ---- and in ------------------------------------------------------------------- */

struct parser {
	const char *name, *path;
	uint64_t line;
	struct trace_keys header, notes;
	struct trace_writer *writer;
	char *why;
	size_t why_size;
};

__attribute__((format(printf, 2, 3))) static int complain(struct parser *parser,
							  const char *format, ...)
{
	char what[256];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return trace_because(parser->why, parser->why_size, "%s: line %" PRIu64 ": %s",
			     parser->name, parser->line, what);
}

static bool number(const char *word, uint64_t limit, uint64_t *value)
{
	char *end;

	if (!word || *word < '0' || *word > '9')
		return false;
	errno = 0;
	*value = strtoull(word, &end, 10);
	return *end == '\0' && errno == 0 && *value < limit;
}

static bool slot(const char *word, uint64_t *value)
{
	return word && *word == '#' && number(word + 1, UINT32_MAX, value);
}

static bool find(const char *word, const char *const *list, size_t count, enum trace_call *call)
{
	for (size_t i = 0; word && i < count; i++)
		if (strcmp(word, list[i]) == 0) {
			*call = (enum trace_call)i;
			return true;
		}
	return false;
}

static bool find_op(const char *word, struct trace_event *event)
{
	if (find(word, aligned_calls, LENGTH(aligned_calls), &event->call)) {
		event->op = TRACE_ALIGNED;
		return true;
	}
	if (find(word, free_calls, LENGTH(free_calls), &event->call)) {
		event->op = TRACE_FREE;
		return true;
	}
	for (unsigned op = 0; word && op < TRACE_OPS; op++)
		if (op != TRACE_ALIGNED &&
		    strcmp(word, trace_op_name((enum trace_op)op)) == 0) {
			event->op = (enum trace_op)op;
			return true;
		}
	return false;
}

#define WORDS 6

/* The words after the operation's name.  Returns what is missing, or NULL. */
static const char *operands(char **words, unsigned count, struct trace_event *event,
			    uint64_t *object)
{
	uint64_t value;
	unsigned used = 1;

	if (event->op <= TRACE_FREE && (count < 1 || !slot(words[0], object)))
		return "a slot '#NUMBER'";
	if (event->op <= TRACE_REALLOC) {
		if (count < 2 || !number(words[1], TRACE_SIZE_MAX, &event->size))
			return "a size below 2^56";
		used = 2;
	}
	if (event->op == TRACE_ALIGNED) {
		if (count < 3 || !number(words[2], UINT64_C(1) << 48, &value) || !value ||
		    (value & (value - 1)))
			return "an alignment that is a power of two below 2^48";
		event->align_log2 = (uint32_t)__builtin_ctzll(value);
		used = 3;
	}
	if (event->op == TRACE_FREE && count > 1) {
		if (count < 3 || strcmp(words[1], "resident") != 0 ||
		    !number(words[2], TRACE_NOT_MEASURED, &value))
			return "'resident PAGES' or nothing";
		event->resident = (uint32_t)value;
		used = 3;
	}
	if (event->op == TRACE_END || (event->op == TRACE_START && count == 0))
		return count == 0 ? NULL : "nothing";
	if (event->op == TRACE_START) {
		if (strcmp(words[0], "by") != 0 || !number(words[1], TRACE_THREADS_MAX, &value))
			return "'by THREAD' or nothing";
		event->other = (uint32_t)value;
		used = 2;
	}
	if (event->op >= TRACE_CREATE) {
		if (count < 1 || !number(words[0], TRACE_THREADS_MAX, &value))
			return "a thread";
		event->other = (uint32_t)value;
	}
	return count == used ? NULL : "nothing more";
}

static int parse_event(struct parser *parser, char *line)
{
	struct trace_event event = {.resident = TRACE_NOT_MEASURED, .other = TRACE_NO_THREAD};
	char *words[WORDS + 1] = {NULL}, *rest = line;
	uint64_t tid, object = 0;
	unsigned count = 0;
	const char *wanted;

	for (char *word; count < WORDS && (word = strsep(&rest, " ")) != NULL;)
		words[count++] = word;
	if (rest || !number(words[0], TRACE_TIME_MAX, &event.time))
		return complain(parser,
				"a line begins with a time; TIME THREAD OPERATION ... is "
				"accepted");
	if (!number(words[1], TRACE_THREADS_MAX, &tid))
		return complain(parser, "'%s' is no thread", words[1] ? words[1] : "");
	event.tid = (uint32_t)tid;
	if (!find_op(words[2], &event))
		return complain(parser, "'%s' is no operation", words[2] ? words[2] : "");
	wanted = operands(words + 3, count - 3, &event, &object);
	if (wanted)
		return complain(parser, "after '%s' %s is wanted", words[2], wanted);
	switch (trace_write(parser->writer, &event, object, object)) {
	case TRACE_PUT_OK:
		return 0;
	case TRACE_PUT_FAILED:
		return trace_because(parser->why, parser->why_size, "%s",
				     trace_writer_error(parser->writer));
	case TRACE_PUT_UNKNOWN:
		return complain(parser, "slot #%" PRIu64 " holds no live object", object);
	case TRACE_PUT_TAKEN:
		return complain(parser, "slot #%" PRIu64 " holds a live object already",
				object);
	default:
		return complain(parser,
				"'%s' cannot happen here: a thread starts once, after its "
				"creation, and does nothing after its end",
				words[2]);
	}
}

static int begin_events(struct parser *parser)
{
	if (parser->writer)
		return 0;
	parser->writer =
		trace_create(parser->path, &parser->header, parser->why, parser->why_size);
	return parser->writer ? 0 : -1;
}

static int parse_line(struct parser *parser, char *line, size_t length)
{
	size_t mark = strlen(NOTE_MARK);

	if (strlen(line) != length)
		return complain(parser, "there is a NUL in it");
	if (parser->line == 1)
		return strcmp(line, FIRST_LINE) == 0
			       ? 0
			       : complain(parser,
					  "not a dump: it does not begin with '" FIRST_LINE
					  "'");
	if (length > 0)
		line[length] = '\n';
	if (strncmp(line, NOTE_MARK, mark) == 0)
		return begin_events(parser) || !trace_keys_parse(&parser->notes, line + mark,
								 length + 1 - mark)
			       ? complain(parser, "no note '" NOTE_MARK "KEY: VALUE'")
			       : 0;
	if (line[0] == '#') {
		if (parser->writer || length < 2 || line[1] != ' ' ||
		    !trace_keys_parse(&parser->header, line + 2, length - 1))
			return complain(parser,
					"no header line '# KEY: VALUE' before the first "
					"event");
		return 0;
	}
	if (begin_events(parser))
		return -1;
	line[length] = '\0';
	return parse_event(parser, line);
}

int trace_undump(FILE *in, const char *name, const char *path, char *why, size_t why_size)
{
	struct parser parser = {.name = name, .path = path, .why = why, .why_size = why_size};
	char *line = NULL;
	size_t room = 0;
	ssize_t length;
	int result = 0;

	errno = 0;
	while (result == 0 && (length = getline(&line, &room, in)) > 0) {
		parser.line++;
		if (line[length - 1] == '\n')
			line[--length] = '\0';
		result = parse_line(&parser, line, (size_t)length);
	}
	if (result == 0 && ferror(in))
		result = trace_because(why, why_size, "%s: it cannot be read: %s", name,
				       strerror(errno));
	if (result == 0 && parser.line == 0)
		result = complain(&parser, "not a dump: it is empty");
	if (result == 0)
		result = begin_events(&parser);
	if (result == 0)
		result = trace_finish(parser.writer, &parser.notes, why, why_size);
	else if (parser.writer)
		trace_abandon(parser.writer);
	free(line);
	trace_keys_free(&parser.header);
	trace_keys_free(&parser.notes);
	return result;
}
