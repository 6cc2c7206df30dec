/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All maps, pinned by name. Layouts are in headers/xv_abi.h; DESIGN: the daemon is their one
 * writer.
 *
 * Of a hash the kernel gives an element that was deleted, or whose key got another value, to the
 * next key of the map at once, also while a program is about to read its value. (So do both kinds
 * of allocation: BPF_F_NO_PREALLOC takes elements from a cache that waits for nobody.) So a value
 * may be another key's, and programs take none for granted:
 * xv_vni: xv_bd must say the same VNI. xv_peer: xv_adj must say the same address. xv_port: a value
 * has a check of its key. xv_flood: a list is deleted a grace period after the network's head led
 * elsewhere, when no program can read it any more. xv_uplink: no program reads it.
 * xv_fdb: 8 bytes leave no room for a check. One frame may then go to where another MAC is, or be
 * dropped for a static entry of another MAC. It stays in its network: its port must be one of the
 * network (xv_port_dev), and a peer is sent its VNI.
 */
#ifndef XV_BPF_MAPS_H
#define XV_BPF_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "table.h"
#include "xv_abi.h"
#include "xv_reasons.h"

#define XV_MAP(map_name, map_type, key_type, value_type, entries, flags) \
	struct {                                                         \
		__uint(type, map_type);                                  \
		__uint(max_entries, entries);                            \
		__uint(map_flags, flags);                                \
		__uint(pinning, LIBBPF_PIN_BY_NAME);                     \
		__type(key, key_type);                                   \
		__type(value, value_type);                               \
	} map_name SEC(".maps")

XV_MAP(xv_meta, BPF_MAP_TYPE_ARRAY, __u32, struct xv_meta_val, 1, 0); /* read by daemons only */
XV_MAP(xv_config, BPF_MAP_TYPE_ARRAY, __u32, struct xv_config_val, 1, 0);
XV_MAP(xv_vni, BPF_MAP_TYPE_HASH, __u32, __u32, XV_MAX_NETWORKS, BPF_F_NO_PREALLOC);
XV_MAP(xv_vni_index, BPF_MAP_TYPE_ARRAY, __u32, struct xv_vni_slot, XV_VNI_INDEX, BPF_F_MMAPABLE);
XV_MAP(xv_bd, BPF_MAP_TYPE_ARRAY, __u32, struct xv_bd_val, XV_MAX_NETWORKS, BPF_F_MMAPABLE);
XV_MAP(xv_bd_info, BPF_MAP_TYPE_ARRAY, __u32, struct xv_bd_info_val, XV_MAX_NETWORKS,
       BPF_F_MMAPABLE);
XV_MAP(xv_port, BPF_MAP_TYPE_HASH, struct xv_port_key, struct xv_port_val, XV_MAX_PORT_KEYS,
       BPF_F_NO_PREALLOC);
XV_MAP(xv_port_index, BPF_MAP_TYPE_ARRAY, __u32, __u32, XV_PORT_INDEX, 0);
XV_MAP(xv_port_dev, BPF_MAP_TYPE_ARRAY, __u32, struct xv_port_dev_val, XV_MAX_PORTS, 0);
XV_MAP(xv_peer, BPF_MAP_TYPE_HASH, struct xv_ip, __u32, XV_MAX_PEERS, BPF_F_NO_PREALLOC);
XV_MAP(xv_peer_index, BPF_MAP_TYPE_ARRAY, __u32, struct xv_peer_slot, XV_PEER_INDEX,
       BPF_F_MMAPABLE);
XV_MAP(xv_adj, BPF_MAP_TYPE_ARRAY, __u32, struct xv_adj_val, XV_MAX_PEERS, BPF_F_MMAPABLE);
XV_TABLE_MAP(xv_fdb_table, XV_TABLE_BUCKETS, LIBBPF_PIN_BY_NAME);
XV_MAP(xv_fdb, BPF_MAP_TYPE_HASH, struct xv_fdb_key, struct xv_fdb_val, XV_MAX_FDB_EXTRA,
       BPF_F_NO_PREALLOC);
XV_MAP(xv_flood, BPF_MAP_TYPE_HASH, struct xv_flood_key, struct xv_flood_val, XV_FLOOD_ROOM,
       BPF_F_NO_PREALLOC);
XV_MAP(xv_tx, BPF_MAP_TYPE_DEVMAP, __u32, __u32, XV_MAX_PORTS + XV_MAX_UPLINKS, 0);
XV_MAP(xv_uplink, BPF_MAP_TYPE_HASH, __u32, struct xv_uplink_val, XV_MAX_UPLINKS, 0);

/* One entry until the daemon says how many CPUs there are. */
XV_MAP(xv_stats, BPF_MAP_TYPE_ARRAY, __u32, struct xv_stats_val, 1, BPF_F_MMAPABLE);
XV_MAP(xv_drop_last, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xv_drop_last_val, XV_STATS_DROPS, 0);

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XV_EVENT_RING);
	__uint(pinning, LIBBPF_PIN_BY_NAME);
} xv_events SEC(".maps");

/* Events sent lately, so that a burst from one unknown MAC is one event; private to the programs.
 */
enum {
	XV_RECENT_SLOTS = 4096,
};

struct xv_recent_val {
	__u64 key;
	__u32 what; /* type, kind and id mixed */
	__u32 tick;
};

struct xv_gate_val {
	__u32 tick;
	__u32 used;
};

/* As xv_gate, for moves and loops: by the place that they lead to or are at, so that a port or peer
 * that sends too many holds back none but its own. Two places that share a slot hold back none. */
enum {
	XV_MOVE_SLOTS = 4096,
};

struct xv_move_gate_val {
	__u64 place; /* bd, kind and id mixed */
	__u32 tick;
	__u32 used;
};

XV_MAP(xv_recent, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xv_recent_val, XV_RECENT_SLOTS, 0);
XV_MAP(xv_gate, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xv_gate_val, XV_MAX_NETWORKS, 0);
XV_MAP(xv_move_gate, BPF_MAP_TYPE_PERCPU_ARRAY, __u32, struct xv_move_gate_val, XV_MOVE_SLOTS, 0);

#endif
