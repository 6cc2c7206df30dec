// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames cut at every byte of every header, and length fields of every value: never a wrong
 * verdict, which is what the reference says of the same bytes. A frame is cut in four ways: the
 * wire lost its end; the sender made it that short; its end is in a fragment; a length field lies.
 */
#include <errno.h>
#include <string.h>

#include "harness_ref.h"

enum {
	ETHERNET = 14, /* BPF_PROG_TEST_RUN takes no less */
};

struct cut_case {
	const char *name;
	__u32 peer, port;
	__u16 type, tpid;
	__u8 proto;
};

static const struct cut_case cases[] = {
	{"v4, IPv4 UDP", PEER_V4, PORT_XDP, T_IP, 0, P_UDP},
	{"v4, IPv6 TCP", PEER_V4, PORT_XDP, T_IPV6, 0, P_TCP},
	{"v4, other", PEER_V4, PORT_XDP, 0x88b5, 0, 0},
	{"v4, IPv4 TCP, stack", PEER_V4, PORT_TCP, T_IP, 0, P_TCP},
	{"v4, IPv6 TCP, stack", PEER_V4, PORT_TCP, T_IPV6, 0, P_TCP},
	{"v4, tagged, IPv4 UDP", PEER_V4, PORT_XDP, T_IP, T_VLAN, P_UDP},
	{"v6, IPv4 UDP", PEER_V6, PORT_XDP, T_IP, 0, P_UDP},
	{"v6, IPv6 UDP", PEER_V6, PORT_XDP, T_IPV6, 0, P_UDP},
	{"v6, IPv6 TCP, stack", PEER_V6, PORT_TCP, T_IPV6, 0, P_TCP},
	{"v6, tagged, IPv6 UDP", PEER_V6, PORT_XDP, T_IPV6, T_QINQ, P_UDP},
};

static struct world world;
static struct ref ref;
static int runs;

static void build(const struct cut_case *c, struct outer_spec *outer, struct frame *f)
{
	struct inner_spec inner = inner_udp(mac_of_port(c->port), mac_of_peer(c->peer));

	*outer = outer_from(&world, c->peer, BD_BLUE);
	outer->tpid = c->tpid;
	/* CE outside makes the datapath read the inner IP header, and write to it */
	outer->tos = ECN_CE;
	inner.tos = ECN_ECT0;
	inner.type = c->type;
	inner.proto = c->proto;
	inner.payload = 8;
	frame_tunnel(f, outer, &inner);
}

static void run_both(const struct frame *f, __u32 linear, const char *what)
{
	int err;

	assert_int_equal(ref_run_decap(&world, f, linear, REF_XDP, &ref, what), 0);
	runs++;
	if (linear)
		return;
	err = ref_run_decap(&world, f, 0, REF_TC, &ref, what);
	if (ref_refused(f, err))
		return;
	assert_int_equal(err, 0);
	runs++;
}

/* Makes the outer lengths what they must be for the frame's own length, as far as there are any. */
static void fix_lengths(struct frame *f, const struct outer_spec *s)
{
	__u32 ip = outer_ip_at(s), udp = outer_udp_at(s);

	if (f->len < udp)
		return;
	frame_set16(f, ip + (s->v6 ? 4 : 2), f->len - (s->v6 ? udp : ip));
	if (!s->v6)
		frame_fix_ip4(f, ip);
	if (f->len >= udp + 8)
		frame_set16(f, udp + 4, f->len - udp);
}

static void test_cut(void **state)
{
	const struct cut_case *c = *state;
	static struct frame whole, f;
	struct outer_spec s;
	__u32 len;

	build(c, &s, &whole);
	for (len = ETHERNET; len <= whole.len; len++) {
		frame_copy(&f, &whole);
		f.len = len;
		run_both(&f, 0, "lost its end");
		fix_lengths(&f, &s);
		run_both(&f, 0, "made short");
	}
	/* The whole frame went through, so the cut ones are not refused for something else. */
	assert_true(ref_verdict(&ref) >= 0);
}

static void test_linear(void **state)
{
	const struct cut_case *c = *state;
	static struct frame whole;
	static struct run run;
	struct outer_spec s;
	__u32 len;

	build(c, &s, &whole);
	if (hs_run_xdp(&whole, whole.len - 1, &run) == -EINVAL)
		hs_skip("this kernel's BPF_PROG_TEST_RUN cannot put headers into fragments");
	for (len = ETHERNET; len <= whole.len; len++)
		run_both(&whole, len, "end in a fragment");
}

static void test_lengths(void **state)
{
	const struct cut_case *c = *state;
	static struct frame whole, f;
	struct outer_spec s;
	__u32 len, ip, udp, end;

	build(c, &s, &whole);
	ip = outer_ip_at(&s);
	udp = outer_udp_at(&s);
	end = whole.len - ip + 3;
	for (len = 0; len <= end + 1; len++) {
		__u16 value = len > end ? 0xffff : len;

		frame_copy(&f, &whole);
		frame_set16(&f, ip + (s.v6 ? 4 : 2), value);
		if (!s.v6)
			frame_fix_ip4(&f, ip);
		run_both(&f, 0, "IP length");
		frame_copy(&f, &whole);
		frame_set16(&f, udp + 4, value);
		run_both(&f, 0, "UDP length");
	}
	if (s.v6)
		return;
	for (len = 0; len < 256; len++) {
		frame_copy(&f, &whole);
		f.b[ip] = len; /* version and header length */
		frame_fix_ip4(&f, ip);
		run_both(&f, 0, "IP version and header length");
	}
}

/* The tenant's side: its frame cut at every byte, IP length fields left or made to fit. */
static void test_encap(void **state)
{
	const struct cut_case *c = *state;
	struct inner_spec inner = inner_udp(mac_of_peer(c->peer), mac_of_port(PORT_XDP));
	static struct frame whole, f;
	__u32 len;
	int err;

	inner.type = c->type;
	inner.proto = c->proto;
	inner.tpid = c->tpid;
	inner.tos = ECN_CE;
	inner.payload = 8;
	whole.len = 0;
	frame_inner(&whole, &inner);
	for (len = ETHERNET; len <= whole.len; len++) {
		frame_copy(&f, &whole);
		f.len = len;
		err = ref_run_encap(&world, &f, 0, &ref, "tenant's frame cut");
		if (ref_refused(&f, err))
			continue;
		assert_int_equal(err, 0);
		runs++;
	}
}

static void test_total(void **state)
{
	(void)state;
	hs_note("%d runs", runs);
	assert_true(runs > 5000);
}

int main(void)
{
	static struct CMUnitTest tests[4 * ARRAY_SIZE(cases) + 1];
	static const CMUnitTestFunction functions[] = {test_cut, test_linear, test_lengths,
						       test_encap};
	size_t i, n = 0;

	for (i = 0; i < 4 * ARRAY_SIZE(cases); i++) {
		const struct cut_case *c = &cases[i / 4];

		tests[n++] = (struct CMUnitTest){c->name, functions[i % 4], NULL, NULL, (void *)c};
	}
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_total);
	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	i = _cmocka_run_group_tests("cut", tests, n, NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
