/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks how a NIC handles packets before any program sees them. */
#ifndef XV_NIC_H
#define XV_NIC_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/netlink.h"

/*
 * Checks an underlay NIC for what would slow forwarding: an MTU that is too small for full-sized
 * frames of tenants; and receive queues chosen without UDP ports, which puts a whole tunnel on one
 * queue, because all of its entropy is in the source port (RFC 7348, section 5). v4: the underlay
 * is IPv4 alone. overhead: bytes added to a tenant's IP packet. fragments: whether outer packets
 * may be fragmented. Writes advice into text, or "".
 */
void xv_nic_check(const struct xv_link *link, bool v4, unsigned int overhead, bool fragments,
		  char *text, size_t len);

/*
 * Whether the NIC strips VLAN tags on reception (ethtool's rxvlan), so that XDP does not see them.
 * False if the driver does not tell.
 */
bool xv_nic_hides_vlan(const char *dev);

#endif
