// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP frames of more than one page (xdp.frags): lengths are those of the whole frame, a port that
 * takes no fragments gets the frame by TC, and what stands in fragments arrives as it
 * was.
 */
#include <string.h>

#include "harness_ref.h"

struct frags_case {
	const char *name;
	__u32 peer, port;
	__u16 type;
	__u8 proto, inner_tos, outer_tos;
	__u32 payload;
	int cut; /* bytes lost at the end */
	int verdict;
};

#define NONE 0, 0

static const struct frags_case cases[] = {
	{"one page", PEER_V4, PORT_JUMBO, T_IP, P_UDP, NONE, 3400, 0, XV_PATH_XDP_REDIRECT},
	{"fragments, port takes none", PEER_V4, PORT_JUMBO, T_IP, P_UDP, NONE, 4400, 0,
	 XV_PATH_XDP_PASS},
	{"fragments, port takes them", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, NONE, 4400, 0,
	 XV_PATH_XDP_REDIRECT},
	{"v6, IPv6 TCP", PEER_V6, PORT_JUMBO_SG, T_IPV6, P_TCP, NONE, 8000, 0,
	 XV_PATH_XDP_REDIRECT},
	{"not IP", PEER_V4, PORT_JUMBO_SG, 0x88b5, 0, NONE, 6000, 0, XV_PATH_XDP_REDIRECT},
	{"as large as the MTU", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, NONE, 8972, 0,
	 XV_PATH_XDP_REDIRECT},
	{"as large as with a tag", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, NONE, 8976, 0,
	 XV_PATH_XDP_REDIRECT},
	{"one byte more", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, NONE, 8977, 0, XV_PATH_XDP_PASS},
	{"three fragments, too big", PEER_V6, PORT_JUMBO, T_IP, P_UDP, NONE, 12000, 0,
	 XV_PATH_XDP_PASS},
	{"port of 1500", PEER_V4, PORT_XDP, T_IP, P_UDP, NONE, 4400, 0, XV_PATH_XDP_PASS},
	{"end lost", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, NONE, 4400, 1,
	 VERDICT_DROP(PKT_TOO_SMALL)},
	{"all fragments lost", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, NONE, 4400, 1400,
	 VERDICT_DROP(PKT_TOO_SMALL)},
	{"marked CE", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, ECN_ECT0, ECN_CE, 8000, 0,
	 XV_PATH_XDP_REDIRECT},
	{"marked CE, through the stack", PEER_V6, PORT_JUMBO, T_IPV6, P_UDP, ECN_ECT1, ECN_CE, 8000,
	 0, XV_PATH_XDP_PASS},
	{"CE, not ECT inside", PEER_V4, PORT_JUMBO_SG, T_IP, P_UDP, ECN_NOT_ECT, ECN_CE, 8000, 0,
	 VERDICT_DROP(IP_TUNNEL_ECN)},
};

static struct world world;

static void test_case(void **state)
{
	const struct frags_case *c = *state;
	struct outer_spec outer = outer_from(&world, c->peer, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(c->port), mac_of_peer(c->peer));
	static struct frame frame;
	static struct ref ref;

	inner.type = c->type;
	inner.proto = c->proto;
	inner.tos = c->inner_tos;
	inner.payload = c->payload;
	outer.tos = c->outer_tos;
	frame_tunnel(&frame, &outer, &inner);
	frame.len -= c->cut;
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_XDP, &ref, c->name), 0);
	if (ref_verdict(&ref) != c->verdict)
		fail_msg("%s: the reference says %s", c->name, verdict_name(ref_verdict(&ref)));
}

/* The linear part ends anywhere from the inner Ethernet header on: stripped all the same. */
static void test_linear(void **state)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_JUMBO_SG), mac_of_peer(PEER_V4));
	static struct frame frame;
	static struct run run;
	static struct ref ref;
	__u32 linear;

	(void)state;
	inner.payload = 6000;
	frame_tunnel(&frame, &outer, &inner);
	if (hs_run_xdp(&frame, 1000, &run) == -22)
		hs_skip("this kernel's BPF_PROG_TEST_RUN cannot choose the linear part");
	for (linear = 50; linear < 3000; linear += linear < 150 ? 1 : 101)
		assert_int_equal(ref_run_decap(&world, &frame, linear, REF_XDP, &ref, "linear"), 0);
	assert_int_equal(ref.path, XV_PATH_XDP_REDIRECT);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases) + 1];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL,
					       (void *)&cases[i]};
	tests[i] = (struct CMUnitTest)cmocka_unit_test(test_linear);
	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	i = _cmocka_run_group_tests("frags", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
