/* The build-id of an ELF file: the linker's hash of its content, which names a
 * binary better than any version string.
 *
 * Source of the layout: the ELF64 specification (program headers, notes) and the
 * GNU note NT_GNU_BUILD_ID (type 3, owner "GNU"). */
#ifndef HARNESS_BUILD_ID_H
#define HARNESS_BUILD_ID_H

#include <stddef.h>

#define BUILD_ID_TEXT 131 /* 64 bytes in hexadecimal, "…" never needed in practice */

/* Reads it as lower-case hexadecimal.  Returns 0; or -1 with `why` filled: the
 * file cannot be read, is no 64-bit ELF file of this byte order, or has none. */
int build_id_read(const char *path, char hex[BUILD_ID_TEXT], char *why, size_t why_size);

#endif
