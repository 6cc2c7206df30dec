// SPDX-License-Identifier: GPL-2.0-only
/*
 * DF and identification of outer IPv4 packets: as configured and as the inner packet says, with
 * right checksums; identifications that do not come again too soon, whichever CPU takes them.
 */
#include <string.h>

#include "harness_ref.h"

static struct world world;
static struct frame frame;
static struct run run;

enum {
	ID = 18,
	FRAG = 20,
	INNER_FRAG = 20,
};

static struct bpf_program *tenant_programs(int i)
{
	return i ? hs.skel->progs.xv_port_encap : hs.skel->progs.xv_encap;
}

/* What a CPU has left of a block was taken from another counter: it takes a new one. */
static void install(__u32 df)
{
	world_default(&world);
	world.df = df;
	world_install(&world);
}

/* One frame to the IPv4 peer, by TC or by XDP; what leaves is left in run. */
static void send(int xdp)
{
	if (xdp) {
		assert_int_equal(hs_run_xdp_of(tenant_programs(1), &frame, 0, &run), 0);
		assert_int_equal(run.retval, XDP_REDIRECT);
	} else {
		assert_int_equal(hs_run_tc(tenant_programs(0), &frame, NULL, &run), 0);
		assert_int_equal(run.retval, ACT_REDIRECT);
	}
	assert_int_equal(sum16(run.out.b + 14, 20, 0), 0xffff);
}

static void make(__u16 type, __u16 frag)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));

	inner.type = type;
	frame.len = 0;
	frame_inner(&frame, &inner);
	if (type != T_IP)
		return;
	frame_set16(&frame, INNER_FRAG, frag);
	frame_fix_ip4(&frame, 14);
}

static __u32 shared(void)
{
	struct xv_adj_val adj;
	__u32 id = PEER_V4;

	assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(hs.skel->maps.xv_adj), &id, &adj), 0);
	return adj.ip_id;
}

struct df_case {
	__u32 df;
	__u16 type, frag;
	int set;
};

static void test_df(void **state)
{
	static const struct df_case cases[] = {
		{0, T_IP, 0, 1},
		{0, T_IPV6, 0, 1},
		{XV_ADJ_DF_UNSET, T_IP, 0x4000, 0},
		{XV_ADJ_DF_UNSET, T_IPV6, 0, 0},
		{XV_ADJ_DF_INHERIT, T_IP, 0x4000, 1},
		{XV_ADJ_DF_INHERIT, T_IP, 0, 0},
		{XV_ADJ_DF_INHERIT, T_IP, 0x2000, 0},
		{XV_ADJ_DF_INHERIT, T_IPV6, 0, 1},
	};
	size_t i;
	int xdp;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++)
		for (xdp = 0; xdp < 2; xdp++) {
			install(cases[i].df);
			make(cases[i].type, cases[i].frag);
			send(xdp);
			assert_int_equal(frame_get16(&run.out, FRAG), cases[i].set ? 0x4000 : 0);
			assert_int_equal(frame_get16(&run.out, ID), 0);
			assert_int_equal(shared(), cases[i].set ? 0 : XV_IP_ID_BLOCK);
			send(xdp);
			assert_int_equal(frame_get16(&run.out, ID), !cases[i].set);
		}
}

/* All 65,536 come once, in a row, over both programs; the shared counter moves once a block. */
static void test_sequence(void **state)
{
	__u32 i;

	(void)state;
	install(XV_ADJ_DF_UNSET);
	make(T_IP, 0);
	for (i = 0; i < 65536 + 10; i++) {
		send(i & 1);
		assert_int_equal(frame_get16(&run.out, ID), i & 0xffff);
		assert_int_equal(shared(), (i / XV_IP_ID_BLOCK + 1) * XV_IP_ID_BLOCK);
	}
}

/* Another CPU takes so many blocks meanwhile: what is left of this one's is used, or given up. */
static void other_cpu(__u32 taken, __u32 want)
{
	struct xv_adj_val adj;
	__u32 id = PEER_V4;
	int fd = bpf_map__fd(hs.skel->maps.xv_adj);

	install(XV_ADJ_DF_UNSET);
	make(T_IP, 0);
	send(0);
	assert_int_equal(frame_get16(&run.out, ID), 0);
	assert_int_equal(bpf_map_lookup_elem(fd, &id, &adj), 0);
	adj.ip_id += taken;
	assert_int_equal(bpf_map_update_elem(fd, &id, &adj, 0), 0);
	send(0);
	assert_int_equal(frame_get16(&run.out, ID), want & 0xffff);
}

static void test_other_cpu(void **state)
{
	(void)state;
	other_cpu(XV_IP_ID_BLOCK, 1);
	other_cpu(XV_IP_ID_STALE - XV_IP_ID_BLOCK, 1);
	other_cpu(XV_IP_ID_STALE, XV_IP_ID_STALE + XV_IP_ID_BLOCK);
	other_cpu(65536, 65536 + XV_IP_ID_BLOCK); /* the same 16 bits, and yet another block */
	other_cpu(1u << 31, (1u << 31) + XV_IP_ID_BLOCK);
}

/* Larger than the egress MTU: without DF the kernel's to fragment, with it too large. */
static void large(__u32 df, __u16 frag, int fits)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));
	static struct ref ref;

	install(df);
	inner.payload = 1523;
	frame.len = 0;
	frame_inner(&frame, &inner);
	frame_set16(&frame, INNER_FRAG, frag);
	frame_fix_ip4(&frame, 14);
	assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, "larger than the MTU"), 0);
	assert_int_equal(ref_verdict(&ref), fits ? XV_PATH_ENCAP_SLOW : VERDICT_DROP(PKT_TOO_BIG));
}

static void test_large(void **state)
{
	(void)state;
	large(0, 0, 0);
	large(XV_ADJ_DF_UNSET, 0x4000, 1);
	large(XV_ADJ_DF_INHERIT, 0x4000, 0);
	large(XV_ADJ_DF_INHERIT, 0, 1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_df),
		cmocka_unit_test(test_sequence),
		cmocka_unit_test(test_other_cpu),
		cmocka_unit_test(test_large),
	};

	return hs_main("df", tests, ARRAY_SIZE(tests));
}
