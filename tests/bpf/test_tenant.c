// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames from tenants through real devices: trunks and tags, the very short ones that
 * BPF_PROG_TEST_RUN refuses, and isolation between the networks of one trunk.
 */
#include <string.h>

#include "harness_lab.h"

static struct world world;
static struct frame sent, got, want;
static struct ref ref;
static struct counts before, counts;

static void begin(void)
{
	assert_int_equal(lab_silent(), 0);
	memset(&counts, 0, sizeof(counts));
	counts_read(&before);
}

static void end(const char *what)
{
	assert_int_equal(lab_counts(&before, &counts, what), 0);
	assert_int_equal(lab_silent(), 0);
}

/* The frame that was got is this one in a tunnel to peer. */
static void tunnel_check(__u32 peer, __u32 bd, const struct frame *inner, const char *what)
{
	struct outer_spec s = adj_outer(&world, peer);

	s.vni = world.net[bd].vni;
	s.sport = frame_get16(&got, outer_udp_at(&s));
	assert_true(s.sport >= 49152);
	want.len = 0;
	frame_outer(&want, &s, inner->len);
	frame_put(&want, inner->b, inner->len);
	if (!s.v6) { /* identification and DF are the kernel's choice on the slow path */
		memcpy(want.b + 18, got.b + 18, 4);
		frame_fix_ip4(&want, 14);
	}
	assert_int_equal(frame_check(&got, &want, what), 0);
}

static void tunneled(__u32 peer, __u32 bd, const struct frame *inner, const char *what)
{
	assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
	tunnel_check(peer, bd, inner, what);
}

struct tag_case {
	const char *name;
	__u16 tpid, tci, inner_tpid, inner_tci;
	__u32 port; /* it comes from, as the datapath should see it; 0: none of ours */
	__u32 bd;
	int verdict;
};

static const struct tag_case tags[] = {
	{"VLAN 10", T_VLAN, 10, 0, 0, PORT_VLAN, BD_BLUE, XV_PATH_ENCAP},
	{"VLAN 10 with a priority", T_VLAN, 0xe00a, 0, 0, PORT_VLAN, BD_BLUE, XV_PATH_ENCAP},
	{"VLAN 20, another network", T_VLAN, 20, 0, 0, PORT_RED, BD_RED, XV_PATH_ENCAP},
	{"VLAN 30, nobody's", T_VLAN, 30, 0, 0, 0, 0, XV_PATH_TC_PASS},
	{"untagged, nobody's", 0, 0, 0, 0, 0, 0, XV_PATH_TC_PASS},
	{"priority alone, nobody's", T_VLAN, 0xe000, 0, 0, 0, 0, XV_PATH_TC_PASS},
	{"802.1ad 10 is not VLAN 10", T_QINQ, 10, 0, 0, 0, 0, XV_PATH_TC_PASS},
	{"tag in VLAN 10, carried not", T_VLAN, 10, T_VLAN, 5, PORT_VLAN, BD_BLUE,
	 VERDICT_DROP(INNER_VLAN)},
	{"tag in VLAN 20, carried", T_VLAN, 20, T_VLAN, 5, PORT_RED, BD_RED, XV_PATH_ENCAP_SLOW},
};

static void expect_tag(const struct tag_case *c, enum lab_dev dev)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(c->port));
	static struct frame bare, tagged;
	int popped;
	__u32 n;

	inner.tpid = c->inner_tpid;
	inner.tci = c->inner_tci;
	bare.len = 0;
	frame_inner(&bare, &inner);
	/* without the tag that is the port's, or says nothing but a priority; with all others */
	popped = c->port && (dev == LAB_TRUNK || !(c->tci & 0xfff));
	n = bare.len + (c->tpid && !popped ? 4 : 0);
	frame_copy(&tagged, &bare);
	if (c->tpid)
		frame_tagged(&tagged, &bare, c->tpid, c->tci);
	begin();
	lab_send(dev, &tagged);
	if (c->verdict >= 0)
		count_add(&counts.path[c->verdict], 1, n);
	else
		count_add(&counts.drop[-1 - c->verdict], 1, n);
	if (c->verdict == XV_PATH_ENCAP || c->verdict == XV_PATH_ENCAP_SLOW) {
		tunneled(PEER_V4, c->bd, &bare, c->name);
		count_add(&counts.port[c->port].rx, 1, n);
		count_add(&counts.net[c->bd].tx_unicast, 1, n);
		count_add(&counts.peer[PEER_V4].tx, 1, n);
	}
	end(c->name);
}

static void test_tag(void **state)
{
	expect_tag(*state, LAB_TRUNK);
}

/* A priority tag on an untagged port: VID 0 is no VLAN (802.1Q, 6.9.1). */
static void test_priority(void **state)
{
	static const struct tag_case c = {"priority", T_VLAN,	0xe000,	 0,
					  0,	      PORT_XDP, BD_BLUE, XV_PATH_ENCAP};
	static const struct tag_case tag = {"tag", T_VLAN,   5,	      0,
					    0,	   PORT_XDP, BD_BLUE, VERDICT_DROP(INNER_VLAN)};

	(void)state;
	expect_tag(&c, LAB_T1);
	expect_tag(&tag, LAB_T1);
}

/* From one VLAN of a trunk to another device and back, and to the trunk's other network: never. */
static void test_trunk_local(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_port(PORT_XDP), mac_of_port(PORT_VLAN));
	static struct frame bare, tagged;

	(void)state;
	bare.len = 0;
	frame_inner(&bare, &inner);
	frame_tagged(&tagged, &bare, T_VLAN, 10);
	begin();
	lab_send(LAB_TRUNK, &tagged);
	assert_int_equal(lab_recv(LAB_T1, &got), 0);
	assert_int_equal(frame_check(&got, &bare, "trunk to t1"), 0);
	count_add(&counts.path[XV_PATH_LOCAL], 1, bare.len);
	count_add(&counts.port[PORT_VLAN].rx, 1, bare.len);
	count_add(&counts.port[PORT_XDP].tx, 1, bare.len);
	count_add(&counts.net[BD_BLUE].tx_unicast, 1, bare.len);
	end("trunk to t1");

	inner = inner_udp(mac_of_port(PORT_VLAN), mac_of_port(PORT_XDP));
	bare.len = 0;
	frame_inner(&bare, &inner);
	frame_tagged(&tagged, &bare, T_VLAN, 10);
	begin();
	lab_send(LAB_T1, &bare);
	assert_int_equal(lab_recv(LAB_TRUNK, &got), 0);
	assert_int_equal(frame_check(&got, &tagged, "t1 to trunk"), 0);
	count_add(&counts.path[XV_PATH_LOCAL], 1, bare.len);
	count_add(&counts.port[PORT_XDP].rx, 1, bare.len);
	count_add(&counts.port[PORT_VLAN].tx, 1, bare.len);
	count_add(&counts.net[BD_BLUE].tx_unicast, 1, bare.len);
	end("t1 to trunk");

	/* red's MAC is unknown in blue: flooded to nobody */
	memcpy(bare.b, mac_of_port(PORT_RED), 6);
	begin();
	lab_send(LAB_T1, &bare);
	count_add(&counts.path[XV_PATH_ENCAP_FLOOD], 1, bare.len);
	count_add(&counts.port[PORT_XDP].rx, 1, bare.len);
	count_add(&counts.net[BD_BLUE].tx_bum, 1, bare.len);
	end("blue to red");
}

/*
 * The element of xv_port that was looked up is another key's when it is read (headers/xv_abi.h):
 * the frame is not that port's.
 */
static void test_reused(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_VLAN));
	const struct xv_port_key key = {.ifindex = lab.ifindex[LAB_TRUNK], .vlan = 10},
				 other = {.ifindex = lab.ifindex[LAB_TRUNK], .vlan = 20};
	struct xv_port_val val = {.port = PORT_VLAN, .bd = BD_BLUE};
	int fd = bpf_map__fd(hs.skel->maps.xv_port);
	static struct frame bare, tagged;

	(void)state;
	bare.len = 0;
	frame_inner(&bare, &inner);
	frame_tagged(&tagged, &bare, T_VLAN, 10);
	val.check = xv_port_key_check(&other);
	assert_int_equal(bpf_map_update_elem(fd, &key, &val, BPF_ANY), 0);
	begin();
	lab_send(LAB_TRUNK, &tagged);
	count_add(&counts.drop[XV_DROP_NOT_CONFIGURED], 1, tagged.len);
	end("another key's");

	val.check = xv_port_key_check(&key);
	assert_int_equal(bpf_map_update_elem(fd, &key, &val, BPF_ANY), 0);
	begin();
	lab_send(LAB_TRUNK, &tagged);
	tunneled(PEER_V4, BD_BLUE, &bare, "the key's own");
	count_add(&counts.path[XV_PATH_ENCAP], 1, bare.len);
	count_add(&counts.port[PORT_VLAN].rx, 1, bare.len);
	count_add(&counts.net[BD_BLUE].tx_unicast, 1, bare.len);
	count_add(&counts.peer[PEER_V4].tx, 1, bare.len);
	end("the key's own");
	lab_world(&world);
}

/*
 * A VLAN device of the kernel's is over an untagged port, of a network that carries tags: its
 * frames pass to the kernel, those of the same VLAN and the other kind of tag are the port's.
 */
static void test_vlan_device(void **state)
{
	struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));
	static const __u16 types[] = {T_VLAN, T_QINQ};
	int fd = bpf_map__fd(hs.skel->maps.xv_port);
	static struct frame bare, tagged;
	size_t device, sent_as;

	(void)state;
	bare.len = 0;
	frame_inner(&bare, &inner);
	for (device = 0; device < 2; device++) {
		struct xv_port_key key = {
			.ifindex = lab.ifindex[LAB_T1], .vlan = 10, .proto = device ? T_QINQ : 0};
		struct xv_port_val val = {.check = xv_port_key_check(&key)};

		lab_world(&world);
		world.net[BD_BLUE].flags |= XV_BD_INNER_VLAN;
		world_install(&world);
		assert_int_equal(bpf_map_update_elem(fd, &key, &val, BPF_NOEXIST), 0);
		for (sent_as = 0; sent_as < 2; sent_as++) {
			frame_tagged(&tagged, &bare, types[sent_as], 10);
			begin();
			lab_send(LAB_T1, &tagged);
			if (sent_as == device) {
				count_add(&counts.path[XV_PATH_TC_PASS], 1, tagged.len);
			} else {
				tunneled(PEER_V4, BD_BLUE, &tagged, "the port's");
				count_add(&counts.path[XV_PATH_ENCAP_SLOW], 1, tagged.len);
				count_add(&counts.port[PORT_XDP].rx, 1, tagged.len);
				count_add(&counts.net[BD_BLUE].tx_unicast, 1, tagged.len);
				count_add(&counts.peer[PEER_V4].tx, 1, tagged.len);
			}
			end(sent_as == device ? "the device's" : "the port's");
		}
		bpf_map_delete_elem(fd, &key);
	}
	lab_world(&world);
}

/* A VXLAN packet of a tenant's own making, for our address and red's VNI, is a tenant's frame. */
static void test_pretended_tunnel(void **state)
{
	struct outer_spec outer = outer_from(&world, PEER_V4, BD_RED);
	struct inner_spec inner = inner_udp(mac_of_port(PORT_RED), mac_of_peer(PEER_V4));

	(void)state;
	frame_tunnel(&sent, &outer, &inner);
	memcpy(sent.b, mac_of_peer(PEER_V4), 6);
	memcpy(sent.b + 6, mac_of_port(PORT_XDP), 6);
	begin();
	lab_send(LAB_T1, &sent);
	tunneled(PEER_V4, BD_BLUE, &sent, "tunnel in tunnel");
	count_add(&counts.path[XV_PATH_ENCAP], 1, sent.len);
	count_add(&counts.port[PORT_XDP].rx, 1, sent.len);
	count_add(&counts.net[BD_BLUE].tx_unicast, 1, sent.len);
	count_add(&counts.peer[PEER_V4].tx, 1, sent.len);
	end("tunnel in tunnel");
}

/*
 * Cut at every byte from the bare Ethernet header on. Without a whole IP header the frame takes the
 * slow path, where the kernel may refuse it (6.9 and newer do): it must not come out wrong.
 */
static void test_short(void **state)
{
	static const __u16 types[] = {T_IP, T_IPV6, T_ARP, 0x88b5};
	__u32 i, len, peer, headers, refused = 0;

	(void)state;
	for (i = 0; i < 2 * ARRAY_SIZE(types); i++) {
		struct inner_spec inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));

		peer = i & 1 ? PEER_V4 : PEER_V6;
		memcpy(inner.dst, mac_of_peer(peer), 6);
		inner.type = types[i / 2];
		headers = inner.type == T_IP ? 34 : inner.type == T_IPV6 ? 54 : 14;
		sent.len = 0;
		frame_inner(&sent, &inner);
		for (len = 14; len <= 64; len++) {
			sent.len = len;
			ref_encap(&world, &sent, lab.ifindex[LAB_T1], 0, &ref);
			assert_int_equal(ref.path, len < headers || headers == 14
							   ? XV_PATH_ENCAP_SLOW
							   : XV_PATH_ENCAP);
			begin();
			lab_send(LAB_T1, &sent);
			counts = ref.counts;
			assert_int_equal(lab_counts(&before, &counts, "short"), 0);
			if (len < headers && lab_recv_fd(lab.fd[LAB_WIRE], &got, 5)) {
				refused++;
				continue;
			}
			if (len >= headers)
				assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
			tunnel_check(peer, BD_BLUE, &sent, "short");
			end("short");
		}
	}
	hs_note("%u frames without a whole IP header refused by the kernel's vxlan", refused);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(tags) + 6];
	static const struct CMUnitTest more[] = {
		cmocka_unit_test(test_priority),	 cmocka_unit_test(test_trunk_local),
		cmocka_unit_test(test_vlan_device),	 cmocka_unit_test(test_reused),
		cmocka_unit_test(test_pretended_tunnel), cmocka_unit_test(test_short),
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(tags); i++)
		tests[i] = (struct CMUnitTest){tags[i].name, test_tag, NULL, NULL,
					       (void *)&tags[i]};
	memcpy(tests + i, more, sizeof(more));
	if (hs_open())
		return 0;
	lab_open();
	lab_world(&world);
	lab_attach(REF_XDP);
	i = _cmocka_run_group_tests("tenant", tests, ARRAY_SIZE(tests), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
