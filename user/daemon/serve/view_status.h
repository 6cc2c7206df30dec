/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of the instance itself, and its underlay devices. */
#ifndef XV_VIEW_STATUS_H
#define XV_VIEW_STATUS_H

#include "serve/scan.h"

bool xv_view_next_status(struct xv_view *view, struct xv_row *row);
bool xv_view_next_uplink(struct xv_view *view, struct xv_row *row);

#endif
