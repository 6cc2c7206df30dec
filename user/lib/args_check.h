/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments together: what excludes what, and what cannot be alone. */
#ifndef XV_ARGS_CHECK_H
#define XV_ARGS_CHECK_H

#include "commands.h"

/* Checks the arguments together, each of them checked already. -EINVAL with a text. */
int xv_args_check(const struct xv_command *command, const json_t *args, struct xv_err *err);

#endif
