/* The names of mallctl and their values as JSON, as far as they can be read: made from the
 * rows. */
#ifndef ASH_CTL_JSON_H
#define ASH_CTL_JSON_H

#include <stdbool.h>
#include "util/out.h"

struct ash_json_wanted {
	bool general, merged, arenas, destroyed, bins, larges, mutexes, extents, blocks;
};

void ash_ctl_json(struct ash_out *out, const struct ash_json_wanted *wanted);

/* Text as a JSON string.  Bytes above 127 become the characters of that number. */
void ash_json_string(struct ash_out *out, const char *text);

#endif
