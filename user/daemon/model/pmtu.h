/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path MTUs. The kernel learns a path MTU from an ICMP error, keeps it with the route for a while
 * (net.ipv4.route.mtu_expires), and notifies nobody. So the daemon asks for the route again when a
 * BPF program has seen such an error (XV_EVENT_PMTU), when the kernel has counted one, when a
 * learned path MTU ends, and every ten seconds while there is one, as `ip route flush cache` drops
 * it.
 */
#ifndef XV_PMTU_H
#define XV_PMTU_H

#include "model/peer.h"

/* A router refused a packet to the peer with this id, if there is such a peer. */
void xv_pmtu_event(struct xv_model *model, uint32_t id);
/* Takes the path MTU from the peer's route, each time the route was asked for (struct xv_route). */
void xv_pmtu_route(struct xv_peer *peer, const struct xv_route *route);
/* To be called once a second: asks for routes whose path MTU has ended or may have changed. */
void xv_pmtu_second(struct xv_model *model);
void xv_pmtu_stop(struct xv_model *model);

#endif
