/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Path MTUs. The kernel learns one from an ICMP error, keeps it with the route for a while
 * (net.ipv4.route.mtu_expires), and tells nobody: so the route is asked for again when such an
 * error came by (XV_EVENT_PMTU), when the kernel has counted one that came by any device, and when
 * what was learned ends.
 */
#ifndef XV_PMTU_H
#define XV_PMTU_H

#include "model/peer.h"

/* A router refused a packet to the peer with that id, if there is one. */
void xv_pmtu_event(struct xv_model *model, uint32_t id);
/* What the peer's route says, whenever it was asked for: see struct xv_route. */
void xv_pmtu_route(struct xv_peer *peer, const struct xv_route *route);
/* Once a second: asks for routes whose path MTU has ended, or may have changed. */
void xv_pmtu_second(struct xv_model *model);
void xv_pmtu_stop(struct xv_model *model);

#endif
