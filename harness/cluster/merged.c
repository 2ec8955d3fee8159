#include "harness/cluster/merged.h"

#include <jansson.h>
#include <stdlib.h>
#include "harness/base/file.h"
#include "harness/base/message.h"
#include "harness/cluster/shell.h"
#include "harness/run/json_file.h"

static char *path_of(const char *dir)
{
	return text_format("%s/merged.json", dir);
}

static bool is_set(const char *folder)
{
	char *path = text_format("%s/manifest.json", folder);
	bool is = file_exists(path);

	free(path);
	return is;
}

void merged_note(const char *dir, const char *out, char *const *sets, int n)
{
	char *path = path_of(dir), *whole = shell_absolute(out), why[600];
	json_t *notes = json_load_file(path, 0, NULL), *list = json_array();

	if (!json_is_object(notes)) {
		json_decref(notes);
		notes = json_object();
	}
	for (int i = 0; i < n; i++) {
		char *set = shell_absolute(sets[i]);

		json_array_append_new(list, json_string(set));
		free(set);
	}
	json_object_set_new(notes, whole, list);
	if (json_file_write(path, notes, why, sizeof(why)) < 0)
		complain("%s: `cluster status` will not know of these sets", why);
	json_decref(notes);
	free(whole);
	free(path);
}

char *merged_sets(const char *dir, const char *out)
{
	char *path = path_of(dir), *whole = shell_absolute(out), *text = NULL;
	json_t *notes = json_load_file(path, 0, NULL), *list = json_object_get(notes, whole),
	       *set;
	bool all = true;
	size_t i;

	if (is_set(out)) {
		text_append(&text, "%s", out);
	} else {
		json_array_foreach(list, i, set) {
			const char *name = json_string_value(set);

			all &= name && is_set(name);
			text_append(&text, "%s%s", i ? ", " : "", name ? name : "");
		}
		if (!all) {
			free(text);
			text = NULL;
		}
	}
	json_decref(notes);
	free(whole);
	free(path);
	return text;
}
