#include "workloads/trace/keys.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/trace/format.h"

static bool key_letter(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '.';
}

static size_t total(const struct trace_keys *keys)
{
	size_t sum = 0;

	for (size_t i = 0; i < keys->count; i++)
		sum += strlen(keys->list[i].key) + strlen(keys->list[i].value) + 3;
	return sum;
}

/* Takes over both strings. */
static void append(struct trace_keys *keys, char *key, char *value)
{
	struct trace_key *list = NULL;

	if (key && value)
		list = realloc(keys->list, (keys->count + 1) * sizeof(*list));
	if (!list) {
		free(key);
		free(value);
		keys->failed = true;
		return;
	}
	for (char *p = value; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
	keys->list = list;
	list[keys->count].key = key;
	list[keys->count++].value = value;
	if (total(keys) > TRACE_HEADER_MAX)
		keys->failed = true;
}

void trace_keys_add(struct trace_keys *keys, const char *key, const char *format, ...)
{
	char *value = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&value, format, args) < 0)
		value = NULL;
	va_end(args);
	append(keys, strdup(key), value);
}

const char *trace_keys_get(const struct trace_keys *keys, const char *key)
{
	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].key, key) == 0)
			return keys->list[i].value;
	return NULL;
}

char *trace_keys_text(const struct trace_keys *keys, size_t *length)
{
	char *text = malloc(total(keys) + 1), *p = text;

	if (!text)
		return NULL;
	for (size_t i = 0; i < keys->count; i++)
		p += sprintf(p, "%s: %s\n", keys->list[i].key, keys->list[i].value);
	*p = '\0';
	*length = (size_t)(p - text);
	return text;
}

bool trace_keys_parse(struct trace_keys *keys, const char *text, size_t length)
{
	const char *end = text + length;

	while (text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		const char *colon = stop ? memchr(text, ':', (size_t)(stop - text)) : NULL;

		if (!colon || colon == text || colon + 1 == stop || colon[1] != ' ')
			return false;
		for (const char *p = text; p < colon; p++)
			if (!key_letter(*p))
				return false;
		for (const char *p = colon + 2; p < stop; p++)
			if ((unsigned char)*p < ' ' || *p == 0x7f)
				return false;
		append(keys, strndup(text, (size_t)(colon - text)),
		       strndup(colon + 2, (size_t)(stop - colon - 2)));
		if (keys->failed)
			return false;
		text = stop + 1;
	}
	return true;
}

void trace_keys_free(struct trace_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		free(keys->list[i].key);
		free(keys->list[i].value);
	}
	free(keys->list);
	*keys = (struct trace_keys){0};
}
