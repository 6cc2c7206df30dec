/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of counters. */
#ifndef XV_VIEW_STATS_H
#define XV_VIEW_STATS_H

#include "serve/scan.h"

bool xv_view_next_net_stats(struct xv_view *view, struct xv_row *row);
bool xv_view_next_port_stats(struct xv_view *view, struct xv_row *row);
bool xv_view_next_peer_stats(struct xv_view *view, struct xv_row *row);
bool xv_view_next_path_stats(struct xv_view *view, struct xv_row *row);
bool xv_view_next_drops(struct xv_view *view, struct xv_row *row);

#endif
