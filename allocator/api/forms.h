/* Which of our public names lead elsewhere.
 *
 * A call that is defined to end in another one does so by its public name, and the program, or
 * a library in front of this one, may have defined that name itself.  Then the call must not
 * serve by itself.  Each file that defines such names compares them, in a constructor, with its
 * own definitions, which it gives a second, hidden name.  Until then all count as another's,
 * which is never wrong. */
#ifndef ASH_API_FORMS_H
#define ASH_API_FORMS_H

#include <stdbool.h>
#include "util/compiler.h"

enum ash_form {
	ASH_FORM_MALLOC = 1,
	ASH_FORM_FREE = 2,
	ASH_FORM_ALIGNED = 4, /* aligned_alloc */
	ASH_FORM_NEW = 8,
	ASH_FORM_NEW_ARRAY = 16,
	ASH_FORM_NEW_ALIGNED = 32,
	ASH_FORM_NEW_ALIGNED_ARRAY = 64,
	ASH_FORM_DELETE = 128, /* any of the deletes that others end in */
};

/* Those that lead to somebody else's function: a sum of enum ash_form. */
extern unsigned ash_forms_foreign ASH_HIDDEN;

/* Of `group`, a sum of enum ash_form, those in `foreign` lead elsewhere.  From a constructor.
 */
void ash_forms_found(unsigned group, unsigned foreign);

/* Whether all of `forms` were compared; and compares malloc's own names (interpose.c), for
 * whoever must know before our constructors have run: those of other libraries may come first.
 */
bool ash_forms_are_found(unsigned forms);
void ash_interpose_compare(void);

ASH_INLINE bool ash_forms_are_ours(unsigned forms)
{
	return ASH_LIKELY((ash_forms_foreign & forms) == 0);
}

/* Our definition of a function under another name, too; in the file that has it. */
#if defined(__has_attribute) && __has_attribute(copy)
#define ASH_ALSO(other, name) \
	extern __typeof__(name) other __attribute__((alias(#name), copy(name)))
#else
#define ASH_ALSO(other, name) extern __typeof__(name) other __attribute__((alias(#name)))
#endif
/* Under one that nobody can take. */
#define ASH_OWN(own, name) ASH_ALSO(own, name) ASH_HIDDEN

/* `form` where the name leads elsewhere than to `own`, ours. `found` is what the loader gives
 * as its address. */
unsigned ash_forms_compare(const char *name, const void *found, const void *own,
			   enum ash_form form);

#endif
