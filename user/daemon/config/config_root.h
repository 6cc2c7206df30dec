/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a configuration file outside its networks, from the leaves to the root. */
#ifndef XV_CONFIG_ROOT_H
#define XV_CONFIG_ROOT_H

#include "config/config_schema.h"

/*
 * Reads the document r stands on into *config, which is all zero, and *marks. Fills in defaults,
 * and checks all that one network or one value shows. On failure both hold what was read, to be
 * freed.
 */
int xv_config_root_read(struct xv_reader *r, struct xv_config *config,
			struct xv_config_marks *marks);

#endif
