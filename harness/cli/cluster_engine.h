/* The verbs below `ashlar-bench cluster` that hand shards to who has the machines; as verbs.h
 * has it, argv[0] names the verb. */
#ifndef HARNESS_CLI_CLUSTER_ENGINE_H
#define HARNESS_CLI_CLUSTER_ENGINE_H

int cluster_submit_main(int argc, char **argv);
int cluster_status_main(int argc, char **argv);
int cluster_cancel_main(int argc, char **argv);
int cluster_run_main(int argc, char **argv);

#endif
