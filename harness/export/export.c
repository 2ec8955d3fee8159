#include "harness/export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/message.h"
#include "harness/export/html.h"
#include "harness/export/markdown.h"
#include "harness/export/summary.h"
#include "harness/export/text.h"
#include "harness/report/report.h"
#include "harness/report/summary.h"

const struct export_format export_formats[] = {
	{"markdown", "report.md", "Write DIR/report.md as well: the same as Markdown", false,
	 markdown_write},
	{"html", "report.html", NULL, true, html_write},
};
const size_t export_nformats = sizeof(export_formats) / sizeof(*export_formats);

void export_print(struct document *d, bool markdown)
{
	if (markdown)
		markdown_write(d, stdout);
	else
		text_write(d, stdout, text_width(stdout));
	document_free(d);
}

static void write_text(const struct report *report, FILE *f)
{
	struct document *d = summary_make(report, false);

	text_write(d, f, text_width(f));
	document_free(d);
}

static void write_markdown(const struct report *report, FILE *f)
{
	struct document *d = summary_make(report, true);

	markdown_write(d, f);
	document_free(d);
}

const struct export_summary export_summaries[] = {
	{"text", NULL, "Print the result as it is seen when a run ends", write_text},
	{"csv", "summary.csv", "Write all numbers to FILE (-: standard output) and end",
	 summary_csv_write},
	{"json", "summary.json", "The same as one JSON object", summary_json_write},
	{"summary", "summary.md", "The same as tables of Markdown", write_markdown},
};
const size_t export_nsummaries = sizeof(export_summaries) / sizeof(*export_summaries);

/* A file that another takes the place of once it is whole.  A pipe, a terminal or what else
 * stands there that is no file stays, and is written to. */
struct replacement {
	const char *path;
	char *unfinished;
	FILE *f;
	bool in_place;
};

static FILE *replace_begin(struct replacement *r, const char *path)
{
	struct stat st;

	r->path = path;
	r->in_place = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
	r->unfinished = r->in_place ? text_format("%s", path) : text_format("%s.part", path);
	r->f = fopen(r->unfinished, r->in_place ? "ae" : "we");
	return r->f;
}

/* False after a complaint. */
static bool replace_end(struct replacement *r)
{
	bool good = false;

	if (r->f) {
		good = !ferror(r->f);
		good = fclose(r->f) == 0 && good &&
		       (r->in_place || rename(r->unfinished, r->path) == 0);
	}
	if (!good) {
		complain("%s: %s", r->path, strerror(errno));
		if (!r->in_place)
			unlink(r->unfinished);
	}
	free(r->unfinished);
	return good;
}

static bool write_document(const struct document *d, const struct export_format *format,
			   const char *path)
{
	struct replacement r;

	if (replace_begin(&r, path))
		format->write(d, r.f);
	return replace_end(&r);
}

static bool write_findings(const struct report *report, const struct export_summary *format,
			   const char *path)
{
	struct replacement r;

	if (replace_begin(&r, path))
		format->write(report, r.f);
	return replace_end(&r);
}

/* All files of the findings, as far as the first that cannot be written. */
static bool write_summaries(const struct report *report, char **said)
{
	for (size_t i = 0; i < export_nsummaries; i++) {
		const struct export_summary *format = &export_summaries[i];
		char *path;
		bool good;

		if (!format->file)
			continue;
		path = text_format("%s/%s", report->set->dir, format->file);
		good = write_findings(report, format, path);
		if (good)
			text_append(said, "summary: %s\n", path);
		free(path);
		if (!good)
			return false;
	}
	return true;
}

/* The page comes last in the table, so what is said of the findings stands before it. */
static int write_all(const struct report *report, const struct document *d, const bool *wanted,
		     char **said)
{
	int status = STATUS_OK;

	for (size_t i = 0; i < export_nformats; i++) {
		const struct export_format *format = &export_formats[i];
		char *path;

		if (format->always && !write_summaries(report, said))
			status = STATUS_INCOMPLETE;
		if (!d || (!format->always && !(wanted && wanted[i])))
			continue;
		path = text_format("%s/%s", report->set->dir, format->file);
		if (!write_document(d, format, path))
			status = STATUS_INCOMPLETE;
		text_append(said, "report: %s\n", path);
		free(path);
	}
	return status;
}

int export_report(struct report *report, const bool *wanted, bool quiet, bool show)
{
	struct document *d = NULL;
	char *said = text_format("%s", "");
	int status, made;

	if (show) {
		write_text(report, stdout);
		putchar('\n');
	}
	status = report_make(report, quiet, &d);
	made = write_all(report, d, wanted, &said);
	if (status == STATUS_OK)
		status = made;
	if (status == STATUS_OK)
		fputs(said, stdout);
	if (d)
		document_free(d);
	free(said);
	return status;
}

int export_findings(const struct report *report, const struct export_summary *format,
		    const char *path)
{
	if (strcmp(path, "-") == 0)
		format->write(report, stdout);
	else if (!write_findings(report, format, path))
		return STATUS_FAILED;
	return STATUS_OK;
}
