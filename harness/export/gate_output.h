/* The forms in which a gate's outcome is written, and the options that ask for them. */
#ifndef HARNESS_EXPORT_GATE_OUTPUT_H
#define HARNESS_EXPORT_GATE_OUTPUT_H

#include <argp.h>
#include <stdbool.h>

#include "harness/gate/outcome.h"

enum { GATE_FILES = 6 };

/* What was asked for; all zero is the text alone. */
struct gate_files {
	const char *
		path[GATE_FILES]; /* a row of the table of formats each; "-": standard output */
	bool github;              /* annotations, on standard output */
};

/* A child parser for the verb's own, whose input is a struct gate_files.  It ends the process
 * with STATUS_USAGE where a file cannot be written there, or two forms would go to one place.
 */
extern const struct argp gate_output_argp;

/* The option that asked for a form, "json" for one; NULL where none was asked for. */
const char *gate_files_wanted(const struct gate_files *files);

/* Writes the text to standard output (to standard error where a form goes to standard output)
 * and then each form that was asked for, whatever the verdict.  A file that was there is
 * replaced by a whole one, but the one that GITHUB_STEP_SUMMARY names, and what is no file, is
 * written to after what it holds.  Returns the exit status: gate_outcome_status, or that of a
 * broken gate after a complaint where a form could not be written. */
int gate_write(const struct gate_outcome *outcome, const struct gate_files *files);

#endif
