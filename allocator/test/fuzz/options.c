/*
 * Random option strings, made from keys that there are, values that they take, and what spoils
 * both.  Of each: every field afterwards is one that the library can work with; what is refused
 *is told by one line and changes nothing; two halves in turn do what the whole does; the text
 *is not written to, and nothing beyond its end is read (it ends at a page that nobody may read,
 *and in builds with AddressSanitizer in a block of its own length).
 *
 *	options [SEED [STRINGS]]	does what it did before from that seed
 *	options -- STRING		looks at this one
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "conf/conf.h"
#include "conf/rows.h"
#include "test/support/tap.h"

#define LONGEST 3000
#define STRINGS 25000 /* about two seconds of CPU time */

static uint64_t state;

static uint64_t next_random(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static size_t below(size_t n)
{
	return (size_t)(next_random() % n);
}

/* --- making one --------------------------------------------------------------------------- */

struct text {
	size_t length;
	char at[LONGEST];
};

static void put(struct text *t, const char *part, size_t n)
{
	if (n > LONGEST - 1 - t->length)
		n = LONGEST - 1 - t->length;
	memcpy(t->at + t->length, part, n);
	t->length += n;
}

static void put_text(struct text *t, const char *part)
{
	put(t, part, strlen(part));
}

static void put_number(struct text *t)
{
	static const uint64_t edges[] = {0,
					 1,
					 2,
					 63,
					 64,
					 65,
					 4095,
					 4096,
					 4097,
					 32768,
					 UINT32_MAX,
					 (uint64_t)UINT32_MAX + 1,
					 INT64_MAX,
					 UINT64_MAX,
					 (uint64_t)INT64_MAX + 1,
					 UINT64_MAX,
					 (1ull << 40),
					 18446744072000};
	uint64_t n = below(3) == 0 ? edges[below(sizeof(edges) / sizeof(edges[0]))]
				   : next_random() >> below(64);
	char digits[40];

	snprintf(digits, sizeof(digits), below(8) == 0 ? "0x%llx" : "%llu",
		 (unsigned long long)n);
	put_text(t, digits);
}

/* One of the words that the row takes. */
static void put_word(struct text *t, const char *accepted)
{
	size_t words = 1, chosen;

	for (const char *c = accepted; *c != '\0'; c++)
		words += *c == '|';
	for (chosen = below(words); chosen > 0; chosen--)
		accepted = strchr(accepted, '|') + 1;
	put(t, accepted, strcspn(accepted, "|"));
}

static void put_likely_value(struct text *t, const struct ash_row *row)
{
	static const char *const suffixes[] = {"", "k", "m", "g", "K", "%"};

	switch (row->type) {
	case ASH_ROW_BOOL:
		put_text(t, below(2) == 0 ? "true" : "false");
		return;
	case ASH_ROW_WORD:
		put_word(t, row->accepted);
		return;
	case ASH_ROW_RANGES:
	case ASH_ROW_BOUNDS:
		for (size_t n = 1 + below(4); n > 0; n--) {
			put_number(t);
			put_text(t, "-");
			put_number(t);
			put_text(t, ":");
			put_number(t);
			put_text(t, n > 1 ? "|" : "");
		}
		return;
	case ASH_ROW_FACTOR:
	case ASH_ROW_SHARE:
		put_text(t, below(4) == 0 ? "1" : "0");
		put_text(t, ".");
		put_number(t);
		return;
	case ASH_ROW_LETTERS:
	case ASH_ROW_TEXT:
		for (size_t n = below(40); n > 0; n--)
			put(t, "Jgmdablxeh/._" + below(13), 1);
		return;
	default:
		if (below(6) == 0) {
			put_text(t, below(2) == 0 ? "-1" : "none");
		} else {
			put_number(t);
			put_text(t, suffixes[below(sizeof(suffixes) / sizeof(suffixes[0]))]);
		}
	}
}

static void put_bytes(struct text *t, size_t n)
{
	static const char likely[] = ",,::||--%kmg0x. \t\n\"\\%s%n";

	while (n-- > 0) {
		char c = below(3) == 0 ? (char)(1 + below(255))
				       : likely[below(sizeof(likely) - 1)];

		put(t, &c, 1);
	}
}

static void put_pair(struct text *t)
{
	const struct ash_row *row = ash_rows_at((unsigned)below(ash_rows_count()));
	size_t begin = t->length;

	if (below(20) == 0) {
		put_bytes(t, below(60));
		return;
	}
	put_text(t, below(30) == 0 ? "experimental_" : "");
	put_text(t, ash_rows_key(row));
	put_text(t, below(40) == 0 ? "" : ":");
	if (below(12) == 0)
		put_bytes(t, below(80));
	else if (below(12) == 0)
		put_likely_value(t, ash_rows_at((unsigned)below(ash_rows_count())));
	else
		put_likely_value(t, row);
	/* A character is lost, doubled or another one. */
	if (below(10) == 0 && t->length > begin) {
		size_t at = begin + below(t->length - begin);

		if (below(2) == 0)
			t->at[at] = (char)(1 + below(255));
		else
			t->length = at;
	}
}

static void make(struct text *t)
{
	size_t pairs = below(16) == 0 ? below(200) : below(8);

	t->length = 0;
	for (size_t i = 0; i < pairs; i++) {
		put_pair(t);
		put_text(t, below(12) == 0 ? ",," : ",");
	}
	if (below(2) == 0 && t->length > 0)
		t->length--;
	if (below(200) == 0)
		while (t->length < LONGEST - 1)
			put(t, "0123456789" + below(10), 1);
	t->at[t->length] = '\0';
}

/* --- looking at what it does -------------------------------------------------------------- */

static int said_fd;   /* what goes to standard error */
static char *guarded; /* the last byte before a page that cannot be read */

/* Lines that were said since the last look; all of them must be ours, and shorter than `most`.
 */
static unsigned lines_said(const char *what, size_t most)
{
	static char said[1 << 20];
	ssize_t n = pread(said_fd, said, sizeof(said) - 1, 0);
	unsigned lines = 0;

	NEED(n >= 0, "%s", strerror(errno));
	said[n] = '\0';
	if (n > 0 && (ftruncate(said_fd, 0) != 0 || lseek(said_fd, 0, SEEK_SET) != 0))
		_exit(99);
	/* (A key or a value may have a newline in it: so may what is shown.) */
	for (const char *at = strstr(said, "<ashlar>: "); at != NULL; lines++) {
		const char *next = strstr(at + 1, "<ashlar>: ");
		size_t length = next != NULL ? (size_t)(next - at) : strlen(at);

		CHECK(strncmp(at, "<ashlar>: FUZZ: ", 16) == 0 && length < most &&
			      at[length - 1] == '\n',
		      "%s: said: %.200s", what, at);
		at = next;
	}
	return lines;
}

/* As rows say.  Whatever was given, the library is brought up with it. */
static void check_fields(const struct ash_conf *conf, const char *what)
{
	CHECK(conf->tcache_max <= 32768 && conf->narenas <= ASH_NARENAS_MOST &&
		      conf->max_background_threads >= 1 && conf->max_background_threads <= 4096,
	      "%s: counts", what);
	CHECK(conf->dirty_decay_ms >= -1 && conf->dirty_decay_ms <= (int64_t)1 << 40 &&
		      conf->muzzy_decay_ms >= -1 && conf->muzzy_decay_ms <= (int64_t)1 << 40 &&
		      conf->hpa_hugify_delay_ms <= (uint64_t)1 << 40 &&
		      conf->hpa_min_purge_interval_ms <= (uint64_t)1 << 40,
	      "%s: times", what);
	CHECK(conf->hpa_dirty_mult >= -1 && conf->hpa_dirty_mult <= (int64_t)65536 << 16, "%s",
	      what);
	CHECK(memchr(conf->tcache_ncached_max.text, '\0',
		     sizeof(conf->tcache_ncached_max.text)) != NULL,
	      "%s: ranges without an end", what);
	CHECK(memchr(conf->stats_print_opts.text, '\0', sizeof(conf->stats_print_opts.text)) !=
		      NULL,
	      "%s: letters without an end", what);
	for (unsigned i = 0; i < ash_rows_count(); i++) {
		const struct ash_row *row = ash_rows_at(i);
		struct ash_opt_value value = ash_row_read(row, conf);
		const unsigned char *field = (const unsigned char *)conf + row->offset;
		unsigned words = 1;

		CHECK(value.text != NULL && strlen(value.text) < 200, "%s: %s", what,
		      row->name);
		if (row->offset == ASH_ROW_NOWHERE)
			continue;
		if (row->type == ASH_ROW_BOOL)
			CHECK(*field <= 1, "%s: %s is %u", what, row->name, *field);
		for (const char *c = row->accepted; *c != '\0'; c++)
			words += *c == '|';
		if (row->type == ASH_ROW_WORD)
			CHECK(*(const unsigned *)(const void *)field < words && value.text[0],
			      "%s: %s", what, row->name);
		if (row->type == ASH_ROW_AMOUNT)
			CHECK(((const struct ash_amount *)(const void *)field)->kind <=
					      ASH_AMOUNT_PERCENT &&
				      strlen(value.text) < 24,
			      "%s: %s", what, row->name);
	}
}

/* What lies between fields is made the same. */
static void clear_padding(struct ash_conf *conf)
{
	for (unsigned i = 0; i < ash_rows_count(); i++) {
		const struct ash_row *row = ash_rows_at(i);
		struct ash_amount was, is;

		if (row->offset == ASH_ROW_NOWHERE || row->type != ASH_ROW_AMOUNT)
			continue;
		memcpy(&was, (char *)conf + row->offset, sizeof(was));
		memset(&is, 0, sizeof(is));
		is.n = was.n;
		is.kind = was.kind;
		memcpy(is.text, was.text, sizeof(is.text));
		memcpy((char *)conf + row->offset, &is, sizeof(is));
	}
}

static bool are_same(struct ash_conf *a, struct ash_conf *b)
{
	clear_padding(a);
	clear_padding(b);
	return memcmp(a, b, sizeof(*a)) == 0;
}

/* Pairs that are refused and told of, but those that jemalloc tolerates. */
static unsigned parse(struct ash_conf *conf, const char *text, size_t length)
{
	char *at = guarded - length, *copy = malloc(length + 1);
	struct ash_conf again;
	unsigned refused;

	NEED(copy != NULL, "no memory");
	memcpy(&again, conf, sizeof(again));
	memcpy(at, text, length + 1);
	memcpy(copy, text, length + 1);
	refused = ash_conf_parse(conf, at, "FUZZ");
	CHECK(memcmp(at, text, length + 1) == 0, "the text is written to");
	CHECK(ash_conf_parse(&again, copy, "FUZZ") == refused && are_same(&again, conf),
	      "a second time it does something else");
	free(copy);
	return refused;
}

static unsigned pairs_of(const char *text)
{
	unsigned pairs = 0;

	while (*text != '\0') {
		size_t n = strcspn(text, ",");

		pairs += n > 0;
		text += n + (text[n] == ',');
	}
	return pairs;
}

static void look_at(const char *text, size_t length, const char *what)
{
	struct ash_conf whole, parts, before;
	unsigned refused, lines, sum = 0;

	/* All bits, that padding is the same, too. */
	memset(&before, 0, sizeof(before));
	before.tcache = before.hpa = true;
	before.max_background_threads = 1;
	before.narenas = 3;
	memcpy(&whole, &before, sizeof(whole));
	memcpy(&parts, &before, sizeof(parts));
	refused = parse(&whole, text, length);
	lines = lines_said(what, 600);
	CHECK(lines % 2 == 0 && lines / 2 >= refused && lines / 2 <= pairs_of(text),
	      "%s: %u refused, %u lines of two looks, %u pairs", what, refused, lines,
	      pairs_of(text));
	check_fields(&whole, what);
	ash_conf_tell(text, "FUZZ");
	CHECK(lines_said(what, LONGEST + 600) >= 1, "%s: nothing is told", what);
	/* Pair by pair. */
	for (const char *at = text; *at != '\0';) {
		static char one[LONGEST];
		size_t n = strcspn(at, ",");
		unsigned bad;

		memcpy(one, at, n);
		one[n] = '\0';
		memcpy(&before, &parts, sizeof(before));
		bad = parse(&parts, one, n);
		lines = lines_said(what, 600);
		CHECK(bad <= 1 && lines <= 2, "%s: '%s': %u refused, %u lines", what, one, bad,
		      lines / 2);
		CHECK(lines == 0 || are_same(&before, &parts),
		      "%s: '%s' is refused and changes something", what, one);
		sum += bad;
		at += n + (at[n] == ',');
	}
	CHECK(sum == refused && are_same(&whole, &parts),
	      "%s: pair by pair it does something else: %u are refused, not %u", what, sum,
	      refused);
}

static const char *given;
static uint64_t seed = 1;
static unsigned long strings = STRINGS / PATIENCE_BUILD;

static void all(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *p = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);
	static struct text text;

	NEED(p != MAP_FAILED && mprotect(p + 2 * page, page, PROT_NONE) == 0, "no memory");
	guarded = p + 2 * page - 1;
	said_fd = memfd_create("said", MFD_CLOEXEC);
	NEED(said_fd >= 0 && dup2(said_fd, STDERR_FILENO) == STDERR_FILENO, "%s",
	     strerror(errno));
	if (given != NULL) {
		NEED(strlen(given) < LONGEST && strlen(given) < 2 * page, "it is too long");
		look_at(given, strlen(given), "the string given");
		return;
	}
	for (unsigned long i = 0; i < strings; i++) {
		char what[80];

		state = seed * 0x2545f4914f6cdd1du + i;
		make(&text);
		snprintf(what, sizeof(what), "seed %llu, string %lu", (unsigned long long)seed,
			 i);
		look_at(text.at, text.length, what);
		if (tap_shared->failures > 0) {
			tap_note("%s: %.600s", what, text.at);
			return;
		}
		if (i % 1000 == 0)
			tap_alive();
	}
}

int main(int argc, char **argv)
{
	char name[100];

	tap_start();
	if (argc == 3 && strcmp(argv[1], "--") == 0) {
		given = argv[2];
	} else {
		seed = argc > 1 ? strtoull(argv[1], NULL, 10) : seed;
		strings = argc > 2 ? strtoul(argv[2], NULL, 10) : strings;
	}
	snprintf(name, sizeof(name), "options: %lu strings of seed %llu", strings,
		 (unsigned long long)seed);
	tap_case(given != NULL ? "options: the string given" : name, all);
	return tap_finish();
}
