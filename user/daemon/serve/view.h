/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The running state as rows of the tables in columns.h, one row at a time, so that no answer needs
 * the memory of a whole table. The event loop may run between two rows. The answer may have or lack
 * objects that come or go meanwhile; each row is consistent.
 */
#ifndef XV_VIEW_H
#define XV_VIEW_H

#include "serve/scan.h"

/* Opens a table. filter may be NULL. Only the FDB can fail: -ENOMEM, or a map's error. */
int xv_view_open(const struct xv_about *about, enum xv_table_id table,
		 const struct xv_selection *filter, struct xv_view *view, struct xv_err *err);
/* Fills in the next row. False: there is none. */
bool xv_view_next(struct xv_view *view, struct xv_row *row);
void xv_view_close(struct xv_view *view);

#endif
