/* The verbs below `ashlar-bench cluster`; as verbs.h has it, argv[0] names the verb. */
#ifndef HARNESS_CLI_CLUSTER_H
#define HARNESS_CLI_CLUSTER_H

int cluster_plan_main(int argc, char **argv);
int cluster_extend_main(int argc, char **argv);

/* A number of an option from 1 (of a shard: 0) to CLUSTER_MOST; ends the program with one
 * message where it is none. */
int cluster_number(const char *option, const char *argument, int least);

#endif
