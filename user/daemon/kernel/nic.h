/* SPDX-License-Identifier: GPL-2.0-only */
/* What a NIC does with packets before any program sees them. */
#ifndef XV_NIC_H
#define XV_NIC_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/netlink.h"

/*
 * Looks at an underlay NIC for what would hold forwarding back: an MTU too small for full-sized
 * tenant frames, and receive queues chosen without the UDP ports, which puts a whole tunnel on one
 * queue (all of its entropy is in the source port: RFC 7348, section 5). overhead: bytes around a
 * tenant's IP packet; fragments: whether outer packets may be fragmented. Writes advice into text,
 * or "" when there is nothing to say.
 */
void xv_nic_check(const struct xv_link *link, unsigned int overhead, bool fragments, char *text,
		  size_t len);

/*
 * Whether the NIC takes VLAN tags off frames that it receives, so that XDP does not see them
 * (ethtool's rxvlan). false if the driver does not say.
 */
bool xv_nic_hides_vlan(const char *dev);

#endif
