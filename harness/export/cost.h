/* What a fleet would cost, for other programs. */
#ifndef HARNESS_EXPORT_COST_H
#define HARNESS_EXPORT_COST_H

#include <stdio.h>
#include <jansson.h>

#include "harness/analysis/fleet.h"

/* Name and version of what both write; see harness/schema/cost.json. */
#define COST_SCHEMA "ashlar-cost 1"

/* Free it with json_decref. */
json_t *cost_json(const struct comparison *c, const struct fleet *f);
void cost_csv_write(const struct comparison *c, const struct fleet *f, FILE *out);

/* A tabular for LaTeX with the package booktabs, without a preamble, in 8 pt; names are cut so
 * that it is no wider than `width_pt` (TeX's points), of which 200 are enough. */
void cost_tex_write(const struct comparison *c, const struct fleet *f, double width_pt,
		    FILE *out);

#endif
