/* What the option --json of a verb prints. */
#ifndef HARNESS_JSON_OUTPUT_H
#define HARNESS_JSON_OUTPUT_H

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/message.h"

/* Prints one object with a newline, and frees it; ends the program when it could not be made.
 */
static inline void print_json(json_t *object)
{
	if (!object) {
		complain("out of memory");
		exit(STATUS_FAILED);
	}
	json_dumpf(object, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(object);
}

#endif
