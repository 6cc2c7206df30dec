/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running daemon: its rooms, the order in which they start and stop, and what connects them.
 * Everything in here belongs to the one thread of the event loop.
 */
#ifndef XV_INSTANCE_H
#define XV_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct event_base;
struct xv_instance;

/*
 * Starts an instance from a checked configuration (ownership passes on success): takes the lock,
 * opens or adopts the datapath, reconciles. On failure nothing of the running state is changed.
 */
int xv_instance_start(struct xv_config *config, const char *config_file, struct event_base *base,
		      struct xv_instance **inst, struct xv_err *err);
/* Starts what waits in the background; with the privileges that there are by now. */
int xv_instance_run(struct xv_instance *inst, struct xv_err *err);
/* The configuration file that it was started with: absolute, links not resolved. */
const char *xv_instance_file(const struct xv_instance *inst);
/* Leaves the event loop and frees; forwarding goes on. */
void xv_instance_stop(struct xv_instance *inst);
/*
 * Reconciles with a new configuration, whose ownership passes. Checked whole before anything is
 * touched; only the difference is. What the kernel refuses on the way is left out and told.
 * *changes: how many were made.
 */
int xv_instance_apply(struct xv_instance *inst, struct xv_config *config, size_t *changes,
		      struct xv_err *err);
/*
 * apply with the file it was started with (SIGHUP). The control socket and the lock are made again
 * if somebody removed them.
 */
int xv_instance_reload(struct xv_instance *inst, size_t *changes, struct xv_err *err);

#endif
