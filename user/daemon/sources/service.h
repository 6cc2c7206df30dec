/* SPDX-License-Identifier: GPL-2.0-only */
/* What commands work on, and whom they ask for what is above them: the instance connects it. */
#ifndef XV_SERVICE_H
#define XV_SERVICE_H

#include "model/model.h"

struct xv_load;

struct xv_service {
	struct xv_model *model;
	struct xv_load *loads; /* under way */
	/* A whole configuration, whose ownership passes; and the file that the daemon was started
	 * with. *changes: how many were made. */
	int (*apply)(void *arg, struct xv_config *config, size_t *changes, struct xv_err *err);
	int (*reload)(void *arg, size_t *changes, struct xv_err *err);
	void *arg;
};

#endif
