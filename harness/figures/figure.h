/* A figure, and what figures are made from. */
#ifndef HARNESS_FIGURE_H
#define HARNESS_FIGURE_H

#include "harness/analysis/comparison.h"
#include "harness/analysis/fleet.h"
#include "harness/analysis/held.h"
#include "harness/analysis/means.h"
#include "harness/figures/style.h"

/* What figures are drawn for if not for a page: a column of a paper. */
struct sheet {
	double column_in; /* its width in inches */
	bool latex;       /* also with text that LaTeX sets */
};

/* A comparison, what else is known of its set, and where the figures go.  All of it belongs to
 * who fills it in. */
struct study {
	struct comparison *c;
	struct means *means;             /* see means_of */
	const struct held *held;         /* see held_of */
	struct style *styles;            /* of each contender */
	const struct sheet *sheet;       /* null: a page */
	char *dir;                       /* DIR/report, DIR/paper */
	const struct fleet_terms *terms; /* of a fleet whose cost is told, or null */
	bool quiet;                      /* no word of how far the figures are */
	bool pictures_only;              /* of a figure no file but its SVG is named */
};

struct figure {
	const char *name; /* NAME.gp, NAME.tsv, NAME.svg, NAME.png; of a paper NAME.pdf,
			     NAME-latex.tex, NAME-latex.pdf */
	const char *title;
	char *caption; /* what it shows and what was left out */
	char *absent;  /* why there is no such figure, or null */
	bool drawn;
};

#endif
