/* shapes NAME SIZE does what the program NAME of mimalloc-bench's security tests does, in a
 * process that has done nothing else.  It says "went through" where nothing stopped it: what
 * is behind a wrong call, or where memory was not as a hardened heap would have it.  Without
 * arguments it lists the names. */
#include "test/misuse/misuse.h"

#include <stdio.h>
#include <sys/resource.h>

#define MIB ((size_t)1 << 20)
#define SHAPES (sizeof(shapes) / sizeof(shapes[0]))

static size_t size;
/* What overflows is copied from here. */
static const char zeros[(256 << 10) + (1 << 20)];

static void went_through(void)
{
	static const char text[] = "went through\n";

	if (write(STDOUT_FILENO, text, sizeof(text) - 1) < 0)
		_exit(3);
}

static char *get(size_t n)
{
	return hidden(malloc(n));
}

static void put(void *p)
{
	free(hidden(p));
}

static void churn(unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		put(get(size));
}

static void double_free(void)
{
	char *p = get(size);

	put(p);
	put(p);
	went_through();
}

static void double_free_delayed(void)
{
	char *p = get(size);

	put(p);
	churn(1024);
	put(p);
	went_through();
}

static void double_free_interleaved(void)
{
	char *p = get(size), *q = get(size);

	put(p);
	put(q);
	put(p);
	went_through();
}

static void double_free_reuse(void)
{
	char *p = get(size);

	put(p);
	put(p);
	churn(256 * 1024);
	went_through();
}

static void double_free_single_reuse(void)
{
	char *p = get(size), *q;

	put(p);
	q = get(size);
	put(p);
	put(q);
	went_through();
}

static void invalid_free(void)
{
	put((void *)(uintptr_t)1);
	went_through();
}

static void invalid_free_alloca(void)
{
	put(__builtin_alloca(size));
	went_through();
}

static void invalid_free_close(void)
{
	put(get(size) + 4096);
	went_through();
}

static void invalid_free_far(void)
{
	put(get(size) + 1024 * MIB);
	went_through();
}

static void invalid_free_stack(void)
{
	char local[256 << 10];

	put(local);
	went_through();
}

static void invalid_free_unaligned(void)
{
	put(get(size) + 1);
	went_through();
}

static void invalid_free_unaligned_multiple(void)
{
	put(get(size) + 8);
	went_through();
}

/* Writes one byte so far from the block's start, and frees it. */
static void touch(ptrdiff_t offset)
{
	char *p = get(size);

	*(char *)hidden(p + offset) ^= 'A';
	put(p);
	went_through();
}

static void one_byte_overflow(void)
{
	touch((ptrdiff_t)size);
}

static void one_byte_underflow(void)
{
	touch(-1);
}

static void thirty_two_byte_overflow(void)
{
	touch((ptrdiff_t)size + 31);
}

static void thirty_two_byte_underflow(void)
{
	touch(-32);
}

static void one_mbyte_overflow(void)
{
	touch((ptrdiff_t)(size + MIB) - 1);
}

static void one_mbyte_underflow(void)
{
	touch(-(ptrdiff_t)MIB);
}

/* Copies the block's size and so much more to a place so far from its start. */
static void copy(ptrdiff_t offset, size_t more)
{
	char *p = get(size);

	memcpy(hidden(p + offset), zeros, size + more);
	__asm__ volatile("" : : : "memory");
	went_through();
}

static void one_byte_memcpy_overflow(void)
{
	copy(0, 1);
}

static void one_byte_memcpy_underflow(void)
{
	copy(-1, 0);
}

static void thirty_two_byte_memcpy_overflow(void)
{
	copy(0, 32);
}

static void thirty_two_byte_memcpy_underflow(void)
{
	copy(-32, 0);
}

static void one_mbyte_memcpy_overflow(void)
{
	copy(0, MIB);
}

static void one_mbyte_memcpy_underflow(void)
{
	copy(-(ptrdiff_t)MIB, 0);
}

static void write_after_free(void)
{
	char *p = get(size);

	put(p);
	memset(hidden(p), 'A', size);
	went_through();
}

static void write_after_free_reuse(void)
{
	char *p = get(size);

	put(p);
	memset(hidden(p), 'A', size);
	churn(256 * 1024);
	went_through();
}

static void read_zero_size(void)
{
	char *p = get(0);

	__asm__ volatile("" : : "r"(*p));
	went_through();
}

static void read_zero_size_free(void)
{
	char *p = get(0);

	__asm__ volatile("" : : "r"(*p));
	put(p);
	went_through();
}

static void write_zero_size(void)
{
	*get(0) = 'A';
	went_through();
}

static void write_zero_size_free(void)
{
	char *p = get(0);

	*p = 'A';
	put(p);
	went_through();
}

static void executable_heap(void)
{
	char *p = get(size);

	memcpy(p, "\x90\x90\x90\x90\xc3", 5); /* nops and a return, on x86 */
	__builtin___clear_cache(p, p + 5);
	((void (*)(void))(uintptr_t)hidden(p))();
	went_through();
}

static void impossibly_large_malloc(void)
{
	static volatile size_t impossible = (size_t)-2; /* the compiler would warn */
	char *p = get(impossible);

	if (p != NULL)
		went_through();
	put(p);
}

static void reuse(size_t second)
{
	char *p = get(size), *q;

	put(p);
	q = get(second);
	if (q == hidden(p))
		went_through();
}

static void malloc_reuse(void)
{
	reuse(size);
}

static void malloc_reuse_downsize(void)
{
	reuse(size / 2);
}

/* Nothing is wrong with it, and it always says so. */
static void realloc_reuse(void)
{
	if (hidden(realloc(get(8), 1024)) != NULL)
		went_through();
}

static void look_for_zeros(const char *p)
{
	for (size_t i = 0; i < size; i++)
		if (p[i] != 0) {
			went_through();
			return;
		}
}

static void zero_after_free(void)
{
	char *p = get(size);

	memset(p, 'A', size);
	put(p);
	look_for_zeros(hidden(p));
}

static void zero_on_malloc(void)
{
	static char *p[4096];

	for (unsigned i = 0; i < 4096; i++) {
		p[i] = get(size);
		if (p[i] == NULL)
			_exit(77);
		memset(p[i], 'A', size);
	}
	for (unsigned i = 0; i < 4096; i++)
		put(p[i]);
	look_for_zeros(get(size));
}

static const struct misuse shapes[] = {
	{"32_byte_memcpy_overflow", thirty_two_byte_memcpy_overflow},
	{"32_byte_memcpy_underflow", thirty_two_byte_memcpy_underflow},
	{"32_byte_overflow", thirty_two_byte_overflow},
	{"32_byte_underflow", thirty_two_byte_underflow},
	{"double_free", double_free},
	{"double_free_delayed", double_free_delayed},
	{"double_free_interleaved", double_free_interleaved},
	{"double_free_reuse", double_free_reuse},
	{"double_free_single_reuse", double_free_single_reuse},
	{"executable_heap", executable_heap},
	{"impossibly_large_malloc", impossibly_large_malloc},
	{"invalid_free", invalid_free},
	{"invalid_free_alloca", invalid_free_alloca},
	{"invalid_free_close", invalid_free_close},
	{"invalid_free_far", invalid_free_far},
	{"invalid_free_stack", invalid_free_stack},
	{"invalid_free_unaligned", invalid_free_unaligned},
	{"invalid_free_unaligned_multiple", invalid_free_unaligned_multiple},
	{"malloc_reuse", malloc_reuse},
	{"malloc_reuse_downsize", malloc_reuse_downsize},
	{"one_byte_memcpy_overflow", one_byte_memcpy_overflow},
	{"one_byte_memcpy_underflow", one_byte_memcpy_underflow},
	{"one_byte_overflow", one_byte_overflow},
	{"one_byte_underflow", one_byte_underflow},
	{"one_mbyte_memcpy_overflow", one_mbyte_memcpy_overflow},
	{"one_mbyte_memcpy_underflow", one_mbyte_memcpy_underflow},
	{"one_mbyte_overflow", one_mbyte_overflow},
	{"one_mbyte_underflow", one_mbyte_underflow},
	{"read_zero_size", read_zero_size},
	{"read_zero_size_free", read_zero_size_free},
	{"realloc_reuse", realloc_reuse},
	{"write_after_free", write_after_free},
	{"write_after_free_reuse", write_after_free_reuse},
	{"write_zero_size", write_zero_size},
	{"write_zero_size_free", write_zero_size_free},
	{"zero_after_free", zero_after_free},
	{"zero_on_malloc", zero_on_malloc},
};

int main(int argc, char **argv)
{
	struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
	for (size_t i = 0; i < SHAPES; i++) {
		if (argc < 3) {
			puts(shapes[i].name);
		} else if (strcmp(argv[1], shapes[i].name) == 0) {
			size = strtoul(argv[2], NULL, 10);
			shapes[i].wrong();
			return 0;
		}
	}
	return argc < 3 ? 0 : 2;
}
