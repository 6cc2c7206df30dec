/* SPDX-License-Identifier: GPL-2.0-only */
/* Once a second: what nothing else tells the daemon of. */
#ifndef XV_WATCH_H
#define XV_WATCH_H

#include "instance.h"

int xv_watch_start(struct xv_instance *inst, struct xv_err *err);
void xv_watch_stop(struct xv_instance *inst);

#endif
