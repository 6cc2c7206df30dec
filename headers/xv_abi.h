/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Layout of every pinned map: what the daemon, the BPF programs and an outside program that
 * provisions tenants agree on. Any change of a size, an offset or a meaning raises XV_ABI_VERSION,
 * and comes with a reader of the layout before (user/daemon/migration.h).
 *
 * Numbers are in host byte order unless the type says __be16 or __be32. IP addresses are 16 bytes
 * in network order; IPv4 is mapped into IPv6 (::ffff:192.0.2.1, RFC 4291 section 2.5.5.2).
 */
#ifndef XV_ABI_H
#define XV_ABI_H

#include <linux/types.h>

enum xv_limits {
	XV_ABI_VERSION = 9,
	XV_MAX_NETWORKS = 16384,	     /* bd 1..XV_MAX_NETWORKS-1; 0 is never a network */
	XV_MAX_PORTS = 16384,		     /* port id 1..XV_MAX_PORTS-1; 0 is never a port */
	XV_MAX_PORT_KEYS = 2 * XV_MAX_PORTS, /* ... and VLAN devices over ports */
	XV_PORT_INDEX = 1 << 16, /* device indices below it are looked up in xv_port_index first */
	XV_VNI_INDEX = 1 << 16,	 /* a VNI's low bits lead to a slot of xv_vni_index */
	XV_PEER_INDEX = 1 << 14, /* xv_ip_slot() leads to a slot of xv_peer_index */
	XV_MAX_PEERS = 4096,	 /* peer id 1..XV_MAX_PEERS-1; 0 is never a peer */
	XV_MAX_UPLINKS = 64,	 /* underlay devices: slots behind the ports in xv_tx */
	XV_MAX_FDB = 1 << 20,	 /* entries in xv_fdb_table */
	XV_MAX_FDB_EXTRA = 1 << 16,	  /* entries in xv_fdb */
	XV_MAX_FLOOD = 1 << 17,		  /* flood list entries of all networks together */
	XV_FLOOD_ROOM = 2 * XV_MAX_FLOOD, /* entries in xv_flood: each list once more, while it is
					     exchanged */
	XV_MAX_FLOOD_LIST = 4096,	  /* ports and peers of one network's flood list */
	XV_NAME_LEN = 32,		  /* network name with its NUL */
	XV_EVENT_RING = 1 << 22,	  /* bytes */
	XV_MAX_MACS = 8,		  /* own MAC addresses on the underlay */
	XV_MAX_TAGS = 8,		  /* own VLANs on the underlay */
};

/* 16 bytes in network order, IPv4 mapped. Aligned so that it is compared and hashed as words. */
struct xv_ip {
	union {
		__u8 b[16];
		__be32 w[4]; /* w[3] is the IPv4 address of a mapped one */
		__u64 q[2];
	};
};

/* Slot of an address in xv_peer_index. */
static inline __attribute__((always_inline)) __u32 xv_ip_slot(const struct xv_ip *ip)
{
	return ((ip->q[0] * 3 ^ ip->q[1]) * 0x9e3779b97f4a7c15ULL) >> 50;
}

/*
 * xv_meta: array with one entry: whose the other pinned maps are. Every version reads it first, and
 * touches nothing else before it has. Its type, its size and what is in it are frozen for ever.
 * (Layouts before 9 have none; their number is in xv_config.)
 *
 * `xvtepd --detach` of any version removes what any other version pinned. So these stay as they are
 * too: pins are in /sys/fs/bpf/xvtep/INSTANCE, those of links in its directory links; keys of
 * xv_port and xv_uplink begin with the index of a device (__u32), those of xv_peer are a struct
 * xv_ip; and xv0 has the alias that it has.
 */
enum xv_meta_limits {
	XV_META_TEXT = 48,
};

#define XV_META_MAGIC 0x6d70657476780a00ULL

struct xv_meta_val {
	__u64 magic;  /* XV_META_MAGIC */
	__u32 layout; /* XV_ABI_VERSION of the version that made the maps */
	__u32 pad0;
	__u64 netns;		    /* cookie of the network namespace that the instance lives in */
	char version[XV_META_TEXT]; /* of xvtepd, as `xvtepd -V` says it, with its NUL */
	char instance[XV_META_TEXT]; /* its name, with its NUL */
	__u8 pad1[8];
};

/*
 * xv_config: array with one entry. Versions before layout 8 read it into 152 bytes on the stack
 * without asking how large it is (xvtepd --detach): it stays that large, with abi and netns where
 * they are, and what does not fit goes into a map of its own.
 */
enum xv_config_flags {
	XV_CONFIG_UDP6_CHECKSUM = 1 << 0, /* outer UDP over IPv6 carries a checksum (slow path) */
	XV_CONFIG_ANY_MAC = 1 << 1,	  /* own MAC addresses are more than XV_MAX_MACS */
	XV_CONFIG_ANY_TAG = 1 << 2,	  /* own VLANs are more than XV_MAX_TAGS */
	XV_CONFIG_DF_SET = 1 << 3,	  /* outer IPv4 packets of the slow path carry DF ... */
	XV_CONFIG_DF_INHERIT = 1 << 4,	  /* ... if the inner one may not be fragmented */
	XV_CONFIG_KERNEL = 1 << 5,	  /* outer frames are the kernel's to receive and to send */
};

struct xv_mac {
	__u8 b[6];
	__u16 pad0;
} __attribute__((aligned(8)));

struct xv_config_val {
	__u32 abi; /* XV_ABI_VERSION; 0 until the daemon has finished its first set-up */
	__u32 flags;
	__be16 udp_port;
	__u16 pad0;
	__u32 slow_ifindex;  /* xv0 */
	struct xv_ip local4; /* own VTEP address, mapped; all zero: no IPv4 underlay */
	/*
	 * What outer frames for this host are sent to: the underlay devices' and those of devices
	 * that have the VTEP addresses. Others are the kernel's to judge. Free places: as the
	 * first.
	 */
	struct xv_mac mac[XV_MAX_MACS];
	struct xv_ip local6; /* all zero: no IPv6 underlay */
	/*
	 * VLANs of the underlay in which outer frames come, protocol (ETH_P_8021Q or 8021AD) << 16
	 * | id. Frames in others are the kernel's to judge. Free places: 0.
	 */
	__u32 tag[XV_MAX_TAGS];
	__u32 seed;  /* of the flow hash; random per instance */
	__u32 netns; /* cookie of the network namespace that it lives in, low 32 bits */
};

/*
 * xv_vni: hash, __u32 VNI (24 bits) -> __u32 bd. xv_vni_index: array, the VNI's low 16 bits -> what
 * decapsulation asks of one network that has them, so that it need not look into xv_vni and xv_bd.
 * A network that another program made is in xv_vni alone, until a daemon adopts it.
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
 * xv_bd: array, bd -> network: what programs read of it for every frame. xv_bd_info: array, bd ->
 * the rest of it.
 */
enum xv_bd_flags {
	XV_BD_VALID = 1 << 0,
	XV_BD_LEARN = 1 << 1,	   /* report unknown and moved source MACs */
	XV_BD_INNER_VLAN = 1 << 2, /* inner 802.1Q tags are carried, not dropped (RFC 7348, 6.1) */
	XV_BD_ANY_PEER = 1 << 3,   /* frames from VTEPs that are not known peers are taken */
	XV_BD_FULL = 1 << 4,	   /* no room for another learned MAC: unknown ones are no event */
	XV_BD_CONFIG = 1 << 8,	   /* origin: the config file (else command line or a map writer) */
	XV_BD_HAND = 1 << 9,	   /* ... and the others too: stays when the file drops it */
	XV_BD_KEPT = 1 << 10,	  /* the file alone made it and dropped it: something in it stays */
	XV_BD_NO_LOOPS = 1 << 11, /* setting loop-detect is off; read by the daemon only */
};

/*
 * The flood list of a network is entries [0, total) of xv_flood under the generation `gen`; local
 * ports come first, [0, ports), then the peers. The word is replaced in one store, so that a
 * program sees either the old list or the new one, whole.
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
	__u32 learn_rate; /* learning events a second and CPU; 0: no limit */
	__u32 max_macs;	  /* this and what follows is read by the daemon only */
	__u32 ageing;	  /* seconds; 0: never */
	/*
	 * Bit X: frames to 01:80:c2:00:00:0X are forwarded (the bridge's group_fwd_mask). Programs
	 * read this.
	 */
	__u16 link_local;
	__u16 pad0;
	char name[XV_NAME_LEN];
};

/*
 * xv_port: hash, (ifindex, VLAN) -> port. VLAN 0 is the untagged port. Port 0: the kernel has a
 * VLAN device over that untagged port, and the VLAN's frames are that device's. xv_port_index:
 * array, ifindex -> __u32 port id, a shortcut to untagged ports; it counts only if xv_port_dev says
 * the same.
 */
struct xv_port_key {
	__u32 ifindex;
	__u16 vlan;  /* VLAN id, host order */
	__u16 proto; /* 0: 802.1Q; ETH_P_8021AD: of a VLAN device only */
};

struct xv_port_val {
	union {
		struct {
			__u32 port; /* port id, or 0 */
			__u16 bd;
			__u16 check; /* xv_port_key_check() of its key, or 0 */
		};
		__u64 word; /* read in one load */
	};
};

/*
 * The kernel gives an element that was deleted to the next key at once, also while a program reads
 * its value: a value that has another key's check is not the one that was looked up.
 */
static inline __attribute__((always_inline)) __u16 xv_port_key_check(const struct xv_port_key *key)
{
	return (key->vlan << 4 | (key->ifindex & 0xf)) ^ key->proto;
}

/* xv_port_dev: array, port id -> device, for delivery. */
enum xv_port_flags {
	XV_PORT_UP = 1 << 0,	    /* device exists, is administratively up, has a carrier */
	XV_PORT_XDP_TX = 1 << 1,    /* device takes XDP frames (ndo_xdp_xmit): devmap redirect */
	XV_PORT_XDP_SG = 1 << 2,    /* ... with fragments too */
	XV_PORT_TCP_STACK = 1 << 3, /* inner TCP goes by TC even so, where GRO merges it */
	XV_PORT_GSO_DECAP = 1 << 4, /* device takes skbs that TC stripped while merged (veth) */
	XV_PORT_DIRECT = 1 << 5,    /* frames for end_mac may skip the device (bpf_redirect_peer) */
	XV_PORT_FULL = 1 << 7,	    /* no room for another MAC learned there, as XV_BD_FULL */
	XV_PORT_CONFIG = 1 << 8,    /* origin: the config file */
	/* Setting of xv_port_encap, read by the daemon only. */
	XV_PORT_ENCAP_OFF = 1 << 9,	/* never */
	XV_PORT_ENCAP_NATIVE = 1 << 10, /* also where xvtep cannot see that it is safe */
	XV_PORT_HAND = 1 << 11,		/* ... and by hand, as XV_BD_HAND */
	XV_PORT_LOOP = 1 << 12, /* frames to groups and unknown MACs, from and to it, are dropped */
	/* Setting of the filters of others at the port, read by the daemon only. */
	XV_PORT_FILTERS_BEFORE = 1 << 13,
	XV_PORT_FILTERS_IGNORE = 1 << 14,
};

struct xv_port_dev_val {
	__u32 ifindex; /* 0: no such port now */
	__u32 flags;
	__u16 bd;
	__u16 vlan;
	__u32 mtu; /* of the device: IP packet, bytes */
	/*
	 * XV_PORT_DIRECT: the device is a veth whose other end is in another network namespace and
	 * runs no XDP program; this is the other end's address.
	 */
	__u8 end_mac[6];
	__u16 pad0;
	__u32 max_macs; /* learned there; 0: no limit but the network's. Read by the daemon only */
	__u32 pad1;
};

/*
 * xv_peer: hash, struct xv_ip -> __u32 peer id. xv_peer_index: array, xv_ip_slot() -> a peer whose
 * address has that slot; of an IPv6 address, which does not fit, xv_adj must tell the rest.
 */
enum xv_peer_flags {
	XV_PEER_V6 = 1 << 0,	 /* low is of an IPv6 address */
	XV_PEER_KERNEL = 1 << 1, /* its frames are the kernel's to receive, as XV_ADJ_KERNEL */
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
 * xv_adj: array (memory-mapped by the daemon), peer id -> adjacency. While XV_ADJ_VALID is clear
 * the peer is reached through the slow path. The daemon clears it, waits for running programs
 * (membarrier), rewrites the rest, and sets it again; programs read flags first.
 */
enum xv_adj_flags {
	XV_ADJ_VALID = 1 << 0,
	XV_ADJ_V6 = 1 << 1,
	XV_ADJ_XDP = 1 << 2,	/* egress device takes XDP frames, and is tx_slot of xv_tx */
	XV_ADJ_XDP_SG = 1 << 3, /* ... with fragments too */
	XV_ADJ_HAND = 1 << 4,	/* the peer was added by hand; the daemon's, whatever else is set */
	XV_ADJ_HEARD =
		1 << 5, /* ... was admitted as it sent, by a network with a group; likewise */
	XV_ADJ_KERNEL = 1 << 6, /* its frames are the kernel's to receive and to send */
	/* IPv4 packets have DF, but for: */
	XV_ADJ_DF_UNSET = 1 << 7,    /* none has, and each has an identification instead */
	XV_ADJ_DF_INHERIT = 1 << 8,  /* those with an inner packet that may be fragmented */
	XV_ADJ_GROUP_ROUTE = 1 << 9, /* the kernel's own route to the group is by this device */
};

enum xv_encap_len {
	XV_ENCAP4_LEN = 14 + 20 + 8 + 8,
	XV_ENCAP6_LEN = 14 + 40 + 8 + 8,
};

struct xv_adj_val {
	__u32 flags;
	__u32 ifindex;	 /* egress underlay device */
	__u32 tx_slot;	 /* of that device in xv_tx */
	__u32 mtu;	 /* egress: outer IP packet, bytes */
	struct xv_ip ip; /* the peer's underlay address */
	/*
	 * Outer Ethernet, IP, UDP and VXLAN header as sent, XV_ENCAP4_LEN or XV_ENCAP6_LEN bytes,
	 * but for: IP total/payload length 0, ECN 0, UDP source port 0, UDP length 0, VNI 0. IPv4:
	 * identification and flags are 0 too, and the checksum field holds the checksum of the
	 * header with these zeroes.
	 */
	__u8 hdr[72];
	/*
	 * The next IPv4 identification that no CPU has taken; written by programs. A CPU takes
	 * XV_IP_ID_BLOCK at a time (struct xv_peer_here), which begin at a multiple of that.
	 */
	__u32 ip_id;
	char group_dev[16]; /* of a group: the device that its setting names, or empty. Read by the
			       daemon only */
	__u8 pad0[4];
};

enum xv_ip_id_numbers {
	XV_IP_ID_BLOCK = 256,
	/*
	 * What a CPU has left of a block is given up when the others took so many since: an
	 * identification comes again when 65536 - XV_IP_ID_STALE others went out at the earliest.
	 */
	XV_IP_ID_STALE = 16384,
};

/*
 * The forwarding database, (bd, MAC) -> destination, is two maps. xv_fdb_table (xv_table.h) has
 * what the daemon learned or was told, and is written by nobody else. xv_fdb, a hash, is for
 * programs that provision by map: what it holds counts where the table has no entry. Within a
 * second of a static entry's being written here the daemon removes a learned one that hides it.
 */
struct xv_fdb_key {
	__u16 bd;
	__u8 mac[6];
} __attribute__((aligned(8)));

enum xv_fdb_kind {
	XV_FDB_NONE,
	XV_FDB_PORT,
	XV_FDB_PEER,
	XV_FDB_GROUP, /* in flood lists: a multicast group, with an adjacency as a peer has */
};

enum xv_fdb_flags {
	XV_FDB_STATIC = 1 << 0, /* never aged, never moved; its MAC from elsewhere is dropped */
	XV_FDB_CONFIG = 1 << 1, /* origin: the config file */
	XV_FDB_HAND = 1 << 2,	/* ... and by hand, as XV_BD_HAND */
	XV_FDB_STICKY = 1 << 3, /* static; its MAC from elsewhere is taken, and does not move */
};

enum xv_fdb_numbers {
	XV_SEEN_SHIFT = 29,    /* last_seen: CLOCK_MONOTONIC_COARSE in units of 2^29 ns, 0.54 s */
	XV_FDB_MOVES_MAX = 15, /* so many, or more */
};

struct xv_fdb_val {
	__u16 dst;	 /* port id or peer id */
	__u8 kind;	 /* enum xv_fdb_kind */
	__u8 flags : 4;	 /* enum xv_fdb_flags */
	__u8 moves : 4;	 /* times the learned destination changed */
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
	XV_FLOOD_HAND = 1 << 1,	  /* ... and by hand, as XV_BD_HAND */
};

struct xv_flood_val {
	__u32 id;   /* port id, peer id, or a group's among those */
	__u8 kind;  /* enum xv_fdb_kind */
	__u8 flags; /* enum xv_flood_flags */
	__u16 pad0;
	struct xv_ip remote; /* peer's underlay address, or the multicast group */
};

/*
 * xv_tx: devmap by index: port id -> its device (none for a VLAN), XV_MAX_PORTS + slot -> underlay
 * device. xv_uplink: hash, ifindex of an underlay device -> how it is attached.
 */
enum xv_uplink_flags {
	XV_UPLINK_XDP = 1 << 0,	     /* xv_decap attached, native */
	XV_UPLINK_GENERIC = 1 << 1,  /* xv_decap_skb attached, generic */
	XV_UPLINK_TC_DECAP = 1 << 2, /* xv_decap_tc attached: strips what XDP did not redirect */
};

struct xv_uplink_val {
	__u32 flags;
	__u32 tx_slot; /* index in xv_tx: XV_MAX_PORTS + n */
};

/* xv_events: ring buffer. */
enum xv_event_type {
	XV_EVENT_LEARN = 1, /* source MAC not in the FDB */
	XV_EVENT_MOVE,	    /* source MAC held by a learned entry elsewhere */
	XV_EVENT_PMTU,	    /* a router refused a packet to remote for its size; kind XV_FDB_NONE */
};

struct xv_event {
	__u8 type;
	__u8 kind; /* where the frame came from: enum xv_fdb_kind */
	__u16 pad0;
	__u32 dst; /* port id or peer id it came from; 0: a VTEP that is not a peer */
	struct xv_fdb_key key;
	__u64 time;	     /* CLOCK_MONOTONIC, ns */
	struct xv_ip remote; /* the VTEP it came from, if kind is XV_FDB_PEER */
};

/* Counters. Bytes are of the inner frame from its Ethernet header, without FCS. */
struct xv_count {
	__u64 packets;
	__u64 bytes;
};

enum xv_net_count {
	XV_NET_RX, /* ports that are gone; see below. Written by the daemon */
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

/* What a CPU keeps of a peer. */
struct xv_peer_here {
	__u32 seen; /* when it last sent something, in units of last_seen (XV_SEEN_SHIFT) */
	/* Next IPv4 identification, from its block; its low 16 bits go into the packet. */
	__u32 ip_id;
};

enum xv_stats_limits {
	XV_STATS_PATHS = 32, /* room for more, so that one more does not change the layout */
	XV_STATS_DROPS = 128,
};

/*
 * xv_stats: array (memory-mapped by the daemon), CPU -> what was counted there. A counter's number
 * over all CPUs is the sum.
 *
 * Seen from the fabric: rx came from a port or peer, tx went to it; of a network, rx is wire to
 * ports, tx is ports to wire or ports, and BUM is what was flooded or came so. Known unicast from
 * the wire is counted at its port alone, in XV_PORT_WIRE_TX: that is part of what the port was
 * sent, and the sum over a network's ports, with XV_NET_RX, is what the network received.
 *
 * What is counted for the same frames lies together: of thousands of networks that receive, four
 * share a cache line.
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
 * xv_drop_last: per-CPU array, enum xv_drop -> the packet that was dropped last on that CPU, but
 * for those that follow a noted one within XV_DROP_LAST_NS. It is as it was when it was dropped,
 * which is mostly as it came. One that is read while it is written may be of two packets.
 */
enum xv_drop_from {
	XV_DROP_FROM_NONE, /* nothing is noted yet */
	XV_DROP_FROM_WIRE, /* underlay device; it may have been stripped already */
	XV_DROP_FROM_SLOW, /* the slow path device; remote and vni are of the header that it took
			      off */
	XV_DROP_FROM_PORT,
};

enum xv_drop_numbers {
	XV_DROP_LAST_NS = 1 << 25, /* 34 ms */
	XV_DROP_HEAD = 128,	   /* outer and inner headers up to IPv6 */
	XV_DROP_TAGGED = 1 << 12,  /* in vlan */
};

struct xv_drop_last_val {
	__u64 tick;    /* of the kernel's timer (jiffies) when the time was last looked at */
	__u64 time;    /* CLOCK_MONOTONIC_COARSE, ns */
	__u32 ifindex; /* of the device it came from */
	__u32 len;     /* bytes, with its Ethernet header, without a tag beside it */
	__u32 vni;
	__u16 vlan; /* id of the tag that is noted beside the frame, with XV_DROP_TAGGED; or 0 */
	__u8 from;  /* enum xv_drop_from */
	__u8 head_len;
	struct xv_ip remote;
	__u16 to;     /* port id or peer id that it was for, if that was known; else 0 */
	__u8 to_kind; /* enum xv_fdb_kind */
	__u8 pad0;
	__u32 pad1;
	__u8 head[XV_DROP_HEAD]; /* its first head_len bytes */
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
