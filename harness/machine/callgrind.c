#include "harness/machine/callgrind.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

struct reading {
	struct callgrind_names objects, functions;
	const char *object, *function; /* whose costs are read */
	const char *to_object, *to_function;
	const char *library;
	bool is_libc;
	bool unnamed; /* entries lie in no object that callgrind can name */
	int64_t sum, usable_size;
};

static const char *const entries[] = {
	"malloc",         "calloc",       "realloc",  "free",
	"cfree",          "reallocarray", "memalign", "aligned_alloc",
	"posix_memalign", "valloc",       "pvalloc",  "malloc_usable_size",
};

void callgrind_names_free(struct callgrind_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

const char *callgrind_name(struct callgrind_names *names, const char *text)
{
	size_t length = strcspn(text, "\n"), id = names->count;
	const char *name = text;
	char *end;

	if (*text == '(') {
		id = strtoul(text + 1, &end, 10);
		name = *end == ')' ? end + 1 : end;
		name += *name == ' ';
	}
	if (id > 10000000)
		return "";
	if (id >= names->count) {
		names->list = realloc(names->list, (id + 1) * sizeof(names->list[0]));
		if (!names->list)
			out_of_memory();
		while (names->count <= id)
			names->list[names->count++] = NULL;
	}
	length -= (size_t)(name - text);
	if (length && !names->list[id])
		names->list[id] = text_format("%.*s", (int)length, name);
	return names->list[id] ? names->list[id] : "";
}

static bool starts(const char *line, const char *with)
{
	return strncmp(line, with, strlen(with)) == 0;
}

static bool is_entry(const char *function)
{
	size_t length = strcspn(function, "'@"); /* 'N: a copy in a recursion */

	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++)
		if (strlen(entries[i]) == length && strncmp(entries[i], function, length) == 0)
			return true;
	return false;
}

/* gperftools keeps malloc and its kin in a section of their own, which valgrind does not
 * take for a part of the library: their object is "???".  So is that of every library's
 * section .plt.got, whose stubs lead to functions of the program itself; these have no
 * names but their addresses. */
#define UNNAMED "???"
#define NAMELESS "0x"

static bool in_library(const struct reading *r, const char *object, const char *function)
{
	return strcmp(object, r->library) == 0 ||
	       (r->unnamed && strcmp(object, UNNAMED) == 0 && !starts(function, NAMELESS));
}

/* One function has several names, and which of them valgrind takes is its own choice. */
static bool is_usable_size(const char *function)
{
	return strstr(function, "usable_size") || strstr(function, "malloc_size");
}

static bool enters(const struct reading *r)
{
	if (!in_library(r, r->to_object, r->to_function))
		return false;
	if (r->is_libc)
		return is_entry(r->to_function) && !is_entry(r->function);
	return !in_library(r, r->object, r->function);
}

/* After "calls=" comes a line "POSITION COST": the inclusive cost of those calls. */
static const char *take_call(struct reading *r, const char *line)
{
	const char *next = strchr(line, '\n');
	int64_t cost;

	if (!r->is_libc && strcmp(r->to_object, UNNAMED) == 0 && is_entry(r->to_function))
		r->unnamed = true;
	if (next && enters(r)) {
		cost = strtoll(next + 1 + strcspn(next + 1, " \n"), NULL, 10);
		r->sum += cost;
		if (is_usable_size(r->to_function))
			r->usable_size += cost;
	}
	r->to_object = r->object;
	return next ? next + 1 : line;
}

static void read_all(struct reading *r, const char *text)
{
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (starts(line, "ob="))
			r->object = r->to_object = callgrind_name(&r->objects, line + 3);
		else if (starts(line, "fn="))
			r->function = callgrind_name(&r->functions, line + 3);
		else if (starts(line, "cob="))
			r->to_object = callgrind_name(&r->objects, line + 4);
		else if (starts(line, "cfn="))
			r->to_function = callgrind_name(&r->functions, line + 4);
		else if (starts(line, "calls="))
			line = take_call(r, line);
	}
}

int64_t callgrind_allocator(const char *text, const char *library, int64_t *usable_size)
{
	struct reading r = {.object = "", .function = "", .to_object = "", .to_function = ""};
	char *path = realpath(library, NULL);
	const char *base = strrchr(library, '/');

	*usable_size = 0;
	if (!strstr(text, "\nevents: Ir")) {
		free(path);
		return -1;
	}
	r.library = path ? path : library;
	r.is_libc = starts(base ? base + 1 : library, "libc.so") ||
		    starts(base ? base + 1 : library, "libc-");
	read_all(&r, text);
	/* A second time, with what the first one found out about the names. */
	if (r.unnamed) {
		r.sum = r.usable_size = 0;
		read_all(&r, text);
	}
	callgrind_names_free(&r.objects);
	callgrind_names_free(&r.functions);
	free(path);
	*usable_size = r.usable_size;
	return r.sum;
}

/* The sums over the file, in the order of its events; NULL where it has none. */
static const char *totals_of(const char *text)
{
	const char *line = strstr(text, "\nsummary:");

	if (!line)
		line = strstr(text, "\ntotals:");
	if (!line)
		return NULL;
	line = strchr(line, ':') + 1;
	return line + strspn(line, " ");
}

int64_t callgrind_total(const char *text)
{
	const char *totals = totals_of(text);

	return totals ? strtoll(totals, NULL, 10) : -1;
}

const char *const callgrind_simulation[CALLGRIND_SIMULATION] = {
	"--cache-sim=yes", "--branch-sim=yes",   "--I1=32768,8,64",
	"--D1=32768,8,64", "--LL=8388608,16,64", "--collect-bus=yes",
};

/* The names of callgrind's events that make up what is told. */
static const struct {
	const char *name, *events[3];
} simulated[] = {
	{"data-references", {"Dr", "Dw"}}, {"D1-misses", {"D1mr", "D1mw"}},
	{"I1-misses", {"I1mr"}},           {"LL-misses", {"ILmr", "DLmr", "DLmw"}},
	{"branches", {"Bc", "Bi"}},        {"branch-misses", {"Bcm", "Bim"}},
	{"atomic-operations", {"Ge"}},
};

/* The sum of the event `name` in a file whose list of events and of totals these are; -1
 * where it has none. */
static int64_t total_of(const char *events, const char *totals, const char *name)
{
	while (*events && *events != '\n') {
		size_t length = strcspn(events, " \n");
		/* Trailing zeros are left out. */
		bool given = *totals && *totals != '\n';
		char *end = (char *)totals;
		int64_t value = given ? strtoll(totals, &end, 10) : 0;

		if (length == strlen(name) && strncmp(events, name, length) == 0)
			return value;
		events += length;
		events += strspn(events, " ");
		totals = end + strspn(end, " ");
	}
	return -1;
}

int callgrind_simulated(const char *text, struct counters_reading *r)
{
	const char *events = strstr(text, "\nevents: Ir"), *totals = totals_of(text);

	if (!events || !totals)
		return 0;
	events += strlen("\nevents: ");
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < sizeof(simulated) / sizeof(simulated[0]); i++) {
		struct counter_value *v = &r->values[r->count];
		bool all = true;

		*v = (struct counter_value){.value = 0};
		for (int e = 0; e < 3 && simulated[i].events[e]; e++) {
			int64_t n = total_of(events, totals, simulated[i].events[e]);

			all = all && n >= 0;
			v->value += n > 0 ? (uint64_t)n : 0;
		}
		if (!all)
			continue;
		snprintf(v->name, sizeof(v->name), "%s", simulated[i].name);
		r->count++;
	}
	if (r->count)
		r->tier = r->set = "callgrind";
	return r->count;
}

/* Behind "==PID==" or "--PID--"; `line` itself where valgrind begins otherwise; else NULL. */
static const char *words_of_valgrind(const char *line)
{
	size_t digits;

	if (starts(line, "vex ") || starts(line, "valgrind: "))
		return line;
	if (!starts(line, "==") && !starts(line, "--"))
		return NULL;
	digits = strspn(line + 2, "0123456789");
	if (!digits || line[2 + digits] != line[0] || line[3 + digits] != line[0])
		return NULL;
	line += 4 + digits;
	return line + strspn(line, " ");
}

bool callgrind_complaint(const char *text, char *line, size_t size)
{
	line[0] = '\0';
	for (; *text; text += strcspn(text, "\n"), text += *text == '\n') {
		const char *words = words_of_valgrind(text);
		size_t length = words ? strcspn(words, "\n") : 0;

		if (length) {
			snprintf(line, size, "%.*s", (int)length, words);
			return true;
		}
	}
	return false;
}
