/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Configurations read, and freed, by the worker (kernel/worker.h): a million entries take seconds,
 * during which the event loop serves others if it is work in turns that asks.
 */
#ifndef XV_FILE_H
#define XV_FILE_H

#include "config/config.h"

/* As xv_config_load() and xv_config_parse(). */
int xv_file_load(const char *file, struct xv_config **config, struct xv_err *err);
int xv_file_parse(const char *file, const char *text, struct xv_config **config,
		  struct xv_err *err);
/* As xv_config_free() and xv_config_drop_networks(). */
void xv_file_free(struct xv_config *config);
void xv_file_drop_networks(struct xv_config *config);

#endif
