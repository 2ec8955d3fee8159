#include "harness/cli/side.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/base/paths.h"
#include "harness/run/plan.h"

static bool is_set(const char *dir)
{
	char *manifest = text_format("%s/manifest.json", dir);
	bool there = file_exists(manifest);

	free(manifest);
	return there;
}

int side_parse(struct side *side, const char *text, const char *in)
{
	*side = (struct side){0};
	if (is_set(text)) {
		side->dir = text_format("%s", text);
		return STATUS_OK;
	}
	/* Names have colons, too (jemalloc:bg): the first that a set stands before counts. */
	for (const char *colon = strchr(text, ':'); colon; colon = strchr(colon + 1, ':')) {
		char *dir = text_format("%.*s", (int)(colon - text), text);

		if (is_set(dir) && colon[1]) {
			side->dir = dir;
			side->name = text_format("%s", colon + 1);
			return STATUS_OK;
		}
		free(dir);
	}
	if (strchr(text, '/'))
		return complain_usage("%s: no set of results there (no manifest.json); DIR, "
				      "DIR:CONTENDER and CONTENDER are accepted",
				      text);
	side->dir = in ? text_format("%s", in) : plan_newest();
	if (!side->dir)
		return complain_usage("'%s' is no set of results, and there is none in %s that "
				      "could have a contender of this name: --in DIR names one",
				      text, paths_find()->results);
	side->name = text_format("%s", text);
	return STATUS_OK;
}

void side_free(struct side *side)
{
	free(side->dir);
	free(side->name);
}
