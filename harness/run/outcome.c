#include "harness/run/outcome.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"
#include "harness/base/sample_fields.h"
#include "harness/trial/sample.h"

struct tally {
	int ok, bad;
	char reason[256]; /* of the last bad one */
};

struct tallies {
	const struct manifest *manifest;
	struct tally *of;
};

static int count(const json_t *sample, void *arg, char *why, size_t why_size)
{
	struct tallies *t = arg;
	const char *allocator, *status, *reason = NULL;

	if (json_unpack((json_t *)sample, "{s:s, s:s, s?s}",
			sample_fields[FIELD_allocator].name, &allocator,
			sample_fields[FIELD_status].name, &status,
			sample_fields[FIELD_reason].name, &reason) < 0)
		return because(why, why_size, "a record lacks allocator or status");
	for (int i = 0; i < t->manifest->ncontenders; i++) {
		if (strcmp(t->manifest->contenders[i].name, allocator) != 0)
			continue;
		if (strcmp(status, sample_statuses[SAMPLE_OK]) == 0) {
			t->of[i].ok++;
		} else if (strcmp(status, sample_statuses[SAMPLE_SKIPPED]) != 0) {
			t->of[i].bad++;
			snprintf(t->of[i].reason, sizeof(t->of[i].reason), "%s",
				 reason ? reason : status);
		}
	}
	return 0;
}

int outcome_judge(struct manifest *m, const struct runset *set, bool strict)
{
	struct tallies t = {m, calloc((size_t)m->ncontenders + 1, sizeof(*t.of))};
	int status = STATUS_OK;
	char why[512];

	if (!t.of || runset_each(set, count, &t, why, sizeof(why)) < 0) {
		complain("%s: %s", set->path, t.of ? why : "out of memory");
		free(t.of);
		return STATUS_FAILED;
	}
	for (int i = 0; i < m->ncontenders; i++) {
		struct contender *c = &m->contenders[i];
		const struct tally *of = &t.of[i];

		c->failed = of->bad > 0 && of->ok == 0;
		if (c->failed) {
			snprintf(c->reason, sizeof(c->reason), "%s", of->reason);
			complain("%s failed in every sample (%d): %s", c->name, of->bad,
				 of->reason);
			status = STATUS_FAILED;
		} else if (strict && of->bad) {
			complain("%s failed in %d of %d samples, the last time: %s", c->name,
				 of->bad, of->bad + of->ok, of->reason);
			status = STATUS_FAILED;
		}
	}
	free(t.of);
	return status;
}
