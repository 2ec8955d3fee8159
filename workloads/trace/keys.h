/* Lines "key: value" of a trace's header and notes. */
#ifndef TRACE_KEYS_H
#define TRACE_KEYS_H

#include <stdbool.h>
#include <stddef.h>

struct trace_key {
	char *key, *value;
};

/* All zero is empty. */
struct trace_keys {
	struct trace_key *list;
	size_t count;
	bool failed; /* no memory, or more text than TRACE_HEADER_MAX */
};

/* Appends a line.  A key has letters, digits, '-' and '.'; control characters of the
 * value become blanks.  What goes wrong is kept in `failed`. */
void trace_keys_add(struct trace_keys *keys, const char *key, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The value of the first line with that key, or NULL. */
const char *trace_keys_get(const struct trace_keys *keys, const char *key);

/* The lines as one text on the heap, and its length; NULL without memory. */
char *trace_keys_text(const struct trace_keys *keys, size_t *length);

/* Takes `length` bytes of such lines.  False when they are not. */
bool trace_keys_parse(struct trace_keys *keys, const char *text, size_t length);

void trace_keys_free(struct trace_keys *keys);

#endif
