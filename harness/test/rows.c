/* rows DIR FIELD...: the samples of a run set as lines of tab-separated fields, for
 * test scripts.  A field of an object in an object is written with a dot; what is not
 * there is "-". */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const json_t *look_up(const json_t *record, const char *field)
{
	char name[128];
	size_t length;

	while (record && *field) {
		length = strcspn(field, ".");
		if (length >= sizeof(name))
			return NULL;
		memcpy(name, field, length);
		name[length] = '\0';
		record = json_object_get(record, name);
		field += length + (field[length] == '.');
	}
	return record;
}

int main(int argc, char **argv)
{
	char path[4096], *line = NULL;
	size_t size = 0;
	FILE *file;

	if (argc < 3)
		return 2;
	snprintf(path, sizeof(path), "%s/samples.jsonl", argv[1]);
	file = fopen(path, "r");
	if (!file)
		return 1;
	while (getline(&line, &size, file) > 0) {
		json_t *record = json_loads(line, 0, NULL);

		if (!record) {
			fprintf(stderr, "rows: no record: %s", line);
			return 1;
		}
		for (int i = 2; i < argc; i++) {
			const json_t *value = look_up(record, argv[i]);
			char *text;

			if (i > 2)
				putchar('\t');
			if (!value || json_is_null(value)) {
				putchar('-');
			} else if (json_is_string(value)) {
				fputs(json_string_value(value), stdout);
			} else {
				text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
				fputs(text ? text : "-", stdout);
				free(text);
			}
		}
		putchar('\n');
		json_decref(record);
	}
	free(line);
	return fclose(file);
}
