/* SPDX-License-Identifier: GPL-2.0-only */
/* The running state written as a configuration. */
#ifndef XV_RUNNING_H
#define XV_RUNNING_H

#include "model/model.h"

/*
 * A new configuration, owned by the caller: underlay and metrics as applied, and the networks with
 * their ports, flood lists and static entries. config_only: of these, what came from a file.
 */
int xv_running_config(struct xv_model *model, bool config_only, struct xv_config **config,
		      struct xv_err *err);

#endif
