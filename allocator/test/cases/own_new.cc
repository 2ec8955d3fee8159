/* A program that replaces some of the operators, with a header before each block.  The standard
 * says which of the others end in them (C++17 [new.delete]): all must come by here.
 *
 * OWN: 1 = new and delete of one object; 2 = those of arrays alone; 4 = the aligned ones. */
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <unistd.h>
#include <vector>

#ifndef OWN
#define OWN 1
#endif

namespace
{

constexpr unsigned mark = 0x6d696e65;

struct header {
	void *start;
	unsigned size, mark;
};

void fail(const char *what)
{
	std::puts(what);
	std::fflush(stdout);
	_exit(1);
}

long live; /* blocks of our own operators */

void *dress(void *start, std::size_t align)
{
	if (start == nullptr)
		throw std::bad_alloc();
	auto at = (reinterpret_cast<std::uintptr_t>(start) + sizeof(header) + align - 1) /
		  align * align;
	auto *h = reinterpret_cast<header *>(at) - 1;

	*h = {start, 0, mark};
	__atomic_fetch_add(&live, 1, __ATOMIC_RELAXED);
	return h + 1;
}

void undress(void *p)
{
	if (p == nullptr)
		return;
	auto *h = static_cast<header *>(p) - 1;

	if (h->mark != mark)
		fail("a stranger's block came to delete");
	h->mark = 0;
	__atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
	std::free(h->start);
}

void *own(std::size_t n, std::size_t align)
{
	return dress(n < SIZE_MAX / 2 ? std::malloc(n + align + sizeof(header)) : nullptr,
		     align);
}

/* No compiler may know that a new and its delete belong together. */
template <typename T> T *opaque(T *p)
{
	__asm__ volatile("" : "+r"(p) : : "memory");
	return p;
}

void expect(long wanted, const char *what)
{
	static thread_local char line[200];

	if (__atomic_load_n(&live, __ATOMIC_RELAXED) == wanted)
		return;
	std::snprintf(line, sizeof(line), "%s: %ld blocks of the program's, not %ld", what,
		      live, wanted);
	fail(line);
}

struct plain {
	int a[10];
	~plain()
	{
	}
};
struct alignas(128) wide {
	char a[300];
	~wide()
	{
	}
};

constexpr auto al = static_cast<std::align_val_t>(64);
constexpr long one = (OWN & 1) != 0, array = (OWN & 3) != 0, aligned = (OWN & 4) != 0;

/* `count`: whether no other thread is at it. */
void forms(bool count)
{
	auto check = [count](long wanted, const char *what) {
		if (count)
			expect(wanted, what);
	};
	static const std::size_t sizes[] = {1, 40, 100, 1000, 20000, 100000, 3000000};

	for (std::size_t n : sizes) {
		void *p = opaque(::operator new(n));

		check(one, "new");
		::operator delete(p, n);
		check(0, "delete, sized");
		p = opaque(::operator new(n, std::nothrow));
		check(one, "new, nothrow");
		::operator delete(p, std::nothrow);
		check(0, "delete, nothrow");
		p = opaque(::operator new[](n));
		check(array, "new[]");
		::operator delete[](p, n);
		check(0, "delete[], sized");
		p = opaque(::operator new[](n, std::nothrow));
		check(array, "new[], nothrow");
		::operator delete[](p, std::nothrow);
		check(0, "delete[], nothrow");
		p = opaque(::operator new[](n));
		::operator delete[](p);
		check(0, "delete[]");
		p = opaque(::operator new(n, al));
		check(aligned, "new, aligned");
		::operator delete(p, n, al);
		check(0, "delete, sized and aligned");
		p = opaque(::operator new(n, al, std::nothrow));
		check(aligned, "new, aligned, nothrow");
		::operator delete(p, al, std::nothrow);
		p = opaque(::operator new[](n, al));
		check(aligned, "new[], aligned");
		::operator delete[](p, n, al);
		p = opaque(::operator new[](n, al, std::nothrow));
		check(aligned, "new[], aligned, nothrow");
		::operator delete[](p, al, std::nothrow);
		p = opaque(::operator new[](n, al));
		::operator delete[](p, al);
		check(0, "delete[], aligned");
	}
	delete opaque(new plain);
	delete[] opaque(new plain[5]);
	delete opaque(new wide);
	delete[] opaque(new wide[5]);
	{
		std::string text(1000, 'x');
		auto shared = std::make_shared<plain>();
		std::vector<std::string> many(100, text);

		check(one * 103, "a string, a shared_ptr and a vector");
	}
	check(0, "all gone");
	/* A nothrow form gives NULL where the program's throws. */
	volatile std::size_t beyond = SIZE_MAX - 100;

	if (::operator new(beyond, std::nothrow) != nullptr ||
	    ::operator new[](beyond, std::nothrow) != nullptr ||
	    ::operator new(beyond, al, std::nothrow) != nullptr)
		fail("more than there is was served");
}

} // namespace

#if OWN & 1
void *operator new(std::size_t n)
{
	return own(n, 16);
}
void operator delete(void *p) noexcept
{
	undress(p);
}
#endif
#if OWN & 2
void *operator new[](std::size_t n)
{
	return own(n, 16);
}
void operator delete[](void *p) noexcept
{
	undress(p);
}
#endif
#if OWN & 4
void *operator new(std::size_t n, std::align_val_t align)
{
	return own(n, static_cast<std::size_t>(align));
}
void operator delete(void *p, std::align_val_t) noexcept
{
	undress(p);
}
#endif

int main()
{
	forms(true);
	{
		std::vector<std::thread> threads;

		for (int i = 0; i < 4; i++)
			threads.emplace_back([] {
				for (int k = 0; k < 50; k++)
					forms(false);
			});
		for (auto &t : threads)
			t.join();
	}
	expect(0, "after the threads");
	std::puts("all came home");
	return 0;
}
