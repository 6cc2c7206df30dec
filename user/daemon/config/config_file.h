/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration read from a file, or from its text. */
#ifndef XV_CONFIG_FILE_H
#define XV_CONFIG_FILE_H

#include "config/config.h"

/*
 * Reads and checks a configuration. file names it in messages ("FILE:LINE: ..."). On success
 * *config is a new object, owned by the caller; on failure it is untouched and err says file, line,
 * the bad word and what would be right. -ENOENT etc. if the file cannot be read, -EINVAL if it is
 * wrong.
 */
int xv_config_load(const char *file, struct xv_config **config, struct xv_err *err);
int xv_config_parse(const char *file, const char *text, size_t len, struct xv_config **config,
		    struct xv_err *err);

#endif
