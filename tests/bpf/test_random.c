// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random and mutated packets, from a fixed seed, through xv_decap, xv_decap_skb, xv_decap_tc,
 * xv_encap and xv_port_encap against the reference: return value and bytes of every one,
 * and all counters. XV_SEED and XV_PACKETS (of each kind: decap) change the run, for a hunt or a
 * slow machine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness_ref.h"

enum {
	DECAP_XDP = 150000,
	DECAP_SKB = 30000,
	DECAP_TC = 60000,
	ENCAP = 40000,
	PORT_FRAMES = 40000,
	TEMPLATES = 64,
	CHUNK = 250,
	ETHERNET = 14,
	HEADERS = 14 + 4 + 40 + 16 + 14 + 40,
};

static struct world world;
static struct ref ref;
static struct frame frame;
static struct rng rng;
static struct frame from_wire[TEMPLATES], from_tenant[TEMPLATES];
static __u64 seen[XV_PATH_MAX + 1 + XV_DROP_MAX];

static void build_templates(void)
{
	static const __u16 types[] = {T_IP, T_IPV6, T_ARP, T_IP};
	static const __u16 tags[] = {0, 0, 0, T_VLAN};
	static const __u8 protos[] = {P_UDP, P_TCP, P_ICMP};
	int i;

	for (i = 0; i < TEMPLATES; i++) {
		__u32 peer = i % 2 ? PEER_V4 : PEER_V6, port = 1 + i % PORT_MERGED;
		struct inner_spec inner = inner_udp(mac_of_port(port), mac_of_peer(peer));
		struct outer_spec outer = outer_from(&world, peer, world.port[port].bd);

		inner.type = types[i / 2 % 4];
		inner.proto = protos[i / 4 % 3];
		inner.payload = i * 7 % 150;
		inner.tos = rng_below(&rng, 256);
		outer.tos = rng_below(&rng, 256);
		outer.tpid = tags[i / 3 % 4];
		frame_tunnel(&from_wire[i], &outer, &inner);
		memcpy(inner.src, mac_of_port(PORT_XDP), 6);
		memcpy(inner.dst, i % 3 ? mac_of_peer(1 + i % 5) : mac_of_port(port), 6);
		frame_inner(&from_tenant[i], &inner);
	}
}

static const __u8 *some_mac(void)
{
	static const __u8 broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, zero[6];
	static const __u8 link_local[6] = {0x01, 0x80, 0xc2, 0, 0, 0x0e};

	switch (rng_below(&rng, 10)) {
	case 0:
		return broadcast;
	case 1:
		return zero;
	case 2:
		return link_local;
	case 3:
		return mac_static_port();
	case 4:
		return mac_static_peer();
	case 5:
		return rng_below(&rng, 2) ? mac_to_nothing() : mac_of_other_net();
	case 6:
		return mac_unknown(rng_below(&rng, 100));
	case 7:
		return mac_of_peer(1 + rng_below(&rng, 5));
	default:
		return mac_of_port(1 + rng_below(&rng, PORT_MERGED));
	}
}

static void change_length(struct frame *f)
{
	__u32 n;

	if (rng_below(&rng, 3)) {
		f->len = ETHERNET + rng_below(&rng, f->len - ETHERNET + 1);
		return;
	}
	for (n = 1 + rng_below(&rng, 40); n; n--)
		frame_put(f, (__u8[]){rng_next(&rng)}, 1);
}

/* One change somewhere. base: where the inner Ethernet header would be. */
static void mutate(struct frame *f, __u32 base)
{
	static const __u16 words[] = {0,      1,      7,      8,      20,     27,     28,
				      29,     30,     44,     45,     0x4500, 0x8100, 0x0800,
				      0x86dd, 0x0806, 0x2000, 0x4000, 4789,   0xffff};
	static const __u32 vnis[] = {100, 200, 0xffffff, 400, 500, 0};
	__u32 at = rng_below(&rng, f->len < HEADERS ? f->len : HEADERS);

	switch (rng_below(&rng, 9)) {
	case 0:
		f->b[at] ^= 1 << rng_below(&rng, 8);
		break;
	case 1:
		f->b[at] = rng_next(&rng);
		break;
	case 2:
		at &= ~1u;
		if (at + 2 <= f->len)
			frame_set16(f, at, words[rng_below(&rng, ARRAY_SIZE(words))]);
		break;
	case 3:
		change_length(f);
		break;
	case 4:
	case 5:
		at = base + (rng_below(&rng, 2) ? 6 : 0);
		if (at + 6 <= f->len)
			memcpy(f->b + at, some_mac(), 6);
		break;
	case 6:
		if (base + ETHERNET <= f->len)
			frame_set16(f, base + 12, rng_below(&rng, 2) ? T_VLAN : T_QINQ);
		break;
	case 7:
		if (base >= 4 && base <= f->len)
			frame_set16(f, base - 3, vnis[rng_below(&rng, ARRAY_SIZE(vnis))]);
		break;
	default:
		/* a length field a little off */
		at = rng_below(&rng, 2) ? 16 : 18;
		frame_set16(f, at, frame_get16(f, at) + rng_below(&rng, 5) - 2);
	}
}

/* Half of the frames get a right outer checksum again, so that more than the checksum is tested. */
static void mend(struct frame *f)
{
	__u32 ip = frame_get16(f, 12) == T_VLAN ? 18 : 14;

	if (f->len >= ip + 20 && frame_get16(f, ip - 2) == T_IP && rng_below(&rng, 2))
		frame_fix_ip4(f, ip);
}

static void next_frame(const struct frame *templates, int decap)
{
	const struct frame *t = &templates[rng_below(&rng, TEMPLATES)];
	__u32 base = 0, n;

	if (!rng_below(&rng, 20)) {
		frame.len = 0;
		for (n = ETHERNET + rng_below(&rng, 200); n; n--)
			frame_put(&frame, (__u8[]){rng_next(&rng)}, 1);
		return;
	}
	frame_copy(&frame, t);
	if (decap)
		base = (frame_get16(t, 12) == T_VLAN ? 18 : 14) + 16 +
		       (frame_get16(t, 12 + (frame_get16(t, 12) == T_VLAN) * 4) == T_IP ? 20 : 40);
	for (n = rng_below(&rng, 4); n; n--)
		mutate(&frame, base);
	if (decap)
		mend(&frame);
}

static void note_verdict(void)
{
	int v = ref_verdict(&ref);

	seen[v >= 0 ? v : XV_PATH_MAX - v]++;
}

static int packets(int n)
{
	const char *text = getenv("XV_PACKETS");

	return text ? atoi(text) : n;
}

/*
 * Packets [from, to). Counters are checked together; if they differ, one by one from the same
 * random numbers, to name the packet.
 */
static int run_some(int from, int to, int (*run)(void), const char *what, int *refused)
{
	int together = to - from > 1, i, err;
	struct rng start = rng;

	if (together)
		ref_tally_begin();
	for (i = from; i < to; i++) {
		err = run();
		if (ref_refused(&frame, err)) {
			++*refused;
			continue;
		}
		if (err)
			fail_msg("%s: packet %d", what, i);
		note_verdict();
	}
	if (!together || !ref_tally_end(what))
		return 0;
	hs_note("%s: counters differ in packets %d to %d; one by one:", what, from, to);
	rng = start;
	for (i = from; i < to; i++)
		run_some(i, i + 1, run, what, refused);
	return -1;
}

static void run_many(int n, int (*run)(void), const char *what)
{
	int i, refused = 0;

	for (i = 0; i < n; i += CHUNK) {
		assert_int_equal(run_some(i, i + CHUNK < n ? i + CHUNK : n, run, what, &refused),
				 0);
		hs_events_poll();
	}
	hs_note("%s: %d packets agree, %d too short for BPF_PROG_TEST_RUN", what, n - refused,
		refused);
}

static int run_xdp(void)
{
	next_frame(from_wire, 1);
	return ref_run_decap(&world, &frame, 0, REF_XDP, &ref, "random, XDP");
}

static int run_skb(void)
{
	next_frame(from_wire, 1);
	return ref_run_decap(&world, &frame, 0, REF_XDP_SKB, &ref, "random, generic XDP");
}

static int run_tc(void)
{
	next_frame(from_wire, 1);
	return ref_run_decap(&world, &frame, 0, REF_TC, &ref, "random, TC");
}

static int run_encap(void)
{
	next_frame(from_tenant, 0);
	return ref_run_encap(&world, &frame, 0, &ref, "random, encap");
}

static int run_port(void)
{
	next_frame(from_tenant, 0);
	return ref_run_port(&world, &frame, 0, &ref, "random, port");
}

static void test_xdp(void **state)
{
	(void)state;
	run_many(packets(DECAP_XDP), run_xdp, "xv_decap");
}

static void test_skb(void **state)
{
	(void)state;
	run_many(packets(DECAP_SKB), run_skb, "xv_decap_skb");
}

static void test_tc(void **state)
{
	(void)state;
	run_many(packets(DECAP_TC), run_tc, "xv_decap_tc");
}

static void test_encap(void **state)
{
	(void)state;
	run_many(packets(ENCAP), run_encap, "xv_encap");
}

static void test_port(void **state)
{
	(void)state;
	run_many(packets(PORT_FRAMES), run_port, "xv_port_encap");
}

/* Agreement about frames that all pass would say little: every verdict must have come up. */
static void test_coverage(void **state)
{
	static const int want[] = {
		XV_PATH_XDP_PASS,
		XV_PATH_XDP_REDIRECT,
		XV_PATH_TC_PASS,
		XV_PATH_TC_DECAP,
		XV_PATH_LOCAL,
		XV_PATH_ENCAP,
		XV_PATH_ENCAP_SLOW,
		XV_PATH_ENCAP_FLOOD,
		XV_PATH_PORT_ENCAP,
		XV_PATH_PORT_LOCAL,
		VERDICT_NONE,
		VERDICT_DROP(VXLAN_INVALID_HDR),
		VERDICT_DROP(VXLAN_VNI_NOT_FOUND),
		VERDICT_DROP(UNKNOWN_PEER),
		VERDICT_DROP(PKT_TOO_SMALL),
		VERDICT_DROP(IP_CSUM),
		VERDICT_DROP(MAC_INVALID_SOURCE),
		VERDICT_DROP(VXLAN_ENTRY_EXISTS),
		VERDICT_DROP(IP_TUNNEL_ECN),
		VERDICT_DROP(INNER_VLAN),
		VERDICT_DROP(SPLIT_HORIZON),
		VERDICT_DROP(SAME_PORT),
		VERDICT_DROP(PKT_TOO_BIG),
		VERDICT_DROP(PORT_DOWN),
		VERDICT_DROP(RESERVED_MAC),
		VERDICT_DROP(VXLAN_NO_REMOTE),
	};
	int missing = 0;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		__u64 n = seen[want[i] >= 0 ? want[i] : XV_PATH_MAX - want[i]];

		hs_note("%8llu %s", (unsigned long long)n, verdict_name(want[i]));
		missing += n == 0;
	}
	if (getenv("XV_PACKETS") || getenv("XV_SEED"))
		hs_skip("verdicts of another run than the fixed one");
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xdp),  cmocka_unit_test(test_skb),
		cmocka_unit_test(test_tc),   cmocka_unit_test(test_encap),
		cmocka_unit_test(test_port), cmocka_unit_test(test_coverage),
	};
	const char *seed = getenv("XV_SEED");
	int failed;

	if (hs_open())
		return 0;
	rng.state = seed ? strtoull(seed, NULL, 0) : 0x78767465704d4bULL;
	hs_note("seed %#llx", (unsigned long long)rng.state);
	world_default(&world);
	world.moved = 1;
	world_install(&world);
	build_templates();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	hs_close();
	return failed ? 1 : 0;
}
