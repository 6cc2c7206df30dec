/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A small tenant world as plain tables: what the maps are filled from, as the daemon would, and
 * what the reference reads. Text addresses, MACs by number; see world_default() for who is who.
 */
#ifndef HARNESS_WORLD_H
#define HARNESS_WORLD_H

#include "xv_abi.h"

enum {
	WORLD_NETS = 8, /* ids below these are used, and counted */
	WORLD_PORTS = 20,
	WORLD_PEERS = 8,
	WORLD_FDB = 96,
	WORLD_FLOOD = 16,
	WORLD_KEYS = 8,
	WORLD_TAGS = 3,
	WORLD_VLAN = 0x123, /* of the underlay, by either protocol */
	WORLD_VLAN_Q = 7,   /* of the underlay, 802.1Q alone */
	WORLD_SEED = 0xc0de1234,

	BD_BLUE = 1,  /* VNI 100: plain */
	BD_RED = 2,   /* VNI 200: carries VLAN tags, takes any peer */
	BD_LEARN = 3, /* VNI 0xffffff: learns, no limit */
	BD_RATE = 4,  /* VNI 400: learns, 80 events a second */
	BD_GONE = 5,  /* VNI 500: in xv_vni, but not valid */

	PEER_V4 = 1,
	PEER_V6 = 2,
	PEER_SLOW = 3,	  /* IPv4, adjacency not resolved */
	PEER_NOWHERE = 4, /* no address */
	PEER_SLOW6 = 5,	  /* IPv6, adjacency not resolved */
	GROUP = 6, /* a test's own: a multicast group, which has an adjacency as peers have */

	PORT_XDP = 1,	/* redirected in XDP */
	PORT_STACK = 2, /* stripped in XDP, delivered by TC */
	PORT_TCP = 3,	/* as PORT_XDP, TCP as PORT_STACK */
	PORT_DOWN = 4,
	PORT_VLAN = 5,	   /* VLAN 10 of its device */
	PORT_JUMBO = 6,	   /* MTU 9000, XDP frames without fragments */
	PORT_JUMBO_SG = 7, /* ... with fragments */
	PORT_NO_TX = 8,	   /* says XDP, but is not in xv_tx */
	PORT_RED = 9,
	PORT_SMALL = 10, /* MTU 100 */
	PORT_LEARN = 11,
	PORT_RATE = 12,
	PORT_MERGED = 13, /* takes frames that were stripped while merged */
};

struct world_net {
	__u32 vni, flags, rate;
	__u16 link_local;
};

struct world_peer {
	const char *ip; /* NULL: none */
	int valid;
	int kernel; /* its frames are the kernel's; then not valid */
	int route;  /* of a group: the kernel's own route to it is by the same device */
	int sized;  /* not valid, but its MTU is known */
};

struct world_port {
	__u32 bd, ifindex, flags, mtu;
	__u16 vlan;
	int tx; /* in xv_tx */
};

struct world_fdb {
	__u32 bd;
	__u8 mac[6];
	__u8 kind, flags;
	__u32 dst;
};

struct world_flood {
	__u8 kind;
	__u32 id;
	const char *ip; /* NULL: no address (all zero) */
};

struct world_key {
	__u32 ifindex;
	__u16 vlan;
	__u32 port;
	__u16 proto; /* 0 or T_QINQ */
};

struct world {
	int configured;
	int by_map; /* the FDB is in xv_fdb, as an outside program writes it, not in the table */
	__u32 config_flags, slow_ifindex;
	__u32 wire_ifindex, wire_mtu; /* underlay device */
	__u32 wire_xdp;		      /* XV_ADJ_XDP and XV_ADJ_XDP_SG, as it takes XDP frames */
	int wire_tx;		      /* in xv_tx */
	__u32 df;		      /* XV_ADJ_DF_*: of adjacencies over IPv4; 0: DF is set */
	const char *local4, *local6;
	__u8 mac[6];	       /* of the underlay device */
	__u32 tag[WORLD_TAGS]; /* VLANs of the underlay */
	__u16 udp_port;
	struct world_net net[WORLD_NETS];
	struct world_peer peer[WORLD_PEERS];
	struct world_port port[WORLD_PORTS];
	struct world_fdb fdb[WORLD_FDB];
	int fdbs;
	int moved; /* any learned entry may have XV_FDB_MOVING, by frames before */
	struct world_flood flood[WORLD_NETS][WORLD_FLOOD]; /* ports first */
	int floods[WORLD_NETS];
	struct world_key key[WORLD_KEYS];
	int keys;
};

void world_default(struct world *w);
struct world_fdb *world_fdb_add(struct world *w, __u32 bd, const __u8 *mac, __u8 kind, __u32 dst);
void world_flood_add(struct world *w, __u32 bd, __u8 kind, __u32 id, const char *ip);
/* The frames of a device, or of a VLAN on it, belong to port. */
void world_key_set(struct world *w, __u32 ifindex, __u16 vlan, __u32 port);
/* Replaces the contents of all maps (not counters). Aborts on failure. */
void world_install(const struct world *w);

/* MACs of the world. Static copies; several may be used in one expression. */
const __u8 *mac_of_port(__u32 port);
const __u8 *mac_of_peer(__u32 peer);
const __u8 *mac_static_port(void);     /* BD_BLUE: static at PORT_XDP */
const __u8 *mac_static_peer(void);     /* BD_BLUE: static at PEER_V4 */
const __u8 *mac_of_other_net(void);    /* BD_BLUE: stale entry for a port of BD_RED */
const __u8 *mac_to_nothing(void);      /* BD_BLUE: entry of kind XV_FDB_NONE */
const __u8 *mac_unknown(__u32 number); /* in no table */

void ip_of_text(const char *text, struct xv_ip *ip);

#endif
