/* The C++ operators, without a C++ runtime.
 *
 * The delete forms are free.  The new forms take the fast path; where it fails, the same
 * operator of the C++ runtime that the program has loaded takes over: it calls malloc again,
 * runs the new_handler, and throws through this file (which is why it is compiled with
 * -fexceptions).  In a static link the runtime's own new stays, and calls our malloc. */
#include <dlfcn.h>
#include <stdlib.h>

#include "front/front.h"
#include "os/lock_rank.h"
#include "util/assert.h"

#ifdef PIC

/* The operator `name` of the loaded C++ runtime.  dlopen and dlsym may allocate: no lock is
 * held here. */
static void *runtime_operator(const char *name)
{
	static const char *const runtimes[] = {"libstdc++.so.6", "libc++.so.1"};

	ash_lock_rank_assert_none();
	for (unsigned i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++) {
		void *handle = dlopen(runtimes[i], RTLD_LAZY | RTLD_NOLOAD);
		void *found = handle != NULL ? dlsym(handle, name) : NULL;

		if (found != NULL)
			return found;
	}
	ash_fatal("out of memory in a C++ operator, and no C++ runtime is loaded that could "
		  "throw");
}

/* Alignments that are no power of two are undefined in C++; ash_aligned refuses them. */
#define NEW(name)                                                          \
	void *name(size_t size);                                           \
	static ASH_NOINLINE void *name##_slow(size_t size)                 \
	{                                                                  \
		void *p = ash_malloc_slow(size);                           \
                                                                           \
		if (ASH_LIKELY(p != NULL))                                 \
			return p;                                          \
		return ((void *(*)(size_t))runtime_operator(#name))(size); \
	}                                                                  \
	ASH_EXPORT void *name(size_t size)                                 \
	{                                                                  \
		return ash_front_alloc(size, name##_slow);                 \
	}
#define NEW_NOTHROW(name)                                                                     \
	void *name(size_t size, const void *tag);                                             \
	ASH_EXPORT void *name(size_t size, const void *tag)                                   \
	{                                                                                     \
		void *p = ash_front_malloc(size);                                             \
                                                                                              \
		if (ASH_LIKELY(p != NULL))                                                    \
			return p;                                                             \
		return ((void *(*)(size_t, const void *))runtime_operator(#name))(size, tag); \
	}
#define NEW_ALIGNED(name)                                                                 \
	void *name(size_t size, size_t align);                                            \
	ASH_EXPORT void *name(size_t size, size_t align)                                  \
	{                                                                                 \
		void *p = ash_aligned(align, size);                                       \
                                                                                          \
		if (ASH_LIKELY(p != NULL))                                                \
			return p;                                                         \
		return ((void *(*)(size_t, size_t))runtime_operator(#name))(size, align); \
	}
#define NEW_ALIGNED_NOTHROW(name)                                                          \
	void *name(size_t size, size_t align, const void *tag);                            \
	ASH_EXPORT void *name(size_t size, size_t align, const void *tag)                  \
	{                                                                                  \
		void *p = ash_aligned(align, size);                                        \
                                                                                           \
		if (ASH_LIKELY(p != NULL))                                                 \
			return p;                                                          \
		return ((void *(*)(size_t, size_t, const void *))runtime_operator(#name))( \
			size, align, tag);                                                 \
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
NEW(_Znwm)
NEW(_Znam)
NEW_NOTHROW(_ZnwmRKSt9nothrow_t)
NEW_NOTHROW(_ZnamRKSt9nothrow_t)
NEW_ALIGNED(_ZnwmSt11align_val_t)
NEW_ALIGNED(_ZnamSt11align_val_t)
NEW_ALIGNED_NOTHROW(_ZnwmSt11align_val_tRKSt9nothrow_t)
NEW_ALIGNED_NOTHROW(_ZnamSt11align_val_tRKSt9nothrow_t)
#pragma GCC diagnostic pop

#else

/* A C++ program may name no function of C's, and the linker takes from an archive only what is
 * named.  By this reference whoever deletes gets malloc from here, too, and with it the
 * runtime's new. */
__attribute__((used)) static void *(*const family)(size_t) = malloc;

#endif

#define DELETE_SIZED(name)                         \
	void name(void *p, size_t size);           \
	ASH_EXPORT void name(void *p, size_t size) \
	{                                          \
		ash_front_free_sized(p, size);     \
	}
#define DELETE(name, ...)                            \
	void name(void *p, ##__VA_ARGS__);           \
	ASH_EXPORT void name(void *p, ##__VA_ARGS__) \
	{                                            \
		ash_front_free(p);                   \
	}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wunused-parameter"
DELETE(_ZdlPv)
DELETE(_ZdaPv)
DELETE_SIZED(_ZdlPvm)
DELETE_SIZED(_ZdaPvm)
DELETE(_ZdlPvRKSt9nothrow_t, const void *tag)
DELETE(_ZdaPvRKSt9nothrow_t, const void *tag)
DELETE(_ZdlPvSt11align_val_t, size_t align)
DELETE(_ZdaPvSt11align_val_t, size_t align)
DELETE(_ZdlPvmSt11align_val_t, size_t size, size_t align)
DELETE(_ZdaPvmSt11align_val_t, size_t size, size_t align)
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, size_t align, const void *tag)
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, size_t align, const void *tag)
#pragma GCC diagnostic pop
