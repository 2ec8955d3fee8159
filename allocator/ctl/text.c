#include "ctl/text.h"

#include <errno.h>
#include <string.h>

#include "arena/figures.h"
#include "conf/parse.h"
#include "ctl/ctl.h"
#include "ctl/names.h"
#include "util/fmt.h"

static const char *reason(int error)
{
	switch (error) {
	case ENOENT:
		return "there is no such name, or it stands for nothing here";
	case EPERM:
		return "it cannot be read that way, or not be written";
	case EINVAL:
		return "this is no value of its type";
	case EFAULT:
		return "this value is not accepted";
	default:
		return "there is no memory for it";
	}
}

static void show(const struct ash_ctl_row *row, const union ash_ctl_value *v, char *answer,
		 size_t size)
{
	switch (row->type) {
	case ASH_CTL_BOOL:
		ash_format(answer, size, "ok %s", v->b ? "true" : "false");
		break;
	case ASH_CTL_UNSIGNED:
		ash_format(answer, size, "ok %u", v->u);
		break;
	case ASH_CTL_I64:
	case ASH_CTL_SSIZE:
		ash_format(answer, size, "ok %ld", (long)v->i64);
		break;
	case ASH_CTL_STRING:
	case ASH_CTL_BUFFER:
		ash_format(answer, size, "ok %s", v->s);
		break;
	case ASH_CTL_POINTER:
		ash_format(answer, size, "ok %p", v->p);
		break;
	default:
		ash_format(answer, size, "ok %lu", (unsigned long)v->u64);
	}
}

static bool parse(enum ash_ctl_type type, const char *text, union ash_ctl_value *v)
{
	struct ash_span s = {text, strlen(text)};
	bool negative = s.length > 0 && s.at[0] == '-';
	uint64_t n;

	switch (type) {
	case ASH_CTL_BOOL:
		v->b = ash_parse_is(s, "true");
		return v->b || ash_parse_is(s, "false");
	case ASH_CTL_STRING:
	case ASH_CTL_BUFFER:
		v->s = text;
		return true;
	case ASH_CTL_POINTER:
	case ASH_CTL_VOID:
		return false;
	case ASH_CTL_I64:
	case ASH_CTL_SSIZE:
		s.at += negative;
		s.length -= negative;
		if (!ash_parse_number(s, &n) || n > INT64_MAX)
			return false;
		v->i64 = negative ? -(int64_t)n : (int64_t)n;
		return true;
	case ASH_CTL_UNSIGNED:
		if (!ash_parse_number(s, &n) || n > UINT32_MAX)
			return false;
		v->u = (unsigned)n;
		return true;
	default:
		return ash_parse_number(s, &v->u64);
	}
}

/* Cuts the first word off. */
static char *word(char **rest)
{
	char *at = *rest, *end = at + strcspn(at, " ");

	*rest = *end != '\0' ? end + 1 : end;
	*end = '\0';
	return at;
}

void ash_ctl_answer(char *line, char *answer, size_t size)
{
	size_t mib[ASH_CTL_DEPTH], depth = ASH_CTL_DEPTH, at[ASH_CTL_NUMBERS] = {0};
	const char *verb = word(&line), *name = word(&line);
	union ash_ctl_value v = {.u64 = 0};
	char buffer[ASH_ARENA_NAME] = "";
	struct ash_ctl_row row;
	int error = ash_ctl_name_to_mib(name, mib, &depth);

	if (error == 0)
		error = ash_ctl_resolve(mib, depth, &row, at);
	if (error == 0 && strcmp(verb, "get") == 0) {
		if (row.type == ASH_CTL_BUFFER) {
			v.p = buffer;
			error = row.call(&row, at, &v, NULL);
		} else {
			error = ash_ctl_get(&row, at, &v);
		}
		if (error == 0) {
			show(&row, &v, answer, size);
			return;
		}
	} else if (error == 0 && strcmp(verb, "set") == 0) {
		if (row.access == ASH_CTL_DO)
			error = *line != '\0' ? EPERM : row.call(&row, at, &v, NULL);
		else if (row.access != ASH_CTL_WRITE && row.access != ASH_CTL_READ_WRITE)
			error = EPERM;
		else if (!parse(row.type, line, &v))
			error = EINVAL;
		else
			error = row.call(&row, at, &(union ash_ctl_value){.u64 = 0}, &v);
	} else if (error == 0) {
		error = EPERM;
	}
	if (error == 0)
		ash_format(answer, size, "ok");
	else
		ash_format(answer, size, "error %s: %s", name, reason(error));
}
