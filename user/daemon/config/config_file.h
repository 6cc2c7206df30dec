/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads a configuration from a file or a text. */
#ifndef XV_CONFIG_FILE_H
#define XV_CONFIG_FILE_H

#include "config/config.h"

/*
 * Reads and checks a configuration. file: its name in messages ("FILE:LINE: ..."). On success
 * *config is a new object, which the caller frees. On failure *config is untouched, and err says
 * file, line, the bad word and what would be right. -ENOENT etc.: the file cannot be read; -EINVAL:
 * its content is wrong.
 */
int xv_config_load(const char *file, struct xv_config **config, struct xv_err *err);
/* The same, but refuses a pipe or device, for which the caller would wait as long as its writer
 * likes. */
int xv_config_load_regular(const char *file, struct xv_config **config, struct xv_err *err);
int xv_config_parse(const char *file, const char *text, size_t len, struct xv_config **config,
		    struct xv_err *err);

#endif
