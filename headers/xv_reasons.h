/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Drop reasons and path counters. Append only: a position is part of the ABI (an index in struct
 * xv_stats_val). A new reason is one line here; the enum, the names, metrics labels, the man page's
 * table and the test's completeness check are made from it. If the kernel has a name for the reason
 * (dropreason-core.h, drivers/net/vxlan/drop.h), that is used, in lower case.
 */
#ifndef XV_REASONS_H
#define XV_REASONS_H

/* X(id, name, reason, what to do about it) */
#define XV_DROP_REASONS(X)                                                                         \
	X(VXLAN_INVALID_HDR, "vxlan_invalid_hdr", "I flag missing, or a reserved bit set",         \
	  "The sender does not speak plain VXLAN (GPE? GBP?), or is not a VTEP: turn its "         \
	  "extensions off.")                                                                       \
	X(VXLAN_VNI_NOT_FOUND, "vxlan_vni_not_found", "VNI belongs to no network here",            \
	  "Add the network here (xvtep network add vni), or take this host out of the sender's "   \
	  "flood list.")                                                                           \
	X(UNKNOWN_PEER, "unknown_peer", "outer source address is not a known peer",                \
	  "Put the sender into a flood list, or accept it with xvtep peer add ADDRESS.")           \
	X(PKT_TOO_SMALL, "pkt_too_small", "shorter than its headers say, or than they need",       \
	  "A damaged or crafted packet; if there are many, capture some and look for the sender.") \
	X(IP_CSUM, "ip_csum", "outer IPv4 header checksum is wrong",                               \
	  "A damaged packet: look for errors of the NICs and cables on the way (ethtool -S).")     \
	X(MAC_INVALID_SOURCE, "mac_invalid_source", "source MAC is multicast or zero",             \
	  "A faulty or hostile station: xvtep stats port shows which port is busy; capture "       \
	  "there.")                                                                                \
	X(VXLAN_ENTRY_EXISTS, "vxlan_entry_exists", "source MAC has a static entry elsewhere",     \
	  "Delete or replace the static entry if the station has moved (xvtep fdb replace).")      \
	X(IP_TUNNEL_ECN, "ip_tunnel_ecn", "outer says CE, inner is not ECN-capable (RFC 6040)",    \
	  "Some host sets ECN bits wrongly: look for one that changes the TOS byte on the way.")   \
	X(INNER_VLAN, "inner_vlan", "VLAN tag in a network that carries none (RFC 7348, 6.1)",     \
	  "Set inner-vlan: keep for the network to carry tags, or make the VLAN a port ({dev: "    \
	  "eth1, vlan: 10}).")                                                                     \
	X(SPLIT_HORIZON, "split_horizon", "from the wire, for a MAC that is behind a peer",        \
	  "The sender's FDB is old, or two VTEPs name each other for the MAC: look at its entry "  \
	  "on all of them.")                                                                       \
	X(SAME_PORT, "same_port", "destination MAC is behind the port it came from",               \
	  "A bridge behind the port sends what stays on its side: look at its FDB; harmless in "   \
	  "small numbers.")                                                                        \
	X(PKT_TOO_BIG, "pkt_too_big",                                                              \
	  "larger than the port's MTU, or than the way to a peer that takes no fragments",         \
	  "Raise the MTU of the port's or the underlay's device, or lower that of the sending "    \
	  "tenants.")                                                                              \
	X(PORT_DOWN, "port_down", "destination port's device is down, gone or without carrier",    \
	  "Set the port's device, or its other end, up, or take the port out (xvtep port del).")   \
	X(RESERVED_MAC, "reserved_mac", "link-local destination 01:80:c2:00:00:0X (802.1Q)",       \
	  "Nothing: LLDP, LACP and the like end at the first bridge, which is here; the "          \
	  "network's link-local setting forwards them.")                                           \
	X(TUNNEL_TXINFO, "tunnel_txinfo", "tunnel key could not be read or set",                   \
	  "Look whether others changed the slow path device (ip -d link); if not, report a "       \
	  "fault.")                                                                                \
	X(NO_MEMORY, "nomem", "the kernel could not enlarge, shrink or clone the packet",          \
	  "The host is short of memory for packets: look at its load (free, dmesg).")              \
	X(NOT_CONFIGURED, "not_configured", "port, network or instance not set up (yet)",          \
	  "Nothing if it stops, as it does while something is set up or removed; else xvtep "      \
	  "reload.")                                                                               \
	X(WRONG_LOCAL, "wrong_local", "slow path: outer destination is not this VTEP's address",   \
	  "Give the sender this host's underlay address, or look who else forwards packets to "    \
	  "here.")                                                                                 \
	X(VXLAN_NO_REMOTE, "vxlan_no_remote", "flood list entry without an address",               \
	  "An entry whose peer is gone: xvtep reload puts it right; if it does not, report a "     \
	  "fault.")                                                                                \
	X(VLAN_HOP, "vlan_hop",                                                                    \
	  "tagged with a VLAN that is another port or device of that port's device",               \
	  "Tenants of a network with inner-vlan: keep use a tag that another port has: give one "  \
	  "of the two another VLAN, or the network another device.")                               \
	X(SLOW_PATH_GONE, "slow_path_gone", "slow path device is not there",                       \
	  "Somebody deleted it, or it cannot be made (the log says why); the daemon makes it "     \
	  "again, so look whether that runs.")                                                     \
	X(LOOP, "loop", "to a group or an unknown MAC, from or to a port that is in a loop",       \
	  "The tenant has bridged two ports of the network together: xvtep port show names them; " \
	  "STP at the tenant's bridge would block one.")

/* X(id, name, what) */
#define XV_PATHS(X)                                                                          \
	X(XDP_PASS, "xdp_pass", "xv_decap: to TC, untouched: to strip there, or not ours")   \
	X(XDP_REDIRECT, "xdp_redirect", "xv_decap: stripped, redirected to the port")        \
	X(TC_DECAP, "tc_decap", "xv_decap_tc: stripped, redirected to the port")             \
	X(TC_PASS, "tc_pass", "xv_decap_tc or xv_encap: not ours or not sure, untouched")    \
	X(SLOW_RX, "slow_rx", "xv_slow_rx: unicast received through xv0")                    \
	X(SLOW_RX_FLOOD, "slow_rx_flood", "xv_slow_rx: BUM received through xv0")            \
	X(LOCAL, "local", "xv_encap: switched to a port of this host")                       \
	X(ENCAP, "encap", "xv_encap: prebuilt header, redirected to the underlay")           \
	X(ENCAP_SLOW, "encap_slow", "xv_encap: known peer, through xv0")                     \
	X(ENCAP_FLOOD, "encap_flood", "xv_encap: BUM replicated from a port")                \
	X(FLOOD_COPY, "flood_copy", "copies made by replication, to ports and to peers")     \
	X(FLOOD_FAILED, "flood_failed", "copies that the kernel refused to make")            \
	X(EVENT, "event", "events given to the daemon")                                      \
	X(EVENT_LOST, "event_lost", "events lost: ring buffer full")                         \
	X(EVENT_LIMITED, "event_limited", "events held back by the network's learn rate")    \
	X(PORT_ENCAP, "port_encap", "xv_port_encap: prebuilt header, sent by XDP")           \
	X(PORT_LOCAL, "port_local", "xv_port_encap: switched by XDP to a port of this host") \
	X(EVENT_FULL, "event_full",                                                          \
	  "no event for a new MAC: its network or port has its max-macs")                    \
	X(TOO_BIG_SENT, "too_big_sent", "answers to senders of frames that were too large")

enum xv_drop {
#define X(id, name, help, advice) XV_DROP_##id,
	XV_DROP_REASONS(X)
#undef X
		XV_DROP_MAX,
};

enum xv_path {
#define X(id, name, help) XV_PATH_##id,
	XV_PATHS(X)
#undef X
		XV_PATH_MAX,
};

_Static_assert((int)XV_PATH_MAX <= XV_STATS_PATHS && (int)XV_DROP_MAX <= XV_STATS_DROPS,
	       "room in struct xv_stats_val");

#endif
