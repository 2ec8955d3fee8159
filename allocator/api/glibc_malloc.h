/* glibc's malloc.h, whole under each libc.
 *
 * Of glibc before 2.33, and of other libraries, it has only some of this.  Programs that were
 * built elsewhere ask for it all the same: what is exported does not depend on the libc. */
#ifndef ASH_API_GLIBC_MALLOC_H
#define ASH_API_GLIBC_MALLOC_H

#include <malloc.h>
#include <stddef.h>
#include <stdio.h>

#ifndef HAVE_STRUCT_MALLINFO2
struct mallinfo2 {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
		keepcost;
};
#endif
#ifndef HAVE_STRUCT_MALLINFO
struct mallinfo {
	int arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
		keepcost;
};
#endif
#ifndef M_MXFAST
#define M_MXFAST 1
#define M_TRIM_THRESHOLD (-1)
#define M_TOP_PAD (-2)
#define M_MMAP_THRESHOLD (-3)
#define M_MMAP_MAX (-4)
#define M_CHECK_ACTION (-5)
#define M_PERTURB (-6)
#define M_ARENA_TEST (-7)
#define M_ARENA_MAX (-8)
#endif

void *pvalloc(size_t size);
int malloc_trim(size_t pad);
struct mallinfo2 mallinfo2(void);
struct mallinfo mallinfo(void);
int malloc_info(int options, FILE *out);
void malloc_stats(void);
int mallopt(int parameter, int value);

#endif
