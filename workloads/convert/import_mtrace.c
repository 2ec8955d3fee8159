/* mtrace(3): "@ CALLER:[ADDRESS] + 0xOBJECT 0xSIZE", "- 0xOBJECT" for a free, "< 0xOLD" and
 * on the next line "> 0xNEW 0xSIZE" for a realloc, "! 0xOBJECT 0xSIZE" for one that
 * failed, between "= Start" and "= End". */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "workloads/convert/importer.h"

struct mtrace {
	bool begun, resizing;
	uint64_t old;
};

static bool hex(char **at, uint64_t *value)
{
	char *end;

	*at += strspn(*at, " ");
	if (strncmp(*at, "(nil)", 5) == 0) {
		*at += 5;
		*value = 0;
		return true;
	}
	if (strncmp(*at, "0x", 2) != 0)
		return false;
	*value = strtoull(*at, &end, 16);
	if (end == *at + 2)
		return false;
	*at = end;
	return true;
}

/* "@ program:(function+0x12)[0x5555]" may stand before the sign; it has no blanks but
 * those in the program's name, so the sign is looked for behind the bracket. */
static char *sign_of(char *line)
{
	char *bracket;

	if (line[0] != '@')
		return line;
	bracket = strrchr(line, ']');
	return bracket && bracket[1] == ' ' ? bracket + 2 : NULL;
}

static int take_call(struct importer *importer, struct mtrace *state, char *at)
{
	char sign = *at++;
	uint64_t object, size = 0;

	if (!hex(&at, &object) ||
	    ((sign == '+' || sign == '>' || sign == '!') && !hex(&at, &size)))
		return importer_wrong(importer, "an address '0x...' is wanted, and a size");
	if (at[strspn(at, " \r")] != '\0')
		return importer_wrong(importer, "something follows the numbers");
	importer->time++;
	if (state->resizing != (sign == '>'))
		return importer_wrong(importer, "'<' and '>' belong together, in two lines");
	state->resizing = sign == '<';
	switch (sign) {
	case '+':
		if (object)
			return importer_allocate(importer, object, size);
		importer->failed++;
		return 0;
	case '-':
		return object ? importer_free(importer, object) : 0;
	case '<':
		state->old = object;
		return 0;
	case '>':
		return importer_resize(importer, state->old, object, size);
	default: /* '!' */
		importer->failed++;
		return 0;
	}
}

static int take(struct importer *importer, char *line, void *argument)
{
	struct mtrace *state = argument;
	char *sign;

	if (!line)
		return state->begun ? 0
				    : importer_wrong(importer, "not from mtrace: there is no "
							       "line '= Start'");
	if (strcmp(line, "= Start") == 0) {
		state->begun = true;
		return 0;
	}
	if (!state->begun)
		return importer_wrong(importer, "not from mtrace: it does not begin with "
						"'= Start'");
	if (line[0] == '=' || line[0] == '\0')
		return 0;
	sign = sign_of(line);
	if (!sign || !strchr("+-<>!", *sign) || !*sign)
		return importer_wrong(importer,
				      "no call: '+', '-', '<', '>' and '!' are known");
	return take_call(importer, state, sign);
}

int import_mtrace(FILE *in, const char *name, const char *path, struct import_result *result,
		  char *why, size_t why_size)
{
	struct importer importer = {
		.name = name, .result = result, .why = why, .why_size = why_size};
	struct mtrace state = {0};

	return importer_run(&importer, in, path, "mtrace", take, &state);
}
