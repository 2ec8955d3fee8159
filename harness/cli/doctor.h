/* `ashlar-bench doctor`: what this machine can measure, and how well. */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

/* Returns the exit status: 0 when a run would work, 1 when something needed for it is
 * missing or an allocator that is here cannot be preloaded. */
int doctor_main(int argc, char **argv);

#endif
