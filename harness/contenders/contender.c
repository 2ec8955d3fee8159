#include "harness/contenders/contender.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/file.h"
#include "harness/base/message.h"

static char *trimmed(const char *begin, size_t length)
{
	while (length && isspace((unsigned char)*begin)) {
		begin++;
		length--;
	}
	while (length && isspace((unsigned char)begin[length - 1]))
		length--;
	return text_format("%.*s", (int)length, begin);
}

static bool is_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._+-";

	return *text && strlen(text) < 64 && strspn(text, allowed) == strlen(text);
}

static int add_env(struct contender *c, const char *text, char *why, size_t size)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return because(why, size, "'%s': NAME=VALUE is needed", text);
	/* These two are how the harness itself reaches the process. */
	if (strncmp(text, "LD_PRELOAD=", 11) == 0 ||
	    strncmp(text, "ASHLAR_CHANNEL_FD=", 18) == 0)
		return because(why, size, "'%s': set by the bench itself", text);
	if (c->nenv == CONTENDER_ENV)
		return because(why, size, "more than %d variables", CONTENDER_ENV);
	c->env[c->nenv++] = text_format("%s", text);
	return 0;
}

static int take(struct contender *c, const char *key, char *value, char *why, size_t size)
{
	char **slot = NULL;

	if (!*value)
		return because(why, size, "'%s' has no value", key);
	if (strcmp(key, "env") == 0)
		return add_env(c, value, why, size);
	if (strcmp(key, "config") == 0) {
		if (c->nconfigurations == CONTENDER_CONFIGURATIONS)
			return because(why, size, "more than %d configurations",
				       CONTENDER_CONFIGURATIONS);
		c->configurations[c->nconfigurations++] = text_format("%s", value);
		return 0;
	}
	if (strcmp(key, "reuses") == 0) {
		if (strcmp(value, "yes") != 0 && strcmp(value, "no") != 0)
			return because(why, size, "'reuses: %s': yes or no is needed", value);
		c->reuses = *value == 'y';
		return 0;
	}
	if (strcmp(key, "name") == 0)
		slot = &c->name;
	else if (strcmp(key, "library") == 0)
		slot = &c->library;
	else if (strcmp(key, "package") == 0)
		slot = &c->package;
	else if (strcmp(key, "notes") == 0)
		slot = &c->notes;
	else
		return because(
			why, size,
			"unknown key '%s': name, library, package, env, config, reuses and "
			"notes are known",
			key);
	if (*slot)
		return because(why, size, "'%s' is given twice", key);
	if (slot == &c->name && !is_name(value))
		return because(why, size, "name '%s': letters, digits and . _ + - are accepted",
			       value);
	*slot = text_format("%s", value);
	return 0;
}

int contender_parse(struct contender *c, const char *text, char *why, size_t why_size)
{
	int number = 0;

	memset(c, 0, sizeof(*c));
	c->reuses = true;
	while (*text) {
		size_t length = strcspn(text, "\n"), key_length = strcspn(text, ":\n");
		char *line = trimmed(text, length), *key, *value, inner[200];
		int result = 0;

		number++;
		if (*line && *line != '#') {
			if (text[key_length] != ':') {
				because(why, why_size, "line %d: '%s': key: value is needed",
					number, line);
				result = -1;
			} else {
				key = trimmed(text, key_length);
				value = trimmed(text + key_length + 1, length - key_length - 1);
				result = take(c, key, value, inner, sizeof(inner));
				if (result < 0)
					because(why, why_size, "line %d: %s", number, inner);
				free(key);
				free(value);
			}
		}
		free(line);
		if (result < 0)
			goto failed;
		text += length + (text[length] == '\n');
	}
	if (!c->name || !c->library) {
		because(why, why_size, "no '%s'", c->name ? "library" : "name");
		goto failed;
	}
	return 0;
failed:
	contender_free(c);
	return -1;
}

size_t contender_item(const char *list)
{
	size_t length = 0;

	while (list[length] && list[length] != ',')
		length += list[length] == '\\' && list[length + 1] ? 2 : 1;
	return length;
}

/* A part of a list without the backslashes that guard its characters. */
static char *unguarded(const char *text, size_t length)
{
	char *plain = text_format("%.*s", (int)length, text), *to = plain;

	for (const char *from = plain; *from; from++) {
		if (*from == '\\' && from[1])
			from++;
		*to++ = *from;
	}
	*to = '\0';
	return plain;
}

int contender_parse_argument(struct contender *c, const char *argument, char *why,
			     size_t why_size)
{
	const char *equals = strchr(argument, '='), *p;
	char inner[200];

	memset(c, 0, sizeof(*c));
	c->reuses = true;
	c->named = true;
	if (!equals || equals[1] != '/')
		return because(why, why_size,
			       "'%s': NAME=/path/lib.so[,ENV=VALUE...] is needed", argument);
	c->name = text_format("%.*s", (int)(equals - argument), argument);
	if (!is_name(c->name)) {
		because(why, why_size,
			"'%s': a name of letters, digits and . _ + - is needed before '='",
			argument);
		goto failed;
	}
	p = equals + 1;
	c->library = unguarded(p, contender_item(p));
	for (p += contender_item(p); *p == ',';) {
		size_t length = contender_item(++p);
		char *variable = unguarded(p, length);
		int result = add_env(c, variable, inner, sizeof(inner));

		free(variable);
		if (result < 0) {
			because(why, why_size, "'%s': after the library: %s", argument, inner);
			goto failed;
		}
		p += length;
	}
	return 0;
failed:
	contender_free(c);
	return -1;
}

void contender_free(struct contender *c)
{
	free(c->name);
	free(c->library);
	free(c->package);
	free(c->notes);
	free(c->path);
	free(c->version);
	for (int i = 0; i < c->nenv; i++)
		free(c->env[i]);
	for (int i = 0; i < c->nconfigurations; i++)
		free(c->configurations[i]);
	memset(c, 0, sizeof(*c));
}

struct contender *contenders_find(const struct contenders *all, const char *name)
{
	for (int i = 0; i < all->count; i++)
		if (strcmp(all->list[i].name, name) == 0)
			return &all->list[i];
	return NULL;
}

void contenders_add(struct contenders *all, struct contender *contender)
{
	struct contender *same = contenders_find(all, contender->name);

	if (same) {
		contender_free(same);
		*same = *contender;
		return;
	}
	all->list = list_grown(all->list, (size_t)all->count, sizeof(*all->list));
	all->list[all->count++] = *contender;
}

bool contender_matches(const struct contender *c, const char *pattern)
{
	return (!c->configuration || strchr(pattern, ':')) && fnmatch(pattern, c->name, 0) == 0;
}

static char *copied(const char *text)
{
	return text ? text_format("%s", text) : NULL;
}

/* "SHORT NAME=VALUE..." of a contender as a contender of its own. */
static int configure(struct contender *c, const struct contender *base, const char *text,
		     char *why, size_t why_size)
{
	size_t length = strcspn(text, " \t");
	char *name = text_format("%.*s", (int)length, text), inner[200];
	int result = 0;

	memset(c, 0, sizeof(*c));
	c->name = text_format("%s:%s", base->name, name);
	c->library = copied(base->library);
	c->package = copied(base->package);
	c->reuses = base->reuses;
	c->configuration = true;
	c->notes = text_format("%s by %s", base->name,
			       text + length + strspn(text + length, " \t"));
	for (int i = 0; i < base->nenv; i++)
		c->env[c->nenv++] = copied(base->env[i]);
	if (!is_name(name))
		result = because(
			why, why_size,
			"config '%s': a name of letters, digits and . _ + - comes first", text);
	for (const char *p = text + length; result == 0 && *p;) {
		char *variable;

		p += strspn(p, " \t");
		length = strcspn(p, " \t");
		variable = text_format("%.*s", (int)length, p);
		if (length && add_env(c, variable, inner, sizeof(inner)) < 0)
			result = because(why, why_size, "config '%s': %s", text, inner);
		free(variable);
		p += length;
	}
	if (result == 0 && c->nenv == base->nenv)
		result = because(why, why_size, "config '%s': NAME=VALUE is needed", text);
	if (result < 0)
		contender_free(c);
	free(name);
	return result;
}

/* Adds what a file says: the contender, which is taken over, and its configurations. */
static int add_all(struct contenders *all, struct contender *base, char *why, size_t why_size)
{
	char *texts[CONTENDER_CONFIGURATIONS];
	int count = base->nconfigurations, result = 0;
	struct contender of = *base, c;

	memcpy(texts, base->configurations, sizeof(texts));
	contenders_add(all, base);
	for (int i = 0; i < count && result == 0; i++) {
		if (configure(&c, &of, texts[i], why, why_size) < 0) {
			result = -1;
		} else if (contenders_find(all, c.name)) {
			result = because(why, why_size, "the name '%s' is taken", c.name);
			contender_free(&c);
		} else {
			contenders_add(all, &c);
		}
	}
	return result;
}

static int reference_first(const void *a, const void *b)
{
	const struct contender *x = a, *y = b;
	int first = (strcmp(y->name, "glibc") == 0) - (strcmp(x->name, "glibc") == 0);

	return first ? first : strcmp(x->name, y->name);
}

int contenders_read(struct contenders *all, const char *folder, char *why, size_t why_size)
{
	char *pattern = text_format("%s/*.conf", folder);
	glob_t found;
	int result = 0;

	memset(all, 0, sizeof(*all));
	if (glob(pattern, 0, NULL, &found) != 0) {
		because(why, why_size, "no contender files (*.conf) in %s", folder);
		free(pattern);
		return -1;
	}
	free(pattern);
	for (size_t i = 0; i < found.gl_pathc && result == 0; i++) {
		char *text = file_read(found.gl_pathv[i]), inner[256];
		struct contender c;

		if (!text)
			result = because(why, why_size, "%s: %s", found.gl_pathv[i],
					 strerror(errno));
		else if (contender_parse(&c, text, inner, sizeof(inner)) < 0)
			result = because(why, why_size, "%s: %s", found.gl_pathv[i], inner);
		else if (contenders_find(all, c.name))
			result = because(why, why_size,
					 "%s: the name '%s' is taken by another file",
					 found.gl_pathv[i], c.name);
		else if (add_all(all, &c, inner, sizeof(inner)) < 0)
			result = because(why, why_size, "%s: %s", found.gl_pathv[i], inner);
		free(text);
	}
	globfree(&found);
	if (result == 0)
		qsort(all->list, (size_t)all->count, sizeof(all->list[0]), reference_first);
	return result;
}
