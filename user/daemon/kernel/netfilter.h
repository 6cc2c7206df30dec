/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lists what is registered at netfilter's hooks: base chains by table and name, others by their
 * function. Leaves out hooks that only track connections. If the kernel does not list hooks
 * (CONFIG_NETFILTER_NETLINK_HOOK), lists chains of nf_tables and the tables of iptables.
 */
#ifndef XV_NETFILTER_H
#define XV_NETFILTER_H

#include <stdbool.h>
#include <stddef.h>

enum xv_netfilter_at {
	XV_NETFILTER_INGRESS, /* of a device */
	XV_NETFILTER_EGRESS,
	XV_NETFILTER_HOST,   /* packets to and from this host, IPv4 and IPv6 */
	XV_NETFILTER_BRIDGE, /* frames that a bridge receives for this host */
};

/*
 * Appends the names of what is registered, "nft TABLE/CHAIN", to text, separated by ", ", each
 * once. dev: at this device's hooks. Returns how many there are; 0 also if the kernel does not
 * tell.
 */
size_t xv_netfilter_names(enum xv_netfilter_at at, const char *dev, char *text, size_t size);

#endif
