#include "harness/contenders/packages.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

/* --- the index ------------------------------------------------------------------ */

/* Ends the line at `line` and returns the next one; NULL at the end of the text. */
static char *cut_line(char *line)
{
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	if (end > line && end[-1] == '\r')
		end[-1] = '\0';
	return end + 1;
}

static void take_field(struct package *p, char *line)
{
	static const char none[] = "";
	const struct {
		const char *key, **slot;
	} keys[] = {
		{"Package", &p->name},
		{"Version", &p->version},
		{"Architecture", &p->architecture},
		{"Section", &p->section},
		{"Depends", &p->depends},
		{"SHA256", &p->sha256},
	};
	char *colon = strchr(line, ':');

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!*keys[i].slot)
			*keys[i].slot = none;
		/* Keys are the same in small and capital letters. */
		if (colon && strlen(keys[i].key) == (size_t)(colon - line) &&
		    strncasecmp(line, keys[i].key, (size_t)(colon - line)) == 0)
			*keys[i].slot = colon + 1 + strspn(colon + 1, " \t");
	}
}

static void finish(struct packages *all, struct package *p, const char *suite)
{
	if (p->name && *p->name && *p->version) {
		all->list = list_grown(all->list, (size_t)all->count, sizeof(all->list[0]));
		p->suite = suite;
		all->list[all->count++] = *p;
	}
	memset(p, 0, sizeof(*p));
}

static int by_name(const void *a, const void *b)
{
	const struct package *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void packages_read(struct packages *all, char *text, const char *suite)
{
	struct package p = {0};

	all->texts = list_grown(all->texts, (size_t)all->ntexts, sizeof(all->texts[0]));
	all->texts[all->ntexts++] = text;
	for (char *line = text, *next; line; line = next) {
		next = cut_line(line);
		if (line[strspn(line, " \t")] == '\0')
			finish(all, &p, suite);
		else if (*line != ' ' && *line != '\t' && *line != '#')
			take_field(&p, line);
	}
	finish(all, &p, suite);
	if (all->count)
		qsort(all->list, (size_t)all->count, sizeof(all->list[0]), by_name);
}

void packages_free(struct packages *all)
{
	for (int i = 0; i < all->ntexts; i++)
		free(all->texts[i]);
	free(all->texts);
	free(all->list);
	memset(all, 0, sizeof(*all));
}

/* --- versions --------------------------------------------------------------------- */

/* Of a character that is no digit: '~' is before all, even the end; letters are before the
 * rest. */
static int weight(const char *at, const char *end)
{
	if (at == end || isdigit((unsigned char)*at))
		return 0;
	if (*at == '~')
		return -1;
	return isalpha((unsigned char)*at) ? *at : *at + 256;
}

/* Compares in turns what is no number by weights and what is one by its value. */
static int compare_part(const char *a, const char *a_end, const char *b, const char *b_end)
{
	while (a < a_end || b < b_end) {
		size_t digits[2];

		while ((a < a_end && !isdigit((unsigned char)*a)) ||
		       (b < b_end && !isdigit((unsigned char)*b))) {
			int difference = weight(a, a_end) - weight(b, b_end);

			if (difference)
				return difference;
			a++;
			b++;
		}
		while (a < a_end && *a == '0')
			a++;
		while (b < b_end && *b == '0')
			b++;
		for (digits[0] = 0;
		     a + digits[0] < a_end && isdigit((unsigned char)a[digits[0]]);)
			digits[0]++;
		for (digits[1] = 0;
		     b + digits[1] < b_end && isdigit((unsigned char)b[digits[1]]);)
			digits[1]++;
		if (digits[0] != digits[1])
			return digits[0] < digits[1] ? -1 : 1;
		for (; digits[0]; digits[0]--, a++, b++)
			if (*a != *b)
				return *a - *b;
	}
	return 0;
}

int package_version_compare(const char *a, const char *b)
{
	const char *colon[2] = {strchr(a, ':'), strchr(b, ':')}, *dash[2], *end[2];
	long epoch[2] = {colon[0] ? strtol(a, NULL, 10) : 0,
			 colon[1] ? strtol(b, NULL, 10) : 0};
	int difference;

	if (epoch[0] != epoch[1])
		return epoch[0] < epoch[1] ? -1 : 1;
	a = colon[0] ? colon[0] + 1 : a;
	b = colon[1] ? colon[1] + 1 : b;
	end[0] = a + strlen(a);
	end[1] = b + strlen(b);
	dash[0] = strrchr(a, '-');
	dash[1] = strrchr(b, '-');
	difference = compare_part(a, dash[0] ? dash[0] : end[0], b, dash[1] ? dash[1] : end[1]);
	if (difference)
		return difference;
	/* None is the same as "0". */
	return compare_part(dash[0] ? dash[0] + 1 : end[0], end[0],
			    dash[1] ? dash[1] + 1 : end[1], end[1]);
}

/* --- what is chosen ---------------------------------------------------------------- */

bool package_is_one_of(const char *name, const char *alternatives)
{
	char one[128];

	for (const char *p = alternatives; p && *p;) {
		size_t length = strcspn(p, " \t");

		snprintf(one, sizeof(one), "%.*s", (int)length, p);
		if (length && length < sizeof(one) && fnmatch(one, name, 0) == 0)
			return true;
		p += length;
		p += strspn(p, " \t");
	}
	return false;
}

/* One relation of "a (>= 1), b | c [amd64]": its first alternative's name. */
static size_t relation_name(const char *relation)
{
	return strcspn(relation, " \t(,|[<:");
}

static const char *next_relation(const char *relation)
{
	relation += strcspn(relation, ",");
	relation += *relation == ',';
	return relation + strspn(relation, " \t");
}

bool package_needs_libc(const struct package *p, char *version, size_t size)
{
	bool needs = false;

	*version = '\0';
	for (const char *r = p->depends; *r; r = next_relation(r)) {
		const char *at = r + relation_name(r);
		size_t length;

		if (at - r != 5 || strncmp(r, "libc6", 5) != 0)
			continue;
		at += strspn(at, " \t");
		if (strncmp(at, "(>=", 3) != 0 && strncmp(at, "(=", 2) != 0 &&
		    strncmp(at, "(>>", 3) != 0)
			continue;
		at += strspn(at, "(>= ");
		length = strcspn(at, ")");
		if (needs && length < size) {
			char other[64];

			snprintf(other, sizeof(other), "%.*s", (int)length, at);
			if (package_version_compare(other, version) <= 0)
				continue;
		}
		snprintf(version, size, "%.*s", (int)length, at);
		needs = true;
	}
	return needs;
}

bool package_is_unreleased(const char *version)
{
	const char *tilde = strchr(version, '~'), *dash = strrchr(version, '-');

	return tilde && (!dash || tilde < dash);
}

static bool is_greater(const struct package *p, const struct package *than)
{
	bool unreleased[2] = {package_is_unreleased(p->version),
			      than && package_is_unreleased(than->version)};

	if (!than || unreleased[0] != unreleased[1])
		return !than || unreleased[1];
	return package_version_compare(p->version, than->version) > 0;
}

const struct package *packages_greatest(const struct packages *all, const char *alternatives,
					const char *suite, const char *libc, char *why,
					size_t why_size)
{
	const struct package *best = NULL, *refused = NULL;
	char needs[64];

	for (int i = 0; i < all->count; i++) {
		const struct package *p = &all->list[i];

		if ((suite && strcmp(p->suite, suite) != 0) ||
		    !package_is_one_of(p->name, alternatives))
			continue;
		if (*libc && package_needs_libc(p, needs, sizeof(needs)) &&
		    package_version_compare(needs, libc) > 0) {
			if (is_greater(p, refused))
				refused = p;
		} else if (is_greater(p, best)) {
			best = p;
		}
	}
	if (!best && refused) {
		package_needs_libc(refused, needs, sizeof(needs));
		because(why, why_size, "%s %s of %s needs libc6 >= %s, this is %s",
			refused->name, refused->version, refused->suite, needs, libc);
	} else if (!best) {
		because(why, why_size, "no suite that was looked into has a package %s",
			alternatives);
	}
	return best;
}

/* Libraries for other kinds of programs than this machine's own lie beside its own. */
static bool is_foreign(const char *name)
{
	return package_is_one_of(name, "lib32* libx32* lib64* *-i386 *-x32 *-amd64");
}

static const struct package *find(const struct packages *all, const char *name,
				  const char *suite)
{
	const struct package *best = NULL;

	for (int low = 0, high = all->count; low < high;) {
		int middle = low + (high - low) / 2,
		    order = strcmp(all->list[middle].name, name);

		if (order < 0) {
			low = middle + 1;
		} else if (order > 0) {
			high = middle;
		} else {
			while (middle > 0 && strcmp(all->list[middle - 1].name, name) == 0)
				middle--;
			for (; middle < all->count && strcmp(all->list[middle].name, name) == 0;
			     middle++)
				if (strcmp(all->list[middle].suite, suite) == 0 &&
				    (!best || package_version_compare(all->list[middle].version,
								      best->version) > 0))
					best = &all->list[middle];
			return best;
		}
	}
	return NULL;
}

void packages_closure(const struct packages *all, const char *suite,
		      const struct package **chosen, int *count, int room)
{
	for (int i = 0; i < *count; i++)
		for (const char *r = chosen[i]->depends; *r && *count < room;
		     r = next_relation(r)) {
			const struct package *p;
			char name[128];
			bool known = false;

			snprintf(name, sizeof(name), "%.*s", (int)relation_name(r), r);
			for (int k = 0; k < *count && !known; k++)
				known = strcmp(chosen[k]->name, name) == 0;
			if (known || is_foreign(name))
				continue;
			p = find(all, name, suite);
			if (p && strcmp(p->section, "libs") == 0)
				chosen[(*count)++] = p;
		}
}
