/* What glibc's malloc offers beside the family, in its terms; ashlar.h says what it is here. */
#ifndef ASH_API_COMPAT_H
#define ASH_API_COMPAT_H

#include "api/glibc_malloc.h"

int ash_compat_malloc_trim(size_t pad);
struct mallinfo2 ash_compat_mallinfo2(void);
struct mallinfo ash_compat_mallinfo(void);
int ash_compat_malloc_info(int options, FILE *out);
void ash_compat_malloc_stats(void);
int ash_compat_mallopt(int parameter, int value);

#endif
