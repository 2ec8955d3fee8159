/* The verb: whether replays put allocators in the order that the recorded programs do. */
#ifndef HARNESS_FIDELITY_H
#define HARNESS_FIDELITY_H

/* Returns the exit status. */
int fidelity_main(int argc, char **argv);

#endif
