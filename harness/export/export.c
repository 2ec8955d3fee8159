#include "harness/export/export.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/message.h"
#include "harness/export/html.h"
#include "harness/export/markdown.h"
#include "harness/report/report.h"

const struct export_format export_formats[] = {
	{"markdown", "report.md", "Write DIR/report.md as well: the same as Markdown", false,
	 markdown_write},
	{"html", "report.html", NULL, true, html_write},
};
const size_t export_nformats = sizeof(export_formats) / sizeof(*export_formats);

/* False after a complaint. */
static bool write_file(const struct document *d, const struct export_format *format,
		       const char *path)
{
	char *unfinished = text_format("%s.part", path);
	FILE *f = fopen(unfinished, "we");
	bool good = false;

	if (f) {
		format->write(d, f);
		good = !ferror(f);
		good = fclose(f) == 0 && good && rename(unfinished, path) == 0;
	}
	if (!good) {
		complain("%s: %s", path, strerror(errno));
		unlink(unfinished);
	}
	free(unfinished);
	return good;
}

int export_report(const char *dir, const char *reference, const bool *wanted, bool quiet)
{
	struct document *d;
	char *said = text_format("%s", "");
	int status;

	message_speaker("report");
	status = report_make(dir, reference, quiet, &d);
	for (size_t i = 0; d && i < export_nformats; i++) {
		const struct export_format *format = &export_formats[i];
		char *path;

		if (!format->always && !(wanted && wanted[i]))
			continue;
		path = text_format("%s/%s", dir, format->file);
		if (!write_file(d, format, path))
			status = STATUS_INCOMPLETE;
		text_append(&said, "report: %s\n", path);
		free(path);
	}
	if (status == STATUS_OK)
		fputs(said, stdout);
	if (d)
		document_free(d);
	free(said);
	message_speaker(NULL);
	return status;
}
