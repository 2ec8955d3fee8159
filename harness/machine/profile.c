#include "harness/machine/profile.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/machine/callgrind.h"

static struct profile_function *find(struct profile *p, const char *object, const char *name)
{
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(p->list[i].name, name) == 0 &&
		    strcmp(p->list[i].object, object) == 0)
			return &p->list[i];
	return NULL;
}

/* The function that costs from here on belong to, as its place in the list. */
static size_t enter(struct profile *p, const char *object, const char *function)
{
	const char *base = strrchr(object, '/');
	char *name = text_format("%.*s", (int)strcspn(function, "'@"), function);
	struct profile_function *found;

	if (strncmp(name, "0x", 2) == 0 || !*name || strcmp(name, "???") == 0)
		text_set(&name, "(no name)");
	base = base ? base + 1 : object;
	found = find(p, base, name);
	if (!found) {
		p->list = list_grown(p->list, p->count, sizeof(*p->list));
		found = &p->list[p->count++];
		*found = (struct profile_function){text_format("%s", base), name, 0};
		return p->count - 1;
	}
	free(name);
	return (size_t)(found - p->list);
}

/* Words of the line "positions:", which stand before the cost. */
static size_t count_positions(const char *text)
{
	const char *line = strstr(text, "\npositions:");
	size_t n = 0;

	if (!line)
		return 1;
	for (line += strlen("\npositions:"); *line && *line != '\n'; line++)
		n += *line != ' ' && (line[1] == ' ' || line[1] == '\n' || !line[1]);
	return n ? n : 1;
}

static int64_t cost_of(const char *line, size_t positions)
{
	for (; positions > 0; positions--) {
		line += strcspn(line, " \n");
		line += strspn(line, " ");
	}
	return isdigit((unsigned char)*line) ? strtoll(line, NULL, 10) : 0;
}

int profile_read(struct profile *p, const char *text)
{
	struct callgrind_names objects = {0}, functions = {0};
	size_t positions = count_positions(text), at = SIZE_MAX;
	const char *object = "";
	bool called = false; /* the next line is the cost of calls */

	*p = (struct profile){0};
	if (!strstr(text, "\nevents: Ir"))
		return -1;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "ob=", 3) == 0) {
			object = callgrind_name(&objects, line + 3);
		} else if (strncmp(line, "cob=", 4) == 0) {
			callgrind_name(&objects, line + 4);
		} else if (strncmp(line, "fn=", 3) == 0) {
			at = enter(p, object, callgrind_name(&functions, line + 3));
		} else if (strncmp(line, "cfn=", 4) == 0) {
			callgrind_name(&functions, line + 4);
		} else if (strncmp(line, "calls=", 6) == 0) {
			called = true;
		} else if (*line && strchr("0123456789+-*", *line)) {
			int64_t cost = called ? 0 : cost_of(line, positions);

			called = false;
			if (at != SIZE_MAX) {
				p->list[at].self += cost;
				p->total += cost;
			}
		}
		if (!*line)
			break;
	}
	callgrind_names_free(&objects);
	callgrind_names_free(&functions);
	return 0;
}

void profile_free(struct profile *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->list[i].object);
		free(p->list[i].name);
	}
	free(p->list);
	*p = (struct profile){0};
}

/* Where the differences are equal the order is that of the names. */
static int greatest_first(const void *one, const void *other)
{
	const struct profile_row *x = one, *y = other;
	double dx = fabs(x->b - x->a), dy = fabs(y->b - y->a);
	int order;

	if (dx != dy)
		return dx < dy ? 1 : -1;
	order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->object, y->object);
}

struct profile_row *profile_compare(const struct profile *a, double ops_a,
				    const struct profile *b, double ops_b, size_t *count)
{
	struct profile_row *rows = calloc(a->count + b->count + 1, sizeof(*rows));
	size_t n = a->count;

	if (!rows)
		out_of_memory();
	for (size_t i = 0; i < a->count; i++)
		rows[i] = (struct profile_row){a->list[i].object, a->list[i].name,
					       (double)a->list[i].self / ops_a, 0};
	for (size_t i = 0; i < b->count; i++) {
		const struct profile_function *f = &b->list[i];
		size_t k = 0;

		while (k < a->count && (strcmp(rows[k].name, f->name) != 0 ||
					strcmp(rows[k].object, f->object) != 0))
			k++;
		if (k == a->count) {
			k = n++;
			rows[k] = (struct profile_row){f->object, f->name, 0, 0};
		}
		rows[k].b = (double)f->self / ops_b;
	}
	qsort(rows, n, sizeof(*rows), greatest_first);
	*count = n;
	return rows;
}
