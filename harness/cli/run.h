/* `ashlar-bench run`. */
#ifndef HARNESS_RUN_H
#define HARNESS_RUN_H

/* Returns the exit status. */
int run_main(int argc, char **argv);

#endif
