#include "tools/diagnosis.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How many bytes of a character in UTF-8 begin here; 0 where none does.  (Overlong forms and
 * halves of pairs are the reader's to refuse.) */
static unsigned utf8_length(const unsigned char *s)
{
	unsigned n = s[0] < 0x80   ? 1
		     : s[0] < 0xc2 ? 0
		     : s[0] < 0xe0 ? 2
		     : s[0] < 0xf0 ? 3
		     : s[0] < 0xf5 ? 4
				   : 0;

	for (unsigned i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return n;
}

/* Text comes from other people's processes: no terminal is to obey it, and JSON is to stay
 * JSON. */
static void put_text(const struct diagnosis *d, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;

	while (*s != '\0') {
		unsigned n = utf8_length(s);
		bool control = *s < 0x20 || *s == 0x7f || (n == 2 && *s == 0xc2 && s[1] < 0xa0);

		if (d->json && n == 0)
			fputs("\\ufffd", stdout);
		else if (d->json && control)
			printf("\\u%04x", n == 2 ? s[1] : s[0]);
		else if (n == 0 || control)
			putchar('?');
		else if (d->json && (*s == '"' || *s == '\\'))
			printf("\\%c", *s);
		else
			fwrite(s, 1, n, stdout);
		s += n > 0 ? n : 1;
	}
}

static void put_quoted(const struct diagnosis *d, const char *text)
{
	if (d->json)
		putchar('"');
	put_text(d, text);
	if (d->json)
		putchar('"');
}

static void put_key(struct diagnosis *d, const char *key)
{
	if (d->json && d->any)
		putchar(',');
	if (d->json)
		putchar('\n');
	for (unsigned i = 0; i < d->depth; i++)
		fputs("  ", stdout);
	put_quoted(d, key);
	putchar(':');
	d->any = true;
}

static void end_line(const struct diagnosis *d)
{
	if (!d->json)
		putchar('\n');
}

void diagnosis_begin(struct diagnosis *d, bool json)
{
	*d = (struct diagnosis){.json = json, .depth = json};
	if (json)
		putchar('{');
}

void diagnosis_end(struct diagnosis *d)
{
	if (d->json) {
		put_key(d, "warnings");
		fputs(" [", stdout);
	}
	for (unsigned i = 0; i < d->warnings; i++) {
		fputs(!d->json ? "warning: " : i > 0 ? ", " : "", stdout);
		put_quoted(d, d->warning[i]);
		end_line(d);
		free(d->warning[i]);
	}
	if (d->json)
		puts("]\n}");
}

void diagnosis_text(struct diagnosis *d, const char *key, const char *format, ...)
{
	va_list args;
	char *text;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	put_key(d, key);
	putchar(' ');
	put_quoted(d, n >= 0 ? text : "");
	end_line(d);
	if (n >= 0)
		free(text);
}

void diagnosis_number(struct diagnosis *d, const char *key, uint64_t n)
{
	put_key(d, key);
	printf(" %" PRIu64, n);
	end_line(d);
}

void diagnosis_bool(struct diagnosis *d, const char *key, bool is_so)
{
	put_key(d, key);
	fputs(is_so ? " true" : " false", stdout);
	end_line(d);
}

void diagnosis_open(struct diagnosis *d, const char *key)
{
	put_key(d, key);
	if (d->json)
		fputs(" {", stdout);
	else
		putchar('\n');
	d->depth++;
	d->any = false;
}

void diagnosis_close(struct diagnosis *d)
{
	d->depth--;
	if (d->json) {
		putchar('}');
	} else if (!d->any) {
		for (unsigned i = 0; i <= d->depth; i++)
			fputs("  ", stdout);
		puts("none");
	}
	d->any = true;
}

void diagnosis_warn(struct diagnosis *d, const char *format, ...)
{
	va_list args;

	if (d->warnings == DIAGNOSIS_WARNINGS)
		return;
	va_start(args, format);
	if (vasprintf(&d->warning[d->warnings], format, args) >= 0)
		d->warnings++;
	va_end(args);
}
