// SPDX-License-Identifier: GPL-2.0-only
/*
 * The outer source port by kinds of inner packets: flows that differ in what tells them apart get
 * many ports, whatever headers are in front of it; fragments of one datagram get one. Under TC and
 * XDP alike.
 */
#include <string.h>

#include "harness_ref.h"

enum {
	FLOWS = 200,
	WIDE = 180, /* of 200 flows, at least so many ports: 198.8 on average */
	MOST = 96,  /* bytes of headers behind the first IP header */
	LABEL = -38,
	P_HOP = 0,
	P_IPIP = 4,
	P_IPV6 = 41,
	P_ROUTING = 43,
	P_FRAGMENT = 44,
	P_GRE = 47,
	P_ESP = 50,
	P_AH = 51,
	P_NONE = 59,
	P_DSTOPTS = 60,
	P_DCCP = 33,
	P_SCTP = 132,
	P_UDPLITE = 136,
};

/* IPv4 with that protocol, IPv6 with that next header, without addresses; an Ethernet header. */
#define IP4(proto)    0x45, 0, 0, 40, 0, 0, 0, 0, 64, proto, 0, 0, 10, 1, 1, 1, 10, 1, 1, 2
#define ADDR6	      0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define IP6(next)     0x60, 0, 0, 0, 0, 40, next, 64, ADDR6, ADDR6
#define ETHER(hi, lo) 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, hi, lo
#define OPTION(next)  next, 0, 1, 4, 0, 0, 0, 0

struct flow_case {
	const char *name;
	__u16 type;
	__u8 proto;
	int at;	      /* of 16 bits that tell flows apart, from the end of the first IP header */
	int together; /* they do not: these get one port */
	__u8 bytes[MOST];
};

static const struct flow_case cases[] = {
	{"SCTP", T_IP, P_SCTP, 0, 0, {0}},
	{"DCCP", T_IP, P_DCCP, 2, 0, {0}},
	{"UDP-Lite", T_IPV6, P_UDPLITE, 0, 0, {0}},
	{"ESP, SPI", T_IP, P_ESP, 2, 0, {0}},
	{"ESP, sequence number", T_IP, P_ESP, 6, 1, {0}},
	{"AH, SPI", T_IP, P_AH, 6, 0, {P_TCP}},
	{"AH in IPv6, SPI", T_IPV6, P_AH, 6, 0, {P_TCP}},
	{"ICMP echo", T_IP, P_ICMP, 4, 0, {8}},
	{"ICMP echo answers", T_IP, P_ICMP, 4, 0, {0}},
	{"ICMP echo, sequence number", T_IP, P_ICMP, 6, 1, {8}},
	{"ICMP unreachable", T_IP, P_ICMP, 6, 1, {3}},
	{"ICMPv6 echo", T_IPV6, P_ICMPV6, 4, 0, {128}},
	{"ICMPv6 echo answers", T_IPV6, P_ICMPV6, 4, 0, {129}},
	{"GRE, key", T_IP, P_GRE, 6, 0, {0x20, 0, 0x12, 0x34}},
	{"GRE, checksum and key", T_IP, P_GRE, 10, 0, {0xa0, 0, 0x12, 0x34}},
	{"GRE, IPv4 in it", T_IP, P_GRE, 24, 0, {0, 0, 8, 0, IP4(P_UDP)}},
	{"GRE with all, IPv6 in it",
	 T_IPV6,
	 P_GRE,
	 56,
	 0,
	 {0xb0, 0, 0x86, 0xdd, [16] = IP6(P_TCP)}},
	{"GRE, Ethernet in it", T_IP, P_GRE, 38, 0, {0, 0, 0x65, 0x58, ETHER(8, 0), IP4(P_TCP)}},
	{"GRE, not IP in it", T_IP, P_GRE, 24, 1, {0, 0, 0x12, 0x34}},
	{"GRE version 1, call", T_IP, P_GRE, 6, 0, {0x20, 1, 0x88, 0x0b}},
	{"GRE version 1, call with numbers", T_IPV6, P_GRE, 6, 0, {0x30, 0x81, 0x88, 0x0b}},
	{"GRE version 1, length", T_IP, P_GRE, 4, 1, {0x20, 1, 0x88, 0x0b}},
	{"GRE version 1, sequence number", T_IP, P_GRE, 10, 1, {0x30, 1, 0x88, 0x0b}},
	{"GRE version 1, not PPTP", T_IP, P_GRE, 6, 1, {0x20, 1, 8, 0}},
	{"GRE version 2", T_IP, P_GRE, 6, 1, {0x20, 2, 0x88, 0x0b}},
	{"IPv4 in IPv4", T_IP, P_IPIP, 20, 0, {IP4(P_UDP)}},
	{"IPv6 in IPv4", T_IP, P_IPV6, 40, 0, {IP6(P_SCTP)}},
	{"IPv4 in IPv6, address", T_IPV6, P_IPIP, 14, 0, {IP4(P_ICMP)}},
	{"IPv6 in IPv4, address", T_IP, P_IPV6, 22, 0, {IP6(P_NONE)}},
	{"IPv6 in IPv4, flow label", T_IP, P_IPV6, 2, 0, {IP6(P_NONE)}},
	{"IPv6 in IPv6, outer flow label", T_IPV6, P_IPV6, LABEL, 0, {IP6(P_NONE)}},
	{"IPv6 flow label, TCP", T_IPV6, P_TCP, LABEL, 0, {0}},
	{"IPv6 flow label, nothing behind", T_IPV6, P_NONE, LABEL, 0, {0}},
	{"IPv6 flow label, fragments", T_IPV6, P_FRAGMENT, LABEL, 0, {P_UDP, 0, 0, 1}},
	{"IPv6 nothing behind", T_IPV6, P_NONE, 0, 1, {0}},
	{"IPv6 hop-by-hop", T_IPV6, P_HOP, 8, 0, {OPTION(P_UDP)}},
	{"IPv6 options of 24 bytes", T_IPV6, P_DSTOPTS, 24, 0, {P_TCP, 2}},
	{"IPv6 hop-by-hop, options, routing",
	 T_IPV6,
	 P_HOP,
	 26,
	 0,
	 {OPTION(P_DSTOPTS), OPTION(P_ROUTING), OPTION(P_TCP)}},
	{"IPv6 hop-by-hop, ESP", T_IPV6, P_HOP, 10, 0, {OPTION(P_ESP)}},
	{"IPv6 options, echo", T_IPV6, P_DSTOPTS, 12, 0, {OPTION(P_ICMPV6), 128}},
	{"IPv6 seven options",
	 T_IPV6,
	 P_HOP,
	 56,
	 0,
	 {OPTION(P_DSTOPTS), OPTION(P_DSTOPTS), OPTION(P_DSTOPTS), OPTION(P_DSTOPTS),
	  OPTION(P_DSTOPTS), OPTION(P_DSTOPTS), OPTION(P_UDP)}},
	{"IPv6 whole in a fragment", T_IPV6, P_FRAGMENT, 8, 0, {P_UDP}},
	{"IPv6 first fragment", T_IPV6, P_FRAGMENT, 8, 1, {P_UDP, 0, 0, 1}},
	{"IPv6 last fragment", T_IPV6, P_FRAGMENT, 8, 1, {P_UDP, 0, 5, 0}},
	{"IPv6 fragments, another offset", T_IPV6, P_FRAGMENT, 2, 2, {P_UDP, 0, 0, 1}},
	{"IPv6 fragments behind options", T_IPV6, P_HOP, 10, 2, {OPTION(P_FRAGMENT), P_TCP}},
	{"IPv4 fragments in IPv6",
	 T_IPV6,
	 P_IPIP,
	 20,
	 1,
	 {0x45, 0, 0, 40, 0, 0, 0x20, 0, 64, P_UDP}},
	/* Extension headers are IPv6's alone. */
	{"IPv4, protocol 60", T_IP, P_DSTOPTS, 8, 1, {OPTION(P_UDP)}},
	{"IPv4, ICMPv6", T_IP, P_ICMPV6, 4, 1, {128}},
};

static struct world world;
static struct frame frame;

/* label: of IPv6, its low 16 bits. */
static void build(const struct flow_case *c, __u32 peer, __u16 label)
{
	struct inner_spec inner = inner_udp(mac_of_peer(peer), mac_of_port(PORT_XDP));
	__u32 l3 = 14 + (c->type == T_IP ? 20 : 40);

	inner.type = c->type;
	inner.proto = P_UDP;
	inner.payload = MOST;
	frame.len = 0;
	frame_inner(&frame, &inner);
	memset(frame.b + l3, 0, frame.len - l3);
	memcpy(frame.b + l3, c->bytes, MOST);
	frame.b[c->type == T_IP ? 23 : 20] = c->proto;
	if (c->type == T_IPV6)
		frame_set16(&frame, 16, label);
}

/* Outer source port, from both programs the same. */
static __u16 source_port(int v6)
{
	static struct run tc, xdp;

	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &tc), 0);
	assert_int_equal(tc.retval, ACT_REDIRECT);
	assert_int_equal(hs_run_xdp_of(hs.skel->progs.xv_port_encap, &frame, 0, &xdp), 0);
	assert_int_equal(xdp.retval, XDP_REDIRECT);
	assert_int_equal(frame_get16(&xdp.out, v6 ? 54 : 34), frame_get16(&tc.out, v6 ? 54 : 34));
	return frame_get16(&tc.out, v6 ? 54 : 34);
}

/* together 2: fragments by their offset, a multiple of 8 with more to follow or not. */
static int ports_of(const struct flow_case *c, int v6)
{
	static __u8 used[65536];
	__u32 at = 14 + (c->type == T_IP ? 20 : 40) + c->at;
	int i, distinct = 0;

	memset(used, 0, sizeof(used));
	for (i = 0; i < FLOWS; i++) {
		frame_set16(&frame, at, c->together == 2 ? i * 8 | (i < FLOWS - 1) : 1000 + i);
		distinct += !used[source_port(v6)]++;
	}
	return distinct;
}

static void test_case(void **state)
{
	const struct flow_case *c = *state;
	int i, v6, ports;

	for (i = 0; i < 4; i++) {
		v6 = i & 1;
		build(c, v6 ? PEER_V6 : PEER_V4, i & 2 ? 0x4321 : 0);
		ports = ports_of(c, v6);
		if (c->together)
			assert_int_equal(ports, 1);
		else
			assert_in_range(ports, WIDE, FLOWS);
	}
}

/* The headers end in the middle, at each byte: no port is read beyond, and none is refused. */
static void test_cut(void **state)
{
	size_t i;
	__u32 len;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		build(&cases[i], PEER_V4, i);
		for (len = frame.len; len >= (cases[i].type == T_IP ? 34 : 54); len--) {
			frame.len = len;
			assert_true(source_port(0) >= 49152);
		}
	}
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL,
					       (void *)&cases[i]};
	tests[i] = (struct CMUnitTest)cmocka_unit_test(test_cut);
	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	i = _cmocka_run_group_tests("flow", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
