/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Static FDB entries from a file: lines that are each the arguments of `xvtep fdb add`, with blank
 * lines and "# comments" between them. All lines are read and checked before anything is changed.
 */
#ifndef XV_LOAD_H
#define XV_LOAD_H

#include "sources/load_lines.h"

/* The text is complete. As xv_load_text(); on success done() will be called, with arg. */
int xv_load_apply(struct xv_load *load, xv_load_done_fn done, void *arg, struct xv_err *err);
/* Nobody waits for a load that is being applied any more: it goes on, and frees itself. */
void xv_load_abandon(struct xv_load *load);
/* The instance stops: what is being applied stays where it is. */
void xv_load_stop(struct xv_load **list);

#endif
