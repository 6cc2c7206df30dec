/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commands of the control socket: one handler for each command of commands.h. A handler calls
 * the model and puts the answer into its struct xv_call.
 */
#ifndef XV_OPS_H
#define XV_OPS_H

#include "sources/call.h"
#include "sources/service.h"

/* Runs a request. 0; or negative errno with call->err set, and nothing has changed. */
int xv_ops_run(struct xv_service *service, const struct xv_request *request, struct xv_call *call);

/* Whether a command of commands.h has a handler. For a test. */
bool xv_ops_knows(const struct xv_command *command);

#endif
