/* The verb `pack`: the side files of a finished run set become one archive. */
#ifndef HARNESS_PACK_H
#define HARNESS_PACK_H

/* Returns the exit status: 0, 1 when the set could not be packed (it is then as it was), 2 for
 * a mistake in the command. */
int pack_main(int argc, char **argv);

#endif
