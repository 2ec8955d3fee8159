/* What was found, as lines for people or as one JSON object.  Warnings come last. */
#ifndef ASH_TOOLS_DIAGNOSIS_H
#define ASH_TOOLS_DIAGNOSIS_H

#include <stdbool.h>
#include <stdint.h>
#include "util/compiler.h"

#define DIAGNOSIS_WARNINGS 32 /* as many as are kept */

struct diagnosis {
	bool json;
	bool any;       /* something stands in the group that is open */
	unsigned depth; /* groups that are open */
	unsigned warnings;
	char *warning[DIAGNOSIS_WARNINGS];
};

void diagnosis_begin(struct diagnosis *d, bool json);
void diagnosis_end(struct diagnosis *d);

void diagnosis_text(struct diagnosis *d, const char *key, const char *format, ...)
	ASH_PRINTF(3, 4);
void diagnosis_number(struct diagnosis *d, const char *key, uint64_t n);
void diagnosis_bool(struct diagnosis *d, const char *key, bool is_so);

/* What is found between them belongs to the key. */
void diagnosis_open(struct diagnosis *d, const char *key);
void diagnosis_close(struct diagnosis *d);

/* Something that hinders, and what is to be done about it. */
void diagnosis_warn(struct diagnosis *d, const char *format, ...) ASH_PRINTF(2, 3);

#endif
