/* SPDX-License-Identifier: GPL-2.0-only */
/* VLAN devices in other network namespaces, over devices of this one. */
#ifndef XV_NETLINK_AWAY_H
#define XV_NETLINK_AWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xv_link;
struct xv_netlink;

/*
 * The numbers that the kernel has here for other network namespaces, ascending, as an array that
 * the caller frees. Who moves a device away, or makes one in another namespace over a device of
 * this one, gives that namespace a number.
 */
int xv_netlink_list_namespaces(struct xv_netlink *nl, int32_t **list, size_t *n);
/*
 * Calls fn for each VLAN device in the namespace with that number whose lower device is in this
 * one. fn may make requests. -EINTR: it changed while read; another negative errno: it is gone.
 */
int xv_netlink_each_vlan_in(struct xv_netlink *nl, int32_t nsid,
			    void (*fn)(void *arg, const struct xv_link *link), void *arg);
/*
 * Whether the kernel has VLAN devices (its 8021q module makes that folder, in each namespace).
 * Where it has not, it takes no notice of their kind in a request, and tells of all devices.
 */
bool xv_netlink_knows_vlans(void);

#endif
