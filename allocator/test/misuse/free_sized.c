/* Sized frees of large blocks: by the sizes that they may have, and by one that they cannot. */
#include "test/misuse/misuse.h"

#include <stddef.h>

#define RUN ((size_t)100000)
#define MAPPING ((size_t)3 << 20)

/* Not every allocator has them. */
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);
void sdallocx(void *p, size_t size, int flags);
void _ZdlPvm(void *p, size_t size);
void _ZdaPvm(void *p, size_t size);
void _ZdlPvmSt11align_val_t(void *p, size_t size, size_t align);
#pragma weak free_sized
#pragma weak free_aligned_sized
#pragma weak sdallocx
#pragma weak _ZdlPvm
#pragma weak _ZdaPvm
#pragma weak _ZdlPvmSt11align_val_t

static void by_free_sized(void *p, size_t size)
{
	free_sized(p, size);
}

static void by_free_aligned_sized(void *p, size_t size)
{
	free_aligned_sized(p, 64, size);
}

static void by_sdallocx(void *p, size_t size)
{
	sdallocx(p, size, 0);
}

static void by_delete(void *p, size_t size)
{
	_ZdlPvm(p, size);
}

static void by_delete_array(void *p, size_t size)
{
	_ZdaPvm(p, size);
}

static void by_delete_aligned(void *p, size_t size)
{
	_ZdlPvmSt11align_val_t(p, size, 64);
}

/* Also one that is large by its alignment, one that shrank where it lies, and the least and the
 * most that each may be said to have. */
void sized_frees_that_are_right(void)
{
	static void (*const frees[])(void *, size_t) = {by_free_sized,   by_free_aligned_sized,
							by_sdallocx,     by_delete,
							by_delete_array, by_delete_aligned};
	static const size_t sizes[] = {5000, 33000, RUN, (size_t)1 << 20, MAPPING};

	if (free_sized == NULL || free_aligned_sized == NULL || sdallocx == NULL ||
	    _ZdlPvm == NULL || _ZdaPvm == NULL || _ZdlPvmSt11align_val_t == NULL)
		return;
	for (unsigned f = 0; f < sizeof(frees) / sizeof(frees[0]); f++)
		for (unsigned i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
			for (unsigned way = 0; way < 4; way++) {
				size_t align = i == 0 ? 1 << 16 : 64, size = sizes[i];
				void *p = aligned_alloc(align, size);

				if (way == 1)
					size = malloc_usable_size(p);
				else if (way == 2)
					size = 1;
				else if (way == 3)
					p = realloc(p, size = size - size / 4);
				frees[f](hidden(p), size);
			}
}

#define WRONG(name, call, by, size)                               \
	static void name(void)                                    \
	{                                                         \
		char *p = aligned_alloc(64, size);                \
                                                                  \
		memset(p, 1, size);                               \
		if (call != NULL)                                 \
			by(hidden(p), malloc_usable_size(p) + 1); \
	}
WRONG(free_sized_run, free_sized, by_free_sized, RUN)
WRONG(free_sized_mapping, free_sized, by_free_sized, MAPPING)
WRONG(free_sized_aligned, free_aligned_sized, by_free_aligned_sized, RUN)
WRONG(free_sized_sdallocx, sdallocx, by_sdallocx, RUN)
WRONG(free_sized_sdallocx_mapping, sdallocx, by_sdallocx, MAPPING)
WRONG(free_sized_delete, _ZdlPvm, by_delete, RUN)
WRONG(free_sized_delete_array, _ZdaPvm, by_delete_array, MAPPING)
WRONG(free_sized_delete_aligned, _ZdlPvmSt11align_val_t, by_delete_aligned, MAPPING)

const struct misuse misuse_free_sized[] = {
	{"free_sized_run", free_sized_run},
	{"free_sized_mapping", free_sized_mapping},
	{"free_sized_aligned", free_sized_aligned},
	{"free_sized_sdallocx", free_sized_sdallocx},
	{"free_sized_sdallocx_mapping", free_sized_sdallocx_mapping},
	{"free_sized_delete", free_sized_delete},
	{"free_sized_delete_array", free_sized_delete_array},
	{"free_sized_delete_aligned", free_sized_delete_aligned},
	{NULL, NULL},
};
