#include "harness/cluster/estimate.h"

#include <math.h>
#include <string.h>
#include "harness/base/message.h"

/* Mean seconds of a sample of each mode where nothing better is known: those of the reviewed
 * set 2026-11-20 (two CPUs of a virtual machine); of modes that it has not, of one like it. */
static const double usual_s[MODE_COUNT] = {
	[MODE_THROUGHPUT] = 0.67, [MODE_LATENCY] = 0.75, [MODE_MEMORY] = 5.4,
	[MODE_VERIFY] = 0.75,     [MODE_FOOTPRINT] = 2,  [MODE_INSTRUCTIONS] = 1.3,
	[MODE_LOCALITY] = 2,      [MODE_SHARING] = 2,
};

static double of_pilot(const struct result_set *pilot, const struct cell *cell)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < pilot->nsamples; i++) {
		const struct result_sample *s = &pilot->samples[i];
		const struct result_cell *c = &pilot->cells[s->cell];
		double ns = results_number(s->json, FIELD_duration_ns);

		if (strcmp(c->name, cell->name) != 0 || strcmp(s->status, "skipped") == 0 ||
		    !results_is_mode(c, cell_modes[cell->mode]) || isnan(ns))
			continue;
		sum += ns / 1e9;
		n++;
	}
	return n ? sum / (double)n : NAN;
}

double *estimate_sample_seconds(const struct manifest *set, const struct result_set *pilot)
{
	double *seconds = NULL;

	for (int i = 0; i < set->ncells; i++) {
		const struct cell *cell = &set->cells[i];
		double known = pilot ? of_pilot(pilot, cell) : NAN;

		seconds = list_grown(seconds, (size_t)i, sizeof(*seconds));
		seconds[i] = isnan(known) ? usual_s[cell->mode] : known;
	}
	return seconds;
}
