// SPDX-License-Identifier: GPL-2.0-only
/*
 * Decapsulation, byte for byte: xv_decap and xv_decap_skb (XDP) and xv_decap_tc over hand-built
 * packets. Each case says the verdict in both; the reference must agree with it, and the run with
 * the reference in return value, bytes, metadata and every counter.
 */
#include <string.h>

#include "harness_ref.h"

struct decap_case {
	const char *name;
	__u32 peer, bd, port; /* port: to whose MAC */
	__u16 type, tpid;
	__u8 proto;
	__u32 payload;
	int xdp, tc; /* verdicts */
	/* Changes the frame, where the case is about that. */
	void (*change)(struct frame *f, const struct outer_spec *s);
};

enum {
	OUTER_TCI = 0x6000 | WORLD_VLAN, /* with a priority */
};

static struct world world;
static struct frame frame;
static struct ref ref;

static void ip_option(struct frame *f, const struct outer_spec *s)
{
	/* four bytes of NOP options: header length 6 words */
	memmove(f->b + 38, f->b + 34, f->len - 34);
	memset(f->b + 34, 1, 4);
	f->len += 4;
	f->b[14] = 0x46;
	frame_set16(f, 16, frame_get16(f, 16) + 4);
	frame_set16(f, 24, 0);
	frame_set16(f, 24, ~sum16(f->b + 14, 24, 0));
	(void)s;
}

static void more_fragments(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_ip_at(s) + 6, 0x2000);
	frame_fix_ip4(f, outer_ip_at(s));
}

static void last_fragment(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_ip_at(s) + 6, 1);
	frame_fix_ip4(f, outer_ip_at(s));
}

static void other_address(struct frame *f, const struct outer_spec *s)
{
	f->b[outer_udp_at(s) - 1] ^= 0x40;
	if (!s->v6)
		frame_fix_ip4(f, outer_ip_at(s));
}

/* An IPv6 address that looks like an IPv4 peer's to xv_peer_index. */
static void like_v4_peer(struct frame *f, const struct outer_spec *s)
{
	struct xv_ip peer, ip;

	ip_of_text(world.peer[PEER_V4].ip, &peer);
	ip = peer;
	do
		ip.q[0]++;
	while (xv_ip_slot(&ip) != xv_ip_slot(&peer));
	memcpy(f->b + outer_ip_at(s) + 8, &ip, sizeof(ip));
}

static void mac_first_byte(struct frame *f, const struct outer_spec *s)
{
	f->b[0] ^= 0x04;
	(void)s;
}

static void mac_last_byte(struct frame *f, const struct outer_spec *s)
{
	f->b[5]++;
	(void)s;
}

static void mac_broadcast(struct frame *f, const struct outer_spec *s)
{
	memset(f->b, 0xff, 6);
	(void)s;
}

static void other_port(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_udp_at(s) + 2, 8472);
}

static void tcp_outside(struct frame *f, const struct outer_spec *s)
{
	f->b[outer_ip_at(s) + (s->v6 ? 6 : 9)] = P_TCP;
	if (!s->v6)
		frame_fix_ip4(f, outer_ip_at(s));
}

static void udp_checksum(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_udp_at(s) + 6, 0x1234);
}

static void udp_longer(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_udp_at(s) + 4, frame_get16(f, outer_udp_at(s) + 4) + 1);
}

static void udp_shorter(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_udp_at(s) + 4, frame_get16(f, outer_udp_at(s) + 4) - 1);
}

static void udp_tiny(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_udp_at(s) + 4, 29);
}

static void padded(struct frame *f, const struct outer_spec *s)
{
	frame_put(f, "pad", 3);
	(void)s;
}

static void cut(struct frame *f, const struct outer_spec *s)
{
	f->len--;
	(void)s;
}

static void bad_checksum(struct frame *f, const struct outer_spec *s)
{
	f->b[outer_ip_at(s) + 10] ^= 1;
}

static void bad_to_another(struct frame *f, const struct outer_spec *s)
{
	bad_checksum(f, s);
	mac_last_byte(f, s);
}

static void no_i_flag(struct frame *f, const struct outer_spec *s)
{
	f->b[outer_udp_at(s) + 8] = 0;
}

static void flag_too_many(struct frame *f, const struct outer_spec *s)
{
	f->b[outer_udp_at(s) + 8] = 0x88;
}

static void reserved_bits(struct frame *f, const struct outer_spec *s)
{
	f->b[outer_udp_at(s) + 15] = 1;
}

static void second_tag(struct frame *f, const struct outer_spec *s)
{
	static struct frame copy;

	frame_copy(&copy, f);
	frame_tagged(f, &copy, T_VLAN, 5);
	(void)s;
}

static void tag_priority(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, 14, 0xe000);
	(void)s;
}

static void tag_other_id(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, 14, OUTER_TCI ^ 1);
	(void)s;
}

static void tag_other_protocol(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, 14, WORLD_VLAN_Q);
	(void)s;
}

static void to_multicast(struct frame *f, const struct outer_spec *s)
{
	memset(f->b + outer_len(s), 0xff, 6);
}

static void to_unknown(struct frame *f, const struct outer_spec *s)
{
	memcpy(f->b + outer_len(s), mac_unknown(1), 6);
}

static void inner_tag(struct frame *f, const struct outer_spec *s)
{
	frame_set16(f, outer_len(s) + 12, T_VLAN);
}

static void inner_priority(struct frame *f, const struct outer_spec *s)
{
	inner_tag(f, s);
	frame_set16(f, outer_len(s) + 14, 0xa000);
}

static void inner_priority_ad(struct frame *f, const struct outer_spec *s)
{
	inner_priority(f, s);
	frame_set16(f, outer_len(s) + 12, T_QINQ);
}

/* The IPv4 peer's address in IPv6, and as if of our own network. */
static void source_mapped(struct frame *f, const struct outer_spec *s)
{
	static const __u8 peer[16] = {[10] = 0xff, 0xff, 192, 0, 2, 2};

	memcpy(f->b + outer_ip_at(s) + 8, peer, sizeof(peer));
}

static void source_mapped_unknown(struct frame *f, const struct outer_spec *s)
{
	source_mapped(f, s);
	f->b[outer_ip_at(s) + 23] = 77;
}

#define BOTH(verdict) verdict, verdict
#define REDIRECTED    XV_PATH_XDP_REDIRECT, XV_PATH_TC_DECAP
#define BY_TC	      XV_PATH_XDP_PASS, XV_PATH_TC_DECAP
#define PASSED	      XV_PATH_XDP_PASS, XV_PATH_TC_PASS
#define B4	      PEER_V4, BD_BLUE
#define B6	      PEER_V6, BD_BLUE
#define UDP100	      T_IP, 0, P_UDP, 100

static const struct decap_case cases[] = {
	/* who carries what to whom */
	{"v4, IPv4 UDP", B4, PORT_XDP, UDP100, REDIRECTED, NULL},
	{"v4, IPv4 TCP", B4, PORT_XDP, T_IP, 0, P_TCP, 0, REDIRECTED, NULL},
	{"v4, IPv4 ICMP", B4, PORT_XDP, T_IP, 0, P_ICMP, 56, REDIRECTED, NULL},
	{"v4, IPv6 UDP", B4, PORT_XDP, T_IPV6, 0, P_UDP, 33, REDIRECTED, NULL},
	{"v4, IPv6 TCP", B4, PORT_XDP, T_IPV6, 0, P_TCP, 1, REDIRECTED, NULL},
	{"v4, ARP", B4, PORT_XDP, T_ARP, 0, 0, 46, REDIRECTED, NULL},
	{"v4, any ethertype", B4, PORT_XDP, 0x88b5, 0, 0, 100, REDIRECTED, NULL},
	{"v6, IPv4 UDP", B6, PORT_XDP, UDP100, REDIRECTED, NULL},
	{"v6, IPv6 TCP", B6, PORT_XDP, T_IPV6, 0, P_TCP, 999, REDIRECTED, NULL},
	{"v6, any ethertype", B6, PORT_XDP, 0x1234, 0, 0, 60, REDIRECTED, NULL},
	{"red network, same MAC scheme", PEER_V4, BD_RED, PORT_RED, UDP100, REDIRECTED, NULL},
	{"highest VNI", PEER_V4, BD_LEARN, PORT_LEARN, UDP100, REDIRECTED, NULL},
	/* outer VLAN tag: TC sees none in the frame but here, and the kernel will not strip it */
	{"v4, outer 802.1Q", B4, PORT_XDP, T_IP, T_VLAN, P_UDP, 100, XV_PATH_XDP_REDIRECT,
	 XV_PATH_TC_PASS, NULL},
	{"v6, outer 802.1ad", B6, PORT_XDP, T_IP, T_QINQ, P_UDP, 100, XV_PATH_XDP_REDIRECT,
	 XV_PATH_TC_PASS, NULL},
	{"v4, priority tag", B4, PORT_XDP, T_IP, T_VLAN, P_UDP, 100, XV_PATH_XDP_REDIRECT,
	 XV_PATH_TC_PASS, tag_priority},
	{"v4, another VLAN", B4, PORT_XDP, T_IP, T_VLAN, P_UDP, 100, PASSED, tag_other_id},
	{"v6, another VLAN", B6, PORT_XDP, T_IP, T_QINQ, P_UDP, 100, PASSED, tag_other_id},
	{"802.1ad, where 802.1Q is ours", B4, PORT_XDP, T_IP, T_QINQ, P_UDP, 100, PASSED,
	 tag_other_protocol},
	{"two outer tags", B4, PORT_XDP, T_IP, T_VLAN, P_UDP, 100, PASSED, second_tag},
	/* outer UDP checksums, right or wrong: not verified */
	{"v4, UDP checksum", B4, PORT_XDP, UDP100, REDIRECTED, udp_checksum},
	{"v6, UDP checksum", B6, PORT_XDP, UDP100, REDIRECTED, udp_checksum},
	{"v4, UDP checksum, IPv6 TCP", B4, PORT_XDP, T_IPV6, 0, P_TCP, 9, REDIRECTED, udp_checksum},
	{"v4, UDP checksum, no XDP port", B4, PORT_STACK, UDP100, BY_TC, udp_checksum},
	{"v6, UDP checksum, no XDP port", B6, PORT_STACK, UDP100, BY_TC, udp_checksum},
	{"v6, UDP checksum, TCP merged", B6, PORT_TCP, T_IP, 0, P_TCP, 1, BY_TC, udp_checksum},
	/* delivery */
	{"to a port without XDP", B4, PORT_STACK, UDP100, BY_TC, NULL},
	{"v6 to a port without XDP", B6, PORT_STACK, UDP100, BY_TC, NULL},
	{"UDP to a port that wants TCP merged", B4, PORT_TCP, UDP100, REDIRECTED, NULL},
	{"TCP to it", B4, PORT_TCP, T_IP, 0, P_TCP, 1, BY_TC, NULL},
	{"IPv6 TCP to it", B6, PORT_TCP, T_IPV6, 0, P_TCP, 1, BY_TC, NULL},
	{"to a VLAN", B4, PORT_VLAN, UDP100, REDIRECTED, NULL},
	{"v6 to a VLAN, TCP", B6, PORT_VLAN, T_IPV6, 0, P_TCP, 77, REDIRECTED, NULL},
	{"smallest to a VLAN", B4, PORT_VLAN, 0x88b5, 0, 0, 0, XV_PATH_XDP_REDIRECT,
	 XV_PATH_TC_PASS, NULL},
	{"smallest inner frame", B4, PORT_XDP, 0x88b5, 0, 0, 0, XV_PATH_XDP_REDIRECT,
	 XV_PATH_TC_PASS, NULL},
	{"smallest that TC can", B4, PORT_XDP, 0x88b5, 0, 0, 20, REDIRECTED, NULL},
	{"one byte less", B4, PORT_XDP, 0x88b5, 0, 0, 19, XV_PATH_XDP_REDIRECT, XV_PATH_TC_PASS,
	 NULL},
	{"as large as the port's MTU", B4, PORT_XDP, T_IP, 0, P_UDP, 1472, REDIRECTED, NULL},
	{"as large as with a tag", B4, PORT_XDP, T_IP, 0, P_UDP, 1476, REDIRECTED, NULL},
	{"one byte more", B4, PORT_XDP, T_IP, 0, P_UDP, 1477, PASSED, NULL},
	{"small MTU, fits", B4, PORT_SMALL, T_IP, 0, P_UDP, 76, REDIRECTED, NULL},
	{"small MTU, too big", B4, PORT_SMALL, T_IP, 0, P_UDP, 77, PASSED, NULL},
	{"a VLAN, as large as the port's MTU", B4, PORT_VLAN, T_IP, 0, P_UDP, 1472, REDIRECTED,
	 NULL},
	{"a VLAN, as large as with two tags", B4, PORT_VLAN, T_IP, 0, P_UDP, 1476, XV_PATH_XDP_PASS,
	 XV_PATH_TC_DECAP, NULL},
	{"port down", B4, PORT_DOWN, UDP100, BOTH(VERDICT_DROP(PORT_DOWN)), NULL},
	{"port not in xv_tx", B4, PORT_NO_TX, UDP100, VERDICT_DROP(PORT_DOWN), XV_PATH_TC_DECAP,
	 NULL},
	/* not ours, or not sure */
	{"broadcast", B4, PORT_XDP, UDP100, PASSED, to_multicast},
	{"unknown unicast", B4, PORT_XDP, UDP100, PASSED, to_unknown},
	{"IP options", B4, PORT_XDP, UDP100, PASSED, ip_option},
	{"first fragment", B4, PORT_XDP, UDP100, PASSED, more_fragments},
	{"last fragment", B4, PORT_XDP, UDP100, PASSED, last_fragment},
	{"v4, another address", B4, PORT_XDP, UDP100, PASSED, other_address},
	{"v6, another address", B6, PORT_XDP, UDP100, PASSED, other_address},
	{"v4, another MAC address", B4, PORT_XDP, UDP100, PASSED, mac_first_byte},
	{"v6, another MAC address", B6, PORT_XDP, UDP100, PASSED, mac_last_byte},
	{"sent to all", B4, PORT_XDP, UDP100, PASSED, mac_broadcast},
	{"bad, to another MAC address", B4, PORT_XDP, UDP100, PASSED, bad_to_another},
	{"v4, another UDP port", B4, PORT_XDP, UDP100, PASSED, other_port},
	{"v6, another UDP port", B6, PORT_XDP, UDP100, PASSED, other_port},
	{"v4, TCP", B4, PORT_XDP, UDP100, PASSED, tcp_outside},
	{"v6, TCP", B6, PORT_XDP, UDP100, PASSED, tcp_outside},
	{"UDP shorter than IP says", B4, PORT_XDP, UDP100, PASSED, udp_shorter},
	{"padding behind IP", B4, PORT_XDP, UDP100, PASSED, padded},
	{"tag inside, red carries tags", PEER_V4, BD_RED, PORT_RED, UDP100, PASSED, inner_tag},
	{"priority tag inside", B4, PORT_XDP, UDP100, PASSED, inner_priority},
	{"v6, priority tag inside, 802.1ad", B6, PORT_XDP, UDP100, PASSED, inner_priority_ad},
	{"v6, a v4 peer's address", B6, PORT_XDP, UDP100, PASSED, source_mapped},
	{"v6, a v4 address", B6, PORT_XDP, UDP100, PASSED, source_mapped_unknown},
	{"any peer taken, v6, a v4 address", PEER_V6, BD_RED, PORT_RED, UDP100, PASSED,
	 source_mapped_unknown},
	/* provably bad */
	{"v4, checksum", B4, PORT_XDP, UDP100, BOTH(VERDICT_DROP(IP_CSUM)), bad_checksum},
	{"v4, frame cut", B4, PORT_XDP, UDP100, BOTH(VERDICT_DROP(PKT_TOO_SMALL)), cut},
	{"v6, frame cut", B6, PORT_XDP, UDP100, BOTH(VERDICT_DROP(PKT_TOO_SMALL)), cut},
	{"UDP longer than IP", B4, PORT_XDP, UDP100, BOTH(VERDICT_DROP(PKT_TOO_SMALL)), udp_longer},
	{"UDP too short for VXLAN", B6, PORT_XDP, UDP100, BOTH(VERDICT_DROP(PKT_TOO_SMALL)),
	 udp_tiny},
	{"no I flag", B4, PORT_XDP, UDP100, BOTH(VERDICT_DROP(VXLAN_INVALID_HDR)), no_i_flag},
	{"reserved flag", B6, PORT_XDP, UDP100, BOTH(VERDICT_DROP(VXLAN_INVALID_HDR)),
	 flag_too_many},
	{"reserved byte", B4, PORT_XDP, UDP100, BOTH(VERDICT_DROP(VXLAN_INVALID_HDR)),
	 reserved_bits},
	{"v6, a v4 peer's slot and last bits", B6, PORT_XDP, UDP100,
	 BOTH(VERDICT_DROP(UNKNOWN_PEER)), like_v4_peer},
	{"tag inside, blue carries none", B4, PORT_XDP, UDP100, BOTH(VERDICT_DROP(INNER_VLAN)),
	 inner_tag},
	{"network not valid", PEER_V4, BD_GONE, PORT_XDP, UDP100,
	 BOTH(VERDICT_DROP(VXLAN_VNI_NOT_FOUND)), NULL},
};

static void build(const struct decap_case *c, struct frame *f)
{
	struct outer_spec outer = outer_from(&world, c->peer, c->bd);
	struct inner_spec inner = inner_udp(mac_of_port(c->port), mac_of_peer(c->peer));

	inner.type = c->type;
	inner.proto = c->proto;
	inner.payload = c->payload;
	outer.tpid = c->tpid;
	outer.tci = OUTER_TCI;
	frame_tunnel(f, &outer, &inner);
	if (c->change)
		c->change(f, &outer);
}

/*
 * The frame that the port must get is the one that the tenant sent; tagged if that is the port. (TC
 * leaves the tag beside it.)
 */
static void assert_inner(const struct decap_case *c, enum ref_hook hook)
{
	struct inner_spec inner = inner_udp(mac_of_port(c->port), mac_of_peer(c->peer));
	static struct frame want;

	inner.type = c->type;
	inner.proto = c->proto;
	inner.payload = c->payload;
	if (hook == REF_XDP && world.port[c->port].vlan) {
		inner.tpid = T_VLAN;
		inner.tci = world.port[c->port].vlan;
	}
	want.len = 0;
	frame_inner(&want, &inner);
	assert_int_equal(frame_check(&ref.out, &want, c->name), 0);
}

static void run_case(const struct decap_case *c, enum ref_hook hook, int verdict)
{
	build(c, &frame);
	assert_int_equal(ref_run_decap(&world, &frame, 0, hook, &ref, c->name), 0);
	if (ref_verdict(&ref) != verdict)
		fail_msg("%s: the reference says %s, the case %s", c->name,
			 verdict_name(ref_verdict(&ref)), verdict_name(verdict));
	if (verdict == XV_PATH_XDP_REDIRECT || verdict == XV_PATH_TC_DECAP)
		assert_inner(c, hook);
}

static void test_xdp(void **state)
{
	const struct decap_case *c = *state;

	run_case(c, REF_XDP, c->xdp);
}

/* Generic XDP refuses what is provably bad. */
static void test_xdp_skb(void **state)
{
	const struct decap_case *c = *state;
	int bad = c->xdp < 0 && c->xdp == c->tc;

	run_case(c, REF_XDP_SKB, bad ? c->xdp : XV_PATH_XDP_PASS);
}

static void test_tc(void **state)
{
	const struct decap_case *c = *state;

	run_case(c, REF_TC, c->tc);
}

/* More own MAC addresses than the programs can hold: none is looked at. */
static void test_any_mac(void **state)
{
	static const struct decap_case c = {"another MAC address", B4, PORT_XDP, UDP100, REDIRECTED,
					    mac_last_byte};

	(void)state;
	world.config_flags |= XV_CONFIG_ANY_MAC;
	world_install(&world);
	run_case(&c, REF_XDP, c.xdp);
	run_case(&c, REF_TC, c.tc);
	world.config_flags &= ~XV_CONFIG_ANY_MAC;
	world_install(&world);
}

/* More VLANs than the programs can hold: any is taken. */
static void test_any_tag(void **state)
{
	static const struct decap_case c = {
		"any VLAN",	 B4,	      PORT_XDP, T_IP,
		T_VLAN,		 P_UDP,	      100,	XV_PATH_XDP_REDIRECT,
		XV_PATH_TC_PASS, tag_other_id};

	(void)state;
	world.config_flags |= XV_CONFIG_ANY_TAG;
	world_install(&world);
	run_case(&c, REF_XDP, c.xdp);
	run_case(&c, REF_TC, c.tc);
	world.config_flags &= ~XV_CONFIG_ANY_TAG;
	world_install(&world);
}

/* Peers whose frames are the kernel's, found by the index and without it; then, all frames. */
static void test_kernel_peers(void **state)
{
	static const struct decap_case of[] = {
		{"v4, indexed", B4, PORT_XDP, UDP100, PASSED, NULL},
		{"v6, not indexed", B6, PORT_XDP, UDP100, PASSED, NULL},
		{"v4, not indexed", PEER_SLOW, BD_BLUE, PORT_XDP, UDP100, PASSED, NULL},
		{"v6, indexed", PEER_SLOW6, BD_BLUE, PORT_XDP, UDP100, PASSED, NULL},
		{"tag inside", B4, PORT_XDP, UDP100, PASSED, inner_tag},
	};
	struct world before = world;
	size_t i;

	(void)state;
	for (i = 1; i < WORLD_PEERS; i++)
		world.peer[i].kernel = 1;
	world_install(&world);
	for (i = 0; i < ARRAY_SIZE(of); i++) {
		run_case(&of[i], REF_XDP, of[i].xdp);
		run_case(&of[i], REF_XDP_SKB, XV_PATH_XDP_PASS);
		run_case(&of[i], REF_TC, of[i].tc);
	}
	world = before;
	world.config_flags |= XV_CONFIG_KERNEL;
	world_install(&world);
	for (i = 0; i < ARRAY_SIZE(of); i++) {
		run_case(&of[i], REF_XDP, of[i].xdp);
		run_case(&of[i], REF_XDP_SKB, XV_PATH_XDP_PASS);
		run_case(&of[i], REF_TC, of[i].tc);
	}
	world = before;
	world_install(&world);
}

/* Not configured yet: everything is the kernel's. */
static void test_not_configured(void **state)
{
	struct world w = world;
	size_t i;

	(void)state;
	w.configured = 0;
	world_install(&w);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		build(&cases[i], &frame);
		assert_int_equal(ref_run_decap(&w, &frame, 0, REF_XDP, &ref, cases[i].name), 0);
		assert_int_equal(ref.path, XV_PATH_XDP_PASS);
		assert_int_equal(ref_run_decap(&w, &frame, 0, REF_TC, &ref, cases[i].name), 0);
		assert_int_equal(ref.path, XV_PATH_TC_PASS);
	}
	world_install(&world);
}

int main(void)
{
	static struct CMUnitTest tests[3 * ARRAY_SIZE(cases) + 4];
	static const CMUnitTestFunction functions[] = {test_xdp, test_xdp_skb, test_tc};
	size_t i, n = 0;

	for (i = 0; i < 3 * ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){cases[i / 3].name, functions[i % 3], NULL, NULL,
						 (void *)&cases[i / 3]};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_any_mac);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_any_tag);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_kernel_peers);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_not_configured);
	if (hs_open())
		return 0;
	world_default(&world);
	world_install(&world);
	i = _cmocka_run_group_tests("decap", tests, n, NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
