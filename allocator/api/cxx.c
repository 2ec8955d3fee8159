/* The C++ operators, without a C++ runtime.
 *
 * Each form ends in another as the standard says of it, and by its public name, for a program
 * may define that one alone: operator new(size_t) in malloc, the deletes of an object in free,
 * the aligned ones in aligned_alloc and free, arrays in the form of one object, and so on
 * (allocator/doc/names.md).
 *
 * Where memory is short, the same operator of the C++ runtime takes over: it calls malloc
 * again, runs the new_handler, and throws through this file (which is why it is compiled with
 * -fexceptions).  In a static link the runtime's own new stays, and calls our malloc; here are
 * then the aligned ones, whose sizes it rounds without a look, and the deletes, each of which
 * gives way to one of the program's. */
#include <dlfcn.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/forms.h"
#include "front/failure.h"
#include "front/front.h"
#include "os/lock_rank.h"
#include "util/assert.h"

/* No object has this size.  (Larger ones wrap where a runtime rounds them up to an alignment.)
 */
#define NO_SIZE ((size_t)PTRDIFF_MAX + 1)

/* Another's may want a multiple, as C11 did. */
static void *aligned(size_t size, size_t align)
{
	if (!ash_forms_are_ours(ASH_FORM_ALIGNED) && size < NO_SIZE && align < NO_SIZE)
		size = (size + align - 1) & ~(align - 1);
	return aligned_alloc(align, size);
}

#ifdef PIC

#define OPERATOR ASH_EXPORT

static size_t at_most_none(size_t size)
{
	return size < NO_SIZE ? size : NO_SIZE;
}

/* The operator `name` as the object that `caller` lies in would find it, were we not there: its
 * own where its runtime is linked in, else that of the runtime it needs.  Whoever throws must
 * be the one that the caller's frames belong to.  NULL where that is not to be found. */
static void *operator_of(const void *caller, const char *name, const void *ours)
{
	void *handle = NULL, *found;
#ifdef __GLIBC__
	struct link_map *map = NULL;
	Dl_info info;

	if (dladdr1(caller, &info, (void **)&map, RTLD_DL_LINKMAP) != 0 && map != NULL &&
	    map->l_name[0] != '\0') /* the program itself has none, and looks into all */
		handle = dlopen(map->l_name, RTLD_LAZY | RTLD_NOLOAD);
#else
	(void)caller;
#endif
	if (handle == NULL)
		return NULL;
	found = dlsym(handle, name);
	dlclose(handle);
	return found != ours ? found : NULL;
}

/* The same of the caller's runtime, else of one that is loaded, else of one that is loaded now.
 * dlopen and dlsym may allocate: no lock is held here. */
static void *runtime_operator(const void *caller, const char *name, const void *ours)
{
	static const char *const runtimes[] = {"libstdc++.so.6", "libc++.so.1"};
	void *found;

	ash_lock_rank_assert_none();
	found = operator_of(caller, name, ours);
	for (unsigned i = 0; i < 4 && found == NULL; i++) {
		void *handle = dlopen(runtimes[i % 2], RTLD_LAZY | (i < 2 ? RTLD_NOLOAD : 0));

		found = handle != NULL ? dlsym(handle, name) : NULL;
	}
	if (found == NULL)
		ash_fatal("out of memory in a C++ operator, and no C++ runtime is found that "
			  "could throw");
	return found;
}

#define RUNTIME(name)                                                              \
	((__typeof__(&(name)))runtime_operator(__builtin_return_address(0), #name, \
					       (const void *)(name)))

static ASH_NOINLINE void *by_malloc(size_t size)
{
	return ash_forms_are_ours(ASH_FORM_MALLOC) ? ash_malloc_slow(size) : malloc(size);
}

void *_Znwm(size_t size);
static ASH_NOINLINE void *new_slow(size_t size)
{
	void *p = by_malloc(size);

	if (ASH_LIKELY(p != NULL) || ash_failure_of_new(size))
		return p;
	return RUNTIME(_Znwm)(size);
}

OPERATOR void *_Znwm(size_t size)
{
	return ash_front_alloc(size, new_slow);
}

void *_Znam(size_t size);
OPERATOR void *_Znam(size_t size)
{
	return _Znwm(size);
}

/* Who throws and is to return NULL must be caught, which the runtime's does. */
#define NEW_NOTHROW(name, basic)                                               \
	void *name(size_t size, const void *tag);                              \
	OPERATOR void *name(size_t size, const void *tag)                      \
	{                                                                      \
		if (ash_forms_are_ours(basic)) {                               \
			void *p = ash_front_alloc(size, by_malloc);            \
                                                                               \
			if (ASH_LIKELY(p != NULL) || ash_failure_of_new(size)) \
				return p;                                      \
		}                                                              \
		return RUNTIME(name)(size, tag);                               \
	}
NEW_NOTHROW(_ZnwmRKSt9nothrow_t, ASH_FORM_NEW)
NEW_NOTHROW(_ZnamRKSt9nothrow_t, ASH_FORM_NEW | ASH_FORM_NEW_ARRAY)

void *_ZnwmSt11align_val_t(size_t size, size_t align);
OPERATOR void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
	void *p = aligned(size, align);

	if (ASH_LIKELY(p != NULL) || ash_failure_of_new(size))
		return p;
	return RUNTIME(_ZnwmSt11align_val_t)(at_most_none(size), align);
}

#define NEW_ALIGNED_NOTHROW(name, basic)                                       \
	void *name(size_t size, size_t align, const void *tag);                \
	OPERATOR void *name(size_t size, size_t align, const void *tag)        \
	{                                                                      \
		if (ash_forms_are_ours(basic)) {                               \
			void *p = aligned(size, align);                        \
                                                                               \
			if (ASH_LIKELY(p != NULL) || ash_failure_of_new(size)) \
				return p;                                      \
		}                                                              \
		return RUNTIME(name)(at_most_none(size), align, tag);          \
	}
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t, ASH_FORM_NEW_ALIGNED)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t,
		    ASH_FORM_NEW_ALIGNED | ASH_FORM_NEW_ALIGNED_ARRAY)

#else

#define OPERATOR ASH_EXPORT __attribute__((weak))

/* A C++ program may name no function of C's, and the linker takes from an archive only what is
 * named.  By this reference whoever deletes gets malloc from here, too, and with it the
 * runtime's new. */
__attribute__((used)) static void *(*const family)(size_t) = malloc;

/* The runtime's, where there is one. */
__attribute__((weak)) void *_Znwm(size_t size);
__attribute__((weak)) void (*_ZSt15get_new_handlerv(void))(void);

void *_ZnwmSt11align_val_t(size_t size, size_t align);
OPERATOR void *_ZnwmSt11align_val_t(size_t size, size_t align)
{
	for (;;) {
		void *p = aligned(size, align);
		void (*handler)(void);

		if (ASH_LIKELY(p != NULL) || ash_failure_of_new(size))
			return p;
		if (_Znwm == NULL || _ZSt15get_new_handlerv == NULL)
			ash_fatal("out of memory in a C++ operator, and no C++ runtime is "
				  "linked in that could throw");
		handler = _ZSt15get_new_handlerv();
		if (handler == NULL)
			return _Znwm(NO_SIZE);
		handler();
	}
}

#endif

void *_ZnamSt11align_val_t(size_t size, size_t align);
OPERATOR void *_ZnamSt11align_val_t(size_t size, size_t align)
{
	return _ZnwmSt11align_val_t(size, align);
}

#define DELETE(name, arguments, basic)         \
	void name arguments;                   \
	OPERATOR void name arguments           \
	{                                      \
		ASH_FRONT_FREE_FORM(p, basic); \
	}
#define DELETE_SIZED(name, basic)                          \
	void name(void *p, size_t size);                   \
	OPERATOR void name(void *p, size_t size)           \
	{                                                  \
		ASH_FRONT_FREE_SIZED_FORM(p, size, basic); \
	}
#define DELETE_SIZED_ALIGNED(name, basic)                      \
	void name(void *p, size_t size, size_t align);         \
	OPERATOR void name(void *p, size_t size, size_t align) \
	{                                                      \
		ASH_FRONT_FREE_ALIGNED_FORM(p, size, basic);   \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
DELETE(_ZdlPv, (void *p), free(p))
DELETE(_ZdaPv, (void *p), _ZdlPv(p))
DELETE_SIZED(_ZdlPvm, _ZdlPv(p))
DELETE_SIZED(_ZdaPvm, _ZdaPv(p))
DELETE(_ZdlPvRKSt9nothrow_t, (void *p, const void *tag), _ZdlPv(p))
DELETE(_ZdaPvRKSt9nothrow_t, (void *p, const void *tag), _ZdaPv(p))
DELETE(_ZdlPvSt11align_val_t, (void *p, size_t align), free(p))
DELETE(_ZdaPvSt11align_val_t, (void *p, size_t align), _ZdlPvSt11align_val_t(p, align))
DELETE_SIZED_ALIGNED(_ZdlPvmSt11align_val_t, _ZdlPvSt11align_val_t(p, align))
DELETE_SIZED_ALIGNED(_ZdaPvmSt11align_val_t, _ZdaPvSt11align_val_t(p, align))
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t align, const void *tag),
       _ZdlPvSt11align_val_t(p, align))
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *p, size_t align, const void *tag),
       _ZdaPvSt11align_val_t(p, align))
#pragma GCC diagnostic pop

/* Those that others end in. */
ASH_OWN(ash_own_delete, _ZdlPv);
ASH_OWN(ash_own_delete_array, _ZdaPv);
ASH_OWN(ash_own_delete_aligned, _ZdlPvSt11align_val_t);
ASH_OWN(ash_own_delete_aligned_array, _ZdaPvSt11align_val_t);
ASH_OWN(ash_own_new_aligned, _ZnwmSt11align_val_t);
ASH_OWN(ash_own_new_aligned_array, _ZnamSt11align_val_t);
#ifdef PIC
ASH_OWN(ash_own_new, _Znwm);
ASH_OWN(ash_own_new_array, _Znam);
#endif

#define COMPARE(name, own, form) \
	ash_forms_compare(#name, (const void *)(name), (const void *)(own), form)

__attribute__((constructor(103))) static void compare(void)
{
	unsigned foreign = 0;

#ifdef PIC
	foreign |= COMPARE(_Znwm, ash_own_new, ASH_FORM_NEW);
	foreign |= COMPARE(_Znam, ash_own_new_array, ASH_FORM_NEW_ARRAY);
#endif
	foreign |= COMPARE(_ZnwmSt11align_val_t, ash_own_new_aligned, ASH_FORM_NEW_ALIGNED);
	foreign |= COMPARE(_ZnamSt11align_val_t, ash_own_new_aligned_array,
			   ASH_FORM_NEW_ALIGNED_ARRAY);
	foreign |= COMPARE(_ZdlPv, ash_own_delete, ASH_FORM_DELETE);
	foreign |= COMPARE(_ZdaPv, ash_own_delete_array, ASH_FORM_DELETE);
	foreign |= COMPARE(_ZdlPvSt11align_val_t, ash_own_delete_aligned, ASH_FORM_DELETE);
	foreign |=
		COMPARE(_ZdaPvSt11align_val_t, ash_own_delete_aligned_array, ASH_FORM_DELETE);
	ash_forms_found(ASH_FORM_NEW | ASH_FORM_NEW_ARRAY | ASH_FORM_NEW_ALIGNED |
				ASH_FORM_NEW_ALIGNED_ARRAY | ASH_FORM_DELETE,
			foreign);
}
