#include "ctl/lines.h"

#include <string.h>

#include "ctl/json.h"
#include "util/assert.h"
#include "util/fmt.h"

#define MOST 128 /* more than any name has */

struct lines {
	struct ash_out *out;
	size_t length;  /* of `name` */
	size_t element; /* of its beginning up to the number that has a line; 0 = none has */
	bool any;       /* something stands in that line */
	char name[MOST];
};

static void begin(void *to, const char *component, size_t length)
{
	struct lines *l = to;

	ash_assert(l->length + 1 + length < MOST);
	l->length += ash_format(l->name + l->length, MOST - l->length, ".%.*s", (int)length,
				component);
}

static void end(void *to)
{
	struct lines *l = to;

	while (l->name[--l->length] != '.')
		;
	l->name[l->length] = '\0';
}

static void value(void *to, const char *component, size_t length, enum ash_ctl_type type,
		  const union ash_ctl_value *v)
{
	struct lines *l = to;
	const char *rest = l->name + l->element;

	if (l->element == 0) {
		ash_out_add(l->out, "  %s.%.*s: ", l->name, (int)length, component);
	} else {
		ash_out_text(l->out, l->any ? ", " : " ");
		if (*rest != '\0')
			ash_out_add(l->out, "%s.", rest + 1);
		ash_out_add(l->out, "%.*s ", (int)length, component);
		l->any = true;
	}
	ash_json_value(l->out, type, v);
	if (l->element == 0)
		ash_out_text(l->out, "\n");
}

static void begin_element(void *to, size_t number)
{
	struct lines *l = to;
	char digits[24];

	begin(l, digits, ash_format(digits, sizeof(digits), "%zu", number));
	ash_out_add(l->out, "  %s:", l->name);
	l->element = l->length;
	l->any = false;
}

static void end_element(void *to)
{
	struct lines *l = to;

	ash_out_text(l->out, "\n");
	l->element = 0;
	end(l);
}

static const struct ash_walk_form form = {
	.begin = begin,
	.end = end,
	.value = value,
	.begin_array = begin,
	.begin_element = begin_element,
	.end_element = end_element,
	.end_array = end,
	.skips_zeroes = true,
};

static const struct ash_walk_form alone = {.begin = begin, .end = end, .value = value};

static void walk(const struct ash_walk_form *how, struct ash_out *out,
		 const struct ash_walk_wanted *wanted, const char *beginning, unsigned depth)
{
	struct lines l = {.out = out, .length = strlen(beginning)};

	ash_assert(l.length < MOST);
	memcpy(l.name, beginning, l.length + 1);
	ash_walk(how, &l, wanted, beginning, depth);
}

void ash_ctl_lines(struct ash_out *out, const struct ash_walk_wanted *wanted,
		   const char *beginning, unsigned depth)
{
	walk(&form, out, wanted, beginning, depth);
}

void ash_ctl_lines_alone(struct ash_out *out, const struct ash_walk_wanted *wanted,
			 const char *beginning, unsigned depth)
{
	walk(&alone, out, wanted, beginning, depth);
}
