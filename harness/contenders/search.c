#include "harness/contenders/search.h"

#include <ftw.h>
#include <stddef.h>
#include <string.h>
#include "harness/base/message.h"

/* nftw takes no argument for its callback */
static const char *wanted;
static bool wants_plain;
static char *seen;

static int compare_entry(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	(void)st;
	if (strcmp(path + where->base, wanted) != 0 || (wants_plain && kind != FTW_F))
		return 0;
	seen = text_format("%s", path);
	return 1;
}

char *search_below(const char *folder, const char *file, bool plain)
{
	wanted = file;
	wants_plain = plain;
	seen = NULL;
	nftw(folder, compare_entry, 16, FTW_PHYS);
	return seen;
}
