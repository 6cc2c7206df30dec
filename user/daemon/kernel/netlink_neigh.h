/* SPDX-License-Identifier: GPL-2.0-only */
/* Neighbours: reads entries, and makes the kernel keep them resolved. */
#ifndef XV_NETLINK_NEIGH_H
#define XV_NETLINK_NEIGH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct nlmsghdr;
struct xv_netlink;

/*
 * get: *resolved says whether mac is usable now, *kept whether the kernel keeps it so.
 *
 * keep: asks the kernel to resolve the neighbour and to keep it resolved (NTF_EXT_MANAGED, Linux
 * 5.16), however full the table is (NTF_EXT_LEARNED), and marks the entry as ours. A permanent
 * entry is left as it is. The kernel stops to keep it when the device goes down, loses its carrier
 * or changes its MAC, and when somebody replaces the entry. ops->neigh reports that, and keep must
 * be called again.
 *
 * forget: takes the request back, and deletes the entry if it is not resolved.
 */
int xv_netlink_get_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			 bool *resolved, bool *kept, uint8_t mac[6], struct xv_err *err);
int xv_netlink_keep_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			  struct xv_err *err);
int xv_netlink_forget_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			    struct xv_err *err);
/* Calls fn for each neighbour that the kernel keeps and that is marked as ours, by any instance. */
int xv_netlink_list_kept(struct xv_netlink *nl,
			 void (*fn)(void *arg, uint32_t ifindex, const struct xv_ip *ip), void *arg,
			 struct xv_err *err);
/* How often the kernel's neighbour table (one for all namespaces) had no room for another entry. */
int xv_netlink_neigh_fulls(struct xv_netlink *nl, bool v6, uint64_t *fulls, struct xv_err *err);

/* A neighbour entry. resolved: it has a MAC, and a state in which the kernel uses it. */
struct xv_netlink_neigh {
	uint32_t ifindex;
	struct xv_ip ip;
	bool has_ip;
	bool resolved;
	uint8_t mac[6];
	uint16_t state; /* NUD_* */
	uint8_t flags;	/* NTF_* */
	uint32_t flags_ext;
	uint8_t protocol; /* who made it, as for routes; 0: unknown */
};
void xv_netlink_parse_neigh(const struct nlmsghdr *nlh, struct xv_netlink_neigh *neigh);
/* Whether the kernel keeps it resolved, as xv_netlink_keep_neigh() asks. */
bool xv_netlink_is_kept(const struct xv_netlink_neigh *neigh);

#endif
