// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copies for multicast groups: one packet, by the group's device, byte for byte, over IPv4 and
 * IPv6; what is too large, or needs a checksum, leaves through xv0 where the kernel's own route is
 * by the same device, else it is a counted drop. Never anything elsewhere.
 */
#include <limits.h>
#include <string.h>

#include "harness_lab.h"
#include "harness_last.h"

static const __u8 broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const char *const address[2] = {"239.1.1.1", "ff05::101"};

static struct world world;
static struct frame frame, got, want;
static struct ref ref;

enum {
	OVER4 = 0,
	OVER6 = 1,
	FILLS4 = 1522, /* payload that fills the egress MTU: 20 + 16 + 14 + 28 bytes of headers */
	FILLS6 = 1502, /* ... 40 + 16 + 14 + 28 */
};

/* How the copy leaves. */
enum way {
	FAST,	/* with the prebuilt header */
	KERNEL, /* whole, through xv0 */
	CUT,	/* in two fragments, through xv0 */
	NONE,
};

struct group_case {
	const char *name;
	int v6;
	__u16 type;
	__u32 payload;
	__u32 df; /* XV_ADJ_DF_* */
	int route, checksum, gone, no_slow;
	enum way way;
	int reason; /* of NONE */
};

static const struct group_case cases[] = {
	{"IPv4", OVER4, T_IP, 100, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv4, inner IPv6", OVER4, T_IPV6, 100, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv4, ARP", OVER4, T_ARP, 46, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv6", OVER6, T_IP, 100, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv6, inner IPv6", OVER6, T_IPV6, 100, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv6, no IP", OVER6, 0x88b5, 100, 0, 0, 0, 0, 0, FAST, 0},
	{"the kernel's route changes nothing", OVER4, T_IP, 100, 0, 1, 0, 0, 0, FAST, 0},
	{"IPv4, fills the MTU", OVER4, T_IP, FILLS4, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv4, above it", OVER4, T_IP, FILLS4 + 1, 0, 0, 0, 0, 0, NONE, XV_DROP_PKT_TOO_BIG},
	{"IPv4, above it, no DF, another route", OVER4, T_IP, FILLS4 + 1, XV_ADJ_DF_UNSET, 0, 0, 0,
	 0, NONE, XV_DROP_PKT_TOO_BIG},
	{"IPv4, above it, by route", OVER4, T_IP, FILLS4 + 1, XV_ADJ_DF_UNSET, 1, 0, 0, 0, CUT, 0},
	{"IPv4, above it, DF", OVER4, T_IP, FILLS4 + 1, 0, 1, 0, 0, 0, NONE, XV_DROP_PKT_TOO_BIG},
	{"IPv4, above it, xv0 is gone", OVER4, T_IP, FILLS4 + 1, XV_ADJ_DF_UNSET, 1, 0, 0, 1, NONE,
	 XV_DROP_SLOW_PATH_GONE},
	{"IPv6, fills the MTU", OVER6, T_IP, FILLS6, 0, 0, 0, 0, 0, FAST, 0},
	{"IPv6, above it", OVER6, T_IP, FILLS6 + 1, 0, 0, 0, 0, 0, NONE, XV_DROP_PKT_TOO_BIG},
	{"IPv6, above it, by route", OVER6, T_IP, FILLS6 + 1, 0, 1, 0, 0, 0, NONE,
	 XV_DROP_PKT_TOO_BIG},
	{"checksum", OVER6, T_IP, 100, 0, 0, 1, 0, 0, NONE, XV_DROP_VXLAN_NO_REMOTE},
	{"checksum, by route", OVER6, T_IP, 100, 0, 1, 1, 0, 0, KERNEL, 0},
	{"checksum, xv0 is gone", OVER6, T_IP, 100, 0, 1, 1, 0, 1, NONE, XV_DROP_SLOW_PATH_GONE},
	{"checksum does not concern IPv4", OVER4, T_IP, 100, 0, 0, 1, 0, 0, FAST, 0},
	{"IPv4, its device is down", OVER4, T_IP, 100, 0, 0, 0, 1, 0, NONE,
	 XV_DROP_VXLAN_NO_REMOTE},
	{"IPv6, its device is down", OVER6, T_IP, 100, 0, 0, 0, 1, 0, NONE,
	 XV_DROP_VXLAN_NO_REMOTE},
};

static void install(const struct group_case *c)
{
	lab_world(&world);
	world_key_set(&world, 1, 0, PORT_XDP); /* BPF_PROG_TEST_RUN's frames come from lo */
	world.net[BD_BLUE].flags |= XV_BD_ANY_PEER;
	world.df = c->df;
	if (c->checksum)
		world.config_flags |= XV_CONFIG_UDP6_CHECKSUM;
	if (c->no_slow)
		world.slow_ifindex = INT_MAX;
	world.peer[GROUP] = (struct world_peer){address[c->v6], !c->gone, 0, c->route, 0};
	world_flood_add(&world, BD_BLUE, XV_FDB_GROUP, GROUP, address[c->v6]);
	world_install(&world);
	last_clear(hs.skel);
}

static void make(const struct group_case *c, const __u8 *dst)
{
	struct inner_spec inner = inner_udp(dst, mac_of_port(PORT_XDP));

	inner.type = c->type;
	inner.payload = c->payload;
	frame.len = 0;
	frame_inner(&frame, &inner);
}

/* The packet that was got is the frame in the group's prebuilt header. */
static void check_fast(const struct frame *inner, const char *what)
{
	struct outer_spec s = adj_outer(&world, GROUP);
	__u8 tos = frame_get16(inner, 12) == T_IP ? inner->b[15] & 3 : inner->b[15] >> 4 & 3;

	if (frame_get16(inner, 12) == T_IP || frame_get16(inner, 12) == T_IPV6)
		s.tos = tos == ECN_CE ? ECN_ECT0 : tos;
	s.vni = world.net[BD_BLUE].vni;
	s.sport = frame_get16(&got, outer_udp_at(&s));
	assert_true(s.sport >= 49152);
	want.len = 0;
	frame_outer(&want, &s, inner->len);
	frame_put(&want, inner->b, inner->len);
	assert_int_equal(frame_check(&got, &want, what), 0);
}

/* What the kernel makes of it has its own MAC address and source port. */
static void check_kernel(const struct group_case *c)
{
	__u32 outer = c->v6 ? 70 : 50;

	assert_int_equal(got.len, outer + frame.len);
	assert_memory_equal(got.b + outer, frame.b, frame.len);
	assert_int_equal(got.b[0] & 1, 1);
	if (c->checksum)
		assert_int_not_equal(frame_get16(&got, outer - 10), 0);
}

/* Two fragments, the second with the last bytes of the frame. */
static void check_cut(void)
{
	assert_int_equal(frame_get16(&got, 20), 0x2000);
	assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
	assert_int_not_equal(frame_get16(&got, 20) & 0x1fff, 0);
	assert_int_equal(got.b[got.len - 1], frame.b[frame.len - 1]);
}

static void test_case(void **state)
{
	const struct group_case *c = *state;
	struct xv_drop_last_val last;

	install(c);
	make(c, broadcast);
	assert_int_equal(lab_silent(), 0);
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, c->name), 0);
	assert_int_equal(ref.path, XV_PATH_ENCAP_FLOOD);
	assert_int_equal(ref.counts.path[XV_PATH_FLOOD_COPY].packets, c->way != NONE);
	if (c->way != NONE)
		assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
	if (c->way == FAST)
		check_fast(&frame, c->name);
	if (c->way == KERNEL)
		check_kernel(c);
	if (c->way == CUT)
		check_cut();
	if (c->way == NONE) {
		assert_int_equal(ref.counts.drop[c->reason].packets, 1);
		last = last_of(hs.skel, c->reason);
		assert_int_equal(last.to, GROUP);
	}
	assert_int_equal(lab_silent(), 0);
}

/* One tag or two, which the kernel keeps beside the frame, are in the copy. */
static void test_tags(void **state)
{
	static struct frame one, two, *const sent[] = {&one, &two};
	struct group_case c = {.type = T_IP, .payload = 100};
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		c.v6 = i & 1;
		install(&c);
		world.net[BD_BLUE].flags |= XV_BD_INNER_VLAN;
		world_install(&world);
		make(&c, broadcast);
		frame_tagged(&one, &frame, T_VLAN, 0x6005);
		frame_tagged(&two, &one, T_QINQ, 7);
		lab_send(LAB_T1, sent[i / 2]);
		assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
		check_fast(sent[i / 2], "tagged");
		assert_int_equal(lab_silent(), 0);
	}
}

/* To one station that nobody knows: the sender is told what would fit, by the group's adjacency. */
static void test_answer(void **state)
{
	struct group_case c = {.type = T_IP, .payload = FILLS4 + 1};
	static struct counts counts;
	static struct run run;

	(void)state;
	install(&c);
	make(&c, mac_unknown(1));
	counts_read(&counts);
	assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &run), 0);
	counts_since(&counts);
	assert_int_equal(run.retval, ACT_REDIRECT);
	assert_int_equal(counts.path[XV_PATH_TOO_BIG_SENT].packets, 1);
	assert_int_equal(counts.drop[XV_DROP_PKT_TOO_BIG].packets, 1);
	assert_int_equal(run.out.b[34], 3);		   /* ICMP: unreachable, */
	assert_int_equal(run.out.b[35], 4);		   /* fragmentation needed, */
	assert_int_equal(frame_get16(&run.out, 40), 1550); /* MTU */
	assert_int_equal(lab_silent(), 0);
}

/* A frame from the wire is never sent there again. */
static void test_split_horizon(void **state)
{
	struct group_case c = {.type = T_IP, .payload = 100};
	static struct counts before, want_counts;
	__u32 inner_len;
	struct outer_spec outer;
	struct inner_spec inner;

	(void)state;
	install(&c);
	outer = outer_from(&world, PEER_V4, BD_BLUE);
	inner = inner_udp(broadcast, mac_of_peer(PEER_V4));
	frame_tunnel(&frame, &outer, &inner);
	memset(&want_counts, 0, sizeof(want_counts));
	counts_read(&before);
	lab_send(LAB_WIRE, &frame);
	inner_len = frame.len - outer_len(&outer);
	count_add(&want_counts.path[XV_PATH_XDP_PASS], 1, frame.len);
	count_add(&want_counts.path[XV_PATH_TC_PASS], 1, frame.len);
	count_add(&want_counts.path[XV_PATH_SLOW_RX_FLOOD], 1, inner_len);
	count_add(&want_counts.net[BD_BLUE].rx_bum, 1, inner_len);
	count_add(&want_counts.peer[PEER_V4].rx, 1, inner_len);
	assert_int_equal(lab_counts(&before, &want_counts, "from the wire"), 0);
	assert_int_equal(lab_silent(), 0);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 3];
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(test_tags),
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_split_horizon),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL,
					       (void *)&cases[i]};
	memcpy(tests + i, more, sizeof(more));
	if (hs_open())
		return 0;
	lab_open();
	lab_inside("ip route add 239.0.0.0/8 dev u0");
	lab_inside("ip -6 route add multicast ff05::/16 dev u0 table local");
	lab_inside("ip link set u0 mtu 1600");
	lab_world(&world);
	lab_attach(REF_XDP);
	i = _cmocka_run_group_tests("group", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
