/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running daemon: its parts, the order in which they start and stop, and the signals that
 * connect them. Only the event loop's thread uses it.
 */
#ifndef XV_INSTANCE_H
#define XV_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

struct event_base;
struct xv_instance;

/*
 * Starts an instance with a checked configuration, of which it takes ownership on success: takes
 * the lock, opens or adopts the datapath, and reconciles. On failure the running state is
 * unchanged.
 */
int xv_instance_start(struct xv_config *config, const char *config_file, struct event_base *base,
		      struct xv_instance **inst, struct xv_err *err);
/* Starts the background threads, which keep the privileges of this moment. */
int xv_instance_run(struct xv_instance *inst, struct xv_err *err);
/* The configuration file that the daemon was started with: absolute, symbolic links kept. */
const char *xv_instance_file(const struct xv_instance *inst);
/* Removes the instance from the event loop and frees it. Forwarding goes on. */
void xv_instance_stop(struct xv_instance *inst);
/*
 * Applies a new configuration, of which it takes ownership. All checks are made first; then only
 * what differs is changed. Changes that the kernel refuses are skipped and reported. *changes:
 * number of changes made.
 */
int xv_instance_apply(struct xv_instance *inst, struct xv_config *config, size_t *changes,
		      struct xv_err *err);
/*
 * Applies the file that the daemon was started with (SIGHUP). If somebody has removed the control
 * socket or the lock file, makes them again.
 */
int xv_instance_reload(struct xv_instance *inst, size_t *changes, struct xv_err *err);

#endif
