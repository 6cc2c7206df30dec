/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks once a second what the kernel reports no changes of. */
#ifndef XV_WATCH_H
#define XV_WATCH_H

#include "model/model.h"

struct xv_watch;

int xv_watch_start(struct xv_model *model, struct xv_watch **watch, struct xv_err *err);
/*
 * To be called once a second. Checks the underlay, some of the ports and other instances, and
 * writes the log lines that xv_log_limited() held back. arg: struct xv_watch.
 */
void xv_watch_second(void *arg);
/*
 * Checks everything at once. Returns how many programs and pins were missing and are in place
 * again.
 */
size_t xv_watch_all(struct xv_watch *watch);
/* watch may be NULL. */
void xv_watch_stop(struct xv_watch *watch);

#endif
