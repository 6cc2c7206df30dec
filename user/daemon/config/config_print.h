/* SPDX-License-Identifier: GPL-2.0-only */
/* A configuration as YAML. */
#ifndef XV_CONFIG_PRINT_H
#define XV_CONFIG_PRINT_H

#include "config/config.h"

/* Prints the configuration, defaults included, as YAML that xv_config_load() reads back equal. */
void xv_config_print(const struct xv_config *config, FILE *out);

#endif
