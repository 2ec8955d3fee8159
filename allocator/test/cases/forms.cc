/* C++'s operators, where allocators differ. */
#include <cstdint>
#include <initializer_list>
#include <new>

#include "test/cases/cases.h"

namespace
{

void *form(unsigned which, std::size_t n, std::align_val_t align)
{
	try {
		switch (which) {
		case 0:
			return ::operator new(n);
		case 1:
			return ::operator new[](n);
		case 2:
			return ::operator new(n, std::nothrow);
		case 3:
			return ::operator new[](n, std::nothrow);
		case 4:
			return ::operator new(n, align);
		case 5:
			return ::operator new[](n, align);
		case 6:
			return ::operator new(n, align, std::nothrow);
		default:
			return ::operator new[](n, align, std::nothrow);
		}
	} catch (std::bad_alloc &) {
		return nullptr;
	}
}

} // namespace

/* A size must not wrap where it is rounded up to the alignment. */
CASE(beyond_new)
{
	unsigned tried = 0, served = 0;

	for (std::size_t align = 16; align <= 1 << 21; align *= 2)
		for (std::size_t below = 0; below < 5000000; below = below * 3 + 1)
			for (std::size_t most : {SIZE_MAX, std::size_t(PTRDIFF_MAX) + 5})
				for (unsigned which = 0; which < 8; which++, tried++)
					served += form(which, most - below,
						       std::align_val_t(align)) != nullptr;
	return case_measured(served == 0, "%u of %u requests served", served, tried);
}
