/* SPDX-License-Identifier: GPL-2.0-only */
/* Outer headers as programs read them, one for each peer and group: xv_adj is written here and
 * nowhere else. */
#ifndef XV_OUTER_H
#define XV_OUTER_H

#include "maps/datapath.h"

/*
 * Builds the outer header: see struct xv_adj_val. own and peer are of one family, port in network
 * order. Pure, for tests.
 */
void xv_outer_header(struct xv_adj_val *adj, const uint8_t dst_mac[6], const uint8_t src_mac[6],
		     const struct xv_ip *own, const struct xv_ip *peer, __be16 port);
/* A new peer: names it for the slow path, not valid yet. */
void xv_outer_clear(struct xv_datapath *dp, uint32_t id, const struct xv_ip *ip, uint32_t flags);
void xv_outer_set_flags(struct xv_datapath *dp, uint32_t id, uint32_t flags);
/* Whether it is another than the one that programs read, but for ip_id, which is the programs'. */
bool xv_outer_differs(const struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj);
/* Writes all but ip_id. The entry is not valid, or no program reads the old one any more. */
void xv_outer_write(struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj);
/* Writes that of a group, after a grace period where it was valid; all zero: it is gone. */
void xv_outer_write_group(struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj);
/* The id is free; nobody looks it up any more. */
void xv_outer_forget(struct xv_datapath *dp, uint32_t id);

#endif
