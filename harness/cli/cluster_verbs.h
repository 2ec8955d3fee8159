/* The verbs below `ashlar-bench cluster`; as verbs.h has it, argv[0] names the verb. */
#ifndef HARNESS_CLI_CLUSTER_VERBS_H
#define HARNESS_CLI_CLUSTER_VERBS_H

int cluster_plan_main(int argc, char **argv);
int cluster_extend_main(int argc, char **argv);

#endif
