/* SPDX-License-Identifier: GPL-2.0-only */
/* Once a second: what nothing else tells the daemon of. */
#ifndef XV_WATCH_H
#define XV_WATCH_H

#include "instance.h"

int xv_watch_start(struct xv_instance *inst, struct xv_err *err);
/* Looks at all that it looks at by and by: how much was taken away, and is there again. */
size_t xv_watch_all(struct xv_instance *inst);
void xv_watch_stop(struct xv_instance *inst);

#endif
