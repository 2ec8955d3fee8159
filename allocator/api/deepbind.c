/* Libraries opened with RTLD_DEEPBIND, as PHP opens its extensions.
 *
 * They look up every name in themselves and in what they need before they look into what was
 * preloaded: their malloc and free are libc's, and a block that one side allocates and the
 * other frees ends the program.  So the first time that such a library is opened, libc's table
 * of symbols is told where our functions lie: whoever looks its malloc up from then on finds
 * ours. All other names stay what the flag makes of them.  Where the table cannot be written
 * the flag is dropped instead, and the library is bound as any other.
 *
 * Nothing is done where the program or a library in front of us has a malloc of its own, and
 * where ours passes all on to another's (front/next.h). */
#include <dlfcn.h>

#ifdef RTLD_DEEPBIND

#include <link.h>
#include <malloc.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "api/behind.h"
#include "api/forms.h"
#include "front/boot.h"
#include "os/symbols.h"
#include "os/os.h"
#include "util/atomic.h"
#include "util/bits.h"

/* What of libc's names is replaced: those of interpose.c, by where the loader finds them. */
#define NAME(name)                          \
	{                                   \
#name, (void (*)(void))name \
	}
void cfree(void *p);
void *__libc_malloc(size_t size);
void __libc_free(void *p);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t align, size_t size);
void *__libc_valloc(size_t size);
void *__libc_pvalloc(size_t size);
void free_sized(void *p, size_t size);
void free_aligned_sized(void *p, size_t align, size_t size);
struct mallinfo2 mallinfo2(void);

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static const struct {
	const char *name;
	void (*function)(void);
} names[] = {
	NAME(malloc),          NAME(free),
	NAME(calloc),          NAME(realloc),
	NAME(reallocarray),    NAME(memalign),
	NAME(aligned_alloc),   NAME(posix_memalign),
	NAME(valloc),          NAME(pvalloc),
	NAME(free_sized),      NAME(free_aligned_sized),
	NAME(cfree),           NAME(malloc_usable_size),
	NAME(malloc_trim),     NAME(malloc_info),
	NAME(malloc_stats),    NAME(mallinfo),
	NAME(mallinfo2),       NAME(mallopt),
	NAME(__libc_malloc),   NAME(__libc_free),
	NAME(__libc_calloc),   NAME(__libc_realloc),
	NAME(__libc_memalign), NAME(__libc_valloc),
	NAME(__libc_pvalloc),
};
#pragma GCC diagnostic pop

/* libc's, and how the segment that they lie in is protected. */
struct table {
	struct ash_symbols symbols;
	int protection;
};

static bool find_protection(struct table *t, const ElfW(Ehdr) * file)
{
	const ElfW(Phdr) *header = (const void *)((const char *)file + file->e_phoff);

	for (unsigned i = 0; i < file->e_phnum; i++, header++) {
		uintptr_t into =
			(uintptr_t)t->symbols.symbols - (t->symbols.base + header->p_vaddr);

		if (header->p_type != PT_LOAD || into >= header->p_memsz)
			continue;
		t->protection = ((header->p_flags & PF_R) != 0 ? PROT_READ : 0) |
				((header->p_flags & PF_W) != 0 ? PROT_WRITE : 0) |
				((header->p_flags & PF_X) != 0 ? PROT_EXEC : 0);
		return true;
	}
	return false;
}

extern int __libc_start_main(void);

/* libc's: of the object that has the one function which nobody replaces. */
static bool find_table(struct table *t)
{
	struct link_map *map = NULL;
	Dl_info info;

	if (dladdr1((const void *)__libc_start_main, &info, (void **)&map, RTLD_DL_LINKMAP) ==
		    0 ||
	    map == NULL)
		return false;
	return ash_symbols_read(&t->symbols, map->l_addr, map->l_ld) &&
	       find_protection(t, info.dli_fbase);
}

struct range {
	uintptr_t from, to;
};

static void widen(ElfW(Sym) * symbol, void *argument)
{
	struct range *range = argument;

	if ((uintptr_t)symbol < range->from)
		range->from = (uintptr_t)symbol;
	if ((uintptr_t)(symbol + 1) > range->to)
		range->to = (uintptr_t)(symbol + 1);
}

/* Others may be looking the name up: they find the one or the other. */
static void redirect(ElfW(Sym) * symbol, void *argument)
{
	ash_store_release(&symbol->st_value, *(ElfW(Addr) *)argument);
}

static bool redirect_libc(void)
{
	struct range range = {UINTPTR_MAX, 0};
	struct table t;
	size_t bytes;

	if (!find_table(&t))
		return false;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ash_symbols_each(&t.symbols, names[i].name, widen, &range);
	if (range.from >= range.to)
		return false;
	range.from = ash_align_down(range.from, ash_os_page);
	bytes = ash_align_up(range.to, ash_os_page) - range.from;
	if (!ash_os_protect((void *)range.from, bytes, t.protection | PROT_WRITE))
		return false;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ElfW(Addr) value = (uintptr_t)names[i].function - t.symbols.base;

		ash_symbols_each(&t.symbols, names[i].name, redirect, &value);
	}
	ash_os_protect((void *)range.from, bytes, t.protection);
	return true;
}

enum { NOT_TRIED, BUSY, REDIRECTED, REFUSED };

/* Once; by others meanwhile it is waited for, but not for ever: the thread that was at it may
 * have vanished in a fork. */
static bool is_redirected(void)
{
	static uint32_t state;
	uint32_t now = NOT_TRIED;

	if (ash_load_acquire(&state) == NOT_TRIED && ash_cas_acq_rel(&state, &now, BUSY))
		ash_store_release(&state, redirect_libc() ? REDIRECTED : REFUSED);
	for (unsigned i = 0; i < 10000 && ash_load_acquire(&state) == BUSY; i++)
		ash_os_yield();
	return ash_load_acquire(&state) == REDIRECTED;
}

#define FORMS (ASH_FORM_MALLOC | ASH_FORM_FREE)

/* The mode to open with.  A constructor of the program's, or of a library that it needs, may
 * open one before ours have run. */
static int prepare(int mode)
{
	if ((mode & RTLD_DEEPBIND) == 0)
		return mode;
	if (!ash_forms_are_found(FORMS))
		ash_interpose_compare();
	if (ash_boot_is_away() || !ash_forms_are_ours(FORMS) || is_redirected())
		return mode;
	return mode & ~RTLD_DEEPBIND;
}

/* The loader goes by the address that dlopen returns to, for the paths that the caller looks
 * in: the call of the next one must be a jump. */
#if defined(__has_attribute) && __has_attribute(musttail)
#define TAIL __attribute__((musttail)) return
#define TAIL_CALLS
#else
#define TAIL return
#ifndef __clang__
#define TAIL_CALLS __attribute__((optimize("O2")))
#else
#define TAIL_CALLS
#endif
#endif

ASH_OWN(ash_own_dlopen, dlopen);
ASH_OWN(ash_own_dlmopen, dlmopen);

ASH_EXPORT TAIL_CALLS void *dlopen(const char *name, int mode)
{
	static void *(*next)(const char *, int);
	void *(*call)(const char *, int) = ash_load_relaxed(&next);

	if (call == NULL) {
		*(const void **)&call = ash_behind_find("dlopen", (const void *)ash_own_dlopen);
		if (call == NULL)
			return NULL;
		ash_store_relaxed(&next, call);
	}
	mode = prepare(mode);
	TAIL call(name, mode);
}

ASH_EXPORT TAIL_CALLS void *dlmopen(Lmid_t space, const char *name, int mode)
{
	static void *(*next)(Lmid_t, const char *, int);
	void *(*call)(Lmid_t, const char *, int) = ash_load_relaxed(&next);

	if (call == NULL) {
		*(const void **)&call =
			ash_behind_find("dlmopen", (const void *)ash_own_dlmopen);
		if (call == NULL)
			return NULL;
		ash_store_relaxed(&next, call);
	}
	mode = prepare(mode);
	TAIL call(space, name, mode);
}

#else
typedef int ash_no_deepbind; /* ISO C wants a declaration in every file */
#endif
