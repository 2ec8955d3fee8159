#include "ctl/ctl.h"

#include <errno.h>
#include <string.h>

#include "ctl/names.h"
#include "front/boot.h"

size_t ash_ctl_width(enum ash_ctl_type type)
{
	static const uint8_t width[] = {
		[ASH_CTL_VOID] = 0,
		[ASH_CTL_BOOL] = sizeof(bool),
		[ASH_CTL_UNSIGNED] = sizeof(unsigned),
		[ASH_CTL_U64] = sizeof(uint64_t),
		[ASH_CTL_I64] = sizeof(int64_t),
		[ASH_CTL_SIZE] = sizeof(size_t),
		[ASH_CTL_SSIZE] = sizeof(ssize_t),
		[ASH_CTL_STRING] = sizeof(char *),
		[ASH_CTL_POINTER] = sizeof(void *),
		[ASH_CTL_BUFFER] = sizeof(char *),
		[ASH_CTL_CONFIG] = sizeof(((union ash_ctl_value *)NULL)->config),
	};

	return width[type];
}

int ash_ctl_get(const struct ash_ctl_row *row, const size_t *at, union ash_ctl_value *value)
{
	*value = (union ash_ctl_value){.u64 = 0};
	if ((row->access != ASH_CTL_READ && row->access != ASH_CTL_READ_WRITE) ||
	    row->type == ASH_CTL_BUFFER)
		return EPERM;
	return row->call(row, at, value, NULL);
}

struct request {
	void *oldp;
	size_t *oldlenp;
	const void *newp;
	size_t newlen;
};

static bool reads(const struct request *r)
{
	return r->oldp != NULL && r->oldlenp != NULL;
}

static bool writes(const struct request *r)
{
	return r->newp != NULL || r->newlen != 0;
}

static bool may(const struct ash_ctl_row *row, const struct request *r)
{
	switch (row->access) {
	case ASH_CTL_DO:
		return r->oldp == NULL && r->oldlenp == NULL && !writes(r);
	case ASH_CTL_READ:
		return !writes(r);
	case ASH_CTL_WRITE:
		return r->oldp == NULL && r->oldlenp == NULL;
	case ASH_CTL_MAKE:
		return row->input != ASH_CTL_VOID || !writes(r);
	default:
		return true;
	}
}

/* Copies what fits, and says how much; whether it was as much as there is. */
static bool give(const struct request *r, const union ash_ctl_value *value, size_t width)
{
	size_t fits = *r->oldlenp < width ? *r->oldlenp : width;
	bool whole = *r->oldlenp == width;

	memcpy(r->oldp, value, fits);
	*r->oldlenp = fits;
	return whole;
}

/* Both are needed; nothing is written where the call does not like their lengths. */
static int serve_table(const struct ash_ctl_row *row, const struct request *r)
{
	const union ash_ctl_value in = {.p = (void *)(uintptr_t)r->newp};
	union ash_ctl_value out = {.p = r->oldp};
	size_t bytes[2];

	if (!reads(r) || r->newp == NULL)
		return EINVAL;
	bytes[0] = *r->oldlenp;
	bytes[1] = r->newlen;
	return row->call(row, bytes, &out, &in);
}

static int serve(const struct ash_ctl_row *row, const size_t *at, const struct request *r)
{
	bool asks = row->access == ASH_CTL_ASK, makes = row->access == ASH_CTL_MAKE;
	enum ash_ctl_type taken = asks || makes ? row->input : row->type;
	union ash_ctl_value in = {.u64 = 0}, out = {.u64 = 0};
	size_t width = ash_ctl_width(row->type);
	bool must = row->access == ASH_CTL_WRITE || asks;
	int error;

	if (!may(row, r))
		return EPERM;
	if (row->access == ASH_CTL_TABLE_OF)
		return serve_table(row, r);
	if (makes && (!reads(r) || *r->oldlenp != width)) { /* it would be lost */
		if (r->oldlenp != NULL)
			*r->oldlenp = 0;
		return EINVAL;
	}
	if ((must && r->newp == NULL) || (r->newp != NULL && r->newlen != ash_ctl_width(taken)))
		return EINVAL;
	if (r->newp != NULL)
		memcpy(&in, r->newp, r->newlen);
	if (row->type == ASH_CTL_BUFFER && reads(r)) {
		if (*r->oldlenp != width)
			return EINVAL;
		memcpy(&out.p, r->oldp, sizeof(out.p));
	} else if (reads(r) && *r->oldlenp != width) { /* nothing is set, then */
		error = row->call(row, at, &out, asks ? &in : NULL);
		return error != 0 ? error : give(r, &out, width) ? 0 : EINVAL;
	}
	error = row->call(row, at, &out, r->newp != NULL ? &in : NULL);
	if (error == 0 && reads(r) && row->type != ASH_CTL_BUFFER)
		give(r, &out, width);
	return error;
}

int ash_ctl_name_to_mib(const char *name, size_t *mib, size_t *depth)
{
	if (!ash_boot())
		return EAGAIN;
	return ash_ctl_find(name, mib, depth);
}

int ash_ctl_by_mib(const size_t *mib, size_t depth, void *oldp, size_t *oldlenp,
		   const void *newp, size_t newlen)
{
	struct request request = {oldp, oldlenp, newp, newlen};
	size_t at[ASH_CTL_NUMBERS] = {0};
	struct ash_ctl_row row;
	int error, saved = errno;

	if (!ash_boot())
		return EAGAIN;
	error = ash_ctl_resolve(mib, depth, &row, at);
	if (error == 0)
		error = serve(&row, at, &request);
	errno = saved;
	return error;
}

int ash_ctl(const char *name, void *oldp, size_t *oldlenp, const void *newp, size_t newlen)
{
	size_t mib[ASH_CTL_DEPTH], depth = ASH_CTL_DEPTH;
	int error = ash_ctl_name_to_mib(name, mib, &depth);

	return error != 0 ? error : ash_ctl_by_mib(mib, depth, oldp, oldlenp, newp, newlen);
}
