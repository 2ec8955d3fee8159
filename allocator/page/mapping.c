#include "page/mapping.h"

#include <errno.h>
#include <stdint.h>

#include "meta/far_table.h"
#include "os/os.h"
#include "util/bits.h"

void *ash_mapping_alloc(size_t size, size_t align)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct ash_far entry;
	char *p;

	if (bytes < size || (bytes == 0 && size != 0)) {
		errno = ENOMEM;
		return NULL;
	}
	if (bytes == 0)
		bytes = ash_os_page;
	p = ash_os_map(bytes, align);
	if (p == NULL) {
		errno = ENOMEM;
		return NULL;
	}
	entry = (struct ash_far){ .address = (uintptr_t)p, .usable = bytes, .mapping = (uintptr_t)p, .mapped = bytes };
	if (!ash_far_insert(&entry)) {
		ash_os_unmap(p, bytes);
		errno = ENOMEM;
		return NULL;
	}
	return p;
}

void ash_mapping_free(const struct ash_far *entry)
{
	/* Where the kernel cannot unmap (the limit of mappings), at least the memory goes. */
	if (!ash_os_unmap((void *)entry->mapping, entry->mapped))
		ash_os_purge((void *)entry->mapping, entry->mapped);
}

void *ash_mapping_resize(const struct ash_far *entry, size_t size)
{
	size_t bytes = ash_align_up(size, ash_os_page);
	struct ash_far changed = *entry;
	void *p = NULL;

	if (bytes >= size)
		p = ash_os_remap((void *)entry->mapping, entry->mapped, bytes, true);
	if (p != NULL) {
		changed.address = changed.mapping = (uintptr_t)p;
		changed.usable = changed.mapped = bytes;
	}
	ash_far_attach(&changed);
	return p;
}
