/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loads static FDB entries from a text: each line is the arguments of `xvtep fdb add`; blank lines
 * and "# comments" are skipped. All lines are parsed and checked before the first entry is added.
 */
#ifndef XV_LOAD_H
#define XV_LOAD_H

#include "sources/load_lines.h"

/*
 * To be called when the text is complete: starts to add the entries. Fails as xv_load_text(). On
 * success done(arg) will be called.
 */
int xv_load_apply(struct xv_load *load, xv_load_done_fn done, void *arg, struct xv_err *err);
/* done() will not be called: nobody waits for the result. The load goes on and frees itself. */
void xv_load_abandon(struct xv_load *load);
/* Frees all loads in the list, because the daemon stops. Entries that were added stay. */
void xv_load_stop(struct xv_load **list);

#endif
