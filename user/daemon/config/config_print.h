/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints a configuration as YAML. */
#ifndef XV_CONFIG_PRINT_H
#define XV_CONFIG_PRINT_H

#include "config/config.h"

/* Prints the configuration, defaults included. xv_config_load() reads the output as equal. */
void xv_config_print(const struct xv_config *config, FILE *out);

#endif
