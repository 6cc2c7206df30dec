// SPDX-License-Identifier: GPL-2.0-only
/* The two halves of the FDB: the daemon's table first, then what outside programs wrote. */
#include <string.h>

#include "harness_ref.h"

static struct world world;
static struct frame frame;
static struct ref ref;

static void from_wire(const __u8 *dst, const __u8 *src, const char *what)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(dst, src);

	frame_tunnel(&frame, &outer, &inner);
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_XDP, &ref, what), 0);
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_TC, &ref, what), 0);
}

static void from_tenant(const __u8 *dst, const char *what)
{
	struct inner_spec inner = inner_udp(dst, mac_of_port(PORT_XDP));

	frame.len = 0;
	frame_inner(&frame, &inner);
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, what), 0);
}

static void everywhere(int by_map)
{
	world.by_map = by_map;
	world_install(&world);
	from_wire(mac_of_port(PORT_STACK), mac_of_peer(PEER_V4), "to a port");
	assert_int_equal(ref.path, XV_PATH_TC_DECAP);
	from_wire(mac_of_peer(PEER_V6), mac_of_peer(PEER_V4), "to a peer: split horizon");
	assert_int_equal(ref.reason, XV_DROP_SPLIT_HORIZON);
	from_wire(mac_of_port(PORT_STACK), mac_static_port(), "static elsewhere");
	assert_int_equal(ref.reason, XV_DROP_VXLAN_ENTRY_EXISTS);
	from_wire(mac_unknown(1), mac_of_peer(PEER_V4), "to nobody");
	from_tenant(mac_of_peer(PEER_V4), "to a peer");
	assert_int_equal(ref.path, XV_PATH_ENCAP);
	from_tenant(mac_of_port(PORT_TCP), "to a port");
	assert_int_equal(ref.path, XV_PATH_LOCAL);
	from_tenant(mac_unknown(1), "to nobody");
	assert_int_equal(ref.path, XV_PATH_ENCAP_FLOOD);
	world.by_map = 0;
}

static void test_in_table(void **state)
{
	(void)state;
	everywhere(0);
}

static void test_by_map(void **state)
{
	(void)state;
	everywhere(1);
}

static void test_table_first(void **state)
{
	struct xv_fdb_val elsewhere = {
		.kind = XV_FDB_PORT, .dst = PORT_DOWN, .flags = XV_FDB_STATIC};
	struct xv_fdb_key key = {.bd = BD_BLUE};
	const __u8 *macs[] = {mac_of_port(PORT_STACK), mac_of_peer(PEER_V4)};
	int i;

	(void)state;
	world_install(&world);
	for (i = 0; i < 2; i++)
		hs_fdb_put(BD_BLUE, macs[i], elsewhere, 1);
	from_wire(macs[0], macs[1], "another entry by map");
	assert_int_equal(ref.path, XV_PATH_TC_DECAP);
	from_tenant(macs[1], "another entry by map");
	assert_int_equal(ref.path, XV_PATH_ENCAP);
	for (i = 0; i < 2; i++) {
		memcpy(key.mac, macs[i], sizeof(key.mac));
		bpf_map_delete_elem(bpf_map__fd(hs.skel->maps.xv_fdb), &key);
	}
}

/* A sticky entry: its MAC is taken from anywhere, moves nowhere, and is no event. */
static void test_sticky(void **state)
{
	const __u8 *mac = mac_unknown(9);

	(void)state;
	world_fdb_add(&world, BD_LEARN, mac, XV_FDB_PORT, PORT_LEARN)->flags = XV_FDB_STATIC |
									       XV_FDB_STICKY;
	world_fdb_add(&world, BD_BLUE, mac, XV_FDB_PORT, PORT_STACK)->flags = XV_FDB_STATIC |
									      XV_FDB_STICKY;
	world_install(&world);
	from_wire(mac_of_port(PORT_STACK), mac, "sticky elsewhere");
	assert_int_equal(ref.path, XV_PATH_TC_DECAP);
	from_wire(mac_of_port(PORT_XDP), mac, "sticky elsewhere, another port");
	assert_int_equal(ref.events, 0);
	assert_int_equal(hs_fdb_get(BD_BLUE, mac, 0).dst, PORT_STACK);
}

/* Each bit of the mask forwards its address, and no other. */
static void test_link_local(void **state)
{
	__u8 mac[6] = {0x01, 0x80, 0xc2, 0, 0, 0};
	int bit;

	(void)state;
	for (bit = 0; bit < 16; bit++) {
		world.net[BD_BLUE].link_local = 1 << bit;
		world_install(&world);
		mac[5] = bit;
		from_tenant(mac, "forwarded");
		assert_int_equal(ref.path, XV_PATH_ENCAP_FLOOD);
		mac[5] = bit ^ 5;
		from_tenant(mac, "kept");
		assert_int_equal(ref.reason, XV_DROP_RESERVED_MAC);
	}
	world.net[BD_BLUE].link_local = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_table),    cmocka_unit_test(test_by_map),
		cmocka_unit_test(test_table_first), cmocka_unit_test(test_sticky),
		cmocka_unit_test(test_link_local),
	};

	world_default(&world);
	return hs_main("fdb", tests, ARRAY_SIZE(tests));
}
