/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is registered at netfilter's hooks: base chains by table and name, others by their function.
 * Hooks that only keep track of connections are left out. Where the kernel does not list hooks
 * (CONFIG_NETFILTER_NETLINK_HOOK): chains of nf_tables and the tables of iptables.
 */
#ifndef XV_NETFILTER_H
#define XV_NETFILTER_H

#include <stdbool.h>
#include <stddef.h>

enum xv_netfilter_at {
	XV_NETFILTER_INGRESS, /* of a device */
	XV_NETFILTER_EGRESS,
	XV_NETFILTER_HOST, /* IPv4 and IPv6: packets to and from this host */
};

/*
 * Appends the names of what is registered there to text, "nft TABLE/CHAIN", separated by ", ", each
 * once. dev: of a device's hooks. Returns how many there are; 0 also if the kernel cannot tell.
 */
size_t xv_netfilter_names(enum xv_netfilter_at at, const char *dev, char *text, size_t size);

#endif
