/* A page that states claims: whether it states them as the file of claims does, what it states
 * beyond, and the page with other numbers. */
#ifndef HARNESS_CLAIMS_PAGE_H
#define HARNESS_CLAIMS_PAGE_H

#include "harness/analysis/claims.h"

struct claims_page {
	char *text;
	/* One line each: a passage that the page does not have, a claim that no passage states,
	 * or a number of the page that is neither a claim's nor one of the numbers that the
	 * file says are none. */
	char **faults;
	size_t nfaults;
	/* The numbers of claims in the page, in its order. */
	struct claims_place {
		size_t begin, length, claim;
		enum { CLAIMS_WHOLE, CLAIMS_POINT, CLAIMS_WORD } form;
	} * places;
	size_t nplaces;
};

/* Reads a page (Markdown; any text).  The file's `passages` are looked for in it, white space
 * being alike; in a passage {ID} stands for "0.97 [0.94, 1.00]" of that claim, in italics where
 * it is not certain, {ID.value} for "0.97" and {ID.word} for "four".  Numbers of a page are its
 * digits and the words from two to twenty, half and twice, outside code, targets of links,
 * dates and names such as x86-64. Returns null with errno when the page cannot be read. */
struct claims_page *claims_page_read(const struct claims *claims, const char *path);
void claims_page_free(struct claims_page *page);

/* The page's text with the numbers of the claims as they are now; free it. */
char *claims_page_restated(const struct claims_page *page, const struct claims *claims);

#endif
