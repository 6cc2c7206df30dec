/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reading and freeing of configurations by the worker thread (kernel/worker.h). A million entries
 * take seconds; if the caller is work in turns (turn.h), the event loop serves others meanwhile.
 */
#ifndef XV_FILE_H
#define XV_FILE_H

#include "config/config.h"

/* As xv_config_load_regular() and xv_config_parse(), in the worker. */
int xv_file_load(const char *file, struct xv_config **config, struct xv_err *err);
int xv_file_parse(const char *file, const char *text, struct xv_config **config,
		  struct xv_err *err);
/* As xv_config_free() and xv_config_drop_networks(), in the worker. */
void xv_file_free(struct xv_config *config);
void xv_file_drop_networks(struct xv_config *config);

#endif
