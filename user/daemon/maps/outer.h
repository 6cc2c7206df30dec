/* SPDX-License-Identifier: GPL-2.0-only */
/* Outer headers for the BPF programs, one for each peer and group: the only writer of xv_adj. */
#ifndef XV_OUTER_H
#define XV_OUTER_H

#include "maps/datapath.h"

/*
 * Builds the outer header (struct xv_adj_val). own and peer are of one family, port is in network
 * order. Without side effects, for tests.
 */
void xv_outer_header(struct xv_adj_val *adj, const uint8_t dst_mac[6], const uint8_t src_mac[6],
		     const struct xv_ip *own, const struct xv_ip *peer, __be16 port);
/* Makes the entry of a new peer, not valid yet, with the address that the slow path needs. */
void xv_outer_clear(struct xv_datapath *dp, uint32_t id, const struct xv_ip *ip, uint32_t flags);
void xv_outer_set_flags(struct xv_datapath *dp, uint32_t id, uint32_t flags);
/*
 * Whether the adjacency differs from the one in the map. ip_id does not count, as programs write
 * it.
 */
bool xv_outer_differs(const struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj);
/* Writes all but ip_id. The entry must not be valid, or no program may read it any more. */
void xv_outer_write(struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj);
/*
 * Writes a group's entry; if the old one was valid, after a grace period. All zero: the group is
 * deleted.
 */
void xv_outer_write_group(struct xv_datapath *dp, uint32_t id, const struct xv_adj_val *adj);
/* Clears the entry of an id that no program uses any more. */
void xv_outer_forget(struct xv_datapath *dp, uint32_t id);

#endif
