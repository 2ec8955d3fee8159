#include "meta/early.h"

#include <errno.h>
#include <stdint.h>

#include "meta/size_class.h"
#include "os/os.h"
#include "util/assert.h"
#include "util/atomic.h"
#include "util/bits.h"

#define STATIC_BYTES ((size_t)64 << 10)
#define REGIONS 64
#define REGION_LEAST ((size_t)1 << 20)

/* Before each block. */
struct header {
	size_t size;
	uint32_t state; /* enum ash_early: out or freed; atomic */
	uint32_t mark;  /* of the block's address */
};
static_assert(sizeof(struct header) == ASH_SMALL_STEP, "blocks are aligned to 16");

/* Blocks are carved upward: base + used is where the next one may begin.  Where none is out any
 * more the region is as new. */
struct region {
	char *base;
	size_t size, used;
	size_t out; /* blocks */
};

static char first[STATIC_BYTES] __attribute__((aligned(ASH_SMALL_STEP)));

/* What was allocated here is published with the state of boot. */
static struct region regions[REGIONS] = {{.base = first, .size = STATIC_BYTES}};
static unsigned count = 1;

static struct header *header_of(const void *p)
{
	return (struct header *)((uintptr_t)p - sizeof(struct header));
}

static uint32_t mark_of(const void *p)
{
	return (uint32_t)((uintptr_t)p >> 4) ^ 0xb007b10c;
}

static void *carve(struct region *r, size_t size, size_t align)
{
	uintptr_t end = (uintptr_t)r->base + r->size;
	uintptr_t at =
		ash_align_up((uintptr_t)r->base + r->used + sizeof(struct header), align);
	struct header *h;

	if (at > end || size > end - at)
		return NULL;
	r->used = at + size - (uintptr_t)r->base;
	r->out++;
	h = header_of((void *)at);
	h->size = size;
	h->mark = mark_of((void *)at);
	ash_store_relaxed(&h->state, ASH_EARLY_OUT);
	return (void *)at;
}

static struct region *add_region(size_t size)
{
	struct region *r = &regions[count];

	size = ash_align_up(size < REGION_LEAST ? REGION_LEAST : size, ash_os_page);
	if (count == REGIONS)
		return NULL;
	r->base = ash_os_map(size, 0);
	if (r->base == NULL)
		return NULL;
	r->size = size;
	count++;
	return r;
}

void *ash_early_alloc(size_t size, size_t align)
{
	struct region *r;
	void *p;

	if (size > PTRDIFF_MAX / 2 || align > PTRDIFF_MAX / 4) {
		errno = ENOMEM;
		return NULL;
	}
	if (align < ASH_SMALL_STEP)
		align = ASH_SMALL_STEP;
	/* As long as a small object is: without safety checks a sized free takes it for one. */
	size = size <= ASH_SMALL_MAX ? ash_class_size(ash_class_of(size + (size == 0)))
				     : ash_align_up(size, ASH_SMALL_STEP);
	for (unsigned i = 0; i < count; i++) {
		p = carve(&regions[i], size, align);
		if (p != NULL)
			return p;
	}
	r = add_region(size + align + sizeof(struct header));
	if (r == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	return carve(r, size, align);
}

static struct region *region_of(const void *p)
{
	for (unsigned i = 0; i < count; i++)
		if ((uintptr_t)p - (uintptr_t)regions[i].base < regions[i].used)
			return &regions[i];
	return NULL;
}

enum ash_early ash_early_look(const void *p, size_t *usable)
{
	struct region *r = region_of(p);
	struct header *h = header_of(p);

	if (r == NULL || ((uintptr_t)p & (ASH_SMALL_STEP - 1)) != 0 || (char *)h < r->base ||
	    h->mark != mark_of(p))
		return ASH_EARLY_NONE;
	*usable = h->size;
	return (enum ash_early)ash_load_relaxed(&h->state);
}

bool ash_early_free(void *p, bool again)
{
	struct region *r = region_of(p);
	struct header *h = header_of(p);
	size_t usable;

	/* (Of two threads that free it at once one finds it freed.) */
	if (ash_early_look(p, &usable) != ASH_EARLY_OUT ||
	    ash_exchange_acq_rel(&h->state, (uint32_t)ASH_EARLY_FREED) != ASH_EARLY_OUT)
		return false;
	if (again) {
		ash_assert(r->out > 0);
		if (--r->out == 0)
			r->used = 0;
		else if ((char *)p + usable == r->base + r->used)
			r->used = (size_t)((char *)h - r->base);
	}
	return true;
}
