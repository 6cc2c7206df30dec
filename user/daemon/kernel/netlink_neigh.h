/* SPDX-License-Identifier: GPL-2.0-only */
/* Neighbours: looked up, and kept resolved by the kernel for us. */
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
 * Neighbour: *resolved tells whether mac is usable now, *kept whether it stays so. keep asks the
 * kernel to resolve it and to keep it so (NTF_EXT_MANAGED, Linux 5.16), however full its table is
 * (NTF_EXT_LEARNED), and puts our mark on it. The kernel forgets it by itself, and tells
 * ops->neigh, when the device goes down, loses its carrier or changes its MAC, and when others
 * replace the entry: keep again. A permanent entry is left as it is. forget drops the wish, and an
 * entry that is not resolved with it.
 */
int xv_netlink_get_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			 bool *resolved, bool *kept, uint8_t mac[6], struct xv_err *err);
int xv_netlink_keep_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			  struct xv_err *err);
int xv_netlink_forget_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
			    struct xv_err *err);
/* Calls fn for each neighbour that is kept and has our mark: this program's, of any instance. */
int xv_netlink_list_kept(struct xv_netlink *nl,
			 void (*fn)(void *arg, uint32_t ifindex, const struct xv_ip *ip), void *arg,
			 struct xv_err *err);
/* How often the kernel's neighbour table, of all namespaces, was too full for another entry. */
int xv_netlink_neigh_fulls(struct xv_netlink *nl, bool v6, uint64_t *fulls, struct xv_err *err);

/* A resolved neighbour has a MAC and a state in which the kernel would use it. */
struct xv_netlink_neigh {
	uint32_t ifindex;
	struct xv_ip ip;
	bool has_ip;
	bool resolved;
	uint8_t mac[6];
	uint16_t state; /* NUD_* */
	uint8_t flags;	/* NTF_* */
	uint32_t flags_ext;
	uint8_t protocol; /* who made it, as for routes; 0: nobody said */
};
void xv_netlink_parse_neigh(const struct nlmsghdr *nlh, struct xv_netlink_neigh *neigh);
/* Whether it stays resolved as xv_netlink_keep_neigh() wants it. */
bool xv_netlink_is_kept(const struct xv_netlink_neigh *neigh);

#endif
