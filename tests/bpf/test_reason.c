// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every drop reason of headers/xv_reasons.h, in every program that has it: one frame, one drop of
 * exactly its bytes, nothing else counted, nothing sent, and the frame noted as the one that was
 * dropped last. The suite fails if a reason has no case.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness_lab.h"
#include "harness_last.h"
#include "harness_ref_table.h"

static struct world world; /* of the running case; the default one again before each */
static struct frame frame;
static struct ref ref;

/* A frame from the wire to be spoilt: where its parts are, in the order of the packet. */
enum {
	OUTER_IP = 14,
	OUTER_UDP = 34,
	VXLAN = 42,
	INNER = 50,
};

static void good_wire(__u32 port, __u32 payload)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(port), mac_of_peer(PEER_V4));

	inner.payload = payload;
	frame_tunnel(&frame, &outer, &inner);
}

static void good_tenant(const __u8 *dst, __u32 payload)
{
	struct inner_spec inner = inner_udp(dst, mac_of_port(PORT_XDP));

	inner.payload = payload;
	frame.len = 0;
	frame_inner(&frame, &inner);
}

/* How a good frame is spoilt. Each leaves it, or the world, wrong in one thing alone. */
static void invalid_header(void)
{
	frame.b[VXLAN] = 0x0c;
}

static void no_such_vni(void)
{
	frame.b[VXLAN + 6] = 99;
}

static void no_such_peer(void)
{
	frame.b[OUTER_IP + 15] = 77;
	frame_fix_ip4(&frame, OUTER_IP);
}

static void too_small(void)
{
	frame.len--;
}

static void bad_checksum(void)
{
	frame.b[OUTER_IP + 10] ^= 0x80;
}

static void wire_source_multicast(void)
{
	frame.b[INNER + 6] |= 1;
}

static void wire_source_zero(void)
{
	memset(frame.b + INNER + 6, 0, 6);
}

static void wire_source_static(void)
{
	memcpy(frame.b + INNER + 6, mac_static_port(), 6);
}

static void outer_ce(void)
{
	frame.b[OUTER_IP + 1] = 3;
	frame_fix_ip4(&frame, OUTER_IP);
}

static void wire_tag(void)
{
	frame_set16(&frame, INNER + 12, T_VLAN);
}

static void to_another_peer(void)
{
	memcpy(frame.b + INNER, mac_of_peer(PEER_V6), 6);
}

static void to_port_down(void)
{
	memcpy(frame.b + INNER, mac_of_port(PORT_DOWN), 6);
}

static void to_other_network(void)
{
	memcpy(frame.b + INNER, mac_of_other_net(), 6);
}

static void wire_to_bridge(void)
{
	memcpy(frame.b + INNER, (const __u8[]){0x01, 0x80, 0xc2, 0, 0, 0x0e}, 6);
}

/* To a port whose MTU is too small to be told of: there is no answer. */
static void too_big(void)
{
	good_wire(PORT_SMALL, 77);
}

static void net_gone(void)
{
	world.net[BD_BLUE].flags = 0;
}

static void not_configured(void)
{
	world.configured = 0;
}

static void source_multicast(void)
{
	frame.b[6] |= 1;
}

static void source_static(void)
{
	memcpy(frame.b + 6, mac_static_peer(), 6);
}

static void tag(void)
{
	static struct frame bare;

	frame_copy(&bare, &frame);
	frame_tagged(&frame, &bare, T_VLAN, 5);
}

static void to_bridge(void)
{
	memcpy(frame.b, (const __u8[]){0x01, 0x80, 0xc2, 0, 0, 0x00}, 6);
}

static void to_lldp(void)
{
	memcpy(frame.b, (const __u8[]){0x01, 0x80, 0xc2, 0, 0, 0x0f}, 6);
}

/* From a port of a network that carries tags to an untagged port of it, whose VLAN 5 is another. */
static void to_other_vlan(void)
{
	world_key_set(&world, 1, 0, PORT_RED);
	world_key_set(&world, world.port[PORT_STACK].ifindex, 5, PORT_VLAN);
	world.port[PORT_STACK].bd = BD_RED;
	world_fdb_add(&world, BD_RED, mac_of_port(PORT_STACK), XV_FDB_PORT, PORT_STACK);
	memcpy(frame.b, mac_of_port(PORT_STACK), 6);
	memcpy(frame.b + 6, mac_of_port(PORT_RED), 6);
	tag();
}

/* The same behind a priority tag. */
static void to_other_vlan_behind(void)
{
	static struct frame bare;

	to_other_vlan();
	frame_copy(&bare, &frame);
	frame_tagged(&frame, &bare, T_VLAN, 0);
}

/* The VLAN is that of a device of the kernel's over the port. */
static void to_vlan_device(void)
{
	to_other_vlan();
	world.key[world.keys - 1].port = 0;
}

static void to_service_vlan_device(void)
{
	to_vlan_device();
	world.key[world.keys - 1].proto = T_QINQ;
	frame_set16(&frame, 12, T_QINQ);
}

/* The same from the wire: the network's VNI, and a tag inside. */
static void wire_to_other_vlan(void)
{
	static struct frame bare, tagged;
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_RED);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_STACK), mac_of_peer(PEER_V4));

	to_other_vlan();
	bare.len = frame.len = 0;
	frame_inner(&bare, &inner);
	frame_tagged(&tagged, &bare, T_VLAN, 5);
	frame_outer(&frame, &outer, tagged.len);
	frame_put(&frame, tagged.b, tagged.len);
}

static void group_of_loop(void)
{
	world.port[PORT_XDP].flags |= XV_PORT_LOOP;
	memset(frame.b, 0xff, 6);
}

/* To a MAC that nobody knows, from one that would be learned: it is not, and is no event. */
static void unknown_of_loop(void)
{
	world.net[BD_BLUE].flags |= XV_BD_LEARN;
	group_of_loop();
	memcpy(frame.b, mac_unknown(1), 6);
	memcpy(frame.b + 6, mac_unknown(2), 6);
}

static void to_itself(void)
{
	memcpy(frame.b, mac_of_port(PORT_XDP), 6);
}

static void to_a_port_down(void)
{
	memcpy(frame.b, mac_of_port(PORT_DOWN), 6);
}

static void to_nothing(void)
{
	memcpy(frame.b, mac_to_nothing(), 6);
}

static void too_big_local(void)
{
	good_tenant(mac_of_port(PORT_SMALL), 77);
}

static void to_nowhere(void)
{
	memcpy(frame.b, mac_of_peer(PEER_NOWHERE), 6);
}

/* Not IP, which the slow path carries. */
static void no_slow_path(void)
{
	frame_set16(&frame, 12, 0x88b5);
	world.slow_ifindex = 0;
}

/* ... and the daemon does not know yet, or does not run. */
static void slow_path_deleted(void)
{
	no_slow_path();
	world.slow_ifindex = INT_MAX;
}

/* Where a case runs, and how it is judged. */
struct reason_case;
typedef void (*run_fn)(const struct reason_case *c);

struct reason_case {
	int reason;
	const char *program;
	run_fn run;
	void (*spoil)(void);
};

static const char *label(const struct reason_case *c)
{
	static char text[96];

	snprintf(text, sizeof(text), "%s: %s", c->program, drop_name(c->reason));
	return text;
}

static void run_decap(const struct reason_case *c, enum ref_hook hook)
{
	good_wire(PORT_XDP, 100);
	c->spoil();
	world_install(&world);
	assert_int_equal(ref_run_decap(&world, &frame, 0, hook, &ref, label(c)), 0);
	assert_int_equal(ref.reason, c->reason);
	assert_int_equal(ref.counts.drop[c->reason].packets, 1);
}

static void xdp(const struct reason_case *c)
{
	run_decap(c, REF_XDP);
}

static void tc(const struct reason_case *c)
{
	run_decap(c, REF_TC);
}

static void encap(const struct reason_case *c)
{
	good_tenant(mac_of_peer(PEER_V4), 100);
	c->spoil();
	world_install(&world);
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, label(c)), 0);
	assert_int_equal(ref.reason, c->reason);
	assert_int_equal(ref.counts.drop[c->reason].packets, 1);
}

/* Sends the frame; exactly one drop of bytes bytes must be all that happens. */
static void expect_drop(const struct reason_case *c, enum lab_dev dev, __u32 bytes)
{
	static struct counts before, counts;

	world_install(&world);
	memset(&counts, 0, sizeof(counts));
	assert_int_equal(lab_silent(), 0);
	counts_read(&before);
	lab_send(dev, &frame);
	count_add(&counts.drop[c->reason], 1, bytes);
	assert_int_equal(lab_counts(&before, &counts, label(c)), 0);
	assert_int_equal(lab_silent(), 0);
}

/* Through the vxlan device, as nothing else is on the wire. */
static void slow(const struct reason_case *c)
{
	lab_xdp(NULL);
	lab_tc(lab.ifindex[LAB_WIRE], NULL);
	good_wire(PORT_XDP, 100);
	c->spoil();
	expect_drop(c, LAB_WIRE, frame.len - INNER);
}

static void other_local(void)
{
	frame.b[OUTER_IP + 19] = 99; /* 192.0.2.99, which the host has, but the VTEP not */
	frame_fix_ip4(&frame, OUTER_IP);
}

/* BPF_PROG_TEST_RUN gives no tunnel key, which no frame of a vxlan device lacks. */
static void no_tunnel_key(const struct reason_case *c)
{
	static struct counts counts, want;
	static struct run run;

	good_tenant(mac_of_port(PORT_XDP), 100);
	world_install(&world);
	counts_read(&counts);
	assert_int_equal(hs_run_tc(hs.skel->progs.xv_slow_rx, &frame, NULL, &run), 0);
	counts_since(&counts);
	assert_int_equal(run.retval, ACT_SHOT);
	memset(&want, 0, sizeof(want));
	count_add(&want.drop[c->reason], 1, frame.len);
	assert_int_equal(counts_check(&counts, &want, label(c)), 0);
}

/*
 * The kernel cannot take the tag of a trunk's VLAN off a frame that ends in the middle of a second
 * one: the one failure of its packet helpers that a sender can bring about.
 */
static void half_tag(const struct reason_case *c)
{
	lab_attach(REF_XDP);
	good_tenant(mac_of_peer(PEER_V4), 0);
	frame.len = 12;
	frame_put16(&frame, T_VLAN);
	frame_put16(&frame, 10);
	frame_put16(&frame, T_VLAN);
	frame_put16(&frame, 5);
	expect_drop(c, LAB_TRUNK, 20);
}

#define WIRE(reason, spoil)                                \
	{XV_DROP_##reason, "xv_decap", xdp, spoil},        \
	{                                                  \
		XV_DROP_##reason, "xv_decap_tc", tc, spoil \
	}
#define ALL_WIRE(reason, spoil)                             \
	WIRE(reason, spoil),                                \
	{                                                   \
		XV_DROP_##reason, "xv_slow_rx", slow, spoil \
	}
#define SLOW(reason, spoil)                                 \
	{                                                   \
		XV_DROP_##reason, "xv_slow_rx", slow, spoil \
	}
#define TENANT(reason, spoil)                              \
	{                                                  \
		XV_DROP_##reason, "xv_encap", encap, spoil \
	}

static const struct reason_case cases[] = {
	WIRE(VXLAN_INVALID_HDR, invalid_header),
	ALL_WIRE(VXLAN_VNI_NOT_FOUND, no_such_vni),
	ALL_WIRE(VXLAN_VNI_NOT_FOUND, net_gone),
	ALL_WIRE(UNKNOWN_PEER, no_such_peer),
	WIRE(PKT_TOO_SMALL, too_small),
	WIRE(IP_CSUM, bad_checksum),
	ALL_WIRE(MAC_INVALID_SOURCE, wire_source_multicast),
	ALL_WIRE(MAC_INVALID_SOURCE, wire_source_zero),
	ALL_WIRE(VXLAN_ENTRY_EXISTS, wire_source_static),
	WIRE(IP_TUNNEL_ECN, outer_ce),
	ALL_WIRE(INNER_VLAN, wire_tag),
	ALL_WIRE(SPLIT_HORIZON, to_another_peer),
	SLOW(PKT_TOO_BIG, too_big),
	ALL_WIRE(PORT_DOWN, to_port_down),
	ALL_WIRE(PORT_DOWN, to_other_network),
	SLOW(RESERVED_MAC, wire_to_bridge),
	SLOW(NOT_CONFIGURED, not_configured),
	SLOW(WRONG_LOCAL, other_local),
	{XV_DROP_TUNNEL_TXINFO, "xv_slow_rx", no_tunnel_key, NULL},
	TENANT(NOT_CONFIGURED, not_configured),
	TENANT(NOT_CONFIGURED, net_gone),
	TENANT(MAC_INVALID_SOURCE, source_multicast),
	TENANT(VXLAN_ENTRY_EXISTS, source_static),
	TENANT(INNER_VLAN, tag),
	TENANT(RESERVED_MAC, to_bridge),
	TENANT(RESERVED_MAC, to_lldp),
	TENANT(SAME_PORT, to_itself),
	TENANT(PORT_DOWN, to_a_port_down),
	TENANT(PORT_DOWN, to_nothing),
	TENANT(PKT_TOO_BIG, too_big_local),
	TENANT(LOOP, group_of_loop),
	TENANT(LOOP, unknown_of_loop),
	TENANT(VLAN_HOP, to_other_vlan),
	TENANT(VLAN_HOP, to_other_vlan_behind),
	TENANT(VLAN_HOP, to_vlan_device),
	TENANT(VLAN_HOP, to_service_vlan_device),
	SLOW(VLAN_HOP, wire_to_other_vlan),
	TENANT(SLOW_PATH_GONE, slow_path_deleted),
	TENANT(SLOW_PATH_GONE, no_slow_path),
	TENANT(VXLAN_NO_REMOTE, to_nowhere),
	{XV_DROP_NO_MEMORY, "xv_encap", half_tag, NULL},
};

static int is_tagged_inside(const struct reason_case *c)
{
	return c->reason == XV_DROP_INNER_VLAN || c->reason == XV_DROP_VLAN_HOP;
}

static void inner_untag(void)
{
	frame.len -= 4;
	memmove(frame.b + INNER + 12, frame.b + INNER + 16, frame.len - INNER - 12);
}

/* Whether the destination is looked up before such a frame is dropped, and is one station. */
static int knows_destination(int reason)
{
	switch (reason) {
	case XV_DROP_VXLAN_ENTRY_EXISTS:
	case XV_DROP_IP_TUNNEL_ECN:
	case XV_DROP_SPLIT_HORIZON:
	case XV_DROP_SAME_PORT:
	case XV_DROP_PKT_TOO_BIG:
	case XV_DROP_PORT_DOWN:
	case XV_DROP_VXLAN_NO_REMOTE:
	case XV_DROP_VLAN_HOP:
	case XV_DROP_SLOW_PATH_GONE:
		return 1;
	default:
		return 0;
	}
}

/* Frames whose destination is known name it. */
static void check_to(const struct reason_case *c, const struct xv_drop_last_val *last)
{
	const struct world_fdb *to;

	if (!knows_destination(c->reason)) {
		assert_int_equal(last->to_kind, XV_FDB_NONE);
		assert_int_equal(last->to, 0);
		return;
	}
	to = fdb_find(&world, c->reason == XV_DROP_VLAN_HOP ? BD_RED : BD_BLUE,
		      frame.b + (c->run == encap ? 0 : INNER));
	assert_non_null(to);
	assert_int_equal(last->to_kind, to->kind);
	assert_int_equal(last->to, to->dst);
}

static void check_last(const struct reason_case *c)
{
	struct xv_drop_last_val last = last_of(hs.skel, c->reason);
	__u32 ifindex = 1;

	if (c->run == xdp || c->run == tc) {
		assert_int_equal(last_check(&last, XV_DROP_FROM_WIRE, &frame, 0, label(c)), 0);
	} else if (c->run == encap) {
		assert_int_equal(last_check(&last, XV_DROP_FROM_PORT, &frame, 0, label(c)), 0);
	} else if (c->run == no_tunnel_key) {
		assert_int_equal(last_check(&last, XV_DROP_FROM_SLOW, &frame, 0, label(c)), 0);
		assert_int_equal(last.remote.q[0] | last.remote.q[1] | last.vni, 0);
	} else if (c->run == slow) {
		if (is_tagged_inside(c)) /* the kernel takes it off */
			inner_untag();
		assert_int_equal(last_check(&last, XV_DROP_FROM_SLOW, &frame, INNER, label(c)), 0);
		assert_int_equal(!!last.vlan, is_tagged_inside(c));
		assert_memory_equal(&last.remote.w[3], frame.b + OUTER_IP + 12, 4);
		assert_int_equal(last.vni, frame_get16(&frame, VXLAN + 5));
		ifindex = lab.slow_ifindex;
	} else {
		return; /* of a second object, or a frame whose head is half a tag */
	}
	assert_int_equal(last.ifindex, ifindex);
	check_to(c, &last);
}

static void test_case(void **state)
{
	const struct reason_case *c = *state;

	lab_world(&world);
	world_key_set(&world, 1, 0, PORT_XDP); /* BPF_PROG_TEST_RUN's frames come from lo */
	last_clear(hs.skel);
	c->run(c);
	check_last(c);
}

/* Reasons without a case among the first n. */
static int missing(size_t n, int tell)
{
	int reason, left = 0;
	size_t i;

	for (reason = 0; reason < XV_DROP_MAX; reason++) {
		for (i = 0; i < n && cases[i].reason != reason; i++)
			;
		if (i == n && tell)
			hs_note("no case for %s", drop_name(reason));
		left += i == n;
	}
	return left;
}

static void test_complete(void **state)
{
	(void)state;
	assert_int_equal(missing(ARRAY_SIZE(cases), 1), 0);
	/* and it would tell: the last two are the only ones of their reasons */
	assert_int_equal(missing(ARRAY_SIZE(cases) - 1, 0), 1);
	assert_int_equal(missing(ARRAY_SIZE(cases) - 2, 0), 2);
	assert_int_equal(missing(0, 0), XV_DROP_MAX);
	/* one reason more changes no map's size, so that the next version adopts them */
	assert_int_equal(bpf_map__max_entries(hs.skel->maps.xv_drop_last), XV_STATS_DROPS);
	assert_true((int)XV_DROP_MAX < (int)XV_STATS_DROPS);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){strdup(label(&cases[i])), test_case, NULL, NULL,
					       (void *)&cases[i]};
	tests[i] = (struct CMUnitTest)cmocka_unit_test(test_complete);
	if (hs_open())
		return 0;
	lab_open();
	lab_inside("ip addr add 192.0.2.99/24 dev u0");
	lab_world(&world);
	lab_attach(REF_XDP);
	i = _cmocka_run_group_tests("reason", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
