/* Which allocator really served a run.
 *
 * The process itself asks its dynamic loader which file holds malloc and which holds
 * malloc_usable_size, and leaves both in its channel.  Here they are compared with
 * the library that was wanted, as files (device and inode), because one file has many
 * names.  A run that another allocator served is a failure, never a number.
 *
 * In a world the C library is compared in the same way, and a program that started others is
 * refused: they may have begun outside of it. */
#ifndef HARNESS_PROOF_H
#define HARNESS_PROOF_H

#include "harness/trial/sample.h"
#include "workloads/shared/channel.h"

/* Copies what the channel says into the sample, with the build-id read from that file,
 * and fails the sample on a mismatch or when the process said nothing. */
void proof_take(struct sample *sample, const struct channel *channel);

#endif
