/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The VXLAN header on the wire (RFC 7348, section 5), behind outer Ethernet, IP and UDP:
 *
 *  0                   1                   2                   3
 *  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |R|R|R|R|I|R|R|R|            Reserved                           |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 * |                VXLAN Network Identifier (VNI) |   Reserved    |
 * +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
#ifndef XV_WIRE_H
#define XV_WIRE_H

#include <linux/types.h>

/* struct ethhdr without its packed attribute, for which clang loads the type byte by byte. */
struct xv_ethhdr {
	__u8 h_dest[6];
	__u8 h_source[6];
	__be16 h_proto;
};

struct xv_vxlanhdr {
	__be32 flags; /* only XV_VXLAN_I is set */
	__be32 vni;   /* VNI << 8 */
};

enum xv_wire {
	XV_VXLAN_I = 0x08000000,
	XV_VXLAN_PORT = 4789, /* IANA; the kernel's own default is 8472 */
	XV_VNI_MAX = (1 << 24) - 1,
	XV_OUTER_TTL = 64,
	/*
	 * RFC 7348, section 5: the dynamic port range. Source ports differ, so that ECMP and RSS
	 * spread inner flows.
	 */
	XV_SRC_PORT_MIN = 49152,
	XV_SRC_PORT_BITS = 14,
	XV_IPV4_DF = 0x4000,
	XV_ECN_MASK = 3,
	XV_ECN_NOT_ECT = 0,
	XV_ECN_ECT1 = 1,
	XV_ECN_ECT0 = 2,
	XV_ECN_CE = 3,
	XV_VLAN_VID_MASK = 0x0fff,
};

#endif
