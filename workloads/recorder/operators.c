/* C++'s operators new and delete.  Those of libstdc++ call malloc and free, but several
 * allocators bring their own; so the operators are recorded and what they call is not.
 * A recorded program may load libstdc++ late and out of sight of dlsym: then malloc
 * serves both. */
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "workloads/recorder/lane.h"
#include "workloads/recorder/next.h"
#include "workloads/trace/event.h"

#define EXPORT __attribute__((visibility("default")))

struct operators {
	_Atomic bool looked;
	void *(*new_plain)(size_t), *(*new_array)(size_t);
	void *(*new_quiet)(size_t, const void *), *(*new_array_quiet)(size_t, const void *);
	void *(*new_aligned)(size_t, size_t), *(*new_array_aligned)(size_t, size_t);
	void *(*new_aligned_quiet)(size_t, size_t, const void *);
	void *(*new_array_aligned_quiet)(size_t, size_t, const void *);
	void (*delete_plain)(void *), (*delete_array)(void *);
	void (*delete_sized)(void *, size_t), (*delete_array_sized)(void *, size_t);
	void (*delete_aligned)(void *, size_t), (*delete_array_aligned)(void *, size_t);
	void (*delete_sized_aligned)(void *, size_t, size_t);
	void (*delete_array_sized_aligned)(void *, size_t, size_t);
	void (*delete_quiet)(void *, const void *), (*delete_array_quiet)(void *, const void *);
	void (*delete_aligned_quiet)(void *, size_t, const void *);
	void (*delete_array_aligned_quiet)(void *, size_t, const void *);
};

static struct operators op;

static void look(void)
{
	static const struct {
		size_t offset;
		const char *name;
	} names[] = {
		{offsetof(struct operators, new_plain), "_Znwm"},
		{offsetof(struct operators, new_array), "_Znam"},
		{offsetof(struct operators, new_quiet), "_ZnwmRKSt9nothrow_t"},
		{offsetof(struct operators, new_array_quiet), "_ZnamRKSt9nothrow_t"},
		{offsetof(struct operators, new_aligned), "_ZnwmSt11align_val_t"},
		{offsetof(struct operators, new_array_aligned), "_ZnamSt11align_val_t"},
		{offsetof(struct operators, new_aligned_quiet),
		 "_ZnwmSt11align_val_tRKSt9nothrow_t"},
		{offsetof(struct operators, new_array_aligned_quiet),
		 "_ZnamSt11align_val_tRKSt9nothrow_t"},
		{offsetof(struct operators, delete_plain), "_ZdlPv"},
		{offsetof(struct operators, delete_array), "_ZdaPv"},
		{offsetof(struct operators, delete_sized), "_ZdlPvm"},
		{offsetof(struct operators, delete_array_sized), "_ZdaPvm"},
		{offsetof(struct operators, delete_aligned), "_ZdlPvSt11align_val_t"},
		{offsetof(struct operators, delete_array_aligned), "_ZdaPvSt11align_val_t"},
		{offsetof(struct operators, delete_sized_aligned), "_ZdlPvmSt11align_val_t"},
		{offsetof(struct operators, delete_array_sized_aligned),
		 "_ZdaPvmSt11align_val_t"},
		{offsetof(struct operators, delete_quiet), "_ZdlPvRKSt9nothrow_t"},
		{offsetof(struct operators, delete_array_quiet), "_ZdaPvRKSt9nothrow_t"},
		{offsetof(struct operators, delete_aligned_quiet),
		 "_ZdlPvSt11align_val_tRKSt9nothrow_t"},
		{offsetof(struct operators, delete_array_aligned_quiet),
		 "_ZdaPvSt11align_val_tRKSt9nothrow_t"},
	};

	lane.depth++; /* dlsym may allocate */
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		*(void **)(void *)((char *)&op + names[i].offset) =
			dlsym(RTLD_NEXT, names[i].name);
	/* Once one of them was served by malloc, all are: what came from malloc must not
	 * go to another's delete. */
	atomic_store(&op.looked, true);
	lane.depth--;
}

static inline const struct operators *operators(void)
{
	if (__builtin_expect(!atomic_load_explicit(&op.looked, memory_order_acquire), 0))
		look();
	return &op;
}

/* An exception may pass: the depth must be right again then too. */
static void leave(const int *unused)
{
	(void)unused;
	lane.depth--;
}

#define INSIDE                                                  \
	int inside __attribute__((cleanup(leave), unused)) = 0; \
	lane.depth++

static void *or_abort(void *p)
{
	if (!p)
		abort(); /* no libstdc++ to throw with */
	return p;
}

static inline void *made(void *p, enum raw_op kind, uint64_t value)
{
	if (lane.depth == 0)
		lane_put(p ? kind : RAW_FAILED, (uintptr_t)p, value);
	return p;
}

static inline void *made_aligned(void *p, size_t size, size_t align)
{
	uint64_t log2 = align ? 63 - (unsigned)__builtin_clzll(align) : 0;

	return made(p, RAW_ALIGNED,
		    size | (log2 | TRACE_CALL_ALIGNED_ALLOC << 6) << RAW_SIZE_BITS);
}

#define NEW(symbol, member)                                       \
	EXPORT void *symbol(size_t size);                         \
	void *symbol(size_t size)                                 \
	{                                                         \
		const struct operators *o = operators();          \
		void *p;                                          \
                                                                  \
		if (!o->member)                                   \
			return or_abort(malloc(size ? size : 1)); \
		{                                                 \
			INSIDE;                                   \
			p = o->member(size);                      \
		}                                                 \
		return made(p, RAW_MALLOC, size);                 \
	}

#define NEW_QUIET(symbol, member)                            \
	EXPORT void *symbol(size_t size, const void *quiet); \
	void *symbol(size_t size, const void *quiet)         \
	{                                                    \
		const struct operators *o = operators();     \
		void *p;                                     \
                                                             \
		if (!o->member)                              \
			return malloc(size ? size : 1);      \
		{                                            \
			INSIDE;                              \
			p = o->member(size, quiet);          \
		}                                            \
		return made(p, RAW_MALLOC, size);            \
	}

#define NEW_ALIGNED(symbol, member)                                             \
	EXPORT void *symbol(size_t size, size_t align);                         \
	void *symbol(size_t size, size_t align)                                 \
	{                                                                       \
		const struct operators *o = operators();                        \
		void *p;                                                        \
                                                                                \
		if (!o->member)                                                 \
			return or_abort(aligned_alloc(align, size ? size : 1)); \
		{                                                               \
			INSIDE;                                                 \
			p = o->member(size, align);                             \
		}                                                               \
		return made_aligned(p, size, align);                            \
	}

#define NEW_ALIGNED_QUIET(symbol, member)                                  \
	EXPORT void *symbol(size_t size, size_t align, const void *quiet); \
	void *symbol(size_t size, size_t align, const void *quiet)         \
	{                                                                  \
		const struct operators *o = operators();                   \
		void *p;                                                   \
                                                                           \
		if (!o->member)                                            \
			return aligned_alloc(align, size ? size : 1);      \
		{                                                          \
			INSIDE;                                            \
			p = o->member(size, align, quiet);                 \
		}                                                          \
		return made_aligned(p, size, align);                       \
	}

/* `parameters` and `arguments` go behind the pointer. */
#define DELETE(symbol, member, call, parameters, arguments) \
	EXPORT void symbol parameters;                      \
	void symbol parameters                              \
	{                                                   \
		const struct operators *o = operators();    \
                                                            \
		if (!p)                                     \
			return;                             \
		if (!o->member) {                           \
			free(p);                            \
			return;                             \
		}                                           \
		recorder_freeing(p, call);                  \
		INSIDE;                                     \
		o->member arguments;                        \
	}

NEW(_Znwm, new_plain)
NEW(_Znam, new_array)
NEW_QUIET(_ZnwmRKSt9nothrow_t, new_quiet)
NEW_QUIET(_ZnamRKSt9nothrow_t, new_array_quiet)
NEW_ALIGNED(_ZnwmSt11align_val_t, new_aligned)
NEW_ALIGNED(_ZnamSt11align_val_t, new_array_aligned)
NEW_ALIGNED_QUIET(_ZnwmSt11align_val_tRKSt9nothrow_t, new_aligned_quiet)
NEW_ALIGNED_QUIET(_ZnamSt11align_val_tRKSt9nothrow_t, new_array_aligned_quiet)
DELETE(_ZdlPv, delete_plain, TRACE_CALL_PLAIN, (void *p), (p))
DELETE(_ZdaPv, delete_array, TRACE_CALL_PLAIN, (void *p), (p))
DELETE(_ZdlPvm, delete_sized, TRACE_CALL_FREE_SIZED, (void *p, size_t size), (p, size))
DELETE(_ZdaPvm, delete_array_sized, TRACE_CALL_FREE_SIZED, (void *p, size_t size), (p, size))
DELETE(_ZdlPvSt11align_val_t, delete_aligned, TRACE_CALL_PLAIN, (void *p, size_t align),
       (p, align))
DELETE(_ZdaPvSt11align_val_t, delete_array_aligned, TRACE_CALL_PLAIN, (void *p, size_t align),
       (p, align))
DELETE(_ZdlPvmSt11align_val_t, delete_sized_aligned, TRACE_CALL_FREE_ALIGNED_SIZED,
       (void *p, size_t size, size_t align), (p, size, align))
DELETE(_ZdaPvmSt11align_val_t, delete_array_sized_aligned, TRACE_CALL_FREE_ALIGNED_SIZED,
       (void *p, size_t size, size_t align), (p, size, align))
DELETE(_ZdlPvRKSt9nothrow_t, delete_quiet, TRACE_CALL_PLAIN, (void *p, const void *quiet),
       (p, quiet))
DELETE(_ZdaPvRKSt9nothrow_t, delete_array_quiet, TRACE_CALL_PLAIN, (void *p, const void *quiet),
       (p, quiet))
DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, delete_aligned_quiet, TRACE_CALL_PLAIN,
       (void *p, size_t align, const void *quiet), (p, align, quiet))
DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, delete_array_aligned_quiet, TRACE_CALL_PLAIN,
       (void *p, size_t align, const void *quiet), (p, align, quiet))
