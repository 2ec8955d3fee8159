/*
 * Every way to allocate and to free that the library under test has: the family, and beside it
 * what only some libraries offer, found by name in the file that malloc is of.
 */
#ifndef ASH_TEST_ENTRIES_H
#define ASH_TEST_ENTRIES_H

#include "test/support/family.h"

typedef void entry_limit_function(int which, size_t held, size_t limit, void *argument);

static struct {
	/* Plain names only; NULL where there is none. */
	void *(*libc_malloc)(size_t);
	void *(*libc_calloc)(size_t, size_t);
	void *(*libc_realloc)(void *, size_t);
	void *(*libc_memalign)(size_t, size_t);
	void *(*libc_valloc)(size_t);
	void *(*libc_pvalloc)(size_t);
	void (*libc_free)(void *);
	void *(*new_plain)(size_t);
	void *(*new_array)(size_t);
	void *(*new_nothrow)(size_t, const void *);
	void *(*new_aligned)(size_t, size_t);
	void (*delete_plain)(void *);
	void (*delete_array)(void *);
	void (*delete_sized)(void *, size_t);
	void (*delete_aligned)(void *, size_t);
	void (*delete_aligned_sized)(void *, size_t, size_t);
	struct mallinfo2 (*mallinfo2)(void);
	int (*malloc_info)(int, FILE *);
	int (*mallopt)(int, int);
	void (*malloc_stats)(void);
	/* Of ashlar.h. */
	int (*set_limit)(int, size_t);
	int (*set_limit_callback)(entry_limit_function *, void *);
	size_t (*held)(void);
	const char *(*version)(void);
	size_t (*prefixed_usable)(const void *);
} entry;

#ifndef TEST_PREFIXED
/* NULL where the name is of another file than malloc. */
static inline void *entry_find(const char *name)
{
	void *found = dlsym(RTLD_DEFAULT, name), *family = dlsym(RTLD_DEFAULT, "malloc");
	Dl_info of_found, of_malloc;

	if (!found || !dladdr(found, &of_found) || !dladdr(family, &of_malloc) ||
	    of_found.dli_fbase != of_malloc.dli_fbase)
		return NULL;
	return found;
}

#define ENTRY_TEXT_(name) #name
#define ENTRY_TEXT(name) ENTRY_TEXT_(name)
#define ENTRY_FIND(member, name) (*(void **)&entry.member = entry_find(name))
#define ENTRY_FIND_PREFIXED(member, name) ENTRY_FIND(member, ENTRY_TEXT(ASH_API_PREFIX) name)
#endif

static inline void entries_start(void)
{
	family_start();
#ifdef TEST_PREFIXED
	entry.set_limit = FAMILY(set_limit);
	entry.set_limit_callback = FAMILY(set_limit_callback);
	entry.held = FAMILY(held);
	entry.version = FAMILY(version);
	entry.prefixed_usable = FAMILY(malloc_usable_size);
#else
	ENTRY_FIND(libc_malloc, "__libc_malloc");
	ENTRY_FIND(libc_calloc, "__libc_calloc");
	ENTRY_FIND(libc_realloc, "__libc_realloc");
	ENTRY_FIND(libc_memalign, "__libc_memalign");
	ENTRY_FIND(libc_valloc, "__libc_valloc");
	ENTRY_FIND(libc_pvalloc, "__libc_pvalloc");
	ENTRY_FIND(libc_free, "__libc_free");
	ENTRY_FIND(new_plain, "_Znwm");
	ENTRY_FIND(new_array, "_Znam");
	ENTRY_FIND(new_nothrow, "_ZnwmRKSt9nothrow_t");
	ENTRY_FIND(new_aligned, "_ZnwmSt11align_val_t");
	ENTRY_FIND(delete_plain, "_ZdlPv");
	ENTRY_FIND(delete_array, "_ZdaPv");
	ENTRY_FIND(delete_sized, "_ZdlPvm");
	ENTRY_FIND(delete_aligned, "_ZdlPvSt11align_val_t");
	ENTRY_FIND(delete_aligned_sized, "_ZdlPvmSt11align_val_t");
	ENTRY_FIND(mallinfo2, "mallinfo2");
	ENTRY_FIND(malloc_info, "malloc_info");
	ENTRY_FIND(mallopt, "mallopt");
	ENTRY_FIND(malloc_stats, "malloc_stats");
	ENTRY_FIND_PREFIXED(set_limit, "set_limit");
	ENTRY_FIND_PREFIXED(set_limit_callback, "set_limit_callback");
	ENTRY_FIND_PREFIXED(held, "held");
	ENTRY_FIND_PREFIXED(version, "version");
	ENTRY_FIND_PREFIXED(prefixed_usable, "malloc_usable_size");
#endif
}

#endif
