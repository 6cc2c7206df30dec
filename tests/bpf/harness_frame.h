/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames built by hand, byte by byte, with checksum code of their own: what the datapath writes is
 * compared with these, so nothing here may come from bpf/ or from the kernel's headers of packets.
 */
#ifndef HARNESS_FRAME_H
#define HARNESS_FRAME_H

#include <stdint.h>

enum {
	FRAME_MAX = 32768,
	T_IP = 0x0800,
	T_ARP = 0x0806,
	T_VLAN = 0x8100,
	T_QINQ = 0x88a8,
	T_IPV6 = 0x86dd,
	P_ICMP = 1,
	P_TCP = 6,
	P_UDP = 17,
	P_ICMPV6 = 58,
	ECN_NOT_ECT = 0,
	ECN_ECT1 = 1,
	ECN_ECT0 = 2,
	ECN_CE = 3,
};

struct frame {
	uint32_t len;
	uint8_t b[FRAME_MAX];
};

/* An Ethernet frame as a tenant sends it. type T_IP and T_IPV6 get a right IP header and proto's.
 */
struct inner_spec {
	uint8_t dst[6];
	uint8_t src[6];
	uint16_t tpid, tci; /* a VLAN tag if tpid is not 0 */
	uint16_t type;
	uint8_t tos; /* or traffic class */
	uint8_t proto;
	uint16_t sport, dport;
	uint32_t payload; /* bytes behind the last header */
};

/* What a VTEP puts in front of it. Addresses as text. */
struct outer_spec {
	int v6;
	int sent; /* by us: the MACs of the other direction */
	uint16_t tpid, tci;
	const char *src, *dst;
	uint8_t tos, ttl;
	uint16_t sport, dport;
	uint16_t udp_check;
	uint32_t flags;
	uint32_t vni; /* 24 bits */
	uint8_t reserved;
};

void frame_copy(struct frame *to, const struct frame *from);
/* Ends of the wire: frames come to the one, and are sent to the other. */
extern const uint8_t frame_mac_nic[6], frame_mac_router[6];
void frame_put(struct frame *f, const void *bytes, uint32_t n);
void frame_put16(struct frame *f, uint16_t value);
void frame_put32(struct frame *f, uint32_t value);
void frame_set16(struct frame *f, uint32_t at, uint16_t value);
uint16_t frame_get16(const struct frame *f, uint32_t at);

/* RFC 1071 sum, folded, not inverted; goes on from sum. */
uint16_t sum16(const uint8_t *b, uint32_t n, uint32_t sum);
/* Writes the right checksum into the 20-byte IPv4 header at that offset. */
void frame_fix_ip4(struct frame *f, uint32_t at);
/* Writes the checksum into the UDP header at that offset, behind an IP header without options: the
 * right one, or as an offload wants it (partial: over the pseudo header alone). */
void frame_fix_udp(struct frame *f, uint32_t at, int v6, int partial);

void frame_inner(struct frame *f, const struct inner_spec *spec);
/* Appends the outer headers for a frame of inner_len bytes; outer_len() tells how many bytes. */
void frame_outer(struct frame *f, const struct outer_spec *spec, uint32_t inner_len);
uint32_t outer_len(const struct outer_spec *spec);
uint32_t outer_ip_at(const struct outer_spec *spec);
uint32_t outer_udp_at(const struct outer_spec *spec);
/* Both: f is the frame on the wire. */
void frame_tunnel(struct frame *f, const struct outer_spec *outer, const struct inner_spec *inner);
/* A copy with a VLAN tag behind the addresses. */
void frame_tagged(struct frame *to, const struct frame *from, uint16_t tpid, uint16_t tci);

/* Checks print nothing while this is set: for tests that want them to fail. */
extern int harness_quiet;

/* Offset of the first byte that differs, or of the shorter one's end; -1 if equal. */
int frame_diff(const struct frame *a, const struct frame *b);
/* 0 if equal, else -1 and both are printed. */
int frame_check(const struct frame *got, const struct frame *want, const char *what);

/* Repeatable random numbers (xorshift64*). */
struct rng {
	uint64_t state;
};
uint32_t rng_next(struct rng *r);
uint32_t rng_below(struct rng *r, uint32_t limit);

#endif
