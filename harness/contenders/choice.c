#include "harness/contenders/choice.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"

/* Names as the shell's variables mostly are. */
static bool is_variable(const char *item, size_t length)
{
	for (size_t i = 0; i < length && item[i] != '='; i++)
		if (islower((unsigned char)item[i]))
			return false;
	return true;
}

static bool is_library(const char *item, size_t length)
{
	const char *equals = memchr(item, '=', length);

	return equals && equals > item && equals + 1 < item + length && equals[1] == '/';
}

static int select_glob(struct contenders *all, const char *pattern, bool wanted, char *why,
		       size_t why_size)
{
	char known[700] = "";
	bool any = false;

	for (int i = 0; i < all->count; i++) {
		size_t used = strlen(known);

		snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "",
			 all->list[i].name);
		if (contender_matches(&all->list[i], pattern)) {
			any = true;
			all->list[i].selected = wanted;
		}
	}
	if (any)
		return 0;
	return because(why, why_size,
		       "unknown allocator '%s': known are %s, and any other as "
		       "NAME=/path/lib.so[,NAME=VALUE...], where a comma within a value is "
		       "written \\,",
		       pattern, known);
}

/* A library with the variables behind it; *length becomes that of all of them. */
static int select_library(struct contenders *all, const char *item, size_t *length, char *why,
			  size_t why_size)
{
	struct contender c, *same;
	char *argument;
	int result;

	while (item[*length]) {
		const char *next = item + *length + 1;
		size_t more = contender_item(next);

		if (!memchr(next, '=', more) ||
		    (is_library(next, more) && !is_variable(next, more)))
			break;
		if (is_library(next, more) && memmem(next, more, ".so", 3))
			return because(why, why_size,
				       "'%s': %.*s may be a variable or another allocator: an "
				       "allocator is given by an option of its own, a "
				       "variable as %.*s\\%.*s",
				       item, (int)more, next, (int)strcspn(next, "/"), next,
				       (int)(more - strcspn(next, "/")),
				       next + strcspn(next, "/"));
		*length += 1 + more;
	}
	argument = text_format("%.*s", (int)*length, item);
	result = contender_parse_argument(&c, argument, why, why_size);
	free(argument);
	if (result < 0)
		return -1;
	same = contenders_find(all, c.name);
	if (same && same->named) {
		because(why, why_size, "two allocators are called '%s': %s and %s", c.name,
			same->library, c.library);
		contender_free(&c);
		return -1;
	}
	c.selected = true;
	contenders_add(all, &c);
	return 0;
}

static int select_item(struct contenders *all, const char *item, size_t *length, char *why,
		       size_t why_size)
{
	bool wanted = *item != '!';
	char *pattern;
	int result;

	if (is_library(item, *length))
		return select_library(all, item, length, why, why_size);
	pattern = text_format("%.*s", (int)*length - !wanted, item + !wanted);
	if (strchr(pattern, '='))
		result = because(why, why_size,
				 "'%s': an allocator is given as NAME=/path/lib.so, variables "
				 "right behind it as NAME=VALUE",
				 pattern);
	else
		result = select_glob(all, pattern, wanted, why, why_size);
	free(pattern);
	return result;
}

int contenders_select(struct contenders *all, const char *argument, char *why, size_t why_size)
{
	for (const char *p = argument;; p++) {
		size_t length = contender_item(p);

		if (!length || (*p == '!' && length == 1))
			return because(why, why_size, "'%s': an empty name", argument);
		if (select_item(all, p, &length, why, why_size) < 0)
			return -1;
		p += length;
		if (!*p)
			return 0;
	}
}

static int count_selected(const struct contenders *all)
{
	int n = 0;

	for (int i = 0; i < all->count; i++)
		n += all->list[i].selected;
	return n;
}

int contenders_pick(struct contenders *all, const struct contender_choice *choice, char *why,
		    size_t why_size)
{
	/* What begins by leaving one out means all others. */
	if (choice->nonly && choice->only[0][0] != '!')
		for (int i = 0; i < all->count; i++)
			all->list[i].selected = false;
	for (int i = 0; i < choice->nonly; i++)
		if (contenders_select(all, choice->only[i], why, why_size) < 0)
			return -1;
	for (int i = 0; i < choice->nadded; i++) {
		int before = count_selected(all);

		if (contenders_select(all, choice->added[i], why, why_size) < 0)
			return -1;
		if (count_selected(all) == before && !strpbrk(choice->added[i], "=!"))
			fprintf(stderr,
				"--allocator %s changes nothing: it is measured anyway; "
				"--only %s measures nothing else\n",
				choice->added[i], choice->added[i]);
	}
	if (count_selected(all) == 0)
		return because(why, why_size,
			       "no allocator is left: '!' takes from those that are measured "
			       "anyway, or that were named before");
	return 0;
}

int contenders_choose(struct contenders *all, const char *verb,
		      const struct contender_choice *choice)
{
	char why[1024];
	int n = 0;

	if (contenders_read(all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	for (int i = 0; i < all->count; i++)
		all->list[i].selected = all->list[i].reuses && !all->list[i].configuration;
	if (contenders_pick(all, choice, why, sizeof(why)) < 0)
		return complain_usage("%s: %s", verb, why);
	for (int i = 0; i < all->count; i++) {
		struct contender *c = &all->list[i];
		bool keep = c->selected;

		if (keep)
			contender_resolve(c);
		if (keep && c->named && !c->usable)
			return complain_usage("%s: allocator '%s': %s", verb, c->name,
					      c->reason);
		if (keep && !c->usable)
			fprintf(stderr, "%s is left out: %s\n", c->name, c->reason);
		if (keep && c->usable)
			all->list[n++] = *c;
		else
			contender_free(c);
	}
	all->count = n;
	return STATUS_OK;
}
