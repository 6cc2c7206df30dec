/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's view, over rtnetlink and the netdev generic netlink family: requests with the
 * kernel's own error text (extack), dumps, and one stream of changes. All requests are synchronous
 * and short.
 */
#ifndef XV_NETLINK_H
#define XV_NETLINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

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

#define XV_XDP_FEATURES_UNKNOWN (~0ULL)
/* UAPI linux/netdev.h, NETDEV_XDP_ACT_* */
enum xv_xdp_act {
	XV_XDP_ACT_BASIC = 1,
	XV_XDP_ACT_REDIRECT = 2,
	XV_XDP_ACT_NDO_XMIT = 4,
	XV_XDP_ACT_RX_SG = 32,
	XV_XDP_ACT_NDO_XMIT_SG = 64,
};

/* Changes, told to one callback. Callbacks may make requests, but neither dispatch nor close. */
struct xv_netlink_ops {
	/* Link appeared or changed (xdp_features filled in). */
	void (*link)(void *arg, const struct xv_link *link);
	/* Link is gone from this network namespace. */
	void (*link_gone)(void *arg, uint32_t ifindex, const char *name);
	/* XDP features of a device changed (genetlink notification). */
	void (*features)(void *arg, uint32_t ifindex, uint64_t xdp_features);
	/* Local addresses changed; once a dispatch. */
	void (*address)(void *arg);
	/* Routes, rules or nexthop objects (not: path MTUs) changed; once a dispatch. */
	void (*route)(void *arg);
	/* Neighbour changed; mac NULL when it is not (or no longer) resolved; kept: see below. */
	void (*neigh)(void *arg, uint32_t ifindex, const struct xv_ip *ip, const uint8_t *mac,
		      bool kept);
	/*
	 * Notifications were lost (ENOBUFS), and what else was queued is thrown away: dump
	 * everything again and reconcile; links that are gone are told by their absence only.
	 */
	void (*resync)(void *arg);
};

/* Opens sockets in the current network namespace, subscribed from now on. */
int xv_netlink_open(struct xv_netlink **nl, const struct xv_netlink_ops *ops, void *arg,
		    struct xv_err *err);
void xv_netlink_close(struct xv_netlink *nl);
/* File descriptors to poll for reading (rtnetlink and genetlink events; -1: no such family). */
void xv_netlink_fds(const struct xv_netlink *nl, int fds[2]);
/* Reads what is there on both and calls back. Never blocks. */
void xv_netlink_dispatch(struct xv_netlink *nl);

/* All links, by ops->link. */
int xv_netlink_dump_links(struct xv_netlink *nl, struct xv_err *err);
/* All links as an array that the caller frees, without xdp_features. */
int xv_netlink_list_links(struct xv_netlink *nl, struct xv_link **links, size_t *n,
			  struct xv_err *err);
/* What a device lost by its own account, since it was made. */
struct xv_netlink_counts {
	uint32_t ifindex;
	uint64_t rx_dropped; /* and missed: found no room in its receive ring */
	uint64_t tx_dropped;
	uint64_t rx_errors, tx_errors;
	uint64_t qdisc_dropped; /* by its queueing discipline, before they came to the device */
};

/* Of all devices, by ascending ifindex, as an array that the caller frees. */
int xv_netlink_list_counts(struct xv_netlink *nl, struct xv_netlink_counts **counts, size_t *n,
			   struct xv_err *err);
/* NULL: no such device in it. */
struct xv_netlink_counts *xv_netlink_counts_find(struct xv_netlink_counts *counts, size_t n,
						 uint32_t ifindex);
/*
 * One link by name or, with name NULL, by ifindex. -ENODEV if there is none (err untouched),
 * -EEXIST if it is an alternative name of one, which err then names.
 */
int xv_netlink_get_link(struct xv_netlink *nl, const char *name, uint32_t ifindex,
			struct xv_link *link, struct xv_err *err);
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
 * The other end of a veth in another namespace (link->end_netns), as it is seen there, without
 * xdp_features. -ENODEV also if link has no such end.
 */
int xv_netlink_get_end(struct xv_netlink *nl, const struct xv_link *link, struct xv_link *end,
		       struct xv_err *err);
/*
 * Whether ip is assigned to a device here, and no duplicate: 1, 0 or negative errno. ifindex, which
 * may be NULL: which device, when it is.
 */
int xv_netlink_has_address(struct xv_netlink *nl, const struct xv_ip *ip, uint32_t *ifindex,
			   struct xv_err *err);

struct xv_route {
	uint32_t ifindex;     /* egress */
	struct xv_ip nexthop; /* gateway, or the destination itself when on link */
	uint32_t mtu;	      /* path or route MTU if one is set, else 0 */
	uint32_t expires;     /* seconds that what was learned of the path still counts; or 0 */
};
/*
 * `ip route get dst from src ipproto udp dport port`, as rules with these words see it; src may be
 * NULL, port is in host order. -ENETUNREACH no route, -EHOSTUNREACH, -EINVAL and
 * -EACCES routes of type unreachable, blackhole and prohibit, -EADDRINUSE dst is this host's own,
 * -EADDRNOTAVAIL src is not, or dst is not unicast, -EOPNOTSUPP the route encapsulates (lwtunnel).
 */
int xv_netlink_get_route(struct xv_netlink *nl, const struct xv_ip *dst, const struct xv_ip *src,
			 uint16_t port, struct xv_route *route, struct xv_err *err);

/*
 * The device of the route to a multicast group, for packets from an own address. src NULL: from
 * none in particular, and -ENOENT if there is no route but those that the kernel makes for each
 * device.
 */
int xv_netlink_get_group_dev(struct xv_netlink *nl, const struct xv_ip *group,
			     const struct xv_ip *src, uint16_t port, uint32_t *ifindex,
			     struct xv_err *err);

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

/*
 * Slow path device: kernel vxlan, external (collect-metadata), UDP port, source ports 49152-65535,
 * zero UDP checksums accepted over IPv6, MTU as large as it goes, multicast and IPv6 autoconf
 * quiet, the alias as its mark; set up. -EEXIST if the name is taken; -EADDRINUSE if the port is,
 * with the name of the vxlan device that has it.
 */
int xv_netlink_add_vxlan(struct xv_netlink *nl, const char *name, uint16_t port, const char *alias,
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

#endif
