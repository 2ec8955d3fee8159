/* What was printed must have arrived. */
#ifndef ASH_TOOLS_OUTPUT_H
#define ASH_TOOLS_OUTPUT_H

/* From now on the process ends with a message and this status where something that it printed
 * could not be written; to be called once.  The name stays the caller's. */
void output_check_at_exit(const char *program, int status);

#endif
