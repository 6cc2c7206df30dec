/* SPDX-License-Identifier: GPL-2.0-only */
/* Links of this namespace, as the kernel tells of them. */
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
	uint32_t flags;	       /* IFF_* */
	uint32_t rx_queues;    /* IFLA_NUM_RX_QUEUES */
	uint32_t promiscuity;  /* IFLA_PROMISCUITY */
	uint32_t master;       /* ifindex of bridge/bond, or 0 */
	bool has_qdisc;	       /* frames to it go through a queueing discipline ... */
	char qdisc[16];	       /* ... of this kind */
	uint32_t end;	       /* IFLA_LINK: of a veth, the other end, in its own namespace; of a
				  VLAN, the device that it is on; or 0 */
	int32_t end_netns;     /* IFLA_LINK_NETNSID: our name for that namespace; -1: this one */
	uint32_t xdp_prog;     /* id of an attached XDP program, or 0 */
	uint8_t xdp_mode;      /* XDP_ATTACHED_* */
	uint64_t xdp_features; /* NETDEV_XDP_ACT_*; XV_XDP_FEATURES_UNKNOWN before Linux 6.3 */
	uint32_t vlan_tag;     /* kind "vlan": protocol << 16 | id, numbers; else 0 */
	bool has_vxlan_port;   /* kind "vxlan": */
	uint16_t vxlan_port;   /* UDP port, host order */
	bool vxlan_external;   /* collect-metadata */
	bool tun_vnet_hdr;     /* kind "tun": frames come with a virtio_net header */
	bool vxlan_zero_csum6; /* takes and sends UDP checksums of zero over IPv6 */
};

enum {
	XV_IFF_LOWER_UP = 1 << 16, /* UAPI linux/if.h, IFF_LOWER_UP: has a carrier */
};

/* Whether what is sent to it can leave: it is up and has a carrier. */
static inline bool xv_link_runs(const struct xv_link *link)
{
	return link->flags & IFF_UP && link->flags & XV_IFF_LOWER_UP;
}

/* All links as an array that the caller frees, without xdp_features. */
int xv_netlink_list_links(struct xv_netlink *nl, struct xv_link **links, size_t *n,
			  struct xv_err *err);
/* All links, by ops->link. */
int xv_netlink_dump_links(struct xv_netlink *nl, struct xv_err *err);
/*
 * One link by name or, with name NULL, by ifindex. -ENODEV if there is none (err untouched),
 * -EEXIST if it is an alternative name of one, which err then names.
 */
int xv_netlink_get_link(struct xv_netlink *nl, const char *name, uint32_t ifindex,
			struct xv_link *link, struct xv_err *err);
/*
 * The other end of a veth in another namespace (link->end_netns), as it is seen there, without
 * xdp_features. -ENODEV also if link has no such end.
 */
int xv_netlink_get_end(struct xv_netlink *nl, const struct xv_link *link, struct xv_link *end,
		       struct xv_err *err);
int xv_netlink_del_link(struct xv_netlink *nl, uint32_t ifindex, struct xv_err *err);
int xv_netlink_set_promisc(struct xv_netlink *nl, uint32_t ifindex, bool on, struct xv_err *err);
/*
 * Attaches an XDP program the old way (IFLA_XDP) only to hear the driver's reason: returns 0 and
 * detaches at once if it works, else the error, with the driver's extack text. Never replaces a
 * program that is there (-EBUSY). Of xdp_flags the mode (XDP_FLAGS_*_MODE) counts.
 */
int xv_netlink_try_xdp(struct xv_netlink *nl, uint32_t ifindex, int prog_fd, uint32_t xdp_flags,
		       struct xv_err *err);

/* Reads RTM_NEWLINK or RTM_DELLINK; xdp_features is left XV_XDP_FEATURES_UNKNOWN. */
void xv_netlink_parse_link(const struct nlmsghdr *nlh, struct xv_link *link);

#endif
