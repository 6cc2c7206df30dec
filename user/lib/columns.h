/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every table that xvtep shows: its columns, each with its JSON key, heading and metric. Text, JSON
 * and the Prometheus endpoint are all made from these lists. A new counter is one line here.
 */
#ifndef XV_COLUMNS_H
#define XV_COLUMNS_H

#include <stddef.h>

enum xv_column_type {
	XV_TEXT,
	XV_UINT,
	XV_ONOFF, /* JSON true and false, text on and off */
	XV_YESNO, /* JSON true and false, text yes and no */
};

/* X(id, name, type, help). Counters restart when their network, port or peer is made anew. */
#define XV_METRICS(X)                                                                             \
	X(INFO, "xvtep_info", "gauge", "Always 1; the labels say which instance this is.")        \
	X(UPTIME, "xvtep_uptime_seconds", "gauge", "Seconds since the daemon started.")           \
	X(NETWORKS, "xvtep_networks", "gauge", "Networks.")                                       \
	X(PORTS, "xvtep_ports", "gauge", "Ports.")                                                \
	X(PEERS, "xvtep_peers", "gauge", "Peers.")                                                \
	X(LEARNED, "xvtep_learned_macs", "gauge", "Learned FDB entries of all networks.")         \
	X(FDB_ENTRIES, "xvtep_fdb_entries", "gauge", "FDB entries, static and learned.")          \
	X(UPLINK_UP, "xvtep_uplink_up", "gauge", "1 if the underlay device is there and up.")     \
	X(NET_LEARNED, "xvtep_network_learned_macs", "gauge", "Learned FDB entries.")             \
	X(NET_MAX_MACS, "xvtep_network_max_macs", "gauge", "Quota of learned FDB entries.")       \
	X(NET_DENIED, "xvtep_network_quota_denied_total", "counter",                              \
	  "New MAC addresses refused because of max-macs, until programs knew.")                  \
	X(NET_MOVES, "xvtep_network_mac_moves_total", "counter", "MAC moves.")                    \
	X(NET_DUPLICATES, "xvtep_network_mac_duplicates_total", "counter",                        \
	  "Times that a MAC began to move to and fro between two places.")                        \
	X(NET_LOOPS, "xvtep_network_loops_total", "counter", "Loops found between two ports.")    \
	X(PORT_UP, "xvtep_port_up", "gauge", "1 if the port's device is there and up.")           \
	X(PORT_LEARNED, "xvtep_port_learned_macs", "gauge", "FDB entries learned at a port.")     \
	X(PORT_DENIED, "xvtep_port_quota_denied_total", "counter",                                \
	  "New MAC addresses refused because of a port's max-macs.")                              \
	X(PEER_READY, "xvtep_peer_ready", "gauge",                                                \
	  "1 if the peer is reached on the fast path, 0 if through the slow path.")               \
	X(PORT_CARRIER, "xvtep_port_carrier", "gauge",                                            \
	  "1 if the port's device is up and has a carrier.")                                      \
	X(PORT_DEVICE_DROPS, "xvtep_port_device_drops_total", "counter",                          \
	  "Frames that the port's device, or its queueing discipline, dropped by its own count.") \
	X(UPLINK_CARRIER, "xvtep_uplink_carrier", "gauge",                                        \
	  "1 if the underlay device is up and has a carrier.")                                    \
	X(UPLINK_DROPS, "xvtep_uplink_drops_total", "counter",                                    \
	  "Packets that the underlay device, or its queueing discipline, dropped by its own "     \
	  "count.")                                                                               \
	X(SLOW_DROPS, "xvtep_slow_path_drops_total", "counter",                                   \
	  "Packets that the slow path device dropped or failed to send, by its own count.")       \
	X(PEER_LAST_HEARD, "xvtep_peer_last_heard_seconds", "gauge",                              \
	  "Seconds since a frame of the peer was last accepted; no sample: never.")               \
	X(PEER_SILENT, "xvtep_peer_silent", "gauge",                                              \
	  "1 if frames were sent to the peer, and none was ever accepted from it.")               \
	X(PEER_PATH_MTU, "xvtep_peer_path_mtu_bytes", "gauge",                                    \
	  "Path MTU that routers told of, while it counts.")                                      \
	X(NET_PACKETS, "xvtep_network_packets_total", "counter",                                  \
	  "Inner frames of a network; rx: from the wire, tx: from its ports.")                    \
	X(NET_BYTES, "xvtep_network_bytes_total", "counter",                                      \
	  "Bytes of a network's inner frames, from the Ethernet header, without FCS.")            \
	X(PORT_PACKETS, "xvtep_port_packets_total", "counter",                                    \
	  "Frames of a port; rx: from the port, tx: to the port.")                                \
	X(PORT_BYTES, "xvtep_port_bytes_total", "counter", "Bytes of a port's frames.")           \
	X(PEER_PACKETS, "xvtep_peer_packets_total", "counter",                                    \
	  "Inner frames of a peer; rx: from the peer, tx: to the peer.")                          \
	X(PEER_BYTES, "xvtep_peer_bytes_total", "counter", "Bytes of a peer's inner frames.")     \
	X(PATH_PACKETS, "xvtep_path_packets_total", "counter",                                    \
	  "Packets, copies or events by the path they took (see xvtep(8)).")                      \
	X(PATH_BYTES, "xvtep_path_bytes_total", "counter", "Bytes by the path they took.")        \
	X(DROP_PACKETS, "xvtep_drop_packets_total", "counter",                                    \
	  "Packets dropped, by reason (see xvtep(8)).")                                           \
	X(DROP_BYTES, "xvtep_drop_bytes_total", "counter", "Bytes dropped, by reason.")

enum xv_metric_id {
	XV_METRIC_NONE,
#define X(id, name, type, help) XV_METRIC_##id,
	XV_METRICS(X)
#undef X
		XV_METRIC_MAX,
};

/*
 * X(table, id, JSON key, heading or NULL: not in text, type, label or NULL, metric, own labels).
 * label: in metrics, the column's value identifies the row, under this label.
 */
#define XV_STATUS_COLUMNS(X)                                                                   \
	X(STATUS, INSTANCE, "instance", "instance", TEXT, "name", INFO, "")                    \
	X(STATUS, VERSION, "version", "version", TEXT, NULL, NONE, "")                         \
	X(STATUS, PID, "pid", "pid", UINT, NULL, NONE, "")                                     \
	X(STATUS, UPTIME, "uptime", "uptime", UINT, NULL, UPTIME, "")                          \
	X(STATUS, CONFIG, "config_file", "config file", TEXT, NULL, NONE, "")                  \
	X(STATUS, ADDRESS, "address", "address", TEXT, NULL, NONE, "")                         \
	X(STATUS, ADDRESS6, "address6", "address6", TEXT, NULL, NONE, "")                      \
	X(STATUS, UDP_PORT, "udp_port", "UDP port", UINT, NULL, NONE, "")                      \
	X(STATUS, XDP, "xdp", "xdp", TEXT, NULL, NONE, "")                                     \
	X(STATUS, DF, "df", "df", TEXT, NULL, NONE, "")                                        \
	X(STATUS, NETFILTER, "netfilter", "netfilter", TEXT, NULL, NONE, "")                   \
	X(STATUS, SLOW_DEV, "slow_dev", "slow path", TEXT, NULL, NONE, "")                     \
	X(STATUS, PIN_DIR, "pin_dir", "pins", TEXT, NULL, NONE, "")                            \
	X(STATUS, ADOPTED, "adopted", "adopted", YESNO, NULL, NONE, "")                        \
	X(STATUS, METRICS, "metrics", "metrics", TEXT, NULL, NONE, "")                         \
	X(STATUS, CHANGE, "change", "change", TEXT, NULL, NONE, "")                            \
	X(STATUS, NETWORKS, "networks", "networks", UINT, NULL, NETWORKS, "")                  \
	X(STATUS, PORTS, "ports", "ports", UINT, NULL, PORTS, "")                              \
	X(STATUS, ATTACHING, "attaching", "attaching", UINT, NULL, NONE, "")                   \
	X(STATUS, PEERS, "peers", "peers", UINT, NULL, PEERS, "")                              \
	X(STATUS, LEARNED, "learned", "learned MACs", UINT, NULL, LEARNED, "")                 \
	X(STATUS, FDB_ENTRIES, "fdb_entries", "FDB entries", UINT, NULL, FDB_ENTRIES, "")      \
	X(STATUS, FDB_SWEEP, "fdb_sweep_us", "FDB sweep us", UINT, NULL, NONE, "")             \
	X(STATUS, SLOW_RX_DROPPED, "slow_rx_dropped", "slow RX drops", UINT, NULL, SLOW_DROPS, \
	  "direction=\"rx\"")                                                                  \
	X(STATUS, SLOW_TX_DROPPED, "slow_tx_dropped", "slow TX drops", UINT, NULL, SLOW_DROPS, \
	  "direction=\"tx\"")

#define XV_UPLINK_COLUMNS(X)                                                              \
	X(UPLINK, DEV, "dev", "UPLINK", TEXT, "dev", NONE, "")                            \
	X(UPLINK, UP, "up", "UP", YESNO, NULL, UPLINK_UP, "")                             \
	X(UPLINK, ATTACHED, "attached", "ATTACHED", TEXT, NULL, NONE, "")                 \
	X(UPLINK, CARRIER, "carrier", "CARRIER", YESNO, NULL, UPLINK_CARRIER, "")         \
	X(UPLINK, WHY, "why", "WHY", TEXT, NULL, NONE, "")                                \
	X(UPLINK, TCP, "tcp", "TCP", TEXT, NULL, NONE, "")                                \
	X(UPLINK, MTU, "mtu", "MTU", UINT, NULL, NONE, "")                                \
	X(UPLINK, QUEUES, "rx_queues", "RX-QUEUES", UINT, NULL, NONE, "")                 \
	X(UPLINK, IFINDEX, "ifindex", NULL, UINT, NULL, NONE, "")                         \
	X(UPLINK, RX_DROPPED, "rx_dropped", "RX-DROP", UINT, NULL, UPLINK_DROPS,          \
	  "direction=\"rx\",by=\"device\"")                                               \
	X(UPLINK, TX_DROPPED, "tx_dropped", "TX-DROP", UINT, NULL, UPLINK_DROPS,          \
	  "direction=\"tx\",by=\"device\"")                                               \
	X(UPLINK, QDISC_DROPPED, "qdisc_dropped", "QDISC-DROP", UINT, NULL, UPLINK_DROPS, \
	  "direction=\"tx\",by=\"qdisc\"")                                                \
	X(UPLINK, RX_ERRORS, "rx_errors", NULL, UINT, NULL, NONE, "")                     \
	X(UPLINK, TX_ERRORS, "tx_errors", NULL, UINT, NULL, NONE, "")                     \
	X(UPLINK, STATUS, "status", "STATUS", TEXT, NULL, NONE, "")

#define XV_NETWORK_COLUMNS(X)                                                              \
	X(NETWORK, VNI, "vni", "VNI", UINT, "vni", NONE, "")                               \
	X(NETWORK, NAME, "name", "NAME", TEXT, "network", NONE, "")                        \
	X(NETWORK, PORTS, "ports", "PORTS", UINT, NULL, NONE, "")                          \
	X(NETWORK, REMOTES, "remotes", "REMOTES", UINT, NULL, NONE, "")                    \
	X(NETWORK, LEARNING, "learning", "LEARNING", ONOFF, NULL, NONE, "")                \
	X(NETWORK, AGEING, "ageing", "AGEING", UINT, NULL, NONE, "")                       \
	X(NETWORK, LEARNED, "learned", "LEARNED", UINT, NULL, NET_LEARNED, "")             \
	X(NETWORK, MAX_MACS, "max_macs", "MAX-MACS", UINT, NULL, NET_MAX_MACS, "")         \
	X(NETWORK, DENIED, "quota_denied", "DENIED", UINT, NULL, NET_DENIED, "")           \
	X(NETWORK, MOVES, "moves", "MOVES", UINT, NULL, NET_MOVES, "")                     \
	X(NETWORK, DUPLICATES, "duplicates", "DUPLICATES", UINT, NULL, NET_DUPLICATES, "") \
	X(NETWORK, LOOPS, "loops", "LOOPS", UINT, NULL, NET_LOOPS, "")                     \
	X(NETWORK, LEARN_RATE, "learn_rate", NULL, UINT, NULL, NONE, "")                   \
	X(NETWORK, INNER_VLAN, "inner_vlan", "INNER-VLAN", TEXT, NULL, NONE, "")           \
	X(NETWORK, LINK_LOCAL, "link_local", "LINK-LOCAL", TEXT, NULL, NONE, "")           \
	X(NETWORK, LOOP_DETECT, "loop_detect", NULL, ONOFF, NULL, NONE, "")                \
	X(NETWORK, BD, "bd", NULL, UINT, NULL, NONE, "")                                   \
	X(NETWORK, ORIGIN, "origin", "ORIGIN", TEXT, NULL, NONE, "")

#define XV_PORT_COLUMNS(X)                                                      \
	X(PORT, DEV, "dev", "DEV", TEXT, "dev", NONE, "")                       \
	X(PORT, VLAN, "vlan", "VLAN", UINT, "vlan", NONE, "")                   \
	X(PORT, NETWORK, "network", "NETWORK", TEXT, "network", NONE, "")       \
	X(PORT, VNI, "vni", "VNI", UINT, "vni", NONE, "")                       \
	X(PORT, UP, "up", "UP", YESNO, NULL, PORT_UP, "")                       \
	X(PORT, CARRIER, "carrier", "CARRIER", YESNO, NULL, PORT_CARRIER, "")   \
	X(PORT, DELIVERY, "delivery", "DELIVERY", TEXT, NULL, NONE, "")         \
	X(PORT, DIRECT, "direct", "DIRECT", YESNO, NULL, NONE, "")              \
	X(PORT, ENCAP, "encap", "ENCAP", TEXT, NULL, NONE, "")                  \
	X(PORT, NO_XDP, "no_xdp", "NO-XDP", TEXT, NULL, NONE, "")               \
	X(PORT, FILTERS, "filters", NULL, TEXT, NULL, NONE, "")                 \
	X(PORT, FILTERS_SEEN, "filters_seen", NULL, TEXT, NULL, NONE, "")       \
	X(PORT, FILTERS_SKIPPED, "filters_skipped", NULL, TEXT, NULL, NONE, "") \
	X(PORT, MTU, "mtu", "MTU", UINT, NULL, NONE, "")                        \
	X(PORT, IFINDEX, "ifindex", NULL, UINT, NULL, NONE, "")                 \
	X(PORT, ID, "id", NULL, UINT, NULL, NONE, "")                           \
	X(PORT, LEARNED, "learned", "LEARNED", UINT, NULL, PORT_LEARNED, "")    \
	X(PORT, MAX_MACS, "max_macs", "MAX-MACS", UINT, NULL, NONE, "")         \
	X(PORT, DENIED, "quota_denied", "DENIED", UINT, NULL, PORT_DENIED, "")  \
	X(PORT, ORIGIN, "origin", "ORIGIN", TEXT, NULL, NONE, "")               \
	X(PORT, STATUS, "status", "STATUS", TEXT, NULL, NONE, "")

#define XV_FDB_COLUMNS(X)                                           \
	X(FDB, MAC, "mac", "MAC", TEXT, NULL, NONE, "")             \
	X(FDB, NETWORK, "network", "NETWORK", TEXT, NULL, NONE, "") \
	X(FDB, VNI, "vni", "VNI", UINT, NULL, NONE, "")             \
	X(FDB, DEV, "dev", "DEV", TEXT, NULL, NONE, "")             \
	X(FDB, VLAN, "vlan", "VLAN", UINT, NULL, NONE, "")          \
	X(FDB, REMOTE, "remote", "REMOTE", TEXT, NULL, NONE, "")    \
	X(FDB, TYPE, "type", "TYPE", TEXT, NULL, NONE, "")          \
	X(FDB, STICKY, "sticky", "STICKY", YESNO, NULL, NONE, "")   \
	X(FDB, AGE, "age", "AGE", UINT, NULL, NONE, "")             \
	X(FDB, MOVES, "moves", "MOVES", UINT, NULL, NONE, "")       \
	X(FDB, ALSO, "also", "ALSO", TEXT, NULL, NONE, "")          \
	X(FDB, ORIGIN, "origin", "ORIGIN", TEXT, NULL, NONE, "")

#define XV_FLOOD_COLUMNS(X)                                           \
	X(FLOOD, NETWORK, "network", "NETWORK", TEXT, NULL, NONE, "") \
	X(FLOOD, VNI, "vni", "VNI", UINT, NULL, NONE, "")             \
	X(FLOOD, TYPE, "type", "TYPE", TEXT, NULL, NONE, "")          \
	X(FLOOD, DEV, "dev", "DEV", TEXT, NULL, NONE, "")             \
	X(FLOOD, VLAN, "vlan", "VLAN", UINT, NULL, NONE, "")          \
	X(FLOOD, REMOTE, "remote", "REMOTE", TEXT, NULL, NONE, "")    \
	X(FLOOD, ORIGIN, "origin", "ORIGIN", TEXT, NULL, NONE, "")    \
	X(FLOOD, STATUS, "status", "STATUS", TEXT, NULL, NONE, "")

#define XV_PEER_COLUMNS(X)                                                               \
	X(PEER, REMOTE, "remote", "REMOTE", TEXT, "peer", NONE, "")                      \
	X(PEER, READY, "ready", "READY", YESNO, NULL, PEER_READY, "")                    \
	X(PEER, DEV, "dev", "DEV", TEXT, NULL, NONE, "")                                 \
	X(PEER, NEXTHOP, "nexthop", "NEXTHOP", TEXT, NULL, NONE, "")                     \
	X(PEER, MAC, "mac", "MAC", TEXT, NULL, NONE, "")                                 \
	X(PEER, MTU, "mtu", "MTU", UINT, NULL, NONE, "")                                 \
	X(PEER, PATH_MTU, "path_mtu", "PATH-MTU", UINT, NULL, PEER_PATH_MTU, "")         \
	X(PEER, REFS, "refs", "REFS", UINT, NULL, NONE, "")                              \
	X(PEER, LAST_HEARD, "last_heard", "LAST-HEARD", UINT, NULL, PEER_LAST_HEARD, "") \
	X(PEER, SILENT, "silent", "SILENT", YESNO, NULL, PEER_SILENT, "")                \
	X(PEER, ORIGIN, "origin", "ORIGIN", TEXT, NULL, NONE, "")                        \
	X(PEER, ID, "id", NULL, UINT, NULL, NONE, "")                                    \
	X(PEER, STATUS, "status", "STATUS", TEXT, NULL, NONE, "")

#define XV_NET_STATS_COLUMNS(X)                                                                  \
	X(NET_STATS, NAME, "network", "NETWORK", TEXT, "network", NONE, "")                      \
	X(NET_STATS, VNI, "vni", "VNI", UINT, "vni", NONE, "")                                   \
	X(NET_STATS, RX_UC_PACKETS, "rx_unicast_packets", "RX-UC-PKTS", UINT, NULL, NET_PACKETS, \
	  "direction=\"rx\",kind=\"unicast\"")                                                   \
	X(NET_STATS, RX_UC_BYTES, "rx_unicast_bytes", "RX-UC-BYTES", UINT, NULL, NET_BYTES,      \
	  "direction=\"rx\",kind=\"unicast\"")                                                   \
	X(NET_STATS, RX_BUM_PACKETS, "rx_bum_packets", "RX-BUM-PKTS", UINT, NULL, NET_PACKETS,   \
	  "direction=\"rx\",kind=\"bum\"")                                                       \
	X(NET_STATS, RX_BUM_BYTES, "rx_bum_bytes", "RX-BUM-BYTES", UINT, NULL, NET_BYTES,        \
	  "direction=\"rx\",kind=\"bum\"")                                                       \
	X(NET_STATS, TX_UC_PACKETS, "tx_unicast_packets", "TX-UC-PKTS", UINT, NULL, NET_PACKETS, \
	  "direction=\"tx\",kind=\"unicast\"")                                                   \
	X(NET_STATS, TX_UC_BYTES, "tx_unicast_bytes", "TX-UC-BYTES", UINT, NULL, NET_BYTES,      \
	  "direction=\"tx\",kind=\"unicast\"")                                                   \
	X(NET_STATS, TX_BUM_PACKETS, "tx_bum_packets", "TX-BUM-PKTS", UINT, NULL, NET_PACKETS,   \
	  "direction=\"tx\",kind=\"bum\"")                                                       \
	X(NET_STATS, TX_BUM_BYTES, "tx_bum_bytes", "TX-BUM-BYTES", UINT, NULL, NET_BYTES,        \
	  "direction=\"tx\",kind=\"bum\"")

#define XV_PORT_STATS_COLUMNS(X)                                                                   \
	X(PORT_STATS, DEV, "dev", "DEV", TEXT, "dev", NONE, "")                                    \
	X(PORT_STATS, VLAN, "vlan", "VLAN", UINT, "vlan", NONE, "")                                \
	X(PORT_STATS, NETWORK, "network", "NETWORK", TEXT, "network", NONE, "")                    \
	X(PORT_STATS, RX_PACKETS, "rx_packets", "RX-PKTS", UINT, NULL, PORT_PACKETS,               \
	  "direction=\"rx\"")                                                                      \
	X(PORT_STATS, RX_BYTES, "rx_bytes", "RX-BYTES", UINT, NULL, PORT_BYTES,                    \
	  "direction=\"rx\"")                                                                      \
	X(PORT_STATS, TX_PACKETS, "tx_packets", "TX-PKTS", UINT, NULL, PORT_PACKETS,               \
	  "direction=\"tx\"")                                                                      \
	X(PORT_STATS, TX_BYTES, "tx_bytes", "TX-BYTES", UINT, NULL, PORT_BYTES,                    \
	  "direction=\"tx\"")                                                                      \
	X(PORT_STATS, DEV_RX_DROPPED, "device_rx_dropped", "DEV-RX-DROP", UINT, NULL,              \
	  PORT_DEVICE_DROPS, "direction=\"rx\",by=\"device\"")                                     \
	X(PORT_STATS, DEV_TX_DROPPED, "device_tx_dropped", "DEV-TX-DROP", UINT, NULL,              \
	  PORT_DEVICE_DROPS, "direction=\"tx\",by=\"device\"")                                     \
	X(PORT_STATS, QDISC_DROPPED, "qdisc_dropped", "QDISC-DROP", UINT, NULL, PORT_DEVICE_DROPS, \
	  "direction=\"tx\",by=\"qdisc\"")                                                         \
	X(PORT_STATS, DEV_RX_ERRORS, "device_rx_errors", NULL, UINT, NULL, NONE, "")               \
	X(PORT_STATS, DEV_TX_ERRORS, "device_tx_errors", NULL, UINT, NULL, NONE, "")

#define XV_PEER_STATS_COLUMNS(X)                                                     \
	X(PEER_STATS, REMOTE, "remote", "PEER", TEXT, "peer", NONE, "")              \
	X(PEER_STATS, RX_PACKETS, "rx_packets", "RX-PKTS", UINT, NULL, PEER_PACKETS, \
	  "direction=\"rx\"")                                                        \
	X(PEER_STATS, RX_BYTES, "rx_bytes", "RX-BYTES", UINT, NULL, PEER_BYTES,      \
	  "direction=\"rx\"")                                                        \
	X(PEER_STATS, TX_PACKETS, "tx_packets", "TX-PKTS", UINT, NULL, PEER_PACKETS, \
	  "direction=\"tx\"")                                                        \
	X(PEER_STATS, TX_BYTES, "tx_bytes", "TX-BYTES", UINT, NULL, PEER_BYTES, "direction=\"tx\"")

#define XV_PATH_STATS_COLUMNS(X)                                                   \
	X(PATH_STATS, PATH, "path", "PATH", TEXT, "path", NONE, "")                \
	X(PATH_STATS, PACKETS, "packets", "PACKETS", UINT, NULL, PATH_PACKETS, "") \
	X(PATH_STATS, BYTES, "bytes", "BYTES", UINT, NULL, PATH_BYTES, "")         \
	X(PATH_STATS, HELP, "help", "WHAT", TEXT, NULL, NONE, "")

#define XV_DROPS_COLUMNS(X)                                                   \
	X(DROPS, REASON, "reason", "REASON", TEXT, "reason", NONE, "")        \
	X(DROPS, PACKETS, "packets", "PACKETS", UINT, NULL, DROP_PACKETS, "") \
	X(DROPS, BYTES, "bytes", "BYTES", UINT, NULL, DROP_BYTES, "")         \
	X(DROPS, AGE, "age", "AGE", UINT, NULL, NONE, "")                     \
	X(DROPS, DEV, "dev", "DEV", TEXT, NULL, NONE, "")                     \
	X(DROPS, TO, "to", "TO", TEXT, NULL, NONE, "")                        \
	X(DROPS, TO_VLAN, "to_vlan", "TO-VLAN", UINT, NULL, NONE, "")         \
	X(DROPS, REMOTE, "remote", "REMOTE", TEXT, NULL, NONE, "")            \
	X(DROPS, VNI, "vni", "VNI", UINT, NULL, NONE, "")                     \
	X(DROPS, SRC, "src", "SRC", TEXT, NULL, NONE, "")                     \
	X(DROPS, DST, "dst", "DST", TEXT, NULL, NONE, "")                     \
	X(DROPS, VLAN, "vlan", "VLAN", UINT, NULL, NONE, "")                  \
	X(DROPS, LEN, "len", NULL, UINT, NULL, NONE, "")                      \
	X(DROPS, HEAD, "head", NULL, TEXT, NULL, NONE, "")                    \
	X(DROPS, HELP, "help", "WHY", TEXT, NULL, NONE, "")

enum xv_table_flags {
	XV_TABLE_SINGLE = 1 << 0,    /* one row: an object in JSON, "key: value" lines in text */
	XV_TABLE_HIDE_ZERO = 1 << 1, /* text shows rows without a packet only on request */
};

/* X(id, columns, name on the control socket, JSON key in answers with several tables, flags). */
#define XV_TABLES(X)                                                      \
	X(STATUS, XV_STATUS_COLUMNS, "status", "status", XV_TABLE_SINGLE) \
	X(UPLINK, XV_UPLINK_COLUMNS, "uplink", "uplink", 0)               \
	X(NETWORK, XV_NETWORK_COLUMNS, "network", "network", 0)           \
	X(PORT, XV_PORT_COLUMNS, "port", "port", 0)                       \
	X(FDB, XV_FDB_COLUMNS, "fdb", "fdb", 0)                           \
	X(FLOOD, XV_FLOOD_COLUMNS, "flood", "flood", 0)                   \
	X(PEER, XV_PEER_COLUMNS, "peer", "peer", 0)                       \
	X(NET_STATS, XV_NET_STATS_COLUMNS, "network_stats", "network", 0) \
	X(PORT_STATS, XV_PORT_STATS_COLUMNS, "port_stats", "port", 0)     \
	X(PEER_STATS, XV_PEER_STATS_COLUMNS, "peer_stats", "peer", 0)     \
	X(PATH_STATS, XV_PATH_STATS_COLUMNS, "path_stats", "path", 0)     \
	X(DROPS, XV_DROPS_COLUMNS, "drops", "drops", XV_TABLE_HIDE_ZERO)

enum xv_table_id {
#define X(id, columns, name, part, flags) XV_TABLE_##id,
	XV_TABLES(X)
#undef X
		XV_TABLE_MAX,
};

/* XV_COL_<table>_<id>: index of a column in its table. */
#define XV_COLUMN_ENUM(table, id, ...) XV_COL_##table##_##id,
enum { XV_STATUS_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_UPLINK_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_NETWORK_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_PORT_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_FDB_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_FLOOD_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_PEER_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_NET_STATS_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_PORT_STATS_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_PEER_STATS_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_PATH_STATS_COLUMNS(XV_COLUMN_ENUM) };
enum { XV_DROPS_COLUMNS(XV_COLUMN_ENUM) };
#undef XV_COLUMN_ENUM

enum {
	XV_COLUMNS_MAX = 32, /* of one table */
};

struct xv_metric {
	const char *name;
	const char *type;
	const char *help;
};

struct xv_column {
	const char *key;
	const char *header; /* NULL: not in text */
	enum xv_column_type type;
	const char *label;	   /* metrics label that the column is; NULL: none */
	const char *metric_labels; /* more labels of the metric, in the exposition format without
				      braces; or "" */
	const char *json;	   /* "key": as a row in JSON has it */
	size_t json_len;
	enum xv_metric_id metric;
};

struct xv_table {
	const char *name;
	const char *part;
	unsigned int flags; /* enum xv_table_flags */
	const struct xv_column *columns;
	size_t n_columns;
};

extern const struct xv_metric xv_metrics[XV_METRIC_MAX]; /* [XV_METRIC_NONE] is empty */
extern const struct xv_table xv_tables[XV_TABLE_MAX];

/* Finds a table by its name. NULL if there is none. */
const struct xv_table *xv_table_find(const char *name);

#endif
