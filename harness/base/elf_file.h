/* What an ELF file says of itself beside its build-id: by what it was compiled, and which
 * functions it gives to others. */
#ifndef HARNESS_ELF_FILE_H
#define HARNESS_ELF_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* What the compilers left in section .comment, each once, in the order of the alphabet,
 * with "; " between them; free it.  "" where there is no such section (it is often stripped) or
 * no such file. */
char *elf_compilers(const char *path);

/* Whether it is a shared library or program of this machine's kind that defines a dynamic
 * symbol of that name. */
bool elf_defines(const char *path, const char *symbol);

#endif
