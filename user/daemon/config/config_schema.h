/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a configuration file, and the checks that need all of it. Private to config*.c. */
#ifndef XV_CONFIG_SCHEMA_H
#define XV_CONFIG_SCHEMA_H

#include "config/config.h"
#include "config/config_reader.h"

/* Lines that only messages need. 0: not in the file. */
struct xv_config_marks {
	struct {
		int vni, name, group, group_dev;
	} * networks; /* as many as the configuration has */
};

/* Words of `inner-vlan`, by value. NULL at the end. */
extern const char *const xv_inner_vlan_words[];
/* Words of `xdp`, by enum xv_xdp_mode. NULL at the end. */
extern const char *const xv_xdp_mode_words[];
extern const char *const xv_delivery_words[];
extern const char *const xv_df_words[];
/* Words of settings that are a bool, by value. NULL at the end. */
extern const char *const xv_ipsec_words[];
extern const char *const xv_netfilter_words[];
extern const char *const xv_filters_words[];
/* Words of a port's `xdp`, by enum xv_port_xdp. NULL at the end. */
extern const char *const xv_port_xdp_words[];
/* Words of a port's `filters`, by enum xv_port_filters. NULL at the end. */
extern const char *const xv_port_filters_words[];

/* What is being read into (xv_reader.arg). */
struct xv_schema {
	struct xv_config *config;
	struct xv_config_marks *marks;
	size_t n_ports, n_flood, n_fdb; /* of all networks so far */
	bool end_marker;		/* the file promises a last line "..." */
};

/*
 * Makes room in *(TYPE **)array for one more element behind n, zeroes it and returns it; NULL, with
 * the error set, if there is no memory.
 */
void *xv_schema_append(struct xv_reader *r, void *array, size_t n, size_t size);
/* Errors: "WHAT has no "KEY"; for example: EXAMPLE", and "more than LIMIT WHAT". */
int xv_schema_missing(struct xv_reader *r, int line, const char *what, const char *key,
		      const char *example);
int xv_schema_too_many(struct xv_reader *r, unsigned int limit, const char *what);

/* Value of the key `networks`. */
int xv_schema_networks(struct xv_reader *r, const struct xv_reader_key *key, void *obj);

/*
 * Reads the document r stands on into *config, which is all zero, and *marks. Fills in defaults,
 * and checks all that one network or one value shows. On failure both hold what was read, to be
 * freed.
 */
int xv_config_schema_read(struct xv_reader *r, struct xv_config *config,
			  struct xv_config_marks *marks);

/* Checks what needs several places of a configuration that xv_config_schema_read() took. */
int xv_config_check(const struct xv_config *config, const struct xv_config_marks *marks,
		    const struct xv_source *source);

#endif
