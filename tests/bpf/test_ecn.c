// SPDX-License-Identifier: GPL-2.0-only
/*
 * ECN through the tunnel: all sixteen combinations at decapsulation (RFC 6040, figure 4), the four
 * at encapsulation, every family inside and outside, XDP and TC; and checksums stay right for every
 * value of the traffic class.
 */
#include <errno.h>
#include <string.h>

#include "harness_ref.h"

enum {
	DROP = -1,
	OFFSET_INNER = 14,		/* of the IP header in a stripped frame */
	CHECKSUM_COMPLETE_RUN = 1 << 2, /* BPF_F_TEST_SKB_CHECKSUM_COMPLETE, Linux 6.18 */
};

struct combination {
	__u8 inner, outer;
	int after;
};

static const struct combination decap[] = {
	{ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT},
	{ECN_NOT_ECT, ECN_ECT0, ECN_NOT_ECT},
	{ECN_NOT_ECT, ECN_ECT1, ECN_NOT_ECT},
	{ECN_NOT_ECT, ECN_CE, DROP},
	{ECN_ECT0, ECN_NOT_ECT, ECN_ECT0},
	{ECN_ECT0, ECN_ECT0, ECN_ECT0},
	{ECN_ECT0, ECN_ECT1, ECN_ECT1},
	{ECN_ECT0, ECN_CE, ECN_CE},
	{ECN_ECT1, ECN_NOT_ECT, ECN_ECT1},
	{ECN_ECT1, ECN_ECT0, ECN_ECT1},
	{ECN_ECT1, ECN_ECT1, ECN_ECT1},
	{ECN_ECT1, ECN_CE, ECN_CE},
	{ECN_CE, ECN_NOT_ECT, ECN_CE},
	{ECN_CE, ECN_ECT0, ECN_CE},
	{ECN_CE, ECN_ECT1, ECN_CE},
	{ECN_CE, ECN_CE, ECN_CE},
};

/* Inner field to outer field: a copy, but congestion met before the tunnel starts over (as in
 * Linux). */
static const __u8 encap[4] = {
	[ECN_NOT_ECT] = ECN_NOT_ECT,
	[ECN_ECT1] = ECN_ECT1,
	[ECN_ECT0] = ECN_ECT0,
	[ECN_CE] = ECN_ECT0,
};

static struct world world;
static struct ref ref;
static struct frame frame;
static struct run run;

static __u8 class_of(const struct frame *f, __u32 ip)
{
	return f->b[ip] >> 4 == 4 ? f->b[ip + 1] : (frame_get16(f, ip) >> 4 & 0xff);
}

static int run_hook(enum ref_hook hook)
{
	return hook == REF_XDP ? hs_run_xdp(&frame, 0, &run)
			       : hs_run_tc(hs.skel->progs.xv_decap_tc, &frame, NULL, &run);
}

/* dscp: the six other bits, inside and outside, which nothing may change or copy. */
static void decap_one(const struct combination *c, __u32 peer, __u16 type, enum ref_hook hook,
		      __u8 dscp)
{
	struct outer_spec outer = outer_from(&world, peer, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_XDP), mac_of_peer(peer));
	static struct frame want;

	inner.type = type;
	inner.tos = dscp << 2 | c->inner;
	outer.tos = (~dscp & 0x3f) << 2 | c->outer;
	frame_tunnel(&frame, &outer, &inner);
	assert_int_equal(ref_run_decap(&world, &frame, 0, hook, &ref, "ECN"), 0);
	assert_int_equal(run_hook(hook), 0);
	if (c->after == DROP) {
		assert_int_equal(ref_verdict(&ref), VERDICT_DROP(IP_TUNNEL_ECN));
		assert_int_equal(run.retval, hook == REF_XDP ? (int)XDP_DROP : ACT_SHOT);
		return;
	}
	inner.tos = dscp << 2 | c->after;
	want.len = 0;
	frame_inner(&want, &inner); /* checksum built anew */
	assert_int_equal(frame_check(&run.out, &want, "ECN"), 0);
	assert_int_equal(class_of(&run.out, OFFSET_INNER), inner.tos);
	if (type == T_IP)
		assert_int_equal(sum16(run.out.b + OFFSET_INNER, 20, 0), 0xffff);
}

static void test_decap(void **state)
{
	static const __u16 types[] = {T_IP, T_IPV6};
	size_t i, n = 0;

	(void)state;
	for (i = 0; i < 8 * ARRAY_SIZE(decap); i++, n++)
		decap_one(&decap[i / 8], i & 1 ? PEER_V4 : PEER_V6, types[i >> 1 & 1],
			  i & 4 ? REF_XDP : REF_TC, 0x2a);
	assert_int_equal(n, 128);
}

static void test_decap_every_class(void **state)
{
	static const struct combination marks[] = {{ECN_ECT0, ECN_CE, ECN_CE},
						   {ECN_ECT1, ECN_CE, ECN_CE},
						   {ECN_ECT0, ECN_ECT1, ECN_ECT1}};
	int dscp, i;

	(void)state;
	for (dscp = 0; dscp < 64; dscp++)
		for (i = 0; i < 12; i++)
			decap_one(&marks[i % 3], PEER_V4, i < 6 ? T_IP : T_IPV6,
				  i & 1 ? REF_XDP : REF_TC, dscp);
}

/* Not IP inside: nothing to mark, nothing to drop (kernel: INET_ECN_decapsulate() is not asked). */
static void test_decap_other(void **state)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));

	(void)state;
	inner.type = T_ARP;
	outer.tos = ECN_CE;
	frame_tunnel(&frame, &outer, &inner);
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_XDP, &ref, "ARP in CE"), 0);
	assert_int_equal(ref.path, XV_PATH_XDP_REDIRECT);
	assert_int_equal(ref_run_decap(&world, &frame, 0, REF_TC, &ref, "ARP in CE"), 0);
	assert_int_equal(ref.path, XV_PATH_TC_DECAP);
}

/* The kernel's sum over the packet, as some NICs hand it on, is right afterwards. */
static void test_decap_complete(void **state)
{
	static const __u16 types[] = {T_IP, T_IPV6};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame.b, .data_out = run.out.b,
		    .flags = CHECKSUM_COMPLETE_RUN);
	size_t i;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(decap); i++) {
		const struct combination *c = &decap[i / 2];
		struct outer_spec outer = outer_from(&world, PEER_V4, BD_BLUE);
		struct inner_spec inner = inner_udp(mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));
		int ret;

		inner.type = types[i & 1];
		inner.tos = c->inner;
		outer.tos = c->outer;
		frame_tunnel(&frame, &outer, &inner);
		opts.data_size_in = frame.len;
		opts.data_size_out = FRAME_MAX;
		ret = bpf_prog_test_run_opts(bpf_program__fd(hs.skel->progs.xv_decap_tc), &opts);
		if (ret == -EINVAL)
			hs_skip("BPF_PROG_TEST_RUN has no CHECKSUM_COMPLETE here");
		if (ret)
			fail_msg("%s, inner %u, outer %u: %s", i & 1 ? "IPv6" : "IPv4", c->inner,
				 c->outer, strerror(-ret));
	}
}

static void test_encap(void **state)
{
	static const __u16 types[] = {T_IP, T_IPV6};
	int i, n = 0;

	(void)state;
	for (i = 0; i < 256 * 4; i++, n++) {
		__u32 peer = i & 1 ? PEER_V4 : PEER_V6;
		struct inner_spec inner = inner_udp(mac_of_peer(peer), mac_of_port(PORT_XDP));

		inner.type = types[i >> 1 & 1];
		inner.tos = i >> 2;
		frame.len = 0;
		frame_inner(&frame, &inner);
		assert_int_equal(ref_run_encap(&world, &frame, 0, &ref, "ECN"), 0);
		assert_int_equal(hs_run_tc(hs.skel->progs.xv_encap, &frame, NULL, &run), 0);
		assert_int_equal(run.retval, ACT_REDIRECT);
		assert_int_equal(class_of(&run.out, 14), encap[inner.tos & 3]);
		if (peer == PEER_V4)
			assert_int_equal(sum16(run.out.b + 14, 20, 0), 0xffff);
	}
	assert_int_equal(n, 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decap),	    cmocka_unit_test(test_decap_every_class),
		cmocka_unit_test(test_decap_other), cmocka_unit_test(test_decap_complete),
		cmocka_unit_test(test_encap),
	};
	int failed;

	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_close();
	return failed ? 1 : 0;
}
