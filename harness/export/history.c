#include "harness/export/history.h"

#include <math.h>

#include "harness/export/numbers.h"

void history_csv_write(const struct history *h, FILE *f)
{
	fputs("schema,machine_class,suite_version,world,cell,mode,metric,unit,contender,"
	      "reference,set,"
	      "started,revision,value,segment,level,p\n",
	      f);
	for (size_t i = 0; i < h->nseries; i++) {
		const struct history_series *s = &h->series[i];

		for (size_t k = 0; k < s->npoints; k++) {
			const struct history_point *point = &s->point[k];
			json_t *manifest = h->set[point->set]->manifest;
			const char *const words[] = {
				HISTORY_SCHEMA,
				results_machine_class(h->set[point->set]),
				json_field_text(manifest, "suite_version"),
				results_world(h->set[point->set]),
				s->cell,
				s->mode,
				s->metric->name,
				s->reference ? "ratio" : finding_units[s->metric->unit],
				s->contender,
				s->reference ? s->reference : "",
				h->set[point->set]->dir,
				json_field_text(manifest, "started"),
				json_field_text(manifest, "revision"),
			};
			bool first = point->segment && s->change[point->segment - 1].at == k;

			csv_row_words(f, words, sizeof(words) / sizeof(*words));
			csv_number(f, point->value);
			fprintf(f, "%zu,", point->segment);
			csv_number(f, history_level(s, point->segment));
			if (first)
				fprintf(f, "%.3f", s->change[point->segment - 1].p);
			fputc('\n', f);
		}
	}
}
