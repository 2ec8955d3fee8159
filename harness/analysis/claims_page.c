#include "harness/analysis/claims_page.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "harness/base/file.h"
#include "harness/base/message.h"

static const char *const number_words[] = {
	"zero",     "one",     "two",     "three",     "four",     "five",     "six",
	"seven",    "eight",   "nine",    "ten",       "eleven",   "twelve",   "thirteen",
	"fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"};
#define WORDS (sizeof(number_words) / sizeof(number_words[0]))

/* "0.97 [0.94, 1.00]", or what there is of it; free it. */
static char *claim_text(const struct claim *claim)
{
	const char *mark = claim->certain ? "" : "*";

	if (isnan(claim->low))
		return text_format("%s%.*f%s", mark, claim->digits, claim->value, mark);
	return text_format("%s%.*f [%.*f, %.*f]%s", mark, claim->digits, claim->value,
			   claim->digits, claim->low, claim->digits, claim->high, mark);
}

static char *stated(const struct claim *claim, int form)
{
	if (form == CLAIMS_WHOLE)
		return claim_text(claim);
	if (form == CLAIMS_WORD && claim->value >= 0 && claim->value < (double)WORDS)
		return text_format("%s", number_words[(size_t)claim->value]);
	return text_format("%.*f", claim->digits, claim->value);
}

__attribute__((format(printf, 2, 3))) static void fault(struct claims_page *page,
							const char *format, ...)
{
	char line[512];
	va_list list;

	va_start(list, format);
	vsnprintf(line, sizeof(line), format, list);
	va_end(list);
	page->faults = list_grown(page->faults, page->nfaults, sizeof(*page->faults));
	page->faults[page->nfaults++] = text_format("%s", line);
}

/* The claim and form of "{ID}", "{ID.value}" or "{ID.word}" at the brace; null where it is
 * none. *length is that of the whole in braces. */
static const struct claim *placeholder(const struct claims *claims, const char *text, int *form,
				       size_t *length)
{
	const char *id = text + 1, *end = strchr(id, '}');
	size_t n = end ? (size_t)(end - id) : 0;

	*length = n + 2;
	*form = CLAIMS_WHOLE;
	if (n > 6 && strncmp(end - 6, ".value", 6) == 0) {
		*form = CLAIMS_POINT;
		n -= 6;
	} else if (n > 5 && strncmp(end - 5, ".word", 5) == 0) {
		*form = CLAIMS_WORD;
		n -= 5;
	}
	return n ? claims_find(claims, id, n) : NULL;
}

static void add_place(struct claims_page *page, size_t begin, size_t length, size_t claim,
		      int form)
{
	struct claims_place *place;

	page->places = list_grown(page->places, page->nplaces, sizeof(*page->places));
	place = &page->places[page->nplaces++];
	place->begin = begin;
	place->length = length;
	place->claim = claim;
	place->form = (__typeof__(place->form))form;
}

/* Does the passage stand at `at`?  Returns its length there or 0; the places of its claims are
 * added, and taken back where it does not. */
static size_t match_at(struct claims_page *page, const struct claims *claims,
		       const char *passage, size_t at)
{
	const char *text = page->text;
	size_t before = page->nplaces, here = at, length;
	int form;

	while (*passage) {
		const struct claim *claim =
			*passage == '{' ? placeholder(claims, passage, &form, &length) : NULL;

		if (claim) {
			char *wanted = stated(claim, form);
			size_t n = strlen(wanted);
			bool same = strncmp(text + here, wanted, n) == 0;

			free(wanted);
			if (!same)
				break;
			add_place(page, here, n, (size_t)(claim - claims->list), form);
			here += n;
			passage += length;
		} else if (isspace((unsigned char)*passage)) {
			if (!isspace((unsigned char)text[here]))
				break;
			while (isspace((unsigned char)*passage))
				passage++;
			while (isspace((unsigned char)text[here]))
				here++;
		} else if (text[here] == *passage) {
			here++;
			passage++;
		} else {
			break;
		}
	}
	if (!*passage)
		return here - at;
	page->nplaces = before;
	return 0;
}

/* Finds every place of a passage and marks it as covered.  Returns how many there are. */
static size_t cover(struct claims_page *page, const struct claims *claims, const char *passage,
		    bool *covered)
{
	size_t found = 0, all = strlen(page->text);

	for (size_t at = 0; at < all;) {
		size_t length = match_at(page, claims, passage, at);

		memset(covered + at, true, length * sizeof(*covered));
		found += length != 0;
		at += length ? length : 1;
	}
	return found;
}

static void find_passages(struct claims_page *page, const struct claims *claims, bool *covered)
{
	const json_t *list = json_object_get(claims->json, "passages");
	bool *used = calloc(claims->count + 1, sizeof(*used));

	if (!used)
		abort();
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *passage = json_string_value(json_array_get(list, i));

		if (!passage || !cover(page, claims, passage, covered))
			fault(page, "it does not say, with the numbers of the claims: %s",
			      passage ? passage : "(a passage that is no string)");
		for (const char *at = passage ? strchr(passage, '{') : NULL; at;
		     at = strchr(at + 1, '{')) {
			size_t length;
			int form;
			const struct claim *claim = placeholder(claims, at, &form, &length);

			if (claim)
				used[claim - claims->list] = true;
			else
				fault(page, "a passage names a claim that there is not: %.40s",
				      at);
		}
	}
	for (size_t i = 0; i < claims->count; i++)
		if (!used[i])
			fault(page, "no passage states the claim '%s'", claims->list[i].id);
	free(used);
}

/* What holds no numbers that are claimed: fenced and inline code, targets of links. */
static void cover_markup(const char *text, bool *covered)
{
	for (size_t i = 0; text[i];) {
		const char *end = NULL;
		size_t skip = 1;

		if (strncmp(text + i, "```", 3) == 0 && (end = strstr(text + i + 3, "```")))
			skip = (size_t)(end - text) + 3 - i;
		else if (text[i] == '`' && (end = strchr(text + i + 1, '`')))
			skip = (size_t)(end - text) + 1 - i;
		else if (strncmp(text + i, "](", 2) == 0 && (end = strchr(text + i, ')')))
			skip = (size_t)(end - text) + 1 - i;
		if (end)
			memset(covered + i, true, skip * sizeof(*covered));
		i += skip;
	}
}

/* Of a word that may be the first of several, as in "two-fold". */
static bool is_number_word(const char *word, size_t length)
{
	static const char *const more[] = {"half", "twice", "thrice"};
	size_t own = 0;

	while (own < length && word[own] != '-')
		own++;
	for (size_t i = 2; i < WORDS; i++)
		if (strlen(number_words[i]) == own &&
		    strncasecmp(number_words[i], word, own) == 0)
			return true;
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		if (strlen(more[i]) == own && strncasecmp(more[i], word, own) == 0)
			return true;
	return false;
}

/* Digits, but no date and no name that begins with one. */
static bool is_number(const char *word, size_t length)
{
	size_t joints = 0;

	for (size_t i = 0; i < length; i++)
		joints += word[i] == '-';
	return isdigit((unsigned char)*word) && joints < 2;
}

/* Words go with their hyphens and points, as x86-64 or 4.5: names with digits are no numbers.
 */
static void find_unclaimed(struct claims_page *page, const bool *covered)
{
	const char *text = page->text;
	size_t line = 1;

	for (size_t i = 0; text[i];) {
		size_t n = 0;

		while (isalnum((unsigned char)text[i + n]) ||
		       (n && text[i + n] && strchr("-.,", text[i + n]) &&
			isalnum((unsigned char)text[i + n + 1])))
			n++;
		if (n && !covered[i] && (is_number(text + i, n) || is_number_word(text + i, n)))
			fault(page, "line %zu: the number '%.*s' is no claim's", line, (int)n,
			      text + i);
		line += !n && text[i] == '\n';
		i += n ? n : 1;
	}
}

struct claims_page *claims_page_read(const struct claims *claims, const char *path)
{
	const json_t *others = json_object_get(claims->json, "no_claims");
	char *text = file_read(path);
	struct claims_page *page;
	bool *covered;

	if (!text)
		return NULL;
	page = calloc(1, sizeof(*page));
	covered = calloc(strlen(text) + 1, sizeof(*covered));
	if (!page || !covered)
		abort();
	page->text = text;
	find_passages(page, claims, covered);
	for (size_t i = 0; i < json_array_size(others); i++) {
		const char *other = json_string_value(json_array_get(others, i));

		if (other)
			cover(page, claims, other, covered);
	}
	cover_markup(text, covered);
	find_unclaimed(page, covered);
	free(covered);
	return page;
}

void claims_page_free(struct claims_page *page)
{
	for (size_t i = 0; i < page->nfaults; i++)
		free(page->faults[i]);
	free(page->faults);
	free(page->places);
	free(page->text);
	free(page);
}

static int by_place(const void *a, const void *b)
{
	const struct claims_place *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

char *claims_page_restated(const struct claims_page *page, const struct claims *claims)
{
	size_t n = page->nplaces, at = 0;
	struct claims_place *places = calloc(n + 1, sizeof(*places));
	char *text = NULL;

	if (!places)
		abort();
	if (n)
		memcpy(places, page->places, n * sizeof(*places));
	qsort(places, n, sizeof(*places), by_place);
	text_set(&text, "%s", "");
	for (size_t i = 0; i < n; i++) {
		char *now = stated(&claims->list[places[i].claim], (int)places[i].form);

		/* Two passages may share a place. */
		if (places[i].begin >= at) {
			text_append(&text, "%.*s%s", (int)(places[i].begin - at),
				    page->text + at, now);
			at = places[i].begin + places[i].length;
		}
		free(now);
	}
	text_append(&text, "%s", page->text + at);
	free(places);
	return text;
}
