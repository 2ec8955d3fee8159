/* `ashlar-bench list` and `ashlar-bench describe`. */
#ifndef HARNESS_CATALOGUE_H
#define HARNESS_CATALOGUE_H

/* Return the exit status. */
int list_main(int argc, char **argv);
int describe_main(int argc, char **argv);

#endif
