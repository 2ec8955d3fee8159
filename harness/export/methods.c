#include "harness/export/methods.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/export/markdown.h"
#include "harness/export/tex.h"
#include "harness/figures/table.h"
#include "harness/report/checklist.h"
#include "harness/report/methods.h"
#include "harness/report/references.h"

/* A text with its citations; those that follow each other become one.  Works that it cites are
 * marked in `cited` unless that is null. */
static void write_text(FILE *f, const char *text, bool tex, bool *cited)
{
	void (*plain)(const char *text, size_t length, FILE *f) =
		tex ? tex_part : markdown_part;
	bool open = false;

	while (*text) {
		const char *end = *text == CITE_BEGIN ? strchr(text, CITE_END) : NULL;
		const struct reference *work =
			end ? reference_find(text + 1, (size_t)(end - text - 1)) : NULL;
		size_t length = strcspn(text + 1, "\001") + 1;

		if (work) {
			if (tex)
				fprintf(f, "%s%s", open ? "," : "~\\cite{", work->key);
			else
				fprintf(f, "%s[%s](#%s)", open ? ", " : " (", work->brief,
					work->key);
			open = true;
			if (cited)
				cited[work - references] = true;
			text = end + 1;
			continue;
		}
		if (open)
			fputc(tex ? '}' : ')', f);
		open = false;
		plain(text, length, f);
		text += length;
	}
	if (open)
		fputc(tex ? '}' : ')', f);
}

static void write_methods_tex(const struct methods *m, FILE *f)
{
	fputs("% Made by ashlar-bench report of a set of results; cites references.bib.\n", f);
	for (size_t i = 0; i < m->nparagraphs; i++) {
		const char *text = m->paragraph[i], *dot = strstr(text, ". ");

		/* The first sentence is the paragraph's name. */
		fputs(i ? "\n\\paragraph{" : "\\paragraph{", f);
		tex_part(text, (size_t)(dot + 1 - text), f);
		fputs("}\n", f);
		write_text(f, dot + 2, true, NULL);
		fputc('\n', f);
	}
}

static void write_checklist_tex(const struct checklist *m, FILE *f)
{
	fputs("% Made by ashlar-bench report of a set of results; cites references.bib.\n"
	      "\\section{Empirical evaluation checklist}\n"
	      "Items of the checklist of SIGPLAN~\\cite{sigplan2018}, each a fault to be "
	      "avoided, with what these results do about it.\n",
	      f);
	for (size_t i = 0; i < m->nitems; i++) {
		const struct checklist_item *item = &m->item[i];

		if (item->part)
			fprintf(f, "%s\\paragraph{%s}~\n\\begin{itemize}\n",
				i ? "\\end{itemize}\n" : "", item->part);
		fputs("\\item \\textit{", f);
		tex_text(item->name, f);
		fprintf(f, "}: %s. ", item->answer);
		write_text(f, item->text, true, NULL);
		fputc('\n', f);
	}
	fputs("\\end{itemize}\n", f);
}

/* One line of an entry; braces keep capitals as they are. */
static void write_bib_field(FILE *f, const char *name, const char *value, bool pages)
{
	if (!value)
		return;
	fprintf(f, "  %-9s = {", name);
	for (const char *p = value; *p; p++)
		if (*p == '&')
			fputs("\\&", f);
		else if (pages && *p == '-')
			fputs("--", f);
		else
			fputc(*p, f);
	fputs("},\n", f);
}

static void write_bib(FILE *f)
{
	for (size_t i = 0; i < nreferences; i++) {
		const struct reference *r = &references[i];
		char *title = text_format("{%s}", r->title);

		fprintf(f, "%s@%s{%s,\n", i ? "\n" : "", r->type, r->key);
		write_bib_field(f, "author", r->author, false);
		write_bib_field(f, "title", title, false);
		write_bib_field(f,
				strcmp(r->type, "article") == 0         ? "journal"
				: strcmp(r->type, "inproceedings") == 0 ? "booktitle"
				: strcmp(r->type, "book") == 0          ? "publisher"
									: "organization",
				r->in, false);
		write_bib_field(f, "volume", r->volume, false);
		write_bib_field(f, "number", r->number, false);
		write_bib_field(f, "pages", r->pages, true);
		write_bib_field(f, "year", r->year, false);
		write_bib_field(f, "doi", r->doi, false);
		write_bib_field(f, "url", r->url, false);
		write_bib_field(f, "note", r->note, false);
		fputs("}\n", f);
		free(title);
	}
}

static void write_markdown(const struct methods *m, const struct checklist *list, FILE *f)
{
	bool *cited = calloc(nreferences, sizeof(*cited));

	if (!cited)
		abort();
	fputs("# Methods\n", f);
	for (size_t i = 0; i < m->nparagraphs; i++) {
		fputc('\n', f);
		write_text(f, m->paragraph[i], false, cited);
		fputc('\n', f);
	}
	fputs("\n# Empirical evaluation checklist\n\nItems of the checklist of SIGPLAN "
	      "([Berger et al. 2018](#sigplan2018)), each a fault to be avoided, with what "
	      "these "
	      "results do about it.\n",
	      f);
	for (size_t i = 0; i < list->nitems; i++) {
		const struct checklist_item *item = &list->item[i];

		if (item->part)
			fprintf(f, "\n## %s\n\n", item->part);
		fprintf(f, "- *%s*: **%s**. ", item->name, item->answer);
		write_text(f, item->text, false, cited);
		fputc('\n', f);
	}
	fputs("\n# References\n\n", f);
	for (size_t i = 0; i < nreferences; i++) {
		const struct reference *r = &references[i];

		/* The checklist is cited by the heading of its answers. */
		if (!cited[i] && strcmp(r->key, "sigplan2018") != 0)
			continue;
		fprintf(f, "- <a id=\"%s\"></a>%s: %s. %s", r->key, r->author, r->title, r->in);
		if (r->volume)
			fprintf(f, " %s", r->volume);
		if (r->number)
			fprintf(f, "(%s)", r->number);
		if (r->pages)
			fprintf(f, ", %s", r->pages);
		fprintf(f, ", %s.", r->year);
		if (r->doi)
			fprintf(f, " doi:%s", r->doi);
		if (r->url)
			fprintf(f, " <%s>", r->url);
		fputc('\n', f);
	}
	free(cited);
}

int methods_write(const struct report *report, const char *folder)
{
	static const struct {
		const char *name, *suffix;
	} files[] = {{"methods", ".tex"},
		     {"checklist", ".tex"},
		     {"methods", ".md"},
		     {"references", ".bib"}};
	struct checklist *list;
	struct methods *m;
	bool good = true;

	if (file_make_folder(folder)) {
		complain("%s: %s", folder, strerror(errno));
		return STATUS_FAILED;
	}
	m = methods_make(report->c);
	list = checklist_make(report->c);
	for (size_t i = 0; i < sizeof(files) / sizeof(*files) && good; i++) {
		FILE *f = table_open_other(folder, files[i].name, files[i].suffix);

		good = f != NULL;
		if (!f)
			break;
		if (i == 0)
			write_methods_tex(m, f);
		else if (i == 1)
			write_checklist_tex(list, f);
		else if (i == 2)
			write_markdown(m, list, f);
		else
			write_bib(f);
		good = table_close_other(folder, files[i].name, files[i].suffix, f);
	}
	methods_free(m);
	checklist_free(list);
	return good ? STATUS_OK : STATUS_FAILED;
}
