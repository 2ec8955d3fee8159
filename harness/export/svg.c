#include "harness/export/svg.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"

void svg_text(FILE *f, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc(*text, f);
		}
}

/* The length of what at `at` opens a mention of an id: id='…, href='#…, url(#…;
 * 0 if it does not. */
static size_t opens_id(const char *at)
{
	static const char *const openings[] = {" id=\"",  " id='", "href=\"#",
					       "href='#", "url(#", "url('#"};

	for (size_t i = 0; i < sizeof(openings) / sizeof(*openings); i++)
		if (!strncmp(at, openings[i], strlen(openings[i])))
			return strlen(openings[i]);
	return 0;
}

/* The value of attribute `name` of a start tag that ends at `end`; at most size. */
static bool attribute(const char *tag, const char *end, const char *name, char *value,
		      size_t size)
{
	const char *at = strstr(tag, name);
	size_t n;

	if (!at || at > end)
		return false;
	at += strlen(name) + 1; /* and its quote */
	n = strcspn(at, "\"'");
	snprintf(value, size, "%.*s", (int)n, at);
	return true;
}

bool svg_embed(FILE *f, const char *path, const char *prefix, const char *title,
	       const char *description)
{
	char *text = file_read(path), box[128] = "";
	double width = 0;
	const char *at = text ? strstr(text, "<svg") : NULL, *end = at ? strchr(at, '>') : NULL;
	size_t n;

	if (!end || !attribute(at, end, "viewBox=", box, sizeof(box))) {
		free(text);
		return false;
	}
	/* As wide as drawn: fonts would grow or shrink with it. */
	sscanf(box, "%*f %*f %lf", &width);
	fprintf(f, "<svg style=\"width:%.0fpx\" viewBox=\"", width > 0 ? width : 1180);
	svg_text(f, box);
	fputs("\" role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" "
	      "xmlns:xlink=\"http://www.w3.org/1999/xlink\"><title>",
	      f);
	svg_text(f, title);
	fputs("</title><desc>", f);
	svg_text(f, description);
	fputs("</desc>", f);
	for (at = end + 1; *at;) {
		/* gnuplot's own title and desc name gnuplot, not the picture */
		if (!strncmp(at, "<title>", 7) && strstr(at, "</title>")) {
			at = strstr(at, "</title>") + 8;
		} else if (!strncmp(at, "<desc>", 6) && strstr(at, "</desc>")) {
			at = strstr(at, "</desc>") + 7;
		} else if ((n = opens_id(at)) > 0) {
			fprintf(f, "%.*s%s-", (int)n, at, prefix);
			at += n;
		} else {
			fputc(*at++, f);
		}
	}
	free(text);
	return true;
}
