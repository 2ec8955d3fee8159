#include "harness/figures/floor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/message.h"
#include "harness/figures/table.h"

static size_t phase_rows(const struct comparison *c, FILE *f, size_t cell, size_t phase,
			 size_t x, const char *label)
{
	size_t rows = 0;

	for (size_t j = 0; j + c->nulls < c->nshown; j++) {
		struct held_phase m;

		if (!held_at_phase(c, cell, c->shown[j], phase, &m))
			continue;
		fprintf(f, "%zu\t%s\t%s", x, label, c->set->contenders[c->shown[j]].name);
		table_number(f, m.rss_per_floor);
		table_number(f, m.floor_per_live);
		fprintf(f, "\t%zu\n", m.n);
		rows++;
	}
	return rows;
}

bool floor_write(const struct study *study, struct figure *figure)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(study, figure->name, "page floor at phase marks",
			     "x\tlabel\tallocator\trss_per_floor\tfloor_per_live\tn");
	size_t drain = held_drain_cell(c), rows = 0;

	if (!f)
		return false;
	/* First the labels of the axis, as rows of a contender "-", then the values. */
	for (int values = 0; values < 2; values++) {
		size_t x = 0;

		for (size_t i = 0; i < c->set->ncells; i++) {
			json_t *mark;
			size_t phase;

			if (!results_is_mode(&c->set->cells[i], "memory") && i != drain)
				continue;
			json_array_foreach(held_phases(c, i), phase, mark) {
				const char *name = json_field_text(mark, "name");
				char label[128];

				if (!held_phase_has_floor(c, i, phase))
					continue;
				snprintf(label, sizeof(label), "%s: %s",
					 c->set->cells[i].workload, name);
				x++;
				if (values)
					rows += phase_rows(c, f, i, phase, x, label);
				else
					fprintf(f, "%zu\t%s\t-\tNaN\tNaN\t0\n", x, label);
			}
		}
	}
	if (!rows)
		text_set(&figure->absent, "no phase mark with a page floor in mode memory");
	text_set(&figure->caption,
		 "At phase marks, medians over blocks. Above: resident memory (less the "
		 "driver's tables) over the page floor, which is the OS pages that hold a "
		 "touched byte of a live object: an allocator that moves nothing cannot go "
		 "below 1, and above it is what could be given back. Below: page floor over "
		 "live bytes, how densely objects were placed.%s",
		 c->nulls ? " null is left out." : "");
	return table_close(study, figure->name, f);
}

bool floor_write_held(const struct study *study)
{
	const struct comparison *c = study->c;
	FILE *f = table_open(
		study, "held",
		"mean resident memory, less the driver's tables, over mean live "
		"bytes; medians over blocks",
		"label\tmode\tallocator\tmean_rss_per_live\tlow\thigh\tn\tmean_live_bytes");

	if (!f)
		return false;
	for (size_t i = 0; i < c->set->ncells; i++)
		for (size_t j = 0; j < c->nshown && held_in_cell(c, i); j++) {
			const struct held *held = held_of(study->held, c, i, c->shown[j]);

			if (!held->ratio.n)
				continue;
			fprintf(f, "%s\t%s\t%s", c->set->cells[i].name, c->set->cells[i].mode,
				c->set->contenders[c->shown[j]].name);
			table_number(f, held->ratio.point);
			table_number(f, held->ratio.low);
			table_number(f, held->ratio.high);
			fprintf(f, "\t%zu\t%.0f\n", held->ratio.n, held->live_bytes);
		}
	return table_close(study, "held", f);
}
