#include "harness/run/request.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "harness/base/message.h"

void request_begin(struct run_request *r)
{
	*r = (struct run_request){.choice.suite = "quick"};
	r->choice.workloads = r->workloads;
	r->choice.settings = r->settings;
}

int request_check(const struct run_request *r, char *why, size_t why_size)
{
	const struct suite_choice *c = &r->choice;

	if (r->resume && (c->nworkloads || r->nallocators || r->nonly || c->nsettings ||
			  c->modes_given || c->blocks || r->seed_given || r->timeout_s))
		return because(why, why_size,
			       "--resume goes on with what the run set began with: only "
			       "--budget, --out, --quiet and --no-report go with it");
	return 0;
}

int request_duration(const char *text)
{
	char *end;
	long n, unit = 1;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || n <= 0)
		return -1;
	if (strcmp(end, "m") == 0)
		unit = 60;
	else if (strcmp(end, "h") == 0)
		unit = 3600;
	else if (*end && strcmp(end, "s") != 0)
		return -1;
	return n > INT_MAX / unit ? -1 : (int)(n * unit);
}
