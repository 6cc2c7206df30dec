// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames through real devices from the wire: XDP redirect, xv_decap_tc behind XDP and alone; tags
 * taken off and put on; each frame arrives once, at the right port, and nowhere else.
 */
#include <bpf/bpf_endian.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "harness_lab.h"

enum {
	TAKEN_OFF = 1, /* for a tpid: the NIC took the tag off, it stands beside the frame */
	OUTER_VID = WORLD_VLAN_Q,
};

static struct world world;

struct wire_case {
	const char *name;
	__u32 peer, bd, port;
	__u16 type, tpid; /* tpid: of an outer tag, or TAKEN_OFF */
	__u8 proto;
	enum lab_dev to;
	__u16 vlan; /* tag that the receiver sees */
	int xdp_path;
};

static const struct wire_case cases[] = {
	{"redirect, v4", PEER_V4, BD_BLUE, PORT_XDP, T_IP, 0, P_UDP, LAB_T1, 0,
	 XV_PATH_XDP_REDIRECT},
	{"redirect, v6", PEER_V6, BD_BLUE, PORT_XDP, T_IPV6, 0, P_UDP, LAB_T1, 0,
	 XV_PATH_XDP_REDIRECT},
	{"redirect, outer tag", PEER_V4, BD_BLUE, PORT_XDP, T_IP, T_VLAN, P_UDP, LAB_T1, 0,
	 XV_PATH_XDP_REDIRECT},
	{"stack, v4", PEER_V4, BD_BLUE, PORT_STACK, T_IP, 0, P_UDP, LAB_T2, 0, XV_PATH_TC_DECAP},
	{"stack, IPv6 inside v4", PEER_V4, BD_BLUE, PORT_STACK, T_IPV6, 0, P_TCP, LAB_T2, 0,
	 XV_PATH_TC_DECAP},
	{"stack, v6, ARP", PEER_V6, BD_BLUE, PORT_STACK, T_ARP, 0, 0, LAB_T2, 0, XV_PATH_TC_DECAP},
	{"stack, outer tag", PEER_V6, BD_BLUE, PORT_STACK, T_IP, T_VLAN, P_UDP, LAB_T2, 0,
	 XV_PATH_TC_DECAP},
	{"stack, outer tag taken off", PEER_V4, BD_BLUE, PORT_STACK, T_IPV6, TAKEN_OFF, P_UDP,
	 LAB_T2, 0, XV_PATH_TC_DECAP},
	{"VLAN 10", PEER_V4, BD_BLUE, PORT_VLAN, T_IP, 0, P_UDP, LAB_TRUNK, 10,
	 XV_PATH_XDP_REDIRECT},
	{"VLAN 10, outer tag taken off", PEER_V4, BD_BLUE, PORT_VLAN, T_IP, TAKEN_OFF, P_UDP,
	 LAB_TRUNK, 10, XV_PATH_XDP_REDIRECT},
	{"VLAN 20, another network", PEER_V6, BD_RED, PORT_RED, T_IPV6, 0, P_UDP, LAB_TRUNK, 20,
	 XV_PATH_XDP_REDIRECT},
};

static void build(const struct wire_case *c, struct frame *wire, struct frame *want)
{
	struct outer_spec outer = outer_from(&world, c->peer, c->bd);
	struct inner_spec inner = inner_udp(mac_of_port(c->port), mac_of_peer(c->peer));

	inner.type = c->type;
	inner.proto = c->proto;
	outer.tpid = c->tpid == TAKEN_OFF ? 0 : c->tpid;
	outer.tci = OUTER_VID;
	frame_tunnel(wire, &outer, &inner);
	want->len = 0;
	inner.tpid = c->vlan ? T_VLAN : 0;
	inner.tci = c->vlan;
	frame_inner(want, &inner);
}

static int tag_program(void)
{
	/* bpf_skb_vlan_push(skb, htons(ETH_P_8021Q), OUTER_VID); return TC_ACT_OK; */
	const struct bpf_insn insns[] = {
		{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, bpf_htons(T_VLAN)},
		{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_3, 0, 0, OUTER_VID},
		{BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_skb_vlan_push},
		{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0},
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "tag", "GPL", insns, ARRAY_SIZE(insns), NULL);
}

/* Sends a frame whose tag a veth hands over beside it, as a NIC does that takes tags off. */
static void send_taken_off(const struct frame *f)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1, .prog_fd = tag_program());

	assert_true(opts.prog_fd >= 0);
	assert_int_equal(setns(lab.outside, CLONE_NEWNET), 0);
	hook.ifindex = if_nametoindex("u1");
	assert_int_equal(bpf_tc_hook_create(&hook), 0);
	assert_int_equal(bpf_tc_attach(&hook, &opts), 0);
	lab_send(LAB_WIRE, f);
	hook.attach_point = BPF_TC_INGRESS | BPF_TC_EGRESS;
	assert_int_equal(bpf_tc_hook_destroy(&hook), 0);
	assert_int_equal(setns(hs.netns, CLONE_NEWNET), 0);
	close(opts.prog_fd);
}

/* As the port sees it, and as the counters do: inner frame without tags. */
/* passed: XDP has passed it before. */
static void expect(const struct wire_case *c, int path, int passed)
{
	static struct frame wire, want, got;
	struct counts before, counts = {};
	__u32 n;

	build(c, &wire, &want);
	n = want.len - (c->vlan ? 4 : 0);
	assert_int_equal(lab_silent(), 0);
	counts_read(&before);
	if (c->tpid == TAKEN_OFF)
		send_taken_off(&wire);
	else
		lab_send(LAB_WIRE, &wire);
	assert_int_equal(lab_recv(c->to, &got), 0);
	assert_int_equal(frame_check(&got, &want, c->name), 0);
	count_add(&counts.path[path], 1, n);
	if (passed)
		count_add(&counts.path[XV_PATH_XDP_PASS], 1, wire.len);
	count_add(&counts.net[c->bd].rx_unicast, 1, n);
	count_add(&counts.peer[c->peer].rx, 1, n);
	count_add(&counts.port[c->port].tx, 1, n);
	assert_int_equal(lab_counts(&before, &counts, c->name), 0);
	assert_int_equal(lab_silent(), 0);
}

static void test_xdp(void **state)
{
	const struct wire_case *c = *state;

	lab_attach(REF_XDP);
	expect(c, c->xdp_path, c->xdp_path == XV_PATH_TC_DECAP);
}

static void test_tc(void **state)
{
	const struct wire_case *c = *state;

	lab_attach(REF_TC);
	expect(c, XV_PATH_TC_DECAP, 0);
}

static void test_generic(void **state)
{
	const struct wire_case *c = *state;

	lab_attach(REF_XDP_SKB);
	expect(c, XV_PATH_TC_DECAP, 1);
}

/* In another VLAN than the host's: the kernel's, tag in the frame or beside it. */
static void test_foreign(void **state)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_STACK), mac_of_peer(PEER_V4));
	static const enum ref_hook hooks[] = {REF_XDP, REF_TC, REF_XDP_SKB};
	static struct frame f;
	struct counts before, after;
	size_t i;

	(void)state;
	outer.tpid = T_VLAN;
	outer.tci = OUTER_VID + 1;
	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		frame_tunnel(&f, &outer, &inner);
		lab_attach(hooks[i]);
		counts_read(&before);
		lab_send(LAB_WIRE, &f);
		assert_int_equal(lab_silent(), 0);
		counts_read(&after);
		assert_int_equal(after.path[XV_PATH_TC_PASS].packets,
				 before.path[XV_PATH_TC_PASS].packets + 1);
	}
}

/* An order of frames to one port stays one, whichever way it takes. */
static void test_order(void **state)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_STACK), mac_of_peer(PEER_V4));
	static struct frame f;
	int i;

	(void)state;
	lab_attach(REF_XDP);
	for (i = 0; i < 100; i++) {
		inner.sport = 100 + i;
		frame_tunnel(&f, &outer, &inner);
		lab_send(LAB_WIRE, &f);
	}
	for (i = 0; i < 100; i++) {
		assert_int_equal(lab_recv(LAB_T2, &f), 0);
		assert_int_equal(frame_get16(&f, 34), 100 + i);
	}
	assert_int_equal(lab_silent(), 0);
}

/*
 * The lab itself: without programs nothing arrives, a second frame is found, and the checks
 * say so.
 */
static void test_control(void **state)
{
	static struct frame wire, want, got;
	static struct counts before, counts;

	(void)state;
	build(&cases[0], &wire, &want);
	lab_xdp(NULL);
	lab_tc(lab.ifindex[LAB_WIRE], NULL);
	lab_tc(lab.slow_ifindex, NULL);
	counts_read(&before);
	lab_send(LAB_WIRE, &wire);
	assert_int_equal(lab_recv_fd(lab.fd[LAB_T1], &got, 200), -1);
	harness_quiet = 1;
	counts.path[XV_PATH_XDP_REDIRECT].packets = 1;
	assert_int_equal(lab_counts(&before, &counts, "none came"), -1);
	lab_attach(REF_XDP);
	lab_send(LAB_WIRE, &wire);
	assert_int_equal(lab_recv(LAB_T1, &got), 0);
	lab_send(LAB_WIRE, &wire);
	lab_counts(&before, &counts, "until it must have come");
	assert_int_equal(lab_silent(), -1);
	harness_quiet = 0;
}

int main(void)
{
	static struct CMUnitTest tests[3 * ARRAY_SIZE(cases) + 3];
	static const CMUnitTestFunction functions[] = {test_xdp, test_tc, test_generic};
	size_t i, n = 0;

	for (i = 0; i < 3 * ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){cases[i / 3].name, functions[i % 3], NULL, NULL,
						 (void *)&cases[i / 3]};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_foreign);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_order);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_control);
	if (hs_open())
		return 0;
	lab_open();
	lab_world(&world);
	i = _cmocka_run_group_tests("wire", tests, n, NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
