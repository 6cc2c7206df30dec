/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a configuration file, and the checks that need all of it. Private to config*.c. */
#ifndef XV_CONFIG_SCHEMA_H
#define XV_CONFIG_SCHEMA_H

#include "config.h"
#include "config_reader.h"

/* Lines that only messages need. 0: not in the file. */
struct xv_config_marks {
	struct {
		int vni, name, group;
	} *networks; /* as many as the configuration has */
};

/* Words of `inner-vlan`, by value. NULL at the end. */
extern const char *const xv_inner_vlan_words[];
/* Words of `xdp`, by enum xv_xdp_mode. NULL at the end. */
extern const char *const xv_xdp_mode_words[];

/*
 * Reads the document r stands on into *config, which is all zero, and *marks. Fills in defaults, and
 * checks all that one network or one value shows. On failure both hold what was read, to be freed.
 */
int xv_config_schema_read(struct xv_reader *r, struct xv_config *config,
			  struct xv_config_marks *marks);

/* Checks what needs several places of a configuration that xv_config_schema_read() took. */
int xv_config_check(const struct xv_config *config, const struct xv_config_marks *marks,
		    const struct xv_source *source);

#endif
