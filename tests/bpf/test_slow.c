// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slow path, whole: a real vxlan device with tunnel metadata, both ways. Reception of what the
 * fast path passes, replication to exactly the right receivers, split horizon, unknown VTEPs, and
 * what the kernel puts on the wire for ARP, floods and unresolved peers.
 */
#include <string.h>

#include "harness_lab.h"

static const __u8 broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const __u8 multicast[6] = {0x01, 0x00, 0x5e, 1, 2, 3};

static struct world world;
static struct frame wire, want, got;
static struct counts before, counts;

static void wire_from(__u32 peer, __u32 bd, const __u8 *dst, const __u8 *src)
{
	struct outer_spec outer = outer_from(&world, peer, bd);
	struct inner_spec inner = inner_udp(dst, src);

	frame_tunnel(&wire, &outer, &inner);
	want.len = 0;
	frame_inner(&want, &inner);
}

static void begin(void)
{
	assert_int_equal(lab_silent(), 0);
	memset(&counts, 0, sizeof(counts));
	hs_events_reset();
	counts_read(&before);
}

static void end(const char *what)
{
	assert_int_equal(lab_counts(&before, &counts, what), 0);
	assert_int_equal(lab_silent(), 0);
}

static void arrives(enum lab_dev dev, const char *what)
{
	assert_int_equal(lab_recv(dev, &got), 0);
	assert_int_equal(frame_check(&got, &want, what), 0);
}

static void unicast(__u32 peer, const char *what)
{
	begin();
	lab_send(LAB_WIRE, &wire);
	arrives(LAB_T1, what);
	count_add(&counts.path[XV_PATH_SLOW_RX], 1, want.len);
	count_add(&counts.net[BD_BLUE].rx_unicast, 1, want.len);
	count_add(&counts.peer[peer].rx, 1, want.len);
	count_add(&counts.port[PORT_XDP].tx, 1, want.len);
	end(what);
}

/* No program on the wire: every frame goes through xv0. */
static void slow_only(void)
{
	lab_xdp(NULL);
	lab_tc(lab.ifindex[LAB_WIRE], NULL);
}

static void test_unicast(void **state)
{
	(void)state;
	slow_only();
	wire_from(PEER_V4, BD_BLUE, mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));
	unicast(PEER_V4, "v4");
	wire_from(PEER_V6, BD_BLUE, mac_of_port(PORT_XDP), mac_of_peer(PEER_V6));
	unicast(PEER_V6, "v6");
}

/* What the fast path is not sure of is passed to the kernel, which knows: both programs attached.
 */
static void passed(const char *what, int packets, __u32 bytes, __u32 peer)
{
	begin();
	lab_send(LAB_WIRE, &wire);
	arrives(LAB_T1, what);
	count_add(&counts.path[XV_PATH_XDP_PASS], packets, bytes);
	count_add(&counts.path[XV_PATH_TC_PASS], packets, bytes);
	count_add(&counts.path[XV_PATH_SLOW_RX], 1, want.len);
	count_add(&counts.net[BD_BLUE].rx_unicast, 1, want.len);
	count_add(&counts.peer[peer].rx, 1, want.len);
	count_add(&counts.port[PORT_XDP].tx, 1, want.len);
	end(what);
}

static void test_passed(void **state)
{
	static struct frame copy;

	(void)state;
	lab_attach(REF_XDP);
	wire_from(PEER_V4, BD_BLUE, mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));
	frame_put(&wire, "padding", 7);
	passed("padding", 1, wire.len, PEER_V4);
	wire_from(PEER_V4, BD_BLUE, mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));
	frame_copy(&copy, &wire);
	memmove(wire.b + 38, copy.b + 34, copy.len - 34);
	memset(wire.b + 34, 1, 4); /* four NOP options */
	wire.len += 4;
	wire.b[14] = 0x46;
	frame_set16(&wire, 16, frame_get16(&wire, 16) + 4);
	frame_set16(&wire, 24, 0);
	frame_set16(&wire, 24, ~sum16(wire.b + 14, 24, 0));
	passed("IP options", 1, wire.len, PEER_V4);
}

/* Two fragments of one outer packet: passed both, put together by the kernel, delivered once. */
static void test_fragments(void **state)
{
	static struct frame first, second;

	(void)state;
	lab_attach(REF_XDP);
	wire_from(PEER_V4, BD_BLUE, mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));
	first.len = second.len = 0;
	frame_put(&first, wire.b, 34 + 64);
	frame_set16(&first, 16, 20 + 64);
	frame_set16(&first, 18, 77);
	frame_set16(&first, 20, 0x2000);
	frame_fix_ip4(&first, 14);
	frame_put(&second, first.b, 34);
	frame_put(&second, wire.b + 34 + 64, wire.len - 34 - 64);
	frame_set16(&second, 16, second.len - 14);
	frame_set16(&second, 20, 64 / 8);
	frame_fix_ip4(&second, 14);
	frame_copy(&wire, &second);
	begin();
	lab_send(LAB_WIRE, &first);
	count_add(&counts.path[XV_PATH_XDP_PASS], 1, first.len);
	count_add(&counts.path[XV_PATH_TC_PASS], 1, first.len);
	end("first fragment");
	passed("second fragment", 1, second.len, PEER_V4);
}

static void flood_world(struct world *w)
{
	lab_world(w);
	world_flood_add(w, BD_BLUE, XV_FDB_PORT, PORT_XDP, NULL);
	world_flood_add(w, BD_BLUE, XV_FDB_PORT, PORT_STACK, NULL);
	world_flood_add(w, BD_BLUE, XV_FDB_PORT, PORT_VLAN, NULL);
	world_flood_add(w, BD_BLUE, XV_FDB_PEER, PEER_V4, w->peer[PEER_V4].ip);
	world_flood_add(w, BD_BLUE, XV_FDB_PEER, PEER_V6, w->peer[PEER_V6].ip);
	world_flood_add(w, BD_BLUE, XV_FDB_PEER, PEER_SLOW, w->peer[PEER_SLOW].ip);
	world_install(w);
}

static void arrives_tagged(__u16 vlan, const char *what)
{
	static struct frame tagged;

	assert_int_equal(lab_recv(LAB_TRUNK, &got), 0);
	frame_tagged(&tagged, &want, T_VLAN, vlan);
	assert_int_equal(frame_check(&got, &tagged, what), 0);
}

/* To every port of the list, once; never back to the wire. */
static void test_flood_rx(void **state)
{
	static const __u32 ports[] = {PORT_XDP, PORT_STACK, PORT_VLAN};
	const __u8 *dsts[] = {broadcast, multicast, mac_unknown(1)};
	struct world w;
	size_t i, j;

	(void)state;
	slow_only();
	flood_world(&w);
	for (i = 0; i < ARRAY_SIZE(dsts); i++) {
		wire_from(PEER_V4, BD_BLUE, dsts[i], mac_of_peer(PEER_V4));
		begin();
		lab_send(LAB_WIRE, &wire);
		arrives(LAB_T1, "flood to t1");
		arrives(LAB_T2, "flood to t2");
		arrives_tagged(10, "flood to VLAN 10");
		count_add(&counts.path[XV_PATH_SLOW_RX_FLOOD], 1, want.len);
		count_add(&counts.path[XV_PATH_FLOOD_COPY], 3, 3 * want.len);
		count_add(&counts.net[BD_BLUE].rx_bum, 1, want.len);
		count_add(&counts.peer[PEER_V4].rx, 1, want.len);
		for (j = 0; j < ARRAY_SIZE(ports); j++)
			count_add(&counts.port[ports[j]].tx, 1, want.len);
		end("flood from the wire");
	}
	lab_world(&world);
}

/* Takes the next frame of the wire for one to peer with the inner frame want; checksum: UDP's is
 * there. */
static void sent_to(__u32 peer, __u32 bd, int checksum, const char *what)
{
	struct outer_spec s = adj_outer(&world, peer);
	static struct frame expected;

	assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
	s.vni = world.net[bd].vni;
	s.sport = s.v6 ? frame_get16(&got, 54) : frame_get16(&got, 34);
	assert_true(s.sport >= 49152);
	expected.len = 0;
	frame_outer(&expected, &s, want.len);
	frame_put(&expected, want.b, want.len);
	if (!s.v6) { /* the kernel's choice: identification, and no DF */
		memcpy(expected.b + 18, got.b + 18, 4);
		frame_fix_ip4(&expected, 14);
	}
	if (checksum)
		frame_fix_udp(&expected, outer_udp_at(&s), s.v6, 0);
	assert_int_equal(frame_check(&got, &expected, what), 0);
}

static void tenant_sends(const __u8 *dst, __u16 type)
{
	struct inner_spec inner = inner_udp(dst, mac_of_port(PORT_XDP));

	inner.type = type;
	want.len = 0;
	frame_inner(&want, &inner);
	begin();
	lab_send(LAB_T1, &want);
	count_add(&counts.port[PORT_XDP].rx, 1, want.len);
}

static void flood_tx(__u16 type)
{
	/* The one with a prebuilt header after those that go through xv0. */
	static const __u32 peers[] = {PEER_V6, PEER_SLOW, PEER_V4};
	static const __u32 ports[] = {PORT_STACK, PORT_VLAN};
	size_t i;

	tenant_sends(broadcast, type);
	arrives(LAB_T2, "flood to t2");
	arrives_tagged(10, "flood to VLAN 10");
	for (i = 0; i < ARRAY_SIZE(peers); i++) {
		sent_to(peers[i], BD_BLUE, 0, "flood to a peer");
		count_add(&counts.peer[peers[i]].tx, 1, want.len);
	}
	for (i = 0; i < ARRAY_SIZE(ports); i++)
		count_add(&counts.port[ports[i]].tx, 1, want.len);
	count_add(&counts.path[XV_PATH_ENCAP_FLOOD], 1, want.len);
	count_add(&counts.path[XV_PATH_FLOOD_COPY], 5, 5 * want.len);
	count_add(&counts.net[BD_BLUE].tx_bum, 1, want.len);
	end("flood from a tenant");
}

static void test_flood_tx(void **state)
{
	static const __u16 types[] = {T_ARP, T_IP, T_IPV6};
	struct world w;
	size_t i;

	(void)state;
	lab_attach(REF_XDP);
	flood_world(&w);
	for (i = 0; i < ARRAY_SIZE(types); i++)
		flood_tx(types[i]);
	lab_world(&world);
}

static void test_unicast_tx(void **state)
{
	static const struct {
		__u32 peer;
		__u16 type;
		int path;
	} sends[] = {
		{PEER_V4, T_ARP, XV_PATH_ENCAP_SLOW},  {PEER_V6, T_ARP, XV_PATH_ENCAP_SLOW},
		{PEER_SLOW, T_IP, XV_PATH_ENCAP_SLOW}, {PEER_SLOW6, T_IPV6, XV_PATH_ENCAP_SLOW},
		{PEER_V4, T_IP, XV_PATH_ENCAP},	       {PEER_V6, T_IPV6, XV_PATH_ENCAP},
	};
	size_t i;

	(void)state;
	lab_attach(REF_XDP);
	for (i = 0; i < ARRAY_SIZE(sends); i++) {
		tenant_sends(mac_of_peer(sends[i].peer), sends[i].type);
		sent_to(sends[i].peer, BD_BLUE, 0, "unicast to a peer");
		count_add(&counts.path[sends[i].path], 1, want.len);
		count_add(&counts.net[BD_BLUE].tx_unicast, 1, want.len);
		count_add(&counts.peer[sends[i].peer].tx, 1, want.len);
		end("unicast to a peer");
	}
}

static void test_udp6_checksum_tx(void **state)
{
	struct world w;

	(void)state;
	lab_attach(REF_XDP);
	lab_world(&w);
	w.config_flags = XV_CONFIG_UDP6_CHECKSUM;
	world_install(&w);
	tenant_sends(mac_of_peer(PEER_V6), T_IP);
	sent_to(PEER_V6, BD_BLUE, 1, "with a checksum");
	count_add(&counts.path[XV_PATH_ENCAP_SLOW], 1, want.len);
	count_add(&counts.net[BD_BLUE].tx_unicast, 1, want.len);
	count_add(&counts.peer[PEER_V6].tx, 1, want.len);
	end("with a checksum");
	lab_world(&world);
}

/* A VTEP that is no peer, where the network takes any: peer 0, and its address in the event. */
static void test_any_peer(void **state)
{
	struct world w;

	(void)state;
	slow_only();
	lab_world(&w);
	w.net[BD_BLUE].flags |= XV_BD_ANY_PEER | XV_BD_LEARN;
	world_install(&w);
	wire_from(PEER_V4, BD_BLUE, mac_of_port(PORT_XDP), mac_unknown(7));
	wire.b[29] = 77; /* 192.0.2.77 */
	frame_fix_ip4(&wire, 14);
	begin();
	lab_send(LAB_WIRE, &wire);
	arrives(LAB_T1, "from any peer");
	count_add(&counts.path[XV_PATH_SLOW_RX], 1, want.len);
	count_add(&counts.path[XV_PATH_EVENT], 1, 0);
	count_add(&counts.net[BD_BLUE].rx_unicast, 1, want.len);
	count_add(&counts.peer[0].rx, 1, want.len);
	count_add(&counts.port[PORT_XDP].tx, 1, want.len);
	end("from any peer");
	assert_int_equal(hs_events_poll(), 1);
	assert_int_equal(hs.event[0].type, XV_EVENT_LEARN);
	assert_int_equal(hs.event[0].kind, XV_FDB_PEER);
	assert_int_equal(hs.event[0].dst, 0);
	assert_int_equal(hs.event[0].remote.b[15], 77);
	assert_memory_equal(hs.event[0].key.mac, mac_unknown(7), 6);
	lab_world(&world);
}

/* A tag inside, where the network carries tags: the port's own goes around it. */
static void test_inner_tag(void **state)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_RED);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_RED), mac_of_peer(PEER_V4));

	(void)state;
	lab_attach(REF_XDP);
	inner.tpid = T_VLAN;
	inner.tci = 0x2005;
	frame_tunnel(&wire, &outer, &inner);
	want.len = 0;
	frame_inner(&want, &inner);
	begin();
	lab_send(LAB_WIRE, &wire);
	arrives_tagged(20, "tag in tag");
	count_add(&counts.path[XV_PATH_XDP_PASS], 1, wire.len);
	count_add(&counts.path[XV_PATH_TC_PASS], 1, wire.len);
	count_add(&counts.path[XV_PATH_SLOW_RX], 1, want.len);
	count_add(&counts.net[BD_RED].rx_unicast, 1, want.len);
	count_add(&counts.peer[PEER_V4].rx, 1, want.len);
	count_add(&counts.port[PORT_RED].tx, 1, want.len);
	end("tag in tag");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unicast),		 cmocka_unit_test(test_passed),
		cmocka_unit_test(test_fragments),	 cmocka_unit_test(test_flood_rx),
		cmocka_unit_test(test_flood_tx),	 cmocka_unit_test(test_unicast_tx),
		cmocka_unit_test(test_udp6_checksum_tx), cmocka_unit_test(test_any_peer),
		cmocka_unit_test(test_inner_tag),
	};
	int failed;

	if (hs_open())
		return 0;
	lab_open();
	lab_world(&world);
	lab_attach(REF_XDP);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_close();
	return failed ? 1 : 0;
}
