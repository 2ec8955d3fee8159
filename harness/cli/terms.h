/* The options that say what a fleet is and what it costs. */
#ifndef HARNESS_CLI_TERMS_H
#define HARNESS_CLI_TERMS_H

#include <argp.h>
#include <stdbool.h>

#include "harness/analysis/fleet.h"

/* As a child of a verb's own options; its input is a struct fleet_terms that terms_begin made.
 * What cannot be a price, a share or a number ends the process with a complaint. */
extern const struct argp terms_argp;
void terms_begin(struct fleet_terms *terms);

/* Was any of them given? */
bool terms_any(const struct fleet_terms *terms);
/* STATUS_OK where all are there that are needed, else STATUS_USAGE after a complaint. */
int terms_check(const struct fleet_terms *terms);

#endif
