/* C11 atomics with the memory order in the name, so that a grep audits them.
 *
 * They work on plain objects of up to eight bytes: the fields they guard are
 * declared with their ordinary types and a comment that says who may touch them. */
#ifndef ASH_UTIL_ATOMIC_H
#define ASH_UTIL_ATOMIC_H

#include <stdbool.h>
#include <stdint.h>

#define ash_load_relaxed(p) __atomic_load_n((p), __ATOMIC_RELAXED)
#define ash_load_acquire(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define ash_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define ash_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define ash_load_seq_cst(p) __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define ash_store_seq_cst(p, v) __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define ash_exchange_seq_cst(p, v) __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)
#define ash_exchange_acquire(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQUIRE)
#define ash_exchange_release(p, v) __atomic_exchange_n((p), (v), __ATOMIC_RELEASE)
#define ash_exchange_acq_rel(p, v) __atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define ash_add_relaxed(p, v) __atomic_fetch_add((p), (v), __ATOMIC_RELAXED)
#define ash_sub_relaxed(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_RELAXED)
#define ash_or_relaxed(p, v) __atomic_fetch_or((p), (v), __ATOMIC_RELAXED)
#define ash_and_relaxed(p, v) __atomic_fetch_and((p), (v), __ATOMIC_RELAXED)
#define ash_or_seq_cst(p, v) __atomic_fetch_or((p), (v), __ATOMIC_SEQ_CST)
#define ash_and_seq_cst(p, v) __atomic_fetch_and((p), (v), __ATOMIC_SEQ_CST)
#define ash_add_acq_rel(p, v) __atomic_fetch_add((p), (v), __ATOMIC_ACQ_REL)
#define ash_sub_acq_rel(p, v) __atomic_fetch_sub((p), (v), __ATOMIC_ACQ_REL)
#define ash_add_seq_cst(p, v) __atomic_fetch_add((p), (v), __ATOMIC_SEQ_CST)

/* Adds to what only the holder of a lock writes and anyone reads: no locked instruction. */
#define ash_owned_add(p, v) __atomic_store_n((p), *(p) + (v), __ATOMIC_RELAXED)

/* The same in one instruction where there is one; whoever reads the sum with acquire sees what
 * was before. */
static inline void ash_owned_count64(uint64_t *p, uint64_t n)
{
#ifdef __x86_64__
	__asm__ __volatile__("addq %1, %0" : "+m"(*p) : "er"(n) : "cc", "memory");
#else
	ash_store_release(p, *p + n);
#endif
}
static inline void ash_owned_count32(uint32_t *p, uint32_t n)
{
#ifdef __x86_64__
	__asm__ __volatile__("addl %1, %0" : "+m"(*p) : "er"(n) : "cc", "memory");
#else
	ash_store_release(p, *p + n);
#endif
}
static inline void ash_owned_uncount32(uint32_t *p, uint32_t n)
{
#ifdef __x86_64__
	__asm__ __volatile__("subl %1, %0" : "+m"(*p) : "er"(n) : "cc", "memory");
#else
	ash_store_release(p, *p - n);
#endif
}

/* Compare-and-swap: true where *p held *expected; else *expected is what it held. */
#define ash_cas_relaxed(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_RELAXED, \
				    __ATOMIC_RELAXED)
#define ash_cas_acquire(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQUIRE, \
				    __ATOMIC_RELAXED)
#define ash_cas_release(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_RELEASE, \
				    __ATOMIC_RELAXED)
#define ash_cas_acq_rel(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_ACQ_REL, \
				    __ATOMIC_ACQUIRE)

#define ash_cas_seq_cst(p, expected, v)                                            \
	__atomic_compare_exchange_n((p), (expected), (v), false, __ATOMIC_SEQ_CST, \
				    __ATOMIC_RELAXED)

/* Whether each CPU's stores are seen by all others in their order, and its loads happen in
 * theirs, so that a compiler's fence between two is enough (total store order). */
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
#define ASH_TOTAL_STORE_ORDER 1
#else
#define ASH_TOTAL_STORE_ORDER 0
#endif

/* Tells the CPU that this is a spin loop. */
static inline void ash_cpu_relax(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ __volatile__("isb" ::: "memory");
#endif
}

#endif
