/* A number among the arguments of `ashlar-bench cluster`. */
#ifndef HARNESS_CLI_CLUSTER_NUMBER_H
#define HARNESS_CLI_CLUSTER_NUMBER_H

/* From `least` to CLUSTER_MOST; ends the program with one message, which `option` leads, where
 * it is none. */
int cluster_number(const char *option, const char *argument, int least);

#endif
