/* The figures, and why some are missing. */
#include "harness/report/section.h"

#include <stdbool.h>
#include <stdlib.h>

#include "harness/base/message.h"

/* What the set keeps of a figure: what is not named is not there. */
static void add_files(struct document *d, const struct figure *figure, bool pictures_only)
{
	static const char *const suffixes[] = {"svg", "tsv", "gp", "png"};

	for (size_t i = 0; i < (pictures_only ? 1 : 4) && figure->drawn; i++) {
		char *path = text_format("report/%s.%s", figure->name, suffixes[i]);

		document_figure_file(d, path);
		free(path);
	}
}

void section_figures(struct document *d, const struct study *study,
		     const struct figures *figures)
{
	document_section(d, "figures", "Figures", "Figures");
	document_paragraph(d);
	if (study->pictures_only) {
		document_say(d, "Only the pictures were kept: ");
		document_code(d, "ashlar-bench report");
		document_say(d, " on this folder writes each figure's numbers (.tsv), gnuplot "
				"script (.gp) and PNG again.");
	} else {
		document_say(d, "Each figure's numbers (.tsv), gnuplot script (.gp) and "
				"pictures (.svg, .png) are in the folder ");
		document_file(d, "report/");
		document_say(d, " beside this page.");
	}
	for (size_t i = 0; i < figures->count; i++) {
		const struct figure *figure = &figures->list[i];
		char *picture =
			figure->drawn ? text_format("report/%s.svg", figure->name) : NULL;

		document_figure(d, figure->name, figure->title, figure->caption, picture,
				figure->absent);
		add_files(d, figure, study->pictures_only);
		free(picture);
	}
}
