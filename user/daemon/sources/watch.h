/* SPDX-License-Identifier: GPL-2.0-only */
/* Once a second: what nothing else tells the daemon of. */
#ifndef XV_WATCH_H
#define XV_WATCH_H

#include "model/model.h"

struct xv_watch;

int xv_watch_start(struct xv_model *model, struct xv_watch **watch, struct xv_err *err);
/*
 * Once a second: looks at the underlay and at some of the ports, and for other instances; what the
 * log holds back is told. arg: struct xv_watch.
 */
void xv_watch_second(void *arg);
/* Looks at all that it looks at by and by: how much was taken away, and is there again. */
size_t xv_watch_all(struct xv_watch *watch);
/* NULL is fine. */
void xv_watch_stop(struct xv_watch *watch);

#endif
