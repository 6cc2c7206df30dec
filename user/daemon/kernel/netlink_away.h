/* SPDX-License-Identifier: GPL-2.0-only */
/* VLAN devices in other network namespaces over devices of this one. */
#ifndef XV_NETLINK_AWAY_H
#define XV_NETLINK_AWAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct xv_link;
struct xv_netlink;

/*
 * Lists the ids (nsid) that this namespace has for other namespaces, ascending, in an array that
 * the caller frees. A namespace gets an id when a device is moved there, or is made there over a
 * device of this one.
 */
int xv_netlink_list_namespaces(struct xv_netlink *nl, int32_t **list, size_t *n);
/*
 * Calls fn for each VLAN device in the namespace whose lower device is in this one. fn may make
 * requests. -EINTR: the devices changed during the dump; another negative errno: the namespace is
 * gone.
 */
int xv_netlink_each_vlan_in(struct xv_netlink *nl, int32_t nsid,
			    void (*fn)(void *arg, const struct xv_link *link), void *arg);
/*
 * Whether the kernel's 8021q module is loaded (it makes a directory in /proc/net of each
 * namespace). Without it the kernel ignores the kind "vlan" in a request and dumps all devices.
 */
bool xv_netlink_knows_vlans(void);

#endif
