/* SPDX-License-Identifier: GPL-2.0-only */
/* Helpers for the keys of a configuration file, and what they are read into. Only for config/. */
#ifndef XV_CONFIG_SCHEMA_H
#define XV_CONFIG_SCHEMA_H

#include "config/config.h"
#include "config/config_reader.h"

/* Lines that only messages need. 0: the file does not have the key. */
struct xv_config_marks {
	struct {
		int vni, name, group, group_dev;
	} * networks; /* as many as the configuration has */
};

/* What a file is being read into (xv_reader.arg). */
struct xv_schema {
	struct xv_config *config;
	struct xv_config_marks *marks;
	size_t n_ports, n_flood, n_fdb; /* of all networks so far */
	bool end_marker;		/* the file must end with a line "..." */
};

/*
 * Makes room in *(TYPE **)array for one element behind the first n, zeroes it and returns it. NULL,
 * with the error set: no memory.
 */
void *xv_schema_append(struct xv_reader *r, void *array, size_t n, size_t size);
/* Set errors: "WHAT has no "KEY"; for example: EXAMPLE", and "more than LIMIT WHAT". */
int xv_schema_missing(struct xv_reader *r, int line, const char *what, const char *key,
		      const char *example);
int xv_schema_too_many(struct xv_reader *r, unsigned int limit, const char *what);

#endif
