/* SPDX-License-Identifier: GPL-2.0-only */
/* Converts the running state to a configuration. */
#ifndef XV_RUNNING_H
#define XV_RUNNING_H

#include "model/model.h"

/*
 * Makes a configuration, which the caller frees: underlay and metrics as they were applied, and the
 * networks with their ports, flood lists and static entries. config_only: only objects that came
 * from a file.
 */
int xv_running_config(struct xv_model *model, bool config_only, struct xv_config **config,
		      struct xv_err *err);

#endif
