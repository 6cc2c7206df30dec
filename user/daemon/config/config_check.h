/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks that need the whole configuration. */
#ifndef XV_CONFIG_CHECK_H
#define XV_CONFIG_CHECK_H

#include "config/config_schema.h"

/* Checks a configuration that xv_config_root_read() has read. 0 or -EINVAL with a message. */
int xv_config_check(const struct xv_config *config, const struct xv_config_marks *marks,
		    const struct xv_source *source);

#endif
