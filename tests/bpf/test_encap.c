// SPDX-License-Identifier: GPL-2.0-only
/*
 * Encapsulation, byte for byte: xv_encap over hand-built tenant frames: the prebuilt header way,
 * the slow way, local switching, flooding, merged frames; and round trips through the decapsulation
 * of a world that is the other end.
 */
#include <limits.h>
#include <string.h>

#include "harness_ref.h"

struct encap_case {
	const char *name;
	const __u8 *(*dst)(__u32);
	__u32 number;
	__u16 type;
	__u8 proto;
	__u32 payload, segs;
	int verdict;
};

static struct world world;
static struct ref ref;
static struct frame frame;

#define TO_PEER(id) mac_of_peer, id
#define TO_PORT(id) mac_of_port, id

static const struct encap_case cases[] = {
	{"v4, IPv4 UDP", TO_PEER(PEER_V4), T_IP, P_UDP, 100, 0, XV_PATH_ENCAP},
	{"v4, IPv4 TCP", TO_PEER(PEER_V4), T_IP, P_TCP, 0, 0, XV_PATH_ENCAP},
	{"v4, IPv6 UDP", TO_PEER(PEER_V4), T_IPV6, P_UDP, 1, 0, XV_PATH_ENCAP},
	{"v4, IPv6 ICMP", TO_PEER(PEER_V4), T_IPV6, P_ICMPV6, 60, 0, XV_PATH_ENCAP},
	{"v6, IPv4 UDP", TO_PEER(PEER_V6), T_IP, P_UDP, 99, 0, XV_PATH_ENCAP},
	{"v6, IPv6 TCP", TO_PEER(PEER_V6), T_IPV6, P_TCP, 1000, 0, XV_PATH_ENCAP},
	/* egress MTU 1600: 20 + 16 + 14 + 28 and 40 + 16 + 14 + 28 of headers */
	{"v4, fills the egress MTU", TO_PEER(PEER_V4), T_IP, P_UDP, 1522, 0, XV_PATH_ENCAP},
	{"v4, one byte more", TO_PEER(PEER_V4), T_IP, P_UDP, 1523, 0, VERDICT_DROP(PKT_TOO_BIG)},
	{"v6, fills the egress MTU", TO_PEER(PEER_V6), T_IP, P_UDP, 1502, 0, XV_PATH_ENCAP},
	{"v6, one byte more", TO_PEER(PEER_V6), T_IP, P_UDP, 1503, 0, VERDICT_DROP(PKT_TOO_BIG)},
	{"v6, no IP, fills it", TO_PEER(PEER_V6), 0x88b5, 0, 1530, 0, XV_PATH_ENCAP_SLOW},
	{"v6, no IP, one byte more", TO_PEER(PEER_V6), 0x88b5, 0, 1531, 0,
	 VERDICT_DROP(PKT_TOO_BIG)},
	{"v6, not resolved, any size", TO_PEER(PEER_SLOW6), T_IP, P_UDP, 1600, 0,
	 XV_PATH_ENCAP_SLOW},
	{"ARP", TO_PEER(PEER_V4), T_ARP, 0, 46, 0, XV_PATH_ENCAP_SLOW},
	{"any ethertype", TO_PEER(PEER_V6), 0x88b5, 0, 46, 0, XV_PATH_ENCAP_SLOW},
	{"length instead of a type", TO_PEER(PEER_V4), 46, 0, 46, 0, XV_PATH_ENCAP_SLOW},
	{"adjacency not resolved", TO_PEER(PEER_SLOW), T_IP, P_UDP, 9, 0, XV_PATH_ENCAP_SLOW},
	{"v6 adjacency not resolved", TO_PEER(PEER_SLOW6), T_IP, P_UDP, 9, 0, XV_PATH_ENCAP_SLOW},
	{"peer without address", TO_PEER(PEER_NOWHERE), T_IP, P_UDP, 9, 0,
	 VERDICT_DROP(VXLAN_NO_REMOTE)},
	{"another port", TO_PORT(PORT_STACK), T_IP, P_UDP, 100, 0, XV_PATH_LOCAL},
	{"another port, ARP", TO_PORT(PORT_STACK), T_ARP, 0, 46, 0, XV_PATH_LOCAL},
	{"a VLAN port", TO_PORT(PORT_VLAN), T_IP, P_UDP, 100, 0, XV_PATH_LOCAL},
	{"as large as the port's MTU", TO_PORT(PORT_STACK), T_IP, P_UDP, 1472, 0, XV_PATH_LOCAL},
	{"as large as with a tag", TO_PORT(PORT_STACK), T_IP, P_UDP, 1476, 0, XV_PATH_LOCAL},
	{"larger", TO_PORT(PORT_STACK), T_IP, P_UDP, 1477, 0, VERDICT_DROP(PKT_TOO_BIG)},
	{"larger, merged", TO_PORT(PORT_STACK), T_IP, P_TCP, 3000, 3, XV_PATH_LOCAL},
	{"merged to a peer, kind unknown", TO_PEER(PEER_V4), T_IP, P_TCP, 3000, 3,
	 XV_PATH_ENCAP_SLOW},
	{"its own port", TO_PORT(PORT_XDP), T_IP, P_UDP, 1, 0, VERDICT_DROP(SAME_PORT)},
	{"a port that is down", TO_PORT(PORT_DOWN), T_IP, P_UDP, 1, 0, VERDICT_DROP(PORT_DOWN)},
	{"unknown, nobody to flood to", mac_unknown, 1, T_IP, P_UDP, 1, 0, XV_PATH_ENCAP_FLOOD},
};

static void test_case(void **state)
{
	const struct encap_case *c = *state;
	struct inner_spec inner = inner_udp(c->dst(c->number), mac_of_port(PORT_XDP));

	inner.type = c->type;
	inner.proto = c->proto;
	inner.payload = c->payload;
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(&world, &frame, c->segs, &ref, c->name), 0);
	if (ref_verdict(&ref) != c->verdict)
		fail_msg("%s: the reference says %s", c->name, verdict_name(ref_verdict(&ref)));
}

/* The bytes once more, typed in by hand: the builder that all else is compared with is right. */
static void test_golden(void **state)
{
	static const __u8 want[] = {
		/* Ethernet */ 0x02, 0xee, 0, 0, 0, 1, 0x02, 0xee, 0, 0, 0, 2, 0x08, 0x00,
		/* IPv4: 50 - 14 + 43 = 79 bytes, DF, TTL 64, UDP */
		0x45, 0x00, 0x00, 0x4f, 0, 0, 0x40, 0, 64, 17, 0xb6, 0x9a, 192, 0, 2, 1, 192, 0, 2,
		2,
		/* UDP, source port masked, 4789, 59 bytes, no checksum */
		0, 0, 0x12, 0xb5, 0x00, 0x3b, 0, 0,
		/* VXLAN: I, VNI 100 */ 0x08, 0, 0, 0, 0, 0, 100, 0,
		/* inner Ethernet */ 0x02, 0, 0, 2, 0, 1, 0x02, 0, 0, 1, 0, 1, 0x08, 0x00,
		/* inner IPv4 and UDP, one byte */
		0x45, 0, 0, 0x1d, 0x1a, 0x2b, 0x40, 0, 63, 17, 0x0d, 0xa3, 10, 0, 0, 1, 10, 0, 0, 2,
		0x03, 0xe8, 0x07, 0xd0, 0x00, 0x09, 0xe0, 0x21, 0};
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));

	(void)state;
	inner.payload = 1;
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, "golden"), 0);
	frame.len = 0;
	frame_put(&frame, want, sizeof(want));
	assert_int_equal(frame_check(&ref.out, &frame, "golden"), 0);
}

/* Outer source port that the frame gets. */
static int source_port(void)
{
	static struct run run;
	int port;

	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &run), 0);
	assert_int_equal(run.retval, ACT_REDIRECT);
	port = frame_get16(&run.out, 34);
	assert_true(port >= 49152);
	return port;
}

static void flow(__u16 type, __u8 proto, __u32 payload)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));

	inner.type = type;
	inner.proto = proto;
	inner.payload = payload;
	frame.len = 0;
	frame_inner(&frame, &inner);
}

/* A field that tells flows apart: 16 bits in a frame of this kind. */
struct field {
	const char *name;
	__u16 type;
	__u8 proto;
	__u32 at;
};

static const struct field fields[] = {
	{"IPv4 UDP source port", T_IP, P_UDP, 34},
	{"IPv4 UDP destination port", T_IP, P_UDP, 36},
	{"IPv4 TCP source port", T_IP, P_TCP, 34},
	{"IPv4 source address", T_IP, P_ICMP, 28},
	{"IPv4 destination address", T_IP, P_TCP, 32},
	{"IPv6 UDP source port", T_IPV6, P_UDP, 54},
	{"IPv6 TCP destination port", T_IPV6, P_TCP, 56},
	{"IPv6 source address, end", T_IPV6, P_TCP, 36},
	{"IPv6 source address, prefix", T_IPV6, P_TCP, 26},
	{"IPv6 destination address, end", T_IPV6, P_ICMPV6, 52},
};

/* Flows that differ in one field spread over the range, whatever the field. */
static void test_entropy(void **state)
{
	static __u8 used[65536];
	size_t f;
	int i;

	(void)state;
	for (f = 0; f < ARRAY_SIZE(fields); f++) {
		int distinct = 0, halves = 0, quarters = 0;

		memset(used, 0, sizeof(used));
		flow(fields[f].type, fields[f].proto, 16);
		for (i = 0; i < 1000; i++) {
			int port;

			frame_set16(&frame, fields[f].at, 1000 + i);
			port = source_port();
			distinct += !used[port]++;
			halves += port >> 13 & 1;
			quarters += port & 1;
		}
		/* 1000 into 16384 at random: 970 distinct on average, halves 500, deviation 16 */
		hs_note("1000 flows by %s: %d source ports, %d in the upper half, %d odd",
			fields[f].name, distinct, halves, quarters);
		assert_in_range(distinct, 900, 1000);
		assert_in_range(halves, 400, 600);
		assert_in_range(quarters, 400, 600);
	}
}

/* One flow keeps its port, whatever it carries; and so do the fragments of one packet. */
static void test_same_flow(void **state)
{
	int i, first;

	(void)state;
	flow(T_IP, P_UDP, 0);
	first = source_port();
	for (i = 0; i < 50; i++) {
		flow(T_IP, P_UDP, i * 20);
		frame.b[15] = i;	    /* class */
		frame_set16(&frame, 18, i); /* identification */
		assert_int_equal(source_port(), first);
	}
	flow(T_IP, P_UDP, 64);
	frame_set16(&frame, 20, 0x2000);
	first = source_port();
	for (i = 1; i < 20; i++) {
		frame_set16(&frame, 20, (i < 19 ? 0x2000 : 0) | i * 8);
		frame_set16(&frame, 34, 1000 + i); /* payload, no port */
		assert_int_equal(source_port(), first);
	}
}

/* Another seed, other ports: who does not know it cannot tell which flows meet. */
static void test_seed(void **state)
{
	static const __u16 types[] = {T_IP, T_IPV6};
	static __u16 port[2][ARRAY_SIZE(types)][50];
	struct xv_config_val cfg;
	int seed, t, i, fd = bpf_map__fd(hs.skel->maps.xv_config), same = 0;
	__u32 zero = 0;

	(void)state;
	assert_int_equal(bpf_map_lookup_elem(fd, &zero, &cfg), 0);
	for (seed = 0; seed < 2; seed++) {
		cfg.seed += seed;
		assert_int_equal(bpf_map_update_elem(fd, &zero, &cfg, 0), 0);
		for (t = 0; t < (int)ARRAY_SIZE(types); t++)
			for (i = 0; i < 50; i++) {
				flow(types[t], P_UDP, 16);
				frame_set16(&frame, types[t] == T_IP ? 34 : 54, 1000 + i);
				port[seed][t][i] = source_port();
			}
	}
	for (t = 0; t < (int)ARRAY_SIZE(types); t++)
		for (i = 0; i < 50; i++)
			same += port[0][t][i] == port[1][t][i];
	assert_in_range(same, 0, 1);
	world_install(&world);
}

/* Two flows that differ in protocol alone differ too. */
static void test_entropy_protocol(void **state)
{
	int i, udp, same = 0;

	(void)state;
	for (i = 0; i < 20; i++) {
		flow(T_IP, P_UDP, 16);
		frame_set16(&frame, 34, 3000 + i);
		udp = source_port();
		flow(T_IP, P_TCP, 16);
		frame_set16(&frame, 34, 3000 + i);
		same += source_port() == udp;
	}
	assert_in_range(same, 0, 1);
}

static void test_udp6_checksum(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V6), mac_of_port(PORT_XDP));
	struct world w = world;

	(void)state;
	w.config_flags = XV_CONFIG_UDP6_CHECKSUM;
	world_install(&w);
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(&w, &frame, 0, &ref, "UDP checksum over IPv6"), 0);
	assert_int_equal(ref.path, XV_PATH_ENCAP_SLOW);
	memcpy(frame.b, mac_of_peer(PEER_V4), 6);
	assert_int_equal(ref_run_encap(&w, &frame, 0, &ref, "v4 is not concerned"), 0);
	assert_int_equal(ref.path, XV_PATH_ENCAP);
	world_install(&world);
}

/* Members: the port it came from, two that take it, one too small, one down; three peers, one
 * nowhere. */
static void test_flood(void **state)
{
	static const __u8 broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct inner_spec inner = inner_udp(broadcast, mac_of_port(PORT_XDP));
	static const __u32 ports[] = {PORT_STACK, PORT_XDP, PORT_VLAN, PORT_SMALL, PORT_DOWN};
	static struct world w;
	__u32 i;

	(void)state;
	w = world;
	for (i = 0; i < ARRAY_SIZE(ports); i++)
		world_flood_add(&w, BD_BLUE, XV_FDB_PORT, ports[i], NULL);
	world_flood_add(&w, BD_BLUE, XV_FDB_PEER, PEER_V4, w.peer[PEER_V4].ip);
	world_flood_add(&w, BD_BLUE, XV_FDB_PEER, PEER_V6, w.peer[PEER_V6].ip);
	world_flood_add(&w, BD_BLUE, XV_FDB_PEER, PEER_NOWHERE, NULL);
	world_flood_add(&w, BD_BLUE, XV_FDB_PEER, 0, "239.1.1.1");
	world_install(&w);
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(&w, &frame, 0, &ref, "flood"), 0);
	assert_int_equal(ref.path, XV_PATH_ENCAP_FLOOD);
	assert_int_equal(ref.counts.path[XV_PATH_FLOOD_COPY].packets, 5);
	assert_int_equal(ref.counts.path[XV_PATH_FLOOD_FAILED].packets, 0);
	assert_int_equal(ref.counts.drop[XV_DROP_PKT_TOO_BIG].packets, 1);
	assert_int_equal(ref.counts.drop[XV_DROP_PORT_DOWN].packets, 1);
	assert_int_equal(ref.counts.drop[XV_DROP_VXLAN_NO_REMOTE].packets, 1);
	/* One byte more than the IPv6 peer and the ports get: only there it is refused. */
	inner.payload = 1503;
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(&w, &frame, 0, &ref, "large flood"), 0);
	assert_int_equal(ref.counts.path[XV_PATH_FLOOD_COPY].packets, 2);
	assert_int_equal(ref.counts.drop[XV_DROP_PKT_TOO_BIG].packets, 4);
	/* Without the slow path its copies are not made; those of the prebuilt header are. */
	inner.payload = 100;
	frame.len = 0;
	frame_inner(&frame, &inner);
	w.slow_ifindex = INT_MAX;
	world_install(&w);
	assert_int_equal(ref_run_encap(&w, &frame, 0, &ref, "no slow path"), 0);
	assert_int_equal(ref.counts.drop[XV_DROP_SLOW_PATH_GONE].packets, 2);
	assert_int_equal(ref.counts.path[XV_PATH_FLOOD_FAILED].packets, 0);
	world_install(&world);
}

/* A peer without a prebuilt header, whose MTU is known: what the kernel would lose is refused. */
static void sized(const struct world *w, __u32 peer, __u32 payload, int fits)
{
	static const __u8 broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	struct inner_spec inner = inner_udp(mac_of_peer(peer), mac_of_port(PORT_XDP));

	inner.payload = payload;
	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(w, &frame, 0, &ref, "MTU of the slow path"), 0);
	assert_int_equal(ref_verdict(&ref), fits ? XV_PATH_ENCAP_SLOW : VERDICT_DROP(PKT_TOO_BIG));
	memcpy(frame.b, broadcast, sizeof(broadcast));
	assert_int_equal(ref_run_encap(w, &frame, 0, &ref, "MTU of the slow path, flood"), 0);
	assert_int_equal(ref.counts.drop[XV_DROP_PKT_TOO_BIG].packets, !fits);
}

static void test_sized(void **state)
{
	static const __u32 peers[] = {PEER_SLOW, PEER_SLOW6};
	static struct world w;
	int i, kernel;

	(void)state;
	for (i = 0; i < 2; i++)
		for (kernel = 0; kernel < 2; kernel++) {
			w = world;
			w.peer[peers[i]].sized = 1;
			w.peer[peers[i]].kernel = kernel;
			world_flood_add(&w, BD_BLUE, XV_FDB_PEER, peers[i], w.peer[peers[i]].ip);
			world_install(&w);
			sized(&w, peers[i], i ? 1502 : 1522, 1);
			sized(&w, peers[i], i ? 1503 : 1523, 0);
			if (i)
				continue;
			w.df = XV_ADJ_DF_UNSET; /* the kernel fragments */
			world_install(&w);
			sized(&w, peers[i], 1523, 1);
		}
	world_install(&world);
}

/* The other end: its address is our peer's, we are its peer, the MACs behind peers are its port's.
 */
static void other_end(struct world *w)
{
	__u32 id;

	world_default(w);
	w->local4 = "192.0.2.2";
	w->local6 = "2001:db8::2";
	memcpy(w->mac, frame_mac_router, sizeof(w->mac));
	w->peer[PEER_V4].ip = "192.0.2.1";
	w->peer[PEER_V6].ip = "2001:db8::1";
	w->fdbs = 0;
	for (id = PEER_V4; id <= PEER_V6; id++)
		world_fdb_add(w, BD_BLUE, mac_of_peer(id), XV_FDB_PORT, PORT_MERGED);
}

static void test_round_trip(void **state)
{
	static const __u16 types[] = {T_IP, T_IPV6};
	static const __u8 protos[] = {P_UDP, P_TCP, P_ICMP};
	static struct world there;
	static struct frame sent;
	static struct run out, back;
	int i, n = 0;

	(void)state;
	other_end(&there);
	for (i = 0; i < 2 * 3 * 2 * 16; i++) {
		__u32 peer = i % 2 ? PEER_V4 : PEER_V6;
		struct inner_spec inner = inner_udp(mac_of_peer(peer), mac_of_port(PORT_XDP));

		inner.type = types[i / 2 % 2];
		inner.proto = protos[i / 4 % 3];
		inner.payload = 20 + i / 12 * 90;
		inner.tos = i;
		sent.len = 0;
		frame_inner(&sent, &inner);
		world_install(&world);
		assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &sent, NULL, &out), 0);
		assert_int_equal(out.retval, ACT_REDIRECT);
		assert_true(out.out.len > sent.len);
		world_install(&there);
		assert_int_equal(hs_run_xdp(&out.out, 0, &back), 0);
		assert_int_equal(back.retval, XDP_REDIRECT);
		assert_int_equal(frame_check(&back.out, &sent, "there and back, XDP"), 0);
		assert_int_equal(hs_run_tc(hs.skel->progs.xv_decap_tc, &out.out, NULL, &back), 0);
		assert_int_equal(back.retval, ACT_REDIRECT);
		assert_int_equal(frame_check(&back.out, &sent, "there and back, TC"), 0);
		n++;
	}
	assert_int_equal(n, 192);
	world_install(&world);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 9];
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(test_golden),	      cmocka_unit_test(test_same_flow),
		cmocka_unit_test(test_entropy),	      cmocka_unit_test(test_entropy_protocol),
		cmocka_unit_test(test_udp6_checksum), cmocka_unit_test(test_flood),
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_seed),
		cmocka_unit_test(test_sized),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL,
					       (void *)&cases[i]};
	memcpy(tests + i, more, sizeof(more));
	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	i = _cmocka_run_group_tests("encap", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
