#include "harness/contenders/choice.h"

#include <stdio.h>
#include "harness/base/message.h"
#include "harness/base/paths.h"

int contenders_choose(struct contenders *all, const char *verb, const char *const *arguments,
		      int count)
{
	char why[1024];
	int n = 0;

	if (contenders_read(all, paths_find()->contenders, why, sizeof(why)) < 0) {
		complain("%s", why);
		return STATUS_FAILED;
	}
	for (int i = 0; i < count; i++)
		if (contenders_select(all, arguments[i], why, sizeof(why)) < 0)
			return complain_usage("%s: %s", verb, why);
	for (int i = 0; i < all->count; i++) {
		struct contender *c = &all->list[i];
		bool keep = count ? c->selected : c->reuses;

		if (keep)
			contender_resolve(c);
		if (keep && c->named && !c->usable)
			return complain_usage("%s: allocator '%s': %s", verb, c->name,
					      c->reason);
		if (keep && !c->usable)
			fprintf(stderr, "%s is left out: %s\n", c->name, c->reason);
		if (keep && c->usable)
			all->list[n++] = *c;
		else
			contender_free(c);
	}
	all->count = n;
	return STATUS_OK;
}
