/* The table of options: a row per key, with its kind of value and its field. */
#ifndef ASH_CONF_ROWS_H
#define ASH_CONF_ROWS_H

#include <stdbool.h>
#include "conf/options.h"
#include "conf/parse.h"
#include "conf/row.h"

/* All rows: those that steer something, then jemalloc's others. */
unsigned ash_rows_count(void);
const struct ash_row *ash_rows_at(unsigned i);
const char *ash_rows_key(const struct ash_row *row);

/* Sets the field of `key` in *conf.  False, after a message that names `source`, where there is
 * no such key or the value is none of its kind; nothing is changed then. */
bool ash_rows_set(struct ash_conf *conf, struct ash_span key, struct ash_span value,
		  const char *source);

/* Whether there is such a key; and whether it is an option of jemalloc's that means nothing
 * here. */
bool ash_rows_has(struct ash_span key);
bool ash_rows_is_nowhere(struct ash_span key);

#endif
