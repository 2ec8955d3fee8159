/* The works that the methods rest on. */
#ifndef HARNESS_REFERENCES_H
#define HARNESS_REFERENCES_H

#include <stddef.h>

/* In a text a work is cited as CITE("key"); a writer makes of it what its format has. */
#define CITE_BEGIN '\001'
#define CITE_END '\002'
#define CITE(key) "\001" key "\002"

struct reference {
	const char *key;                   /* in \cite and in references.bib */
	const char *brief;                 /* in running text: "Hesterberg 2015" */
	const char *type;                  /* BibTeX's: article, book, inproceedings, misc */
	const char *author, *title, *year; /* UTF-8; authors joined by " and " */
	const char *in;                    /* journal, proceedings, or publisher of a book */
	const char *volume, *number, *pages, *doi, *url, *note; /* or null */
};
extern const struct reference references[];
extern const size_t nreferences;

/* The one of this key of `length` bytes, or null. */
const struct reference *reference_find(const char *key, size_t length);

#endif
