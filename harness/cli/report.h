/* From a folder of results to figures, tables and one page of HTML. */
#ifndef HARNESS_CLI_REPORT_H
#define HARNESS_CLI_REPORT_H

/* The verb `report`: argv[0] is the verb, the rest its arguments (DIR, --reference NAME, a
 * format).  Prints `report: PATH` last.  Returns the exit status: 0, 2 when the
 * arguments or DIR are unusable, 3 when the report could not be completed; each
 * failure is one line on stderr, and what was measured is never touched. */
int report_main(int argc, char **argv);

#endif
