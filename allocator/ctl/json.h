/* The names of mallctl and their values as JSON, as far as they can be read. */
#ifndef ASH_CTL_JSON_H
#define ASH_CTL_JSON_H

#include "ctl/walk.h"
#include "util/out.h"

void ash_ctl_json(struct ash_out *out, const struct ash_walk_wanted *wanted);

/* A value as JSON has it: text in quotes, of which bytes above 127 become the characters of
 * that number. */
void ash_json_value(struct ash_out *out, enum ash_ctl_type type,
		    const union ash_ctl_value *value);

#endif
