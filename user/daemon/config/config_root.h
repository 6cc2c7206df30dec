/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a configuration file outside its networks. */
#ifndef XV_CONFIG_ROOT_H
#define XV_CONFIG_ROOT_H

#include "config/config_schema.h"

/*
 * Reads the document at r into *config, which is all zero, and *marks. Fills in defaults, and makes
 * the checks that need only one network or one value. On failure both hold what was read so far,
 * and must be freed.
 */
int xv_config_root_read(struct xv_reader *r, struct xv_config *config,
			struct xv_config_marks *marks);

#endif
