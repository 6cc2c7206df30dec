/* SPDX-License-Identifier: GPL-2.0-only */
/* xvtepd --detach: everything that an instance left in the kernel goes. */
#ifndef XV_DETACH_H
#define XV_DETACH_H

#include <stdbool.h>

#include "err.h"

/* Removes all that an instance left in the kernel. Refuses while its daemon runs. *found: there was
 * something. */
int xv_detach(const char *name, bool *found, struct xv_err *err);

#endif
