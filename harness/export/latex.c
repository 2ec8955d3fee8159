#include "harness/export/latex.h"

/* What a character of LaTeX or Markdown has to be written as; the rest stands for itself.  What
 * is not printable is a blank. */
void latex_escape(FILE *f, const char *text, size_t length, const char *const *pairs)
{
	for (size_t i = 0; i < length; i++) {
		const char *const *pair = pairs;

		while (*pair && **pair != text[i])
			pair += 2;
		if (*pair)
			fputs(pair[1], f);
		else
			fputc((unsigned char)text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i],
			      f);
	}
}

/* Letters of Latin-1 are all that LaTeX knows without packages: what else is not ASCII becomes
 * a question mark.  Returns the bytes of the character, 0 where it is ASCII. */
static size_t foreign(const char *text, size_t length, const char **instead)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t n = 1;

	*instead = NULL;
	if (*p < 0x80)
		return 0;
	if (*p == 0xc3 && length > 1 && p[1] >= 0x80 && p[1] < 0xc0)
		return 2;
	*instead = "?";
	while (n < length && p[n] >= 0x80 && p[n] < 0xc0)
		n++;
	return n;
}

void latex_text(FILE *f, const char *text, size_t length)
{
	static const char *const pairs[] = {"\\", "\\textbackslash{}",
					    "{",  "\\{",
					    "}",  "\\}",
					    "%",  "\\%",
					    "_",  "\\_\\allowbreak{}",
					    "&",  "\\&",
					    "#",  "\\#",
					    "$",  "\\$",
					    "~",  "\\textasciitilde{}",
					    "^",  "\\textasciicircum{}",
					    "<",  "\\textless{}",
					    ">",  "\\textgreater{}",
					    "|",  "\\textbar{}",
					    "\"", "''",
					    "-",  "-{}",
					    NULL};

	while (length) {
		const char *instead;
		size_t n = foreign(text, length, &instead);

		if (instead)
			fputs(instead, f);
		else if (n)
			fwrite(text, 1, n, f);
		else
			latex_escape(f, text, n = 1, pairs);
		text += n;
		length -= n;
	}
}
