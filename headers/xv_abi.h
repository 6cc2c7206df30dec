/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The layout of every pinned map, for the daemon, the BPF programs, and outside programs that
 * provision tenants. Any change of a size, an offset or a meaning raises XV_ABI_VERSION, and comes
 * with a reader of the layout before it (user/daemon/maps/layout.h).
 *
 * Numbers are in host byte order unless the type is __be16 or __be32. An IP address has 16 bytes in
 * network order; IPv4 is mapped into IPv6 (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2).
 */
#ifndef XV_ABI_H
#define XV_ABI_H

#include <linux/types.h>

enum xv_limits {
	XV_ABI_VERSION = 9,
	XV_MAX_NETWORKS = 16384,	     /* bd 1..XV_MAX_NETWORKS-1; 0 is never a network */
	XV_MAX_PORTS = 16384,		     /* port id 1..XV_MAX_PORTS-1; 0 is never a port */
	XV_MAX_PORT_KEYS = 2 * XV_MAX_PORTS, /* ... and VLAN devices over ports */
	XV_PORT_INDEX = 1 << 16,    /* lower device indices are looked up in xv_port_index first */
	XV_VNI_INDEX = 1 << 16,	    /* the low bits of a VNI are its slot in xv_vni_index */
	XV_PEER_INDEX = 1 << 14,    /* xv_ip_slot() is an address's slot in xv_peer_index */
	XV_MAX_PEERS = 4096,	    /* peer id 1..XV_MAX_PEERS-1; 0 is never a peer */
	XV_MAX_UPLINKS = 64,	    /* underlay devices: slots in xv_tx, behind those of ports */
	XV_MAX_FDB = 1 << 20,	    /* entries in xv_fdb_table */
	XV_MAX_FDB_EXTRA = 1 << 16, /* entries in xv_fdb */
	XV_MAX_FLOOD = 1 << 17,	    /* flood list entries of all networks together */
	XV_FLOOD_ROOM = 2 * XV_MAX_FLOOD, /* xv_flood: a list exists twice while it is replaced */
	XV_MAX_FLOOD_LIST = 4096,	  /* ports and peers of one network's flood list */
	XV_NAME_LEN = 32,		  /* network name with its NUL */
	XV_EVENT_RING = 1 << 22,	  /* bytes */
	XV_MAX_MACS = 8,		  /* this host's MAC addresses on the underlay */
	XV_MAX_TAGS = 8,		  /* this host's VLANs on the underlay */
};

/* 16 bytes in network order, IPv4 mapped. Aligned, so that it is compared and hashed as words. */
struct xv_ip {
	union {
		__u8 b[16];
		__be32 w[4]; /* w[3] of a mapped address is the IPv4 address */
		__u64 q[2];
	};
};

/* Slot of an address in xv_peer_index. */
static inline __attribute__((always_inline)) __u32 xv_ip_slot(const struct xv_ip *ip)
{
	return ((ip->q[0] * 3 ^ ip->q[1]) * 0x9e3779b97f4a7c15ULL) >> 50;
}

/*
 * xv_meta: array with one entry, which says whose the other pinned maps are. Every version reads it
 * first, and touches no other map before. Its type, size and contents never change. (Layouts before
 * 9 do not have it; their number is in xv_config.)
 *
 * `xvtepd --detach` of any version removes what any other version pinned. So these never change
 * either: pins are in /sys/fs/bpf/xvtep/INSTANCE, and those of links in its directory links; keys
 * of xv_port and xv_uplink begin with a device index (__u32); keys of xv_peer are a struct xv_ip;
 * and xv0 has its alias.
 */
enum xv_meta_limits {
	XV_META_TEXT = 48,
};

#define XV_META_MAGIC 0x6d70657476780a00ULL

struct xv_meta_val {
	__u64 magic;  /* XV_META_MAGIC */
	__u32 layout; /* XV_ABI_VERSION of the version that made the maps */
	__u32 pad0;
	__u64 netns;		     /* cookie of the instance's network namespace */
	char version[XV_META_TEXT];  /* of xvtepd, as `xvtepd -V` prints it, with NUL */
	char instance[XV_META_TEXT]; /* its name, with NUL */
	__u8 pad1[8];
};

/*
 * xv_config: array with one entry. It must stay 152 bytes large, with abi and netns where they are:
 * versions before layout 8 read it into 152 bytes on the stack without asking for its size (xvtepd
 * --detach). What does not fit goes into another map.
 */
enum xv_config_flags {
	XV_CONFIG_UDP6_CHECKSUM = 1 << 0, /* slow path: outer UDP over IPv6 has a checksum */
	XV_CONFIG_ANY_MAC = 1 << 1,	  /* more than XV_MAX_MACS own MAC addresses: accept any */
	XV_CONFIG_ANY_TAG = 1 << 2,	  /* more than XV_MAX_TAGS own VLANs: accept any */
	XV_CONFIG_DF_SET = 1 << 3,	  /* slow path: outer IPv4 packets have DF */
	XV_CONFIG_DF_INHERIT = 1 << 4,	  /* ... if the inner packet must not be fragmented */
	XV_CONFIG_KERNEL = 1 << 5,	  /* the kernel must receive all outer frames */
};

struct xv_mac {
	__u8 b[6];
	__u16 pad0;
} __attribute__((aligned(8)));

struct xv_config_val {
	__u32 abi; /* XV_ABI_VERSION; 0 until the daemon has completed its first set-up */
	__u32 flags;
	__be16 udp_port;
	__u16 pad0;
	__u32 slow_ifindex;  /* xv0 */
	struct xv_ip local4; /* this VTEP's address, mapped; zero: no IPv4 underlay */
	/*
	 * Destination MAC addresses of outer frames to this host: those of the underlay devices,
	 * and of devices that have the VTEP addresses. Other frames are left to the kernel. Unused
	 * places equal the first.
	 */
	struct xv_mac mac[XV_MAX_MACS];
	struct xv_ip local6; /* zero: no IPv6 underlay */
	/*
	 * VLANs of the underlay in which outer frames come, as protocol (ETH_P_8021Q or 8021AD) <<
	 * 16 | id. Frames in other VLANs are left to the kernel. Unused places: 0.
	 */
	__u32 tag[XV_MAX_TAGS];
	__u32 seed;  /* of the flow hash; random for each instance */
	__u32 netns; /* low 32 bits of the cookie of the instance's network namespace */
};

/*
 * xv_vni: hash, __u32 VNI (24 bits) -> __u32 bd. xv_vni_index: array, the low 16 bits of a VNI ->
 * what decapsulation needs of one network with these bits, so that it need not read xv_vni and
 * xv_bd. A network that another program made is only in xv_vni, until a daemon adopts it.
 */
struct xv_vni_slot {
	union {
		struct {
			__u32 vni;
			__u16 bd;
			__u16 flags; /* enum xv_bd_flags; 0: the slot is free */
		};
		__u64 word; /* replaced in one store */
	};
};

/*
 * xv_bd: array, bd -> what programs read of the network for every frame. xv_bd_info: array, bd ->
 * the rest.
 */
enum xv_bd_flags {
	XV_BD_VALID = 1 << 0,
	XV_BD_LEARN = 1 << 1,	   /* report unknown and moved source MACs to the daemon */
	XV_BD_INNER_VLAN = 1 << 2, /* inner 802.1Q tags are kept, not dropped (RFC 7348, 6.1) */
	XV_BD_ANY_PEER = 1 << 3,   /* accept frames from VTEPs that are not known peers */
	XV_BD_FULL = 1 << 4,	   /* no room for another learned MAC: do not report unknown ones */
	XV_BD_CONFIG = 1 << 8,	   /* origin: the config file */
	XV_BD_HAND = 1 << 9,	   /* origin: a command or a map writer */
	XV_BD_KEPT = 1 << 10,	   /* the file dropped it, but something in it stays */
	XV_BD_NO_LOOPS = 1 << 11,  /* loop-detect is off; only the daemon reads this */
};

/*
 * A network's flood list is the entries [0, total) of xv_flood with the generation `gen`: first the
 * local ports, [0, ports), then the peers. The word is replaced in one store, so a program sees
 * either the old or the new list, each complete.
 */
struct xv_flood_head {
	union {
		struct {
			__u16 gen;
			__u16 ports;
			__u16 total;
			__u16 pad;
		};
		__u64 word;
	};
};

struct xv_bd_val {
	__u32 vni;
	__u32 flags;
	struct xv_flood_head flood;
};

struct xv_bd_info_val {
	__u32 learn_rate; /* learning events a second for each CPU; 0: no limit */
	__u32 max_macs;	  /* only the daemon reads this and what follows */
	__u32 ageing;	  /* seconds; 0: never */
	/*
	 * If bit X is set, frames to 01:80:c2:00:00:0X are forwarded (like the bridge's
	 * group_fwd_mask). Programs read this.
	 */
	__u16 link_local;
	__u16 pad0;
	char name[XV_NAME_LEN];
};

/*
 * xv_port: hash, (ifindex, VLAN) -> port. VLAN 0 is the untagged port. Port 0: the kernel has a
 * VLAN device over the untagged port, which gets the VLAN's frames. xv_port_index: array, ifindex
 * -> __u32 port id, a shortcut to untagged ports. It is valid only if xv_port_dev agrees.
 */
struct xv_port_key {
	__u32 ifindex;
	__u16 vlan;  /* VLAN id, in host order */
	__u16 proto; /* 0: 802.1Q; ETH_P_8021AD: only for VLAN devices */
};

struct xv_port_val {
	union {
		struct {
			__u32 port; /* port id, or 0 */
			__u16 bd;
			__u16 check; /* xv_port_key_check() of the key, or 0 */
		};
		__u64 word; /* read in one load */
	};
};

/*
 * The kernel uses a deleted element at once for the next key, even while a program reads its value.
 * So if a value's check is not that of the key, it is not the value that was looked up.
 */
static inline __attribute__((always_inline)) __u16 xv_port_key_check(const struct xv_port_key *key)
{
	return (key->vlan << 4 | (key->ifindex & 0xf)) ^ key->proto;
}

/* xv_port_dev: array, port id -> device, for delivery. */
enum xv_port_flags {
	XV_PORT_UP = 1 << 0,	 /* the device is administratively up and has a carrier */
	XV_PORT_XDP_TX = 1 << 1, /* the device takes XDP frames (ndo_xdp_xmit): devmap redirect */
	XV_PORT_XDP_SG = 1 << 2, /* ... with fragments too */
	XV_PORT_TCP_STACK = 1 << 3, /* inner TCP is delivered by TC, because GRO merges it */
	XV_PORT_GSO_DECAP = 1 << 4, /* the device takes merged skbs that TC has stripped (veth) */
	XV_PORT_DIRECT = 1 << 5, /* frames to end_mac may bypass the device (bpf_redirect_peer) */
	XV_PORT_FULL = 1 << 7,	 /* no room for another MAC learned here, as XV_BD_FULL */
	XV_PORT_CONFIG = 1 << 8, /* origin: the config file */
	/* The port's setting `xdp`; only the daemon reads it. Neither flag: auto. */
	XV_PORT_ENCAP_OFF = 1 << 9,	/* off */
	XV_PORT_ENCAP_NATIVE = 1 << 10, /* native */
	XV_PORT_HAND = 1 << 11,		/* origin: a command */
	XV_PORT_LOOP = 1 << 12, /* drop frames to groups and unknown MACs from and to the port */
	/* The port's setting `filters`; only the daemon reads it. Neither flag: auto. */
	XV_PORT_FILTERS_BEFORE = 1 << 13,
	XV_PORT_FILTERS_IGNORE = 1 << 14,
};

struct xv_port_dev_val {
	__u32 ifindex; /* 0: there is no such port */
	__u32 flags;
	__u16 bd;
	__u16 vlan;
	__u32 mtu; /* of the device: IP packet, bytes */
	/*
	 * Used with XV_PORT_DIRECT: the device is a veth, its other end is in another network
	 * namespace and runs no XDP program; this is the other end's MAC address.
	 */
	__u8 end_mac[6];
	__u16 pad0;
	__u32 max_macs; /* learned here; 0: only the network's limit. Only the daemon reads it */
	__u32 pad1;
};

/*
 * xv_peer: hash, struct xv_ip -> __u32 peer id. xv_peer_index: array, xv_ip_slot() -> one peer with
 * that slot. An IPv6 address does not fit into the slot: it must be compared in xv_adj.
 */
enum xv_peer_flags {
	XV_PEER_V6 = 1 << 0,	 /* low is the end of an IPv6 address */
	XV_PEER_KERNEL = 1 << 1, /* the kernel must receive its frames, as XV_ADJ_KERNEL */
};

struct xv_peer_slot {
	union {
		struct {
			__be32 low;  /* last 32 bits of the address */
			__u16 peer;  /* 0: the slot is free */
			__u16 flags; /* enum xv_peer_flags */
		};
		__u64 word; /* replaced in one store */
	};
};

/*
 * xv_adj: array (memory-mapped by the daemon), peer id -> adjacency. While XV_ADJ_VALID is clear,
 * the peer is reached by the slow path. To change an entry the daemon clears that flag and
 * XV_ADJ_MTU, waits until running programs have returned (membarrier), writes the rest, and sets
 * the flags. Programs read flags first.
 */
enum xv_adj_flags {
	XV_ADJ_VALID = 1 << 0,
	XV_ADJ_V6 = 1 << 1,
	XV_ADJ_XDP = 1 << 2,	/* the egress device takes XDP frames, and is tx_slot of xv_tx */
	XV_ADJ_XDP_SG = 1 << 3, /* ... with fragments too */
	XV_ADJ_HAND = 1 << 4,	/* for the daemon: the peer was added by a command */
	XV_ADJ_HEARD = 1 << 5,	/* ... was admitted by a network with a group */
	XV_ADJ_KERNEL = 1 << 6, /* the kernel must receive and send the peer's frames */
	/* Outer IPv4 packets have DF, except: */
	XV_ADJ_DF_UNSET = 1 << 7,    /* all; each has an identification instead */
	XV_ADJ_DF_INHERIT = 1 << 8,  /* those whose inner packet may be fragmented */
	XV_ADJ_GROUP_ROUTE = 1 << 9, /* the kernel's own route to the group has this device */
	/* Without XV_ADJ_VALID: mtu, XV_ADJ_V6 and the DF flags are those of the slow path. */
	XV_ADJ_MTU = 1 << 10,
};

enum xv_encap_len {
	XV_ENCAP4_LEN = 14 + 20 + 8 + 8,
	XV_ENCAP6_LEN = 14 + 40 + 8 + 8,
};

struct xv_adj_val {
	__u32 flags;
	__u32 ifindex;	 /* egress underlay device */
	__u32 tx_slot;	 /* that device's slot in xv_tx */
	__u32 mtu;	 /* of the egress device: outer IP packet, bytes */
	struct xv_ip ip; /* the peer's underlay address */
	/*
	 * The outer Ethernet, IP, UDP and VXLAN headers as they are sent (XV_ENCAP4_LEN or
	 * XV_ENCAP6_LEN bytes), except for fields that are 0 here: IP total or payload length, ECN,
	 * UDP source port, UDP length, VNI; for IPv4 also identification and flags. The IPv4
	 * checksum is that of the header with these zeros.
	 */
	__u8 hdr[72];
	/*
	 * The next IPv4 identification that no CPU has taken; written by programs. A CPU takes
	 * blocks of XV_IP_ID_BLOCK, which begin at a multiple of that (struct xv_peer_here).
	 */
	__u32 ip_id;
	char group_dev[16]; /* of a group: the device that its setting names, or "". Only the daemon
			       reads it */
	__u8 pad0[4];
};

enum xv_ip_id_numbers {
	XV_IP_ID_BLOCK = 256,
	/*
	 * A CPU gives up the rest of its block when the others have taken so many identifications
	 * since. So an identification is used again only after at least 65536 - XV_IP_ID_STALE
	 * others.
	 */
	XV_IP_ID_STALE = 16384,
};

/*
 * The forwarding database, (bd, MAC) -> destination, is in two maps. xv_fdb_table (xv_table.h) has
 * what the daemon learned or was told; only the daemon writes it, except last_seen and
 * XV_FDB_MOVING. xv_fdb, a hash, is for programs that provision by map; its entries count where the
 * table has none. If a learned entry hides a static entry in xv_fdb, the daemon deletes the learned
 * one within a second.
 */
struct xv_fdb_key {
	__u16 bd;
	__u8 mac[6];
} __attribute__((aligned(8)));

enum xv_fdb_kind {
	XV_FDB_NONE,
	XV_FDB_PORT,
	XV_FDB_PEER,
	XV_FDB_GROUP, /* in flood lists: a multicast group, which has an adjacency like a peer */
};

enum xv_fdb_flags {
	XV_FDB_STATIC = 1 << 0, /* does not age or move; its MAC from elsewhere is dropped */
	XV_FDB_CONFIG = 1 << 1, /* origin: the config file */
	XV_FDB_HAND = 1 << 2,	/* origin: a command too; implied without the file's */
	XV_FDB_STICKY = 1 << 3, /* static; its MAC from elsewhere is accepted */
	/*
	 * Of an entry that is not static: a move was told to the daemon, which has not looked yet.
	 * Programs set it.
	 */
	XV_FDB_MOVING = XV_FDB_STICKY,
};

enum xv_fdb_numbers {
	XV_SEEN_SHIFT = 29,    /* last_seen: CLOCK_MONOTONIC_COARSE in units of 2^29 ns, 0.54 s */
	XV_FDB_MOVES_MAX = 15, /* this many or more */
};

struct xv_fdb_val {
	__u16 dst;	 /* port id or peer id */
	__u8 kind;	 /* enum xv_fdb_kind */
	__u8 flags : 4;	 /* enum xv_fdb_flags */
	__u8 moves : 4;	 /* how often the learned destination has changed */
	__u32 last_seen; /* when the MAC last sent; see XV_SEEN_SHIFT */
} __attribute__((aligned(8)));

/* xv_flood: hash, see struct xv_flood_head. */
struct xv_flood_key {
	__u16 bd;
	__u16 gen;
	__u32 index;
};

enum xv_flood_flags {
	XV_FLOOD_CONFIG = 1 << 0, /* origin: the config file */
	XV_FLOOD_HAND = 1 << 1,	  /* origin: a command too; implied without the file's */
};

struct xv_flood_val {
	__u32 id;   /* id of a port, peer or group (peers and groups share the ids) */
	__u8 kind;  /* enum xv_fdb_kind */
	__u8 flags; /* enum xv_flood_flags */
	__u16 pad0;
	struct xv_ip remote; /* address of the peer or the multicast group */
};

/*
 * xv_tx: devmap by index: port id -> its device (not for a VLAN); XV_MAX_PORTS + slot -> underlay
 * device. xv_uplink: hash, ifindex of an underlay device -> how programs are attached.
 */
enum xv_uplink_flags {
	XV_UPLINK_XDP = 1 << 0,	     /* xv_decap is attached, native XDP */
	XV_UPLINK_GENERIC = 1 << 1,  /* xv_decap_skb is attached, generic XDP */
	XV_UPLINK_TC_DECAP = 1 << 2, /* xv_decap_tc is attached: strips what XDP passed */
};

struct xv_uplink_val {
	__u32 flags;
	__u32 tx_slot; /* index in xv_tx: XV_MAX_PORTS + n */
};

/* xv_events: ring buffer. */
enum xv_event_type {
	XV_EVENT_LEARN = 1, /* the source MAC is not in the FDB */
	XV_EVENT_MOVE,	    /* a learned entry has the source MAC elsewhere */
	XV_EVENT_PMTU, /* a router refused a packet to `remote` for its size; kind is XV_FDB_NONE */
};

struct xv_event {
	__u8 type;
	__u8 kind; /* of the frame's origin: enum xv_fdb_kind */
	__u16 pad0;
	__u32 dst; /* id of the port or peer that it came from; 0: a VTEP that is not a peer */
	struct xv_fdb_key key;
	__u64 time;	     /* CLOCK_MONOTONIC, ns */
	struct xv_ip remote; /* the VTEP that it came from, if kind is XV_FDB_PEER */
};

/* A counter. Bytes are those of the inner frame with its Ethernet header, without FCS. */
struct xv_count {
	__u64 packets;
	__u64 bytes;
};

enum xv_net_count {
	XV_NET_RX, /* received by deleted ports, see below; the daemon writes it */
	XV_NET_TX,
	XV_NET_BUM_RX,
	XV_NET_BUM_TX,
	XV_NET_COUNTS,
};

enum xv_port_count {
	XV_PORT_RX,
	XV_PORT_TX, /* without XV_PORT_WIRE_TX */
	XV_PORT_WIRE_TX,
	XV_PORT_COUNTS,
};

enum xv_peer_count {
	XV_PEER_RX,
	XV_PEER_TX,
	XV_PEER_COUNTS,
};

/* A CPU's data of a peer. */
struct xv_peer_here {
	__u32 seen; /* when it last sent something, in units of last_seen (XV_SEEN_SHIFT) */
	/* The next IPv4 identification of this CPU's block; its low 16 bits go into the packet. */
	__u32 ip_id;
};

enum xv_stats_limits {
	XV_STATS_PATHS = 32, /* with room, so that one more keeps the layout */
	XV_STATS_DROPS = 128,
};

/*
 * xv_stats: array (memory-mapped by the daemon), CPU -> counters of that CPU. A counter's value is
 * the sum over all CPUs.
 *
 * Counters of ports and peers are seen from the fabric: rx came from the port or peer, tx went to
 * it. Of a network, rx went from the wire to ports, tx from ports to the wire or to ports; BUM is
 * flooded frames. Known unicast from the wire is counted only at its port, in XV_PORT_WIRE_TX. That
 * is a part of what the port was sent. What a network received is XV_NET_RX plus the sum of
 * XV_PORT_WIRE_TX over its ports.
 *
 * Counters of one kind are adjacent, so that four networks that receive share a cache line.
 */
struct xv_stats_val {
	struct xv_count path[XV_STATS_PATHS]; /* enum xv_path */
	struct xv_count drop[XV_STATS_DROPS]; /* enum xv_drop */
	struct xv_count peer[XV_PEER_COUNTS][XV_MAX_PEERS];
	struct xv_count port[XV_PORT_COUNTS][XV_MAX_PORTS];
	struct xv_count net[XV_NET_COUNTS][XV_MAX_NETWORKS]; /* by bd */
	struct xv_peer_here peer_here[XV_MAX_PEERS];
	__u8 pad0[4096 - sizeof(struct xv_count) * (XV_STATS_PATHS + XV_STATS_DROPS)];
};

/*
 * xv_drop_last: per-CPU array, enum xv_drop -> the last packet that this CPU dropped for the
 * reason. Packets within XV_DROP_LAST_NS after a noted one are not noted. The packet is noted as it
 * was when it was dropped, which is mostly as it came. A value that is read while it is written may
 * mix two packets.
 */
enum xv_drop_from {
	XV_DROP_FROM_NONE, /* no packet was noted yet */
	XV_DROP_FROM_WIRE, /* an underlay device; the packet may have been stripped already */
	XV_DROP_FROM_SLOW, /* the slow path device; remote and vni are from the header that it
			      stripped */
	XV_DROP_FROM_PORT,
};

enum xv_drop_numbers {
	XV_DROP_LAST_NS = 1 << 25, /* 34 ms */
	XV_DROP_HEAD = 128,	   /* outer and inner headers up to IPv6 */
	XV_DROP_TAGGED = 1 << 12,  /* set in vlan if there is a tag */
};

struct xv_drop_last_val {
	__u64 tick;    /* the kernel's timer tick (jiffies) when `time` was read */
	__u64 time;    /* CLOCK_MONOTONIC_COARSE, ns */
	__u32 ifindex; /* the device that it came from */
	__u32 len;     /* bytes with Ethernet header, without a tag beside the frame */
	__u32 vni;
	__u16 vlan; /* id of the tag that the kernel keeps beside the frame, and XV_DROP_TAGGED; or
		       0 */
	__u8 from;  /* enum xv_drop_from */
	__u8 head_len;
	struct xv_ip remote;
	__u16 to;     /* id of the port or peer that it was for, if that was known; else 0 */
	__u8 to_kind; /* enum xv_fdb_kind */
	__u8 pad0;
	__u32 pad1;
	__u8 head[XV_DROP_HEAD]; /* the first head_len bytes */
};

_Static_assert(sizeof(struct xv_meta_val) == 128, "ABI, frozen");
_Static_assert(sizeof(struct xv_config_val) == 152, "ABI");
_Static_assert(sizeof(struct xv_bd_val) == 16, "ABI");
_Static_assert(sizeof(struct xv_vni_slot) == 8, "ABI");
_Static_assert(sizeof(struct xv_peer_slot) == 8, "ABI");
_Static_assert(sizeof(struct xv_bd_info_val) == 48, "ABI");
_Static_assert(sizeof(struct xv_port_key) == 8, "ABI");
_Static_assert(sizeof(struct xv_port_val) == 8, "ABI");
_Static_assert(sizeof(struct xv_port_dev_val) == 32, "ABI");
_Static_assert(sizeof(struct xv_adj_val) == 128, "ABI");
_Static_assert(sizeof(struct xv_fdb_key) == 8, "ABI");
_Static_assert(sizeof(struct xv_fdb_val) == 8, "ABI");
_Static_assert(sizeof(struct xv_flood_key) == 8, "ABI");
_Static_assert(sizeof(struct xv_flood_val) == 24, "ABI");
_Static_assert(sizeof(struct xv_event) == 40, "ABI");
_Static_assert(sizeof(struct xv_stats_val) == 489 * 4096, "ABI: CPUs share no page");
_Static_assert(sizeof(struct xv_peer_here) == 8, "ABI");
_Static_assert(sizeof(struct xv_drop_last_val) == 184, "ABI");

#endif
