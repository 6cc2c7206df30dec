/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks a request's arguments against each other: which exclude or need one another. */
#ifndef XV_ARGS_CHECK_H
#define XV_ARGS_CHECK_H

#include "commands.h"

/*
 * Checks arguments that xv_arg_check() has accepted one by one. -EINVAL: err says which do not go
 * together.
 */
int xv_args_check(const struct xv_command *command, const json_t *args, struct xv_err *err);

#endif
