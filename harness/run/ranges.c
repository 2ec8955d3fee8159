#include "harness/run/ranges.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

/* One KEY=VALUE of a setting, with what is before and behind it. */
struct range {
	int before, key; /* characters */
	const char *behind;
	int64_t from, to, step;
	char how; /* '+' or '*' */
};

/* Finds the first range of a setting.  1 = there is one, 0 = none, -1 with `why`. */
static int find_range(const char *setting, struct range *r, char *why, size_t why_size)
{
	for (const char *p = setting; *p;) {
		size_t length = strcspn(p, ",");
		const char *value = memchr(p, '=', length);
		const char *dots =
			value ? memmem(value, length - (size_t)(value - p), "..", 2) : NULL;
		char *end;

		if (!dots) {
			p += length + (p[length] == ',');
			continue;
		}
		*r = (struct range){.before = (int)(p - setting),
				    .key = (int)(value + 1 - p),
				    .behind = p + length,
				    .step = 1,
				    .how = '+'};
		errno = 0;
		r->from = strtoll(value + 1, &end, 10);
		if (errno == 0 && end == dots) {
			r->to = strtoll(dots + 2, &end, 10);
			if (end > dots + 2 && (*end == '+' || *end == '*')) {
				r->how = *end;
				r->step = strtoll(end + 1, &end, 10);
			}
			if (errno == 0 && end == p + length && r->from <= r->to &&
			    (r->how == '+' ? r->step >= 1 : r->step >= 2 && r->from >= 1))
				return 1;
		}
		return because(why, why_size,
			       "'%.*s': a range goes upward: A..B, A..B+STEP or A..B*FACTOR",
			       (int)length, p);
	}
	return 0;
}

int ranges_each(const struct suite_choice *choice,
		int (*take)(const struct suite_choice *, void *, char *, size_t), void *arg,
		char *why, size_t why_size)
{
	struct suite_choice one = *choice;
	int at = 0, found = 0, result = 0, n = 0;
	struct range r = {.step = 1};

	for (; at < choice->nsettings && !found; at++)
		found = find_range(choice->settings[at], &r, why, why_size);
	if (!found)
		return take(choice, arg, why, why_size);
	at--;
	if (found < 0) {
		if (choice->blame)
			*choice->blame = choice->settings[at];
		return -1;
	}
	one.settings = calloc((size_t)choice->nsettings, sizeof(one.settings[0]));
	if (!one.settings)
		out_of_memory();
	memcpy(one.settings, choice->settings,
	       (size_t)choice->nsettings * sizeof(one.settings[0]));
	for (int64_t v = r.from; v <= r.to && result == 0;) {
		char *text = text_format("%.*s%" PRId64 "%s", r.before + r.key,
					 choice->settings[at], v, r.behind);

		one.settings[at] = text;
		result = n++ < RANGE_VALUES
				 ? ranges_each(&one, take, arg, why, why_size)
				 : because(why, why_size, "'%s': a range has at most %d values",
					   choice->settings[at], RANGE_VALUES);
		if (result < 0 && choice->blame && (!*choice->blame || *choice->blame == text))
			*choice->blame = choice->settings[at];
		free(text);
		if (r.how == '+' ? v > r.to - r.step : v > r.to / r.step)
			break;
		v = r.how == '+' ? v + r.step : v * r.step;
	}
	free(one.settings);
	return result;
}
