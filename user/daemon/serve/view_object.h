/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of networks, ports, flood lists and peers. */
#ifndef XV_VIEW_OBJECT_H
#define XV_VIEW_OBJECT_H

#include "serve/scan.h"

bool xv_view_next_network(struct xv_view *view, struct xv_row *row);
bool xv_view_next_port(struct xv_view *view, struct xv_row *row);
bool xv_view_next_flood(struct xv_view *view, struct xv_row *row);
bool xv_view_next_peer(struct xv_view *view, struct xv_row *row);

#endif
