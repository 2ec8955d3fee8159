/* The verb `record`: a command runs with the recorder preloaded; its processes become
 * traces. */
#ifndef HARNESS_RECORD_H
#define HARNESS_RECORD_H

int record_main(int argc, char **argv);

#endif
