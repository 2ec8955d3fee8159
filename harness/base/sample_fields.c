#include "harness/base/sample_fields.h"

#define ROW(name, kind, unit, meaning) [FIELD_##name] = {#name, kind, unit, meaning},
const struct sample_field_row sample_fields[FIELD_COUNT] = {SAMPLE_FIELDS(ROW)};
#undef ROW

const char *sample_kind_name(enum sample_kind kind)
{
	static const char *const names[] = {
		[KIND_INT] = "int",
		[KIND_INT_NULL] = "int or null",
		[KIND_STRING] = "string",
		[KIND_STRING_NULL] = "string or null",
		[KIND_BOOL_NULL] = "bool or null",
		[KIND_OBJECT] = "object",
		[KIND_OBJECT_NULL] = "object or null",
		[KIND_ARRAY] = "array",
	};

	return names[kind];
}
