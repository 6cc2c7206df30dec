// SPDX-License-Identifier: GPL-2.0-only
/*
 * xv_port_encap, byte for byte: what it takes leaves as from xv_encap, the outer source port
 * included, and is counted the same; what it does not take passes untouched, counted nowhere and
 * reported to nobody.
 */
#include <string.h>

#include "harness_ref.h"

struct port_case {
	const char *name;
	const __u8 *(*dst)(__u32);
	__u32 number;
	__u16 type;
	__u8 proto;
	__u32 payload, linear;
	int verdict;
};

static struct world world; /* of the running case; the default one again before each */
static struct ref ref;
static struct frame frame;

#define TO_PEER(id) mac_of_peer, id
#define TO_PORT(id) mac_of_port, id

static const struct port_case cases[] = {
	{"v4, IPv4 UDP", TO_PEER(PEER_V4), T_IP, P_UDP, 100, 0, XV_PATH_PORT_ENCAP},
	{"v4, IPv4 TCP", TO_PEER(PEER_V4), T_IP, P_TCP, 0, 0, XV_PATH_PORT_ENCAP},
	{"v4, IPv6 UDP", TO_PEER(PEER_V4), T_IPV6, P_UDP, 1, 0, XV_PATH_PORT_ENCAP},
	{"v4, IPv6 ICMP", TO_PEER(PEER_V4), T_IPV6, P_ICMPV6, 60, 0, XV_PATH_PORT_ENCAP},
	{"v6, IPv4 UDP", TO_PEER(PEER_V6), T_IP, P_UDP, 99, 0, XV_PATH_PORT_ENCAP},
	{"v6, IPv6 TCP", TO_PEER(PEER_V6), T_IPV6, P_TCP, 1000, 0, XV_PATH_PORT_ENCAP},
	{"v4, header alone", TO_PEER(PEER_V4), T_IP, P_ICMP, 0, 0, XV_PATH_PORT_ENCAP},
	/* egress MTU 1600: see test_encap.c */
	{"v4, fills the egress MTU", TO_PEER(PEER_V4), T_IP, P_UDP, 1522, 0, XV_PATH_PORT_ENCAP},
	{"v4, one byte more", TO_PEER(PEER_V4), T_IP, P_UDP, 1523, 0, VERDICT_NONE},
	{"v6, fills the egress MTU", TO_PEER(PEER_V6), T_IP, P_UDP, 1502, 0, XV_PATH_PORT_ENCAP},
	{"v6, one byte more", TO_PEER(PEER_V6), T_IP, P_UDP, 1503, 0, VERDICT_NONE},
	{"ARP", TO_PEER(PEER_V4), T_ARP, 0, 46, 0, VERDICT_NONE},
	{"any ethertype", TO_PEER(PEER_V6), 0x88b5, 0, 46, 0, VERDICT_NONE},
	{"fragments, egress takes none", TO_PEER(PEER_V4), T_IP, P_UDP, 900, 200, VERDICT_NONE},
	{"adjacency not resolved", TO_PEER(PEER_SLOW), T_IP, P_UDP, 9, 0, VERDICT_NONE},
	{"v6 adjacency not resolved", TO_PEER(PEER_SLOW6), T_IP, P_UDP, 9, 0, VERDICT_NONE},
	{"peer without address", TO_PEER(PEER_NOWHERE), T_IP, P_UDP, 9, 0, VERDICT_NONE},
	{"unknown destination", mac_unknown, 1, T_IP, P_UDP, 1, 0, VERDICT_NONE},
	{"a port", TO_PORT(PORT_JUMBO), T_IP, P_UDP, 100, 0, XV_PATH_PORT_LOCAL},
	{"a port, ARP", TO_PORT(PORT_JUMBO), T_ARP, 0, 46, 0, XV_PATH_PORT_LOCAL},
	{"a port, TCP", TO_PORT(PORT_JUMBO), T_IP, P_TCP, 100, 0, XV_PATH_PORT_LOCAL},
	{"a port that wants TCP merged", TO_PORT(PORT_TCP), T_IP, P_TCP, 100, 0, VERDICT_NONE},
	{"the same, UDP", TO_PORT(PORT_TCP), T_IP, P_UDP, 100, 0, XV_PATH_PORT_LOCAL},
	{"a port, in fragments", TO_PORT(PORT_JUMBO), T_IP, P_UDP, 5000, 0, VERDICT_NONE},
	{"a port that takes fragments", TO_PORT(PORT_JUMBO_SG), T_IP, P_UDP, 5000, 0,
	 XV_PATH_PORT_LOCAL},
	{"a port without XDP", TO_PORT(PORT_STACK), T_IP, P_UDP, 100, 0, VERDICT_NONE},
	{"a port that is not in xv_tx", TO_PORT(PORT_NO_TX), T_IP, P_UDP, 100, 0, VERDICT_NONE},
	{"a VLAN port", TO_PORT(PORT_VLAN), T_IP, P_UDP, 100, 0, VERDICT_NONE},
	{"a port that is down", TO_PORT(PORT_DOWN), T_IP, P_UDP, 100, 0, VERDICT_NONE},
	{"larger than the port's MTU", TO_PORT(PORT_SMALL), T_IP, P_UDP, 100, 0, VERDICT_NONE},
	{"its own port", TO_PORT(PORT_XDP), T_IP, P_UDP, 1, 0, VERDICT_NONE},
};

static void make(const __u8 *dst, __u16 type, __u8 proto, __u32 payload)
{
	struct inner_spec inner = inner_udp(dst, mac_of_port(PORT_XDP));

	inner.type = type;
	inner.proto = proto;
	inner.payload = payload;
	frame.len = 0;
	frame_inner(&frame, &inner);
}

/*
 * xv_encap's output for the same frame is the same one. (BPF_PROG_TEST_RUN gives its skb no hash,
 * so that both make the source port from their own.)
 */
static void same_as_tc(const char *what)
{
	static struct run xdp, tc;

	assert_int_equal(hs_run_xdp_of(hs.skel->progs.xv_port_encap, &frame, 0, &xdp), 0);
	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &tc), 0);
	assert_int_equal(tc.retval, ACT_REDIRECT);
	assert_int_equal(xdp.retval, XDP_REDIRECT);
	assert_int_equal(frame_check(&xdp.out, &tc.out, what), 0);
}

/* One run against the reference, which must say that too. */
static void expect(int verdict, __u32 linear, const char *what)
{
	hs_events_reset();
	assert_int_equal(ref_run_port(&world, &frame, linear, &ref, what), 0);
	if (ref_verdict(&ref) != verdict)
		fail_msg("%s: the reference says %s", what, verdict_name(ref_verdict(&ref)));
	assert_int_equal(hs_events_poll(), 0);
}

static int setup(void **state)
{
	(void)state;
	world_default(&world);
	world_install(&world);
	return 0;
}

static void test_case(void **state)
{
	const struct port_case *c = *state;

	world_default(&world);
	world_install(&world);
	make(c->dst(c->number), c->type, c->proto, c->payload);
	expect(c->verdict, c->linear, c->name);
	if (c->verdict == XV_PATH_PORT_ENCAP)
		same_as_tc(c->name);
}

/* IPv4 options move the ports; every ECN field; fragments of a packet. */
static void test_headers(void **state)
{
	int tos, peer;

	(void)state;
	for (peer = PEER_V4; peer <= PEER_V6; peer++) {
		for (tos = 0; tos < 256; tos++) {
			make(mac_of_peer(peer), tos & 1 ? T_IP : T_IPV6, P_UDP, 64);
			if (tos & 1)
				frame.b[15] = tos >> 1;
			else
				frame_set16(&frame, 14, 0x6000 | tos << 4);
			expect(XV_PATH_PORT_ENCAP, 0, "class and ECN");
			same_as_tc("class and ECN");
		}
		make(mac_of_peer(peer), T_IP, P_UDP, 64);
		frame.b[14] = 0x48; /* 12 bytes of options */
		expect(XV_PATH_PORT_ENCAP, 0, "IPv4 options");
		same_as_tc("IPv4 options");
		frame_set16(&frame, 20, 0x2000);
		expect(XV_PATH_PORT_ENCAP, 0, "first fragment");
		same_as_tc("first fragment");
		frame.len = 34;
		frame.b[14] = 0x4f; /* options that are not there */
		expect(XV_PATH_PORT_ENCAP, 0, "options that are not there");
		same_as_tc("options that are not there");
	}
}

/* What xv_encap drops goes to it, to be dropped and counted there. */
static void test_refused(void **state)
{
	static const __u8 link_local[6] = {0x01, 0x80, 0xc2, 0, 0, 0x0e}, zero[6];

	(void)state;
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 64);
	memcpy(frame.b + 6, zero, 6);
	expect(VERDICT_NONE, 0, "zero source");
	frame.b[6] = 3;
	expect(VERDICT_NONE, 0, "multicast source");
	memcpy(frame.b + 6, mac_static_peer(), 6);
	expect(VERDICT_NONE, 0, "source that is static elsewhere");
	memcpy(frame.b + 6, mac_static_port(), 6);
	expect(XV_PATH_PORT_ENCAP, 0, "source that is static here");
	memcpy(frame.b, link_local, 6);
	expect(VERDICT_NONE, 0, "link-local destination");
	memset(frame.b, 0xff, 6);
	expect(VERDICT_NONE, 0, "broadcast");
}

static void test_tagged(void **state)
{
	static const __u16 tpids[] = {T_VLAN, T_QINQ};
	static struct frame bare;
	size_t i;

	(void)state;
	world.net[BD_BLUE].flags |= XV_BD_INNER_VLAN;
	world_install(&world);
	for (i = 0; i < 2 * ARRAY_SIZE(tpids); i++) {
		make(i & 1 ? mac_of_peer(PEER_V4) : mac_of_port(PORT_JUMBO), T_IP, P_UDP, 64);
		frame_copy(&bare, &frame);
		frame_tagged(&frame, &bare, tpids[i / 2], 7);
		expect(VERDICT_NONE, 0, "tagged, network carries tags");
		frame_tagged(&frame, &bare, tpids[i / 2], 0);
		expect(VERDICT_NONE, 0, "priority-tagged");
	}
}

/* One thing in the tables that keeps the frame from being taken, and each alone. */
static void test_tables(void **state)
{
	(void)state;
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 64);
	world.configured = 0;
	world_install(&world);
	expect(VERDICT_NONE, 0, "not configured");
	setup(NULL);
	world.net[BD_BLUE].flags = 0;
	world_install(&world);
	expect(VERDICT_NONE, 0, "no network");
	setup(NULL);
	world.keys = 0;
	world_install(&world);
	expect(VERDICT_NONE, 0, "no port");
	setup(NULL);
	world.wire_xdp = XV_ADJ_XDP_SG;
	world_install(&world);
	expect(VERDICT_NONE, 0, "egress takes no XDP frames");
	setup(NULL);
	world.wire_tx = 0;
	world_install(&world);
	expect(VERDICT_NONE, 0, "egress is not in xv_tx");
	setup(NULL);
	expect(XV_PATH_PORT_ENCAP, 0, "all in order");
}

static void test_udp6_checksum(void **state)
{
	(void)state;
	world.config_flags = XV_CONFIG_UDP6_CHECKSUM;
	world_install(&world);
	make(mac_of_peer(PEER_V6), T_IP, P_UDP, 64);
	expect(VERDICT_NONE, 0, "UDP checksum over IPv6");
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 64);
	expect(XV_PATH_PORT_ENCAP, 0, "v4 is not concerned");
}

/* Only the headers must be outside of fragments; the outer header's lengths are of the whole. */
static void test_frags(void **state)
{
	(void)state;
	world.wire_xdp = XV_ADJ_XDP | XV_ADJ_XDP_SG;
	world.wire_mtu = 9000;
	world_install(&world);
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 8000);
	expect(XV_PATH_PORT_ENCAP, 0, "fragments, v4");
	make(mac_of_peer(PEER_V6), T_IPV6, P_TCP, 8000);
	expect(XV_PATH_PORT_ENCAP, 0, "fragments, v6");
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 8922);
	expect(XV_PATH_PORT_ENCAP, 0, "fills the egress MTU");
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 8923);
	expect(VERDICT_NONE, 0, "one byte more");
}

/* A source that is not known yet is reported with the frame that is taken, and with no other. */
static void test_learning(void **state)
{
	(void)state;
	world.keys = 0;
	world_key_set(&world, 1, 0, PORT_LEARN);
	world_install(&world);
	make(mac_of_peer(PEER_V4), T_IP, P_UDP, 64);
	memcpy(frame.b + 6, mac_unknown(1), 6);
	hs_events_reset();
	assert_int_equal(ref_run_port(&world, &frame, 0, &ref, "learned"), 0);
	assert_int_equal(ref_verdict(&ref), XV_PATH_PORT_ENCAP);
	assert_int_equal(hs_events_poll(), 1);
	assert_int_equal(hs.event[0].type, XV_EVENT_LEARN);
	assert_int_equal(hs.event[0].kind, XV_FDB_PORT);
	assert_int_equal(hs.event[0].dst, PORT_LEARN);
	assert_memory_equal(hs.event[0].key.mac, mac_unknown(1), 6);
	memcpy(frame.b + 6, mac_unknown(2), 6);
	memcpy(frame.b, mac_unknown(3), 6);
	expect(VERDICT_NONE, 0, "unknown source and destination");
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 7];
	static const struct CMUnitTest more[] = {
		cmocka_unit_test_setup(test_headers, setup),
		cmocka_unit_test_setup(test_refused, setup),
		cmocka_unit_test_setup(test_tagged, setup),
		cmocka_unit_test_setup(test_tables, setup),
		cmocka_unit_test_setup(test_udp6_checksum, setup),
		cmocka_unit_test_setup(test_frags, setup),
		cmocka_unit_test_setup(test_learning, setup),
	};
	size_t i;

	_Static_assert(ARRAY_SIZE(tests) == ARRAY_SIZE(cases) + ARRAY_SIZE(more), "all of them");
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL,
					       (void *)&cases[i]};
	memcpy(tests + i, more, sizeof(more));
	return hs_main("port encap", tests, ARRAY_SIZE(tests));
}
