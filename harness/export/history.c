#include "harness/export/history.h"

#include <math.h>

#include "harness/export/numbers.h"

void history_csv_write(const struct history *h, FILE *f)
{
	static const char *const units[] = {
		[FINDING_NS] = "ns", [FINDING_BYTES] = "bytes", [FINDING_COUNT] = ""};

	fputs("schema,machine_class,suite_version,world,cell,mode,metric,unit,contender,"
	      "reference,set,"
	      "started,revision,value,segment,level,p\n",
	      f);
	for (size_t i = 0; i < h->nseries; i++) {
		const struct history_series *s = &h->series[i];

		for (size_t k = 0; k < s->npoints; k++) {
			const struct history_point *point = &s->point[k];
			json_t *manifest = h->set[point->set]->manifest;
			const char *world =
				json_field_text(json_object_get(manifest, "world"), "name");
			const char *const words[] = {
				HISTORY_SCHEMA,
				json_field_text(json_object_get(manifest, "environment"),
						"machine_class"),
				json_field_text(manifest, "suite_version"),
				*world ? world : "stable",
				s->cell,
				s->mode,
				s->metric->name,
				s->reference ? "ratio" : units[s->metric->unit],
				s->contender,
				s->reference ? s->reference : "",
				h->set[point->set]->dir,
				json_field_text(manifest, "started"),
				json_field_text(manifest, "revision"),
			};
			bool first = point->segment && s->change[point->segment - 1].at == k;

			for (size_t j = 0; j < sizeof(words) / sizeof(*words); j++) {
				csv_words(f, words[j]);
				fputc(',', f);
			}
			csv_number(f, point->value);
			fprintf(f, "%zu,", point->segment);
			csv_number(f, history_level(s, point->segment));
			if (first)
				fprintf(f, "%.3f", s->change[point->segment - 1].p);
			fputc('\n', f);
		}
	}
}
