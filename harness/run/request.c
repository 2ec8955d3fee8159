#include "harness/run/request.h"

#include <ctype.h>
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

	if (!r->resume)
		return 0;
	if (r->nonly || r->seed_given || r->timeout_s || r->suite_given || r->nparts ||
	    r->world || r->keep_dumps || r->counters || c->again || command_at(0))
		return because(why, why_size,
			       "--resume goes on with what the run set began with: only "
			       "--budget, --out, --dry-run, --quiet, --strict, --no-report, "
			       "--no-repeat "
			       "and, to add to it, --blocks, --workload, --mode, --set and "
			       "--allocator go with it");
	if (c->nsettings && !c->nworkloads)
		return because(why, why_size,
			       "--resume: --set is of the cells that --workload adds");
	if (c->modes_given && !c->nworkloads && !c->blocks)
		return because(why, why_size,
			       "--resume: --mode says which cells --blocks or --workload is "
			       "about");
	return 0;
}

struct request_part *request_add_part(struct run_request *r, const char *where)
{
	struct request_part *part = list_grown(NULL, 0, sizeof(*part));

	*part = (struct request_part){.where = where};
	part->choice.workloads = part->workloads;
	part->choice.settings = part->settings;
	r->parts = list_grown(r->parts, r->nparts, sizeof(r->parts[0]));
	return r->parts[r->nparts++] = part;
}

void request_add_origin(struct run_request *r, const char *text, const char *where)
{
	r->origins = list_grown(r->origins, r->norigins, sizeof(r->origins[0]));
	r->origins[r->norigins++] = (struct request_origin){text, where};
}

const char *request_where(const struct run_request *r, const char *text)
{
	for (int i = 0; i < r->norigins; i++)
		if (text && r->origins[i].text == text)
			return r->origins[i].where;
	return NULL;
}

int request_duration(const char *text)
{
	char *end;
	long n, unit = 1;

	errno = 0;
	n = strtol(text, &end, 10);
	/* strtol also takes blanks and signs. */
	if (errno || !isdigit((unsigned char)*text) || n <= 0)
		return -1;
	if (strcmp(end, "m") == 0)
		unit = 60;
	else if (strcmp(end, "h") == 0)
		unit = 3600;
	else if (strcmp(end, "s") != 0)
		return -1;
	return n > INT_MAX / unit ? -1 : (int)(n * unit);
}
