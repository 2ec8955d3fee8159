/* A small document made by hand, and what each writer makes of it, to the byte. */
#include "harness/test/unit.h"
#include "harness/export/html.h"
#include "harness/export/markdown.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/message.h"

/* A page without its head, which holds the style. */
static char *html_of(const struct document *d)
{
	char *text, *body;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	html_write(d, f);
	fclose(f);
	body = strstr(text, "<body>");
	assert_non_null(body);
	body = text_format("%s", body);
	free(text);
	return body;
}

static char *markdown_of(const struct document *d)
{
	char *text;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_non_null(f);
	markdown_write(d, f);
	fclose(f);
	return text;
}

/* Compares, and frees, what a writer wrote. */
static void expect(char *got, const char *wanted)
{
	assert_string_equal(got, wanted);
	free(got);
}

static struct document *empty(void)
{
	struct document *d = document_make("/nowhere", "Head", "a & b");

	document_section(d, "one", "The first one", "One");
	return d;
}

#define HTML_HEAD                                                                          \
	"<body>\n<h1>Head</h1>\n<nav><a href=\"#one\">One</a> </nav>\n<h2 id=\"one\">The " \
	"first "                                                                           \
	"one</h2>\n"
#define HTML_END "</body></html>\n"
#define MARKDOWN_HEAD "# Head\n\na \\& b\n\n[One](#the-first-one)\n\n## The first one\n"

static void words(void **state)
{
	struct document *d = empty();

	(void)state;
	document_paragraph(d);
	document_say(d, "The driver's own words, ");
	document_format(d, "those of \"%s\" ", "<it's> & co");
	document_code(d, "a b");
	document_say(d, " and ");
	document_link(d, "one", "the first");
	document_say(d, ", ");
	document_file(d, "a/b.tsv");
	document_say(d, ".");
	document_warning(d);
	document_format(d, "%d. is no list, *this* is no_emphasis but _that_", 3);
	document_heading(d, "Below");
	document_list(d, false);
	document_format(d, "# not a heading");
	document_format(d, "two\nlines");
	document_list(d, true);
	document_format(d, "watch [it](out)");
	document_commands(d);
	document_format(d, "echo 'a|b' ```");
	document_format(d, "ls && true");
	expect(html_of(d),
	       HTML_HEAD "<p>The driver's own words, those of &quot;&lt;it&#39;s&gt; &amp; "
			 "co&quot; <code>a b</code> and <a href=\"#one\">the first</a>, "
			 "<a href=\"a/b.tsv\"><code>a/b.tsv</code></a>.</p>\n"
			 "<p class=\"warn\">3. is no list, *this* is no_emphasis but "
			 "_that_</p>\n"
			 "<h3>Below</h3>\n"
			 "<ul>\n<li># not a heading</li>\n<li>two\nlines</li>\n</ul>\n"
			 "<ul class=\"warn\">\n<li>watch [it](out)</li>\n</ul>\n"
			 "<pre>echo &#39;a|b&#39; ```\nls &amp;&amp; true</pre>\n" HTML_END);
	expect(markdown_of(d), MARKDOWN_HEAD
	       "\nThe driver's own words, those of \"\\<it's\\> \\& co\" `a b` and [the "
	       "first](#the-first-one), [`a/b.tsv`](a/b.tsv).\n"
	       "\n> 3\\. is no list, \\*this\\* is no_emphasis but \\_that\\_\n"
	       "\n### Below\n"
	       "\n- \\# not a heading\n- two lines\n"
	       "\n> - watch \\[it\\](out)\n"
	       "\n````sh\necho 'a|b' ```\nls && true\n````\n");
	document_free(d);
}

static void numbers(void **state)
{
	static const char *const titles[] = {"cell", "count", NULL};
	struct document *d = empty();
	struct field *field;

	(void)state;
	document_table(d, titles);
	document_caption(d, "%s", "1. <a> | b");
	document_column(d, "%s|%d", "time", 1);
	for (int i = 0; i < 3; i++)
		document_column(d, "c%d", i);
	document_row(d);
	document_words(d, "a|b")->colour = text_format("#123456");
	document_number(d, UNIT_COUNT, 1234567);
	document_number(d, UNIT_NS, 20500);
	field = document_number(d, UNIT_RATIO, 0.98765);
	field->low = 0.9;
	field->high = 12.345;
	field->mark = MARK_UNSURE;
	field->note = text_format("n=3");
	field = document_number(d, UNIT_RATIO, 1);
	field->number[field->nnumbers++] = 100.4;
	field->between = " | ";
	document_number(d, UNIT_BYTES, 3 * 0x1p19)->best = true;
	document_row(d);
	field = document_field(d, UNIT_WORDS);
	field->mark = MARK_PROOF;
	field_add_line(field, "one");
	field_add_line(field, "two");
	document_number(d, UNIT_PLAIN, 9.995)->mark = MARK_UNSURE;
	document_number(d, UNIT_NS, NAN);
	field = document_words(d, "failed");
	field->mark = MARK_HOLE;
	field->note = text_format("it said \"no\" | why");
	field->target = "one";
	document_number(d, UNIT_RATIO, NAN);
	document_field(d, UNIT_WORDS)->mark = MARK_PROOF;
	expect(html_of(d),
	       HTML_HEAD "<div "
			 "class=\"wide\" tabindex=\"0\"><table><caption><span>1. &lt;a&gt; | "
			 "b</span></caption><thead><tr><th scope=\"col\">cell</th><th "
			 "scope=\"col\">count</th><th scope=\"col\">time|1</th>"
			 "<th scope=\"col\">c0</th><th scope=\"col\">c1</th><th "
			 "scope=\"col\">c2</th></tr></thead><tbody>\n"
			 "<tr><th scope=\"row\"><span style=\"color:#123456\">■</span> a|b</th>"
			 "<td class=\"num\">1234567</td><td class=\"num\">20.5 µs</td>"
			 "<td class=\"ratio unsure\">0.988 <small>[0.900, 12.3]</small> "
			 "<small>n=3</small></td>"
			 "<td class=\"ratio\">1.000 | 100</td><td class=\"num\"><b>1.5 "
			 "MiB</b></td></tr>\n"
			 "<tr><th scope=\"row\">one<br>two</th><td class=\"num "
			 "unsure\">9.99</td>"
			 "<td class=\"num\">–</td>"
			 "<td class=\"hole\" title=\"it said &quot;no&quot; | why\">"
			 "<a href=\"#one\">failed</a></td>"
			 "<td class=\"ratio\">–</td><td class=\"proof\">–</td></tr>\n"
			 "</tbody></table></div>\n" HTML_END);
	expect(markdown_of(d), MARKDOWN_HEAD
	       "\n1\\. \\<a\\> \\| b\n"
	       "\n| cell | count | time\\|1 | c0 | c1 | c2 |\n"
	       "| --- | ---: | ---: | ---: | ---: | ---: |\n"
	       "| a\\|b | 1234567 | 20.5 µs | *0.988 \\[0.900, 12.3\\]* n=3 | 1.000 \\| 100 | "
	       "**1.5 MiB** |\n"
	       "| one<br>two | *9.99* | – | [failed](#the-first-one \"it said \\\"no\\\" \\| "
	       "why\") | – | – |\n");
	document_free(d);
}

static void units(void **state)
{
	static const struct {
		enum unit unit;
		double value;
		const char *text;
	} known[] = {
		{UNIT_COUNT, 0, "0"},
		{UNIT_PLAIN, 3, "3.00"},
		{UNIT_PLAIN, 12.6, "13"},
		{UNIT_RATIO, 9.9994, "9.999"},
		{UNIT_RATIO, 10, "10.0"},
		{UNIT_RATIO, 123.4, "123"},
		{UNIT_NS, 1.234, "1.23 ns"},
		{UNIT_NS, 1e3, "1 µs"},
		{UNIT_NS, 123456, "123 µs"},
		{UNIT_NS, 1.5e6, "1.5 ms"},
		{UNIT_NS, 1234e5, "123 ms"},
		{UNIT_NS, 1e9, "1 s"},
		{UNIT_BYTES, 0, "0.0 MiB"},
		{UNIT_RATIO, NAN, "–"},
		{UNIT_BYTES, 0x1p30, "1024.0 MiB"},
	};
	char text[FIELD_TEXT];

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct field field = {.unit = known[i].unit};

		assert_string_equal(field_number(&field, known[i].value, text), known[i].text);
	}
}

/* A picture of which the ids become the page's; one that is not there; none at all. */
static void figures(void **state)
{
	char folder[] = "/tmp/test_document.XXXXXX", *path;
	struct document *d;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(folder));
	path = text_format("%s/a.svg", folder);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("<?xml version=\"1.0\"?>\n<svg width=\"9\" viewBox=\"0 0 640 480\">"
	      "<title>Gnuplot</title><g id=\"x\"/><use href='#x'/></svg>\n",
	      f);
	fclose(f);
	d = document_make(folder, "Head", "a & b");
	document_section(d, "one", "The first one", "One");
	document_figure(d, "fig1", "Figure 1. It's", "What <it> shows", "a.svg", NULL);
	document_figure_file(d, "a.svg");
	document_figure_file(d, "a.tsv");
	document_figure(d, "fig2", "Figure 2", "Caption", NULL, NULL);
	document_figure(d, "fig3", "Figure 3", NULL, NULL, "nothing to draw");
	expect(html_of(d), HTML_HEAD
	       "<figure id=\"fig1\">\n<div class=\"wide\" tabindex=\"0\"><svg "
	       "style=\"width:640px\" viewBox=\"0 0 640 480\" "
	       "role=\"img\" xmlns=\"http://www.w3.org/2000/svg\" "
	       "xmlns:xlink=\"http://www.w3.org/1999/xlink\"><title>Figure 1. It&#39;s</title>"
	       "<desc>What &lt;it&gt; shows</desc><g id=\"fig1-x\"/><use "
	       "href='#fig1-x'/></svg>\n</div>\n"
	       "<figcaption><b>Figure 1. It&#39;s.</b> What &lt;it&gt; "
	       "shows Files: <a href=\"a.svg\"><code>a.svg</code></a>, <a "
	       "href=\"a.tsv\"><code>a.tsv</code></a>.</figcaption></figure>\n"
	       "<figure id=\"fig2\">\n<div class=\"wide\" tabindex=\"0\"><p class=\"warn\">Not "
	       "drawn: the report said why when it was made.</p></div>\n<figcaption><b>Figure "
	       "2.</b> Caption</figcaption></figure>\n"
	       "<figure id=\"fig3\">\n<figcaption><b>Figure 3.</b> Left out: nothing to "
	       "draw.</figcaption></figure>\n" HTML_END);
	expect(markdown_of(d),
	       MARKDOWN_HEAD "\n![Figure 1. It's](a.svg)\n\n**Figure 1. It's.** What \\<it\\> "
			     "shows Files: [`a.svg`](a.svg), [`a.tsv`](a.tsv).\n"
			     "\n> Not drawn: the report said why when it was made.\n"
			     "\n**Figure 2.** Caption\n"
			     "\n**Figure 3.** Left out: nothing to draw.\n");
	document_free(d);
	unlink(path);
	rmdir(folder);
	free(path);
}

/* More than a doubling of each array, and what was added first is still first. */
static void grows(void **state)
{
	static const char *const titles[] = {NULL};
	struct document *d = document_make(".", "Head", "many");

	(void)state;
	for (int i = 0; i < 9; i++) {
		document_section(d, "s", "S", NULL);
		document_table(d, titles);
		for (int k = 0; k < 9; k++) {
			document_column(d, "%d", k);
			document_row(d);
			for (int n = 0; n <= k; n++)
				document_number(d, UNIT_COUNT, 100 * i + 10 * k + n);
		}
	}
	assert_int_equal(d->nsections, 9);
	for (int i = 0; i < 9; i++) {
		const struct block *table = d->section[i].block;

		assert_int_equal(d->section[i].nblocks, 1);
		assert_int_equal(table->ncolumns, 9);
		assert_int_equal(table->nrows, 9);
		for (int k = 0; k < 9; k++) {
			assert_int_equal(table->row[k].nfields, k + 1);
			assert_true(table->row[k].field[k].number[0] == 100 * i + 11 * k);
		}
	}
	document_free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words),   cmocka_unit_test(numbers), cmocka_unit_test(units),
		cmocka_unit_test(figures), cmocka_unit_test(grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
