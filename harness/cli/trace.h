/* The verb `trace`: info, dump, undump, check, import. */
#ifndef HARNESS_TRACE_H
#define HARNESS_TRACE_H

int trace_main(int argc, char **argv);

#endif
