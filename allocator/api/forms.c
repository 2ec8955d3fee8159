#include "api/forms.h"

#ifdef PIC
#include <link.h>
#endif
#include <stddef.h>
#include <stdint.h>

#include "front/boot.h"
#include "front/tcache.h"
#include "front/tcache_settings.h"
#include "meta/window.h"
#include "os/presence.h"
#include "os/symbols.h"

#ifdef PIC
unsigned ash_forms_foreign = ~0u;
#else
unsigned ash_forms_foreign =
	ASH_FORM_MALLOC | ASH_FORM_FREE; /* the operators may be left out */
#endif

static unsigned compared; /* forms */

#ifdef PIC
extern int __libc_start_main(void);

struct search {
	const void *first, *second;
	bool is_second; /* whether it was the second that was met */
};

static int meet(struct dl_phdr_info *object, size_t size, void *argument)
{
	struct search *search = argument;

	(void)size;
	search->is_second = ash_symbols_object_holds(object, search->second);
	return search->is_second || ash_symbols_object_holds(object, search->first);
}
#endif

/* Whether the loader looks into this library before it looks into libc.  Where the program
 * opened it beside libc's malloc, every name leads elsewhere, and whoever calls ours has asked
 * for just that one. */
static bool is_in_front(void)
{
#ifdef PIC
	struct search search = {&ash_forms_foreign, (const void *)__libc_start_main, false};

	dl_iterate_phdr(meet, &search);
	return !search.is_second;
#else
	return true;
#endif
}

unsigned ash_forms_compare(const char *name, const void *found, const void *own,
			   enum ash_form form)
{
	/* The compiler may know that both names are one definition, but not where the loader
	 * finds them. */
	__asm__("" : "+r"(found));
	if (found == own)
		return 0;
#ifdef PIC
	if (ash_symbols_first(name) == own)
		return 0;
#else
	(void)name;
#endif
	return form;
}

bool ash_forms_are_found(unsigned forms)
{
	return (compared & forms) == forms;
}

void ash_forms_found(unsigned group, unsigned foreign)
{
	bool up = ash_boot();

	if (up && (group & ~foreign & ASH_FORM_MALLOC) != 0)
		ash_presence_set(ASH_PRESENCE_SERVES);
	if (foreign != 0 && !is_in_front())
		foreign = 0;
	ash_forms_foreign = (ash_forms_foreign & ~group) | foreign;
	compared |= group;
	ash_window_let_forms((ash_forms_foreign & (ASH_FORM_FREE | ASH_FORM_DELETE)) == 0);
	/* operator new looks into the magazines before anything else. */
	if ((foreign & ASH_FORM_MALLOC) != 0) {
		ash_tcache_enabled = false;
		if (up)
			ash_tcache_release();
	}
}
