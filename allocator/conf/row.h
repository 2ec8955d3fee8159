/* One option: its key, its kind of value, where it lies and what it reads as. */
#ifndef ASH_CONF_ROW_H
#define ASH_CONF_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "conf/options.h"
#include "conf/parse.h"

enum ash_row_type {
	ASH_ROW_BOOL,
	ASH_ROW_COUNT,  /* uint64_t */
	ASH_ROW_SHARDS, /* the same, or "default" for 0 */
	ASH_ROW_BYTES,
	ASH_ROW_LOG2, /* uint64_t: as many bytes as that power of two; -1 for the most that
			 count */
	ASH_ROW_WORD,
	ASH_ROW_SIGNED, /* int64_t, -1 or a count */
	ASH_ROW_AMOUNT,
	ASH_ROW_FACTOR,  /* int64_t, in 1/65536; -1 is kept as it is */
	ASH_ROW_SHARE,   /* uint64_t: as many bytes as that share of a hugeblock */
	ASH_ROW_LETTERS, /* struct ash_letters */
	ASH_ROW_BOUNDS,  /* struct ash_range_text */
	ASH_ROW_POWER,   /* nowhere: -n to n */
	ASH_ROW_RANGES,  /* nowhere: counts for ranges of sizes */
	ASH_ROW_TEXT,    /* nowhere: anything */
};

/* As what opt.KEY is read; C's type and its width are jemalloc's. */
enum ash_opt_type {
	ASH_OPT_UNREAD, /* there is no such name */
	ASH_OPT_BOOL,
	ASH_OPT_UNSIGNED,
	ASH_OPT_U32, /* a decimal number in 1/65536 */
	ASH_OPT_SIZE,
	ASH_OPT_SSIZE,
	ASH_OPT_U64,
	ASH_OPT_I64,
	ASH_OPT_TEXT,
};

/* Texts lie in the rows: pointers to them would be written where the library is loaded, and the
 * pages that hold them be each process's own. */
struct ash_row {
	char name[48];     /* "opt.", and the key */
	uint8_t type;      /* enum ash_row_type */
	uint8_t read;      /* enum ash_opt_type */
	size_t offset;     /* in struct ash_conf, or ASH_ROW_NOWHERE */
	char accepted[72]; /* words in the order of their values; or what a message says */
	uint64_t least;    /* counts, and bytes without a suffix */
	uint64_t most;     /* counts; 0 = no bound */
	uint64_t kept;     /* a larger one is taken for this; 0 = as it is */
	char in_force[12]; /* nowhere: what is so here, whatever was set */
};

/* jemalloc's, for mechanisms that are not here or need no steering: values are checked, and
 * mean nothing. */
#define ASH_ROW_NOWHERE SIZE_MAX

/* What opt.KEY is read as: `text` for ASH_OPT_TEXT, else `n`. */
struct ash_opt_value {
	uint64_t n;
	const char *text;
};

/* Sets the row's field from its written form.  False where that is none of its kind: nothing is
 * changed then. */
bool ash_row_set(const struct ash_row *row, struct ash_conf *conf, struct ash_span value);

/* What is in force. */
struct ash_opt_value ash_row_read(const struct ash_row *row, const struct ash_conf *conf);

#endif
