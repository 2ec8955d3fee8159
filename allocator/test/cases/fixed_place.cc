/* A program linked to lie at a fixed place that takes the addresses of the calls, as CPython's
 * does: such an address is the program's own jump to the function.  Who takes that for
 * another's definition serves without its caches.
 *
 * Of two blocks freed the one freed last comes first from a thread's cache, whichever lies
 * lower; where it is looked for among free places, the order is that of the places. */
#include <cstdio>
#include <cstdlib>
#include <new>

namespace
{

typedef void *allocate_function(std::size_t);
typedef void free_function(void *);

struct calls {
	allocate_function *allocate;
	free_function *give_back;
};

/* In code an address is a constant of the program's, so the jump has to lie there. */
calls of(unsigned form)
{
	switch (form) {
	case 0:
		return {std::malloc, std::free};
	case 1:
		return {::operator new, ::operator delete };
	default:
		return {::operator new[], ::operator delete[] };
	}
}

/* Whether both orders come back reversed. */
bool comes_back_reversed(const calls &call)
{
	for (unsigned turned = 0; turned < 2; turned++) {
		void *block[16];

		for (void *&p : block)
			p = call.allocate(48);
		void *first = block[turned ? 4 : 3], *last = block[turned ? 3 : 4];
		call.give_back(first);
		call.give_back(last);
		void *again = call.allocate(48), *then = call.allocate(48);
		if (again != last || then != first)
			return false;
		for (void *p : block)
			call.give_back(p);
	}
	return true;
}

} // namespace

int main()
{
	unsigned reversed = 0;

	for (unsigned form = 0; form < 3; form++)
		reversed += comes_back_reversed(of(form));
	std::printf("%u of 3 pairs of calls give first what was freed last\n", reversed);
	return reversed != 3;
}
