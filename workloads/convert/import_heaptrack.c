/* heaptrack's lines, all numbers hexadecimal: "v TOOL FORMAT" first; "+ SIZE PLACE ADDRESS"
 * and "- ADDRESS" as its library writes them; or, as heaptrack_interpret does, "a SIZE
 * PLACE" numbers a kind of allocation, and "+ KIND", "- KIND" use it; "c MS" is a time.
 * All other lines tell of places and are passed over. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/convert/importer.h"
#include "workloads/trace/format.h"

#define NONE UINT64_MAX
#define MS (1000000u / TRACE_TIME_UNIT_NS)

struct kind {
	uint64_t size;
	uint64_t youngest; /* live object of the kind, or NONE */
};

struct heaptrack {
	bool begun;
	struct kind *kinds;
	size_t nkinds, kinds_room;
	uint64_t *older; /* by object: the one below it in its kind, or in the free list */
	size_t nobjects, objects_room;
	uint64_t unused; /* numbers to use again */
};

static unsigned numbers(const char *at, uint64_t *list, unsigned most)
{
	unsigned n = 0;
	char *end;

	for (; n < most; n++, at = end) {
		at += strspn(at, " ");
		if (!strchr("0123456789abcdefABCDEF", *at) || !*at)
			break;
		list[n] = strtoull(at, &end, 16);
	}
	return n;
}

static void *grown(void *list, size_t count, size_t *room, size_t each)
{
	void *bigger = list;

	if (count == *room) {
		*room = *room ? 2 * *room : 256;
		bigger = realloc(list, *room * each);
	}
	return bigger;
}

static int add_kind(struct importer *importer, struct heaptrack *state, uint64_t size)
{
	struct kind *kinds =
		grown(state->kinds, state->nkinds, &state->kinds_room, sizeof(*kinds));

	if (!kinds)
		return importer_wrong(importer, "there is no memory for so many");
	state->kinds = kinds;
	kinds[state->nkinds++] = (struct kind){size, NONE};
	return 0;
}

static int allocate_kind(struct importer *importer, struct heaptrack *state, uint64_t number)
{
	struct kind *kind = &state->kinds[number];
	uint64_t object = state->unused;

	if (object == NONE) {
		uint64_t *older = grown(state->older, state->nobjects, &state->objects_room,
					sizeof(*older));

		if (!older)
			return importer_wrong(importer, "there is no memory for so many");
		state->older = older;
		object = state->nobjects++;
	} else {
		state->unused = state->older[object];
	}
	state->older[object] = kind->youngest;
	kind->youngest = object;
	return importer_allocate(importer, object, kind->size);
}

static int free_kind(struct importer *importer, struct heaptrack *state, uint64_t number)
{
	struct kind *kind = &state->kinds[number];
	uint64_t object = kind->youngest;

	if (object == NONE) {
		importer->result->unknown_frees++;
		return 0;
	}
	kind->youngest = state->older[object];
	state->older[object] = state->unused;
	state->unused = object;
	return importer_free(importer, object);
}

static int take_call(struct importer *importer, struct heaptrack *state, const char *line)
{
	uint64_t n[3];
	unsigned count = numbers(line + 1, n, 3);
	bool by_kind = state->nkinds > 0;

	if (by_kind && count == 1 && n[0] >= state->nkinds)
		return importer_wrong(importer, "a kind of allocation that no line 'a' told");
	if (line[0] == '+' && by_kind && count == 1)
		return allocate_kind(importer, state, n[0]);
	if (line[0] == '+' && !by_kind && count == 3)
		return importer_allocate(importer, n[2], n[0]);
	if (line[0] == '-' && count == 1)
		return by_kind ? free_kind(importer, state, n[0])
			       : importer_free(importer, n[0]);
	return importer_wrong(importer, "the numbers of '+' or '-' are not heaptrack's");
}

static int take_time(struct importer *importer, const char *line)
{
	uint64_t ms;

	if (numbers(line + 1, &ms, 1) != 1 || ms >= TRACE_TIME_MAX / MS)
		return importer_wrong(importer, "'c' without a time");
	if (ms * MS > importer->time)
		importer->time = ms * MS;
	return 0;
}

/* heaptrack leaves its files packed by zstd or gzip. */
static bool is_packed(const char *line)
{
	return strncmp(line, "\x28\xb5\x2f\xfd", 4) == 0 || strncmp(line, "\x1f\x8b", 2) == 0;
}

static int take(struct importer *importer, char *line, void *argument)
{
	struct heaptrack *state = argument;
	uint64_t n[2];

	if (!line)
		return state->begun
			       ? 0
			       : importer_wrong(importer, "not from heaptrack: it is empty");
	if (!state->begun) {
		if (line[0] != 'v' || line[1] != ' ' || numbers(line + 1, n, 2) < 1)
			return importer_wrong(
				importer,
				is_packed(line) ? "packed: unpack it (zstd -dc, gzip -dc) first"
						: "not from heaptrack: it does not begin with "
						  "'v VERSION'");
		state->begun = true;
		return 0;
	}
	switch (line[0]) {
	case 'a':
		return numbers(line + 1, n, 2) == 2
			       ? add_kind(importer, state, n[0])
			       : importer_wrong(importer, "'a' without a size and a place");
	case '+':
	case '-':
		return take_call(importer, state, line);
	case 'c':
		return take_time(importer, line);
	default:
		return 0;
	}
}

int import_heaptrack(FILE *in, const char *name, const char *path, struct import_result *result,
		     char *why, size_t why_size)
{
	struct importer importer = {
		.name = name, .result = result, .why = why, .why_size = why_size};
	struct heaptrack state = {.unused = NONE};
	int status = importer_run(&importer, in, path, "heaptrack", take, &state);

	free(state.kinds);
	free(state.older);
	return status;
}
