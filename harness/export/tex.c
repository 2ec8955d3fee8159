#include "harness/export/tex.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static const struct {
	uint32_t code;
	const char *tex;
} special[] = {
	{'\\', "\\textbackslash{}"},
	{'{', "\\{"},
	{'}', "\\}"},
	{'%', "\\%"},
	{'_', "\\_\\allowbreak{}"},
	{'&', "\\&"},
	{'#', "\\#"},
	{'$', "\\$"},
	{'~', "\\textasciitilde{}"},
	{'^', "\\textasciicircum{}"},
	{'<', "\\textless{}"},
	{'>', "\\textgreater{}"},
	{'|', "\\textbar{}"},
	{'"', "\\char34{}"},
	{'-', "-{}"},
	{'`', "\\char96{}"},
	{'\'', "'{}"},
	{0xa0, "~"},
	{0xb0, "$^\\circ$"},
	{0xb1, "$\\pm$"},
	{0xb5, "$\\mu$"},
	{0xb7, "$\\cdot$"},
	{0xd7, "$\\times$"},
	{0xf7, "$\\div$"},
	{0x3bc, "$\\mu$"},
	{0x2013, "--"},
	{0x2014, "---"},
	{0x2018, "`"},
	{0x2019, "'"},
	{0x201c, "``"},
	{0x201d, "''"},
	{0x2020, "$\\dagger$"},
	{0x2026, "\\ldots{}"},
	{0x2212, "$-$"},
	{0x2264, "$\\leq$"},
	{0x2265, "$\\geq$"},
};

/* The character at *p before `end`, which is passed; of bytes that are none *p goes on by one
 * and the answer is UINT32_MAX. */
static uint32_t next_character(const unsigned char **p, const unsigned char *end)
{
	static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
	const unsigned char *s = *p;
	int more = *s < 0x80       ? 0
		   : *s >> 5 == 6  ? 1
		   : *s >> 4 == 14 ? 2
		   : *s >> 3 == 30 ? 3
				   : -1;
	uint32_t code = more <= 0 ? *s : *s & (0x3fu >> more);

	*p = s + 1;
	for (int i = 1; i <= more; i++) {
		if (s + i >= end || s[i] >> 6 != 2)
			return UINT32_MAX;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (more < 0 || code < least[more])
		return UINT32_MAX;
	*p = s + 1 + more;
	return code;
}

/* Letters that the encoding OT1 composes or has. */
static bool is_latin1_letter(uint32_t code)
{
	return code >= 0xc0 && code <= 0xff && code != 0xd0 && code != 0xde && code != 0xf0 &&
	       code != 0xfe;
}

static const char *known_form(uint32_t code)
{
	for (size_t i = 0; i < sizeof(special) / sizeof(*special); i++)
		if (special[i].code == code)
			return special[i].tex;
	return NULL;
}

void tex_part(const char *text, size_t length, FILE *f)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + length;

	while (p < end) {
		const unsigned char *from = p;
		uint32_t code = next_character(&p, end);
		const char *tex = known_form(code);

		if (tex)
			fputs(tex, f);
		else if (code == UINT32_MAX)
			fprintf(f, "[0x%02X]", *from);
		else if (code < ' ' || code == 0x7f)
			fputc(' ', f);
		else if (code < 0x7f || is_latin1_letter(code))
			fwrite(from, 1, (size_t)(p - from), f);
		else
			fprintf(f, "[U+%04X]", code);
	}
}

void tex_text(const char *text, FILE *f)
{
	tex_part(text, strlen(text), f);
}

/* In points of text of 8 pt in Computer Modern, rather more than less. */
static double character_pt(uint32_t code)
{
	if (code == UINT32_MAX ||
	    (code >= 0x7f && !is_latin1_letter(code) && !known_form(code)))
		return 40; /* told by its number */
	if (code == 'm' || code == 'w' || code == '%' || code == '&' || code == '#' ||
	    code == '@' || code == '+' || code == '<' || code == '>' || code == '~')
		return 7.2;
	if (code >= 'A' && code <= 'Z')
		return code == 'W' || code == 'M' ? 8.8 : 6.6;
	if (code < 0x80 && strchr("ijlft.,;:'`|!()[] -", (int)code))
		return 3.4;
	return code > 0x7f ? 7.2 : 4.7;
}

double tex_width_pt(const char *text)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + strlen(text);
	double width = 0;

	while (*p)
		width += character_pt(next_character(&p, end));
	return width;
}

void tex_cut(const char *text, double most, FILE *f)
{
	const unsigned char *p = (const unsigned char *)text, *tail, *end = p + strlen(text);
	double all = tex_width_pt(text), width = 0;

	if (all <= most) {
		tex_text(text, f);
		return;
	}
	most -= 10; /* the dots */
	for (const unsigned char *next = p; *p; p = next) {
		width += character_pt(next_character(&next, end));
		if (width > most / 2)
			break;
	}
	tex_part(text, (size_t)(p - (const unsigned char *)text), f);
	fputs("\\ldots{}", f);
	for (tail = (const unsigned char *)text, width = 0; *tail && all - width > most / 2;)
		width += character_pt(next_character(&tail, end));
	tex_text((const char *)tail, f);
}
