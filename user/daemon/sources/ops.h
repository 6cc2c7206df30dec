/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the control socket can do: one handler for each command of commands.h. A handler calls the
 * model and leaves behind in its call what to answer.
 */
#ifndef XV_OPS_H
#define XV_OPS_H

#include "sources/call.h"
#include "sources/service.h"

/* Runs a request. 0, or a negative errno with call->err set; nothing is changed then. */
int xv_ops_run(struct xv_service *service, const struct xv_request *request, struct xv_call *call);

/* Whether a command of commands.h has its handler (a test asks, for all). */
bool xv_ops_knows(const struct xv_command *command);

#endif
