/* SPDX-License-Identifier: GPL-2.0-only */
/* Helpers for the keys of a configuration file: see config_schema.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_schema.h"
#include "grow.h"

void *xv_schema_append(struct xv_reader *r, void *array, size_t n, size_t size)
{
	char **base = array;

	if (xv_grow_packed(array, n, size)) {
		xv_err_set(r->source.err, -ENOMEM, "%s: out of memory", r->source.file);
		return NULL;
	}
	return memset(*base + n * size, 0, size);
}

int xv_schema_missing(struct xv_reader *r, int line, const char *what, const char *key,
		      const char *example)
{
	/* A wrong indent ends a mapping too early. Then the next event is the error to report. */
	int err = xv_reader_next(r);

	if (err)
		return err;
	return xv_source_error(&r->source, line, "%s has no \"%s\"; for example: %s", what, key,
			       example);
}

int xv_schema_too_many(struct xv_reader *r, unsigned int limit, const char *what)
{
	return xv_source_error(&r->source, xv_reader_line(r), "more than %u %s", limit, what);
}
