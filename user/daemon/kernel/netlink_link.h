/* SPDX-License-Identifier: GPL-2.0-only */
/* Links of this network namespace. */
#ifndef XV_NETLINK_LINK_H
#define XV_NETLINK_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "kernel/xdp_features.h"
#include "xv_abi.h"

struct nlmsghdr;
struct xv_netlink;

struct xv_link {
	uint32_t ifindex;
	char name[IFNAMSIZ];
	char kind[16];	/* IFLA_INFO_KIND: "veth", "tun", "vlan", ...; "" for hardware */
	char alias[64]; /* IFLA_IFALIAS, cut off */
	uint16_t type;	/* ARPHRD_* */
	uint8_t mac[6];
	uint32_t mtu;
	uint32_t mtu6; /* for IPv6: set by a router's advertisement or net.ipv6.conf.DEV.mtu, and no
			  notification says so; 0: no IPv6 here */
	uint32_t flags;	      /* IFF_* */
	uint32_t rx_queues;   /* IFLA_NUM_RX_QUEUES */
	uint32_t promiscuity; /* IFLA_PROMISCUITY */
	uint32_t master;      /* ifindex of bridge/bond, or 0 */
	bool has_qdisc;	      /* the device has a queueing discipline */
	char qdisc[16];	      /* its kind */
	uint32_t end; /* IFLA_LINK. veth: the other end, an index in its own namespace. VLAN: the
			 device below. 0: none */
	int32_t end_netns; /* IFLA_LINK_NETNSID: this namespace's id of the namespace of `end`; -1:
			      the same namespace */
	uint32_t xdp_prog; /* id of an attached XDP program, or 0 */
	uint8_t xdp_mode;  /* XDP_ATTACHED_* */
	uint64_t xdp_features; /* NETDEV_XDP_ACT_*; XV_XDP_FEATURES_UNKNOWN before Linux 6.3 */
	uint32_t vlan_tag;     /* kind "vlan": protocol << 16 | id, in host order; else 0 */
	bool has_vxlan_port;   /* vxlan_*: for kind "vxlan" */
	uint16_t vxlan_port;   /* UDP port, host order */
	bool vxlan_external;   /* collect-metadata mode */
	bool tun_vnet_hdr;     /* kind "tun": frames have a virtio_net header */
	bool vxlan_zero_csum6; /* sends and accepts zero UDP checksums over IPv6 */
};

enum {
	XV_IFF_LOWER_UP = 1 << 16, /* UAPI linux/if.h, IFF_LOWER_UP: has a carrier */
};

/* Whether the device can transmit: it is up and has a carrier. */
static inline bool xv_link_runs(const struct xv_link *link)
{
	return link->flags & IFF_UP && link->flags & XV_IFF_LOWER_UP;
}

/* The largest IP packet that leaves by the device, unless its route says something else. */
static inline uint32_t xv_link_ip_mtu(const struct xv_link *link, bool v4)
{
	return !v4 && link->mtu6 && link->mtu6 < link->mtu ? link->mtu6 : link->mtu;
}

/* Reads all links into an array, which the caller frees, without xdp_features. */
int xv_netlink_list_links(struct xv_netlink *nl, struct xv_link **links, size_t *n,
			  struct xv_err *err);
/* Reports all links by ops->link. */
int xv_netlink_dump_links(struct xv_netlink *nl, struct xv_err *err);
/*
 * Reads one link by name or, with name NULL, by ifindex. -ENODEV: there is none (err untouched);
 * -EEXIST: name is an alternative name of a link, and err has its main name.
 */
int xv_netlink_get_link(struct xv_netlink *nl, const char *name, uint32_t ifindex,
			struct xv_link *link, struct xv_err *err);
/*
 * Reads the other end of a veth from its namespace (link->end_netns), without xdp_features.
 * -ENODEV: there is none, or link has no end in another namespace.
 */
int xv_netlink_get_end(struct xv_netlink *nl, const struct xv_link *link, struct xv_link *end,
		       struct xv_err *err);
int xv_netlink_del_link(struct xv_netlink *nl, uint32_t ifindex, struct xv_err *err);
int xv_netlink_set_promisc(struct xv_netlink *nl, uint32_t ifindex, bool on, struct xv_err *err);
/*
 * Attaches an XDP program without a link (IFLA_XDP), only to get the driver's reason for a refusal.
 * If it works, detaches it at once and returns 0. Otherwise returns the error, with the driver's
 * text. Never replaces an existing program (-EBUSY). Only the mode (XDP_FLAGS_*_MODE) of xdp_flags
 * is used.
 */
int xv_netlink_try_xdp(struct xv_netlink *nl, uint32_t ifindex, int prog_fd, uint32_t xdp_flags,
		       struct xv_err *err);

/* Parses RTM_NEWLINK or RTM_DELLINK. xdp_features becomes XV_XDP_FEATURES_UNKNOWN. */
void xv_netlink_parse_link(const struct nlmsghdr *nlh, struct xv_link *link);

#endif
