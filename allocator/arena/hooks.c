#include "arena/hooks.h"

#include <stdint.h>

#include "meta/descriptor.h"
#include "os/os.h"

/* What is smaller is not unmapped: each piece would be a hole between mappings, and the kernel
 * allows 65,530 of these. */
#define UNMAPPED_LEAST (ASH_HUGE / 2)

static void *default_alloc(extent_hooks_t *hooks, void *new_addr, size_t size, size_t alignment,
			   bool *zero, bool *commit, unsigned arena)
{
	void *p = new_addr;

	(void)hooks;
	(void)arena;
	if (p == NULL)
		p = ash_os_map(size, alignment);
	else if (((uintptr_t)p & (alignment - 1)) != 0 || !ash_os_map_at(p, size))
		p = NULL;
	if (p != NULL)
		*zero = *commit = true;
	return p;
}

static bool default_dalloc(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			   unsigned arena)
{
	(void)hooks;
	(void)committed;
	(void)arena;
	return size < UNMAPPED_LEAST || !ash_os_unmap(addr, size);
}

static void default_destroy(extent_hooks_t *hooks, void *addr, size_t size, bool committed,
			    unsigned arena)
{
	(void)hooks;
	(void)committed;
	(void)arena;
	if (!ash_os_unmap(addr, size)) /* at the limit of mappings */
		ash_os_purge(addr, size);
}

/* All of it is committed for as long as it is mapped. */
static bool default_commit(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			   size_t length, unsigned arena)
{
	(void)hooks;
	(void)addr;
	(void)size;
	(void)offset;
	(void)length;
	(void)arena;
	return false;
}

static bool default_decommit(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			     size_t length, unsigned arena)
{
	return !default_commit(hooks, addr, size, offset, length, arena);
}

static bool default_purge_lazy(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
			       size_t length, unsigned arena)
{
	(void)hooks;
	(void)size;
	(void)arena;
	return !ash_os_purge_lazily((char *)addr + offset, length);
}

static bool default_purge_forced(extent_hooks_t *hooks, void *addr, size_t size, size_t offset,
				 size_t length, unsigned arena)
{
	(void)hooks;
	(void)size;
	(void)arena;
	return !ash_os_purge((char *)addr + offset, length);
}

static bool default_split(extent_hooks_t *hooks, void *addr, size_t size, size_t size_a,
			  size_t size_b, bool committed, unsigned arena)
{
	(void)hooks;
	(void)addr;
	(void)size;
	(void)size_a;
	(void)size_b;
	(void)committed;
	(void)arena;
	return false;
}

static bool default_merge(extent_hooks_t *hooks, void *addr_a, size_t size_a, void *addr_b,
			  size_t size_b, bool committed, unsigned arena)
{
	(void)hooks;
	(void)addr_a;
	(void)size_a;
	(void)addr_b;
	(void)size_b;
	(void)committed;
	(void)arena;
	return false;
}

const extent_hooks_t ash_hooks_default = {
	.alloc = default_alloc,
	.dalloc = default_dalloc,
	.destroy = default_destroy,
	.commit = default_commit,
	.decommit = default_decommit,
	.purge_lazy = default_purge_lazy,
	.purge_forced = default_purge_forced,
	.split = default_split,
	.merge = default_merge,
};
