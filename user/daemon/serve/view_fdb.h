/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of the FDB. */
#ifndef XV_VIEW_FDB_H
#define XV_VIEW_FDB_H

#include "serve/scan.h"

int xv_view_copy_fdb(struct xv_view *view, struct xv_err *err);
bool xv_view_next_fdb(struct xv_view *view, struct xv_row *row);

#endif
