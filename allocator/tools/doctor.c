#include "tools/doctor.h"

#include <elf.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/exclude.h"
#include "conf/rows.h"
#include "os/presence.h"
#include "tools/allowed.h"
#include "tools/diagnosis.h"
#include "tools/library.h"
#include "tools/process.h"

#define LINK "/etc/malloc.conf"
#define PRELOAD "/etc/ld.so.preload"
#define SOURCES 3

struct patient {
	struct process process;
	struct library library;
	bool there;    /* the library */
	char *file;    /* that runs */
	char *started; /* the path that it was started by */
	bool secure;   /* its privileges were raised: environment and link count nothing */
	struct ash_conf conf;
	unsigned excluded;     /* the line of the list of programs that names it */
	char *source[SOURCES]; /* their texts */
	unsigned refused;      /* options */
	struct diagnosis diagnosis;
};

/* --- configuration: the sources in their order, by the library's own parser -----------------
 */
static const char *const source_names[] = {LINK, "MALLOC_CONF", ASH_CONF_NAME};

static void read_list(struct patient *a)
{
	char *path = process_path(&a->process, ash_exclude_path);
	size_t length = 0;
	char *text = path != NULL ? file_text(path, &length) : NULL;

	free(path);
	if (text == NULL)
		return;
	if (length > ASH_EXCLUDE_MOST) {
		diagnosis_warn(&a->diagnosis, "of %s only the first %zu bytes are read",
			       ash_exclude_path, ASH_EXCLUDE_MOST);
		text[ASH_EXCLUDE_MOST] = '\0';
	}
	a->excluded = ash_exclude_line(text, a->started, a->file);
	a->conf.off = a->excluded != 0;
	free(text);
}

static void read_sources(struct patient *a)
{
	char *path = process_path(&a->process, LINK), where[64];

	a->conf = ash_conf_defaults;
	read_list(a);
	if (!a->secure) {
		a->source[0] = path != NULL ? link_text(path) : NULL;
		a->source[1] = process_environment(&a->process, source_names[1]);
		a->source[2] = process_environment(&a->process, source_names[2]);
	}
	free(path);
	for (unsigned i = 0; i < SOURCES; i++) {
		if (a->source[i] == NULL)
			continue;
		snprintf(where, sizeof(where), "%s of %d", source_names[i],
			 (int)a->process.pid);
		a->refused += ash_conf_parse(&a->conf, a->source[i], where);
	}
	if (a->refused != 0)
		diagnosis_warn(&a->diagnosis,
			       "%u option%s not understood: see the lines on standard error",
			       a->refused, a->refused == 1 ? " was" : "s were");
}

static void tell_sources(struct patient *a)
{
	diagnosis_open(&a->diagnosis, "configuration");
	if (a->excluded != 0)
		diagnosis_text(&a->diagnosis, ash_exclude_path, "line %u says off:true",
			       a->excluded);
	for (unsigned i = 0; i < SOURCES; i++)
		if (a->source[i] != NULL)
			diagnosis_text(&a->diagnosis, source_names[i], "%s", a->source[i]);
	diagnosis_close(&a->diagnosis);
}

static void tell_option(struct patient *a, const struct ash_row *row)
{
	struct ash_opt_value value = ash_row_read(row, &a->conf);
	struct ash_opt_value before = ash_row_read(row, &ash_conf_defaults);
	const char *key = ash_rows_key(row);

	if (row->offset == ASH_ROW_NOWHERE ||
	    (value.n == before.n && strcmp(value.text, before.text) == 0))
		return;
	if (value.text[0] != '\0' || row->read == ASH_OPT_TEXT)
		diagnosis_text(&a->diagnosis, key, "%s", value.text);
	else if (row->read == ASH_OPT_BOOL)
		diagnosis_bool(&a->diagnosis, key, value.n != 0);
	else if (row->read == ASH_OPT_U32 && (int64_t)value.n >= 0)
		diagnosis_text(&a->diagnosis, key, "%.4g", (double)value.n / 65536);
	else if ((int64_t)value.n < 0)
		diagnosis_text(&a->diagnosis, key, "%" PRId64, (int64_t)value.n);
	else
		diagnosis_number(&a->diagnosis, key, value.n);
}

static void tell_options(struct patient *a)
{
	diagnosis_open(&a->diagnosis, "options other than by default");
	for (unsigned i = 0; i < ash_rows_count(); i++)
		tell_option(a, ash_rows_at(i));
	diagnosis_close(&a->diagnosis);
}

/* --- state
 * --------------------------------------------------------------------------------------- */
static const char *why_not_there(struct patient *a, char *text, size_t size)
{
	char *preload = process_environment(&a->process, "LD_PRELOAD");
	char *path = process_path(&a->process, PRELOAD);
	char *list = path != NULL ? file_text(path, NULL) : NULL;

	if (process_is_short(&a->process))
		snprintf(text, size,
			 "it is a program of 32 bits, for which there is no library");
	else if (process_aux(&a->process, AT_BASE) == 0)
		snprintf(text, size, "it is a static program, into which nothing is loaded");
	else if (list != NULL && strstr(list, "libashlar") != NULL)
		snprintf(text, size,
			 PRELOAD " names it: the process began before, or its loader refused "
				 "it, which is a line on standard error");
	else if (preload != NULL && strstr(preload, "libashlar") != NULL)
		snprintf(text, size, "LD_PRELOAD names it, %s",
			 a->secure ? "which counts nothing where privileges are raised"
				   : "and its loader refused it, which is a line on standard "
				     "error");
	else
		snprintf(text, size, "neither LD_PRELOAD nor " PRELOAD " names it");
	free(preload);
	free(path);
	free(list);
	return text;
}

static void tell_off(struct patient *a)
{
	if (a->conf.off && a->excluded != 0)
		diagnosis_text(&a->diagnosis, "why", "line %u of %s excludes it", a->excluded,
			       ash_exclude_path);
	else if (a->conf.off)
		diagnosis_text(&a->diagnosis, "why", "an option says off:true");
	else
		diagnosis_text(&a->diagnosis, "why",
			       "the list or the link said so when it began, or its own "
			       "malloc_conf");
}

static enum doctor_status tell_state(struct patient *a)
{
	const struct library *l = &a->library;
	char why[256];
	uint32_t state = l->state;

	if (!a->there) {
		diagnosis_text(&a->diagnosis, "state", "not there");
		diagnosis_text(&a->diagnosis, "why", "%s", why_not_there(a, why, sizeof(why)));
		return DOCTOR_NOT_THERE;
	}
	if (!l->known) {
		diagnosis_warn(&a->diagnosis,
			       "its memory may not be read (kernel.yama.ptrace_scope, "
			       "or another version): what it was told is all that "
			       "is known");
		state = a->conf.off ? ASH_PRESENCE_OFF : ASH_PRESENCE_SERVES;
	}
	switch (state) {
	case ASH_PRESENCE_SERVES:
		diagnosis_text(&a->diagnosis, "state", "on");
		if (a->conf.off)
			diagnosis_warn(&a->diagnosis,
				       "the list or the link says off since it "
				       "began: it will be when it is started again");
		return DOCTOR_ON;
	case ASH_PRESENCE_OFF:
		diagnosis_text(&a->diagnosis, "state", "off");
		tell_off(a);
		return DOCTOR_NOT_SERVING;
	case ASH_PRESENCE_BESIDE:
		diagnosis_text(&a->diagnosis, "state", "beside");
		diagnosis_text(&a->diagnosis, "why",
			       "malloc is the program's own, or that of a library in front of "
			       "it");
		return DOCTOR_NOT_SERVING;
	default:
		diagnosis_text(&a->diagnosis, "state", "starting");
		diagnosis_text(&a->diagnosis, "why",
			       "it is loaded and has served nothing yet, or had no memory to "
			       "begin with");
		return DOCTOR_NOT_SERVING;
	}
}

static void tell_library(struct patient *a)
{
	const struct library *l = &a->library;

	diagnosis_text(&a->diagnosis, "library", "%s", l->path);
	diagnosis_text(&a->diagnosis, "version", "%s",
		       l->version[0] != '\0' ? l->version : "unknown");
	diagnosis_bool(&a->diagnosis, "replaced", l->replaced);
	if (l->replaced && l->now[0] != '\0')
		diagnosis_warn(&a->diagnosis,
			       "its file was replaced by version %s: a restart "
			       "takes that one",
			       l->now);
	else if (l->replaced)
		diagnosis_warn(&a->diagnosis, "its file was deleted: a restart finds none");
	if (l->version[0] != '\0' && strcmp(l->version, PACKAGE_VERSION) != 0)
		diagnosis_warn(&a->diagnosis,
			       "options are told as version " PACKAGE_VERSION " reads them");
}

static bool is_set_to(const struct patient *a, const char *key, const char *word)
{
	for (unsigned i = 0; i < ash_rows_count(); i++)
		if (strcmp(ash_rows_key(ash_rows_at(i)), key) == 0)
			return strcmp(ash_row_read(ash_rows_at(i), &a->conf).text, word) == 0;
	return false;
}

static enum doctor_status examine(struct patient *a)
{
	char *control;
	enum doctor_status status;

	diagnosis_number(&a->diagnosis, "process", (uint64_t)a->process.pid);
	diagnosis_text(&a->diagnosis, "program", "%s", a->file != NULL ? a->file : "unknown");
	if (a->started != NULL)
		diagnosis_text(&a->diagnosis, "started as", "%s", a->started);
	status = tell_state(a);
	if (a->there)
		tell_library(a);
	tell_sources(a);
	tell_options(a);
	control = a->secure ? NULL : process_environment(&a->process, "ASHLAR_CTL");
	if (control != NULL && a->there)
		diagnosis_text(&a->diagnosis, "socket", "%s/ashlar.%d", control,
			       (int)a->process.pid);
	free(control);
	if (a->secure)
		diagnosis_text(&a->diagnosis, "privileges",
			       "raised: no option is read from the "
			       "environment or " LINK);
	allowed_find(&a->process,
		     status == DOCTOR_ON && a->conf.hpa && !is_set_to(a, "thp", "never"),
		     &a->diagnosis);
	return status == DOCTOR_ON && a->diagnosis.warnings != 0 ? DOCTOR_WARNS : status;
}

enum doctor_status doctor(pid_t pid, bool json)
{
	struct patient a = {0};
	enum doctor_status status;
	uint64_t started;

	if (!process_open(&a.process, pid))
		return DOCTOR_CANNOT_TELL;
	a.file = process_link(&a.process, "exe");
	started = process_aux(&a.process, AT_EXECFN);
	a.started = started != 0 ? process_string(&a.process, started) : NULL;
	a.secure = process_aux(&a.process, AT_SECURE) != 0;
	a.there = library_find(&a.process, &a.library);
	diagnosis_begin(&a.diagnosis, json);
	read_sources(&a);
	status = examine(&a);
	diagnosis_end(&a.diagnosis);
	for (unsigned i = 0; i < SOURCES; i++)
		free(a.source[i]);
	library_free(&a.library);
	process_close(&a.process);
	free(a.started);
	free(a.file);
	return status;
}
