/* The figures, and why some are missing. */
#include "harness/report/section.h"

#include <stdlib.h>

#include "harness/base/message.h"

void section_figures(struct document *d, const struct figures *figures)
{
	document_section(d, "figures", "Figures", "Figures");
	document_paragraph(d);
	document_say(d, "Each figure's numbers (.tsv), gnuplot script (.gp) and pictures "
			"(.svg, .png) are in the folder ");
	document_code(d, "report/");
	document_say(d, " beside this page.");
	for (size_t i = 0; i < figures->count; i++) {
		const struct figure *figure = &figures->list[i];
		char *picture =
			figure->drawn ? text_format("report/%s.svg", figure->name) : NULL;

		document_figure(d, figure->name, figure->title, figure->caption, picture,
				figure->absent);
		free(picture);
	}
}
