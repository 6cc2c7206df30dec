// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel gives a deleted element of a hash to another key at once, also while a program is
 * about to read its value. What a program then reads belongs to that other key: such a value is put
 * under the key that is looked up, and the frame must not become another network's or peer's.
 */
#include "harness_ref.h"

static struct world world;
static struct frame frame;
static struct run run;

static int set_up(void **state)
{
	(void)state;
	world_default(&world);
	world_install(&world);
	return 0;
}

static void from_wire(__u32 bd, __u32 port, __u32 peer)
{
	struct outer_spec outer = outer_from(&world, peer, bd);
	struct inner_spec inner = inner_udp(mac_of_port(port), mac_unknown(1));

	frame_tunnel(&frame, &outer, &inner);
}

/* What XDP and TC make of the frame: 1, it is forwarded; 0, it is one drop for that reason. */
static void expect(int forwarded, int reason)
{
	static struct counts counts;

	counts_read(&counts);
	assert_int_equal(hs_run_xdp(&frame, 0, &run), 0);
	assert_int_equal(run.retval, forwarded ? XDP_REDIRECT : XDP_DROP);
	assert_int_equal(hs_run_tc(hs.skel->progs.xv_decap_tc, &frame, NULL, &run), 0);
	assert_int_equal(run.retval, forwarded ? ACT_REDIRECT : ACT_SHOT);
	counts_since(&counts);
	assert_int_equal(counts.drop[reason].packets, forwarded ? 0 : 2);
}

static void put(struct bpf_map *map, const void *key, __u32 value)
{
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), key, &value, BPF_EXIST), 0);
}

/* BD_RED and PEER_V6 are those that the world's indexes do not have. */
static void test_network(void **state)
{
	__u32 vni = world.net[BD_RED].vni;

	(void)state;
	from_wire(BD_RED, PORT_RED, PEER_V4);
	expect(1, XV_DROP_VXLAN_VNI_NOT_FOUND);
	put(hs.skel->maps.xv_vni, &vni, BD_BLUE);
	expect(0, XV_DROP_VXLAN_VNI_NOT_FOUND);
	put(hs.skel->maps.xv_vni, &vni, BD_RED);
	expect(1, XV_DROP_VXLAN_VNI_NOT_FOUND);
}

static void test_peer(void **state)
{
	struct xv_ip ip;

	(void)state;
	ip_of_text(world.peer[PEER_V6].ip, &ip);
	from_wire(BD_BLUE, PORT_XDP, PEER_V6);
	expect(1, XV_DROP_UNKNOWN_PEER);
	put(hs.skel->maps.xv_peer, &ip, PEER_V4);
	expect(0, XV_DROP_UNKNOWN_PEER);
	put(hs.skel->maps.xv_peer, &ip, PEER_V6);
	expect(1, XV_DROP_UNKNOWN_PEER);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_network, set_up),
		cmocka_unit_test_setup(test_peer, set_up),
	};

	return hs_main("reuse", tests, ARRAY_SIZE(tests));
}
