/* SPDX-License-Identifier: GPL-2.0-only */
/* What only the whole of a configuration shows. */
#ifndef XV_CONFIG_CHECK_H
#define XV_CONFIG_CHECK_H

#include "config/config_schema.h"

/* Checks what needs several places of a configuration that xv_config_root_read() took. */
int xv_config_check(const struct xv_config *config, const struct xv_config_marks *marks,
		    const struct xv_source *source);

#endif
