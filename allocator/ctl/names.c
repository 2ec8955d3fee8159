#include "ctl/names.h"

#include <errno.h>
#include <string.h>

#include "arena/arena.h"
#include "conf/conf.h"
#include "conf/parse.h"
#include "conf/rows.h"
#include "meta/large_size.h"
#include "meta/page_size.h"
#include "meta/size_class.h"

static const struct ash_ctl_table *const tables[] = {
	&ash_ctl_process,       &ash_ctl_thread,       &ash_ctl_tcache,
	&ash_ctl_config, /* opt.* follow */
	&ash_ctl_arena,         &ash_ctl_arenas,       &ash_ctl_stats,
	&ash_ctl_stats_mutexes, &ash_ctl_stats_arena,  &ash_ctl_stats_sizes,
	&ash_ctl_stats_locks,   &ash_ctl_stats_blocks, &ash_ctl_experimental,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))
#define OPTIONS_AFTER 4

static int read_option(const struct ash_ctl_row *row, const size_t *at,
		       union ash_ctl_value *out, const union ash_ctl_value *in)
{
	const struct ash_row *option = ash_rows_at((unsigned)row->offset);
	struct ash_opt_value value = ash_row_read(option, &ash_conf);

	(void)at, (void)in;
	if (option->offset == offsetof(struct ash_conf, narenas)) /* 0 is by the CPUs */
		value.n = ash_arenas_automatic() - 1;
	if (row->type == ASH_CTL_STRING)
		out->s = value.text;
	else if (row->type == ASH_CTL_BOOL)
		out->b = value.n != 0;
	else if (row->type == ASH_CTL_UNSIGNED)
		out->u = (unsigned)value.n;
	else
		out->u64 = value.n;
	return 0;
}

static const uint8_t type_of[] = {
	[ASH_OPT_UNREAD] = ASH_CTL_VOID,       [ASH_OPT_BOOL] = ASH_CTL_BOOL,
	[ASH_OPT_UNSIGNED] = ASH_CTL_UNSIGNED, [ASH_OPT_U32] = ASH_CTL_UNSIGNED,
	[ASH_OPT_SIZE] = ASH_CTL_SIZE,         [ASH_OPT_SSIZE] = ASH_CTL_SSIZE,
	[ASH_OPT_U64] = ASH_CTL_U64,           [ASH_OPT_I64] = ASH_CTL_I64,
	[ASH_OPT_TEXT] = ASH_CTL_STRING,
};

static struct ash_ctl_row option_row(unsigned i)
{
	const struct ash_row *option = ash_rows_at(i);

	return (struct ash_ctl_row){
		.name = option->name,
		.type = type_of[option->read],
		.access = ASH_CTL_READ,
		.offset = i,
		.call = option->read != ASH_OPT_UNREAD ? read_option : NULL,
		.about = option->offset == ASH_ROW_NOWHERE
				 ? "What is so here, where the option means nothing."
				 : "The option, as it was at start.",
	};
}

unsigned ash_ctl_rows(void)
{
	unsigned n = ash_rows_count();

	for (unsigned t = 0; t < TABLES; t++)
		n += tables[t]->count;
	return n;
}

struct ash_ctl_row ash_ctl_row_at(unsigned i)
{
	for (unsigned t = 0; t < TABLES; t++) {
		if (t == OPTIONS_AFTER) {
			if (i < ash_rows_count())
				return option_row(i);
			i -= ash_rows_count();
		}
		if (i < tables[t]->count)
			return tables[t]->rows[i];
		i -= tables[t]->count;
	}
	return (struct ash_ctl_row){.name = ""};
}

const char *ash_ctl_component(const char *name, unsigned d, size_t *length)
{
	for (; d > 0; d--) {
		name = strchr(name, '.');
		if (name == NULL)
			return NULL;
		name++;
	}
	*length = strcspn(name, ".");
	return name;
}

/* Whether the component d of row r is this one; false also where it has none. */
static bool is_component(unsigned r, unsigned d, const char *of, size_t length)
{
	size_t own;
	const char *component = ash_ctl_component(ash_ctl_row_at(r).name, d, &own);

	return component != NULL && own == length && memcmp(component, of, length) == 0;
}

/* Rows lo .. hi-1 have the same first d components: of these the end of those that have the
 * d-th in common with row r, too.  They stand together, so doubled steps and then halved ones
 * find it: servers ask by name ten times a second, and most rows begin with "stats". */
unsigned ash_ctl_group_end(unsigned r, unsigned hi, unsigned d)
{
	size_t length = 0;
	const char *component = ash_ctl_component(ash_ctl_row_at(r).name, d, &length);
	unsigned in = r, step = 1; /* `in`: the last that is known to be one of them */

	if (component == NULL) /* a whole name: alone */
		return r + 1;
	for (; step < hi - in && is_component(in + step, d, component, length); step *= 2)
		in += step;
	hi = step < hi - in ? in + step : hi;
	while (hi - in > 1) {
		unsigned middle = in + (hi - in) / 2;

		if (is_component(middle, d, component, length))
			in = middle;
		else
			hi = middle;
	}
	return hi;
}

size_t ash_ctl_values(const char *component)
{
	if (strncmp(component, "<bin>", 5) == 0)
		return ASH_CLASSES - 1;
	if (strncmp(component, "<lextent>", 9) == 0)
		return ASH_LARGE_SIZES;
	if (strncmp(component, "<extent>", 8) == 0)
		return ash_page_sizes();
	if (strncmp(component, "<length>", 8) == 0)
		return ASH_CTL_LENGTHS;
	return ash_ctl_arenas_count();
}

/* Whether there are figures of the number. */
static bool has_figures(size_t arena)
{
	if (arena == ASH_CTL_DESTROYED)
		return ash_arenas_any_destroyed();
	return arena == 0 || ash_ctl_is_all(arena) || ash_arena_exists((unsigned)arena);
}

/* Whether n is a value of the component of the row. */
static bool is_value(const char *row, const char *component, size_t n)
{
	if (strncmp(component, "<arena>", 7) != 0)
		return n < ash_ctl_values(component);
	if (n >= ash_ctl_values(component) && !ash_ctl_is_all(n) && n != ASH_CTL_DESTROYED)
		return false;
	return strncmp(row, "stats.", 6) != 0 || has_figures(n);
}

/* The number's other spellings are none here. */
static bool is_decimal(struct ash_span word)
{
	for (size_t i = 0; i < word.length; i++)
		if (word.at[i] < '0' || word.at[i] > '9')
			return false;
	return word.length > 0;
}

/* Of the groups in lo .. hi-1 the one that the word leads to: its first row, and its number for
 * the mib.  `hi` where there is none. */
static unsigned choose(unsigned lo, unsigned hi, unsigned d, struct ash_span word,
		       size_t *number)
{
	for (unsigned r = lo; r < hi; r = ash_ctl_group_end(r, hi, d)) {
		struct ash_ctl_row row = ash_ctl_row_at(r);
		size_t length;
		const char *component = ash_ctl_component(row.name, d, &length);
		uint64_t n;

		/* The end of a row, or an option without a name. */
		if (component == NULL || row.call == NULL)
			continue;
		*number = r;
		if (length == word.length && memcmp(component, word.at, length) == 0 &&
		    component[0] != '<')
			return r;
		if (component[0] == '<' && is_decimal(word) && ash_parse_number(word, &n) &&
		    is_value(row.name, component, n)) {
			*number = (size_t)n;
			return r;
		}
	}
	return hi;
}

int ash_ctl_find(const char *name, size_t *mib, size_t *depth)
{
	unsigned lo = 0, hi = ash_ctl_rows();
	size_t length;

	if (name == NULL)
		return EINVAL;
	if (name[0] == '\0' || name[0] == '.')
		return ENOENT;
	for (unsigned d = 0; d < *depth; d++) {
		struct ash_span word = {name, strcspn(name, ".")};
		unsigned r = choose(lo, hi, d, word, &mib[d]);

		if (word.length == 0 || r == hi)
			return ENOENT;
		hi = ash_ctl_group_end(r, hi, d);
		lo = r;
		if (name[word.length] == '\0') {
			*depth = d + 1;
			return 0;
		}
		if (ash_ctl_component(ash_ctl_row_at(r).name, d + 1, &length) == NULL)
			return ENOENT; /* the name goes on where the row ends */
		name += word.length + 1;
	}
	return 0;
}

/* Whether rows r and s have the same first d components. */
static bool have_in_common(unsigned r, unsigned s, unsigned d)
{
	size_t length;

	for (unsigned i = 0; i < d; i++) {
		const char *component = ash_ctl_component(ash_ctl_row_at(r).name, i, &length);

		if (component == NULL || !is_component(s, i, component, length))
			return false;
	}
	return true;
}

/* Whether the number stands for a component d behind the first d of row lo. */
static bool is_first(size_t number, unsigned lo, unsigned d)
{
	unsigned r = (unsigned)number;

	return number < ash_ctl_rows() && have_in_common(r, lo, d) &&
	       (r == 0 || !have_in_common(r, r - 1, d + 1));
}

int ash_ctl_resolve(const size_t *mib, size_t depth, struct ash_ctl_row *row,
		    size_t at[ASH_CTL_NUMBERS])
{
	unsigned lo = 0, numbers = 0;
	size_t length;

	if (mib == NULL || depth == 0 || depth > ASH_CTL_DEPTH)
		return ENOENT;
	for (unsigned d = 0; d < depth; d++) {
		const char *component = ash_ctl_component(ash_ctl_row_at(lo).name, d, &length);

		if (d > 0 && component != NULL && component[0] == '<') { /* alone there */
			if (!is_value(ash_ctl_row_at(lo).name, component, mib[d]))
				return ENOENT;
			at[numbers++] = mib[d];
		} else if ((d > 0 && component == NULL) || !is_first(mib[d], lo, d)) {
			return ENOENT;
		} else {
			lo = (unsigned)mib[d];
		}
	}
	*row = ash_ctl_row_at(lo);
	return row->call != NULL &&
			       ash_ctl_component(row->name, (unsigned)depth, &length) == NULL
		       ? 0
		       : ENOENT;
}
