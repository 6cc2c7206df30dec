/* SPDX-License-Identifier: GPL-2.0-only */
/* What command handlers work on. The functions lead to the instance, which is above this layer. */
#ifndef XV_SERVICE_H
#define XV_SERVICE_H

#include "model/model.h"

struct xv_load;

struct xv_service {
	struct xv_model *model;
	struct xv_load *loads; /* the running loads */
	/*
	 * apply: applies a configuration and takes ownership of it. reload: applies the file that
	 * the daemon was started with. *changes: the number of changes made.
	 */
	int (*apply)(void *arg, struct xv_config *config, size_t *changes, struct xv_err *err);
	int (*reload)(void *arg, size_t *changes, struct xv_err *err);
	void *arg;
};

#endif
