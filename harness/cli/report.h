/* From a folder of results to figures, tables and one page of HTML. */
#ifndef HARNESS_REPORT_H
#define HARNESS_REPORT_H

/* The verb `report`: argv[0] is the verb, the rest its arguments (DIR, --reference
 * NAME).  Prints `report: PATH` last.  Returns the exit status: 0, 2 when the
 * arguments or DIR are unusable, 3 when the report could not be completed; each
 * failure is one line on stderr, and what was measured is never touched. */
int report_main(int argc, char **argv);

/* Writes DIR/report.html and DIR/report/ with glibc as the reference (the first
 * contender that ran, where there is no glibc), printing nothing on success.  On
 * success *path, if path is not null, names the page; the string is valid until the
 * next call.  Returns what report_main returns. */
int report_write(const char *dir, const char **path);

#endif
