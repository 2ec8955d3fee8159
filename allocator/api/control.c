/* mallctl and its kin under their prefixed names, statistics at exit, and the hook that
 * ashlar-ctl asks by. */
#include <ashlar/ashlar.h>

#include <errno.h>
#include <stdlib.h>

#include "api/control.h"
#include "conf/conf.h"
#include "ctl/absent.h"
#include "ctl/names.h"
#include "ctl/server.h"
#include "front/apart.h"
#include "front/boot.h"
#include "util/fmt.h"

ASH_EXPORT void (*ASH_API(malloc_message))(void *opaque, const char *text);

/* Who calls these wants this library and no other. */
#define OURS(...)
ASH_DEFINE_CONTROL(ASH_API, OURS)

/* The plain one, where the plain names are there. */
extern void (*malloc_message)(void *, const char *)
	__attribute__((weak, visibility("default")));

static void (*taker(void))(void *, const char *)
{
	return &malloc_message != NULL && malloc_message != NULL ? malloc_message
								 : ASH_API(malloc_message);
}

static void print(const char *letters)
{
	ash_stats_print(taker(), NULL, letters);
}

static bool take_line(const char *line)
{
	void (*write)(void *, const char *) = taker();

	if (write != NULL)
		write(NULL, line);
	return write != NULL;
}

static void print_at_exit(void)
{
	print(ash_conf.stats_print_opts.text);
}

static void print_meanwhile(void)
{
	print(ash_conf.stats_interval_opts.text);
}

/* After boot, and before what the program registers. */
__attribute__((constructor(104))) static void begin(void)
{
	if (!ash_boot())
		return;
	if (ash_conf.stats_print)
		atexit(print_at_exit);
	ash_store_relaxed(&ash_apart_due, print_meanwhile);
	ash_store_relaxed(&ash_line_hook, take_line);
	ash_ctl_serve();
}

ASH_EXPORT int ASH_API(ctl_describe)(size_t i, struct ASH_API(ctl_name) * name)
{
	static const char *const types[] = {
		[ASH_CTL_VOID] = "void",         [ASH_CTL_BOOL] = "bool",
		[ASH_CTL_UNSIGNED] = "unsigned", [ASH_CTL_U64] = "uint64_t",
		[ASH_CTL_I64] = "int64_t",       [ASH_CTL_SIZE] = "size_t",
		[ASH_CTL_SSIZE] = "ssize_t",     [ASH_CTL_STRING] = "const char *",
		[ASH_CTL_POINTER] = "void *",    [ASH_CTL_BUFFER] = "char *",
	};
	static const char *const accesses[] = {
		[ASH_CTL_DO] = "-",           [ASH_CTL_READ] = "r",  [ASH_CTL_WRITE] = "w",
		[ASH_CTL_READ_WRITE] = "rw",  [ASH_CTL_ASK] = "ask", [ASH_CTL_MAKE] = "make",
		[ASH_CTL_TABLE_OF] = "table",
	};
	struct ash_ctl_row row;

	for (unsigned r = 0; r < ash_ctl_rows(); r++) {
		row = ash_ctl_row_at(r);
		if (row.call == NULL || i-- > 0)
			continue;
		name->name = row.name;
		name->type = types[row.type];
		name->access = accesses[row.access];
		name->about = row.about;
		return 0;
	}
	return ENOENT;
}

ASH_EXPORT int ASH_API(ctl_absent)(size_t i, struct ASH_API(ctl_name) * name)
{
	const struct ash_ctl_absent *absent;

	if (i >= ash_ctl_absent_count())
		return ENOENT;
	absent = ash_ctl_absent_at((unsigned)i);
	name->name = absent->name;
	name->type = name->access = "";
	name->about = absent->why;
	return 0;
}
