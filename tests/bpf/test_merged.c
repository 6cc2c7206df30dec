// SPDX-License-Identifier: GPL-2.0-only
/*
 * Merged (GSO) frames: a tenant's TCP of several segments is encapsulated as one and cut behind us,
 * and each packet on the wire is what it would be had it been sent alone; a merged packet from a
 * tunnel is stripped whole. Counted as their segments.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness_lab.h"

enum {
	SEGMENT = 1000,
	SEGMENTS = 5,
	LAST = 123, /* bytes of the last one */
	PAYLOAD = (SEGMENTS - 1) * SEGMENT + LAST,
};

static struct world world;
static struct frame whole, got, want, segment;
static struct counts before, counts;

static __u32 tcp_at(__u16 type)
{
	return type == T_IP ? 34 : 54;
}

/* Bytes of all that it is cut into: each has headers. */
static __u32 cut_bytes(void)
{
	return PAYLOAD + SEGMENTS * (whole.len - PAYLOAD);
}

/* TCP checksum over addresses and segment, right or as an offload wants it (pseudo header alone).
 */
static void tcp_checksum(struct frame *f, __u16 type, int partial)
{
	__u32 tcp = tcp_at(type), addr = type == T_IP ? 26 : 22, n = f->len - tcp;
	__u32 sum = sum16(f->b + addr, tcp - addr, P_TCP + n);

	frame_set16(f, tcp + 16, 0);
	frame_set16(f, tcp + 16, partial ? sum : (__u16)~sum16(f->b + tcp, n, sum));
}

static void build_whole(const __u8 *dst, const __u8 *src, __u16 type)
{
	struct inner_spec inner = inner_udp(dst, src);

	inner.type = type;
	inner.proto = P_TCP;
	inner.payload = PAYLOAD;
	whole.len = 0;
	frame_inner(&whole, &inner);
	tcp_checksum(&whole, type, 1);
}

/* The i-th segment as TCP would have sent it: RFC 9293 sequence numbers, PSH at the end alone. */
static void build_segment(__u16 type, int i)
{
	__u32 tcp = tcp_at(type), headers = tcp + 20, n = i == SEGMENTS - 1 ? LAST : SEGMENT;
	__u32 seq = 0x01020304 + i * SEGMENT;

	segment.len = 0;
	frame_put(&segment, whole.b, headers);
	frame_put(&segment, whole.b + headers + i * SEGMENT, n);
	frame_set16(&segment, type == T_IP ? 16 : 18, type == T_IP ? 40 + n : 20 + n);
	if (type == T_IP) {
		frame_set16(&segment, 18, 0x1a2b + i);
		frame_fix_ip4(&segment, 14);
	}
	frame_set16(&segment, tcp + 4, seq >> 16);
	frame_set16(&segment, tcp + 6, seq);
	segment.b[tcp + 13] = i == SEGMENTS - 1 ? 0x18 : 0x10;
	tcp_checksum(&segment, type, 0);
}

static void send_merged(int fd, __u16 type)
{
	struct virtio_net_hdr hdr = {
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = type == T_IP ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_TCPV6,
		.gso_size = SEGMENT,
		.csum_offset = 16,
	};
	struct iovec iov[] = {{&hdr, sizeof(hdr)}, {whole.b, whole.len}};

	hdr.hdr_len = tcp_at(type) + 20;
	hdr.csum_start = tcp_at(type);
	if (writev(fd, iov, 2) != (ssize_t)(sizeof(hdr) + whole.len))
		fail_msg("send: %s", strerror(errno));
}

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

struct merged_case {
	const char *name;
	__u32 peer;
	__u16 type;
};

static const struct merged_case cases[] = {
	{"IPv4 in v4", PEER_V4, T_IP},
	{"IPv6 in v4", PEER_V4, T_IPV6},
	{"IPv4 in v6", PEER_V6, T_IP},
	{"IPv6 in v6", PEER_V6, T_IPV6},
};

/* All on the wire, in order, of one source port; identification is the segmenter's own. */
static void expect_segments(const struct merged_case *c)
{
	struct outer_spec s = adj_outer(&world, c->peer);
	int i;

	s.vni = world.net[BD_BLUE].vni;
	for (i = 0; i < SEGMENTS; i++) {
		assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
		if (i == 0)
			s.sport = frame_get16(&got, outer_udp_at(&s));
		assert_true(s.sport >= 49152);
		build_segment(c->type, i);
		want.len = 0;
		frame_outer(&want, &s, segment.len);
		frame_put(&want, segment.b, segment.len);
		if (!s.v6) {
			memcpy(want.b + 18, got.b + 18, 2);
			frame_fix_ip4(&want, 14);
		}
		assert_int_equal(frame_check(&got, &want, c->name), 0);
	}
}

static void test_encap(void **state)
{
	const struct merged_case *c = *state;
	int fd = lab_socket("p1", 1);

	lab_attach(REF_XDP);
	build_whole(mac_of_peer(c->peer), mac_of_port(PORT_XDP), c->type);
	begin();
	send_merged(fd, c->type);
	expect_segments(c);
	count_add(&counts.path[XV_PATH_ENCAP], SEGMENTS, cut_bytes());
	count_add(&counts.port[PORT_XDP].rx, SEGMENTS, cut_bytes());
	count_add(&counts.net[BD_BLUE].tx_unicast, SEGMENTS, cut_bytes());
	count_add(&counts.peer[c->peer].tx, SEGMENTS, cut_bytes());
	end(c->name);
	close(fd);
}

/* The egress MTU holds for each segment: one that fits exactly is fast, one byte less is not. */
static void test_encap_mtu(void **state)
{
	static const int paths[] = {XV_PATH_ENCAP, XV_PATH_ENCAP_SLOW};
	struct world w;
	int fd = lab_socket("p1", 1), i;
	__u16 first = 0;

	(void)state;
	lab_attach(REF_XDP);
	for (i = 0; i < 2; i++) {
		lab_world(&w);
		w.wire_mtu = 20 + 16 + 14 + 40 + SEGMENT - i;
		w.df = XV_ADJ_DF_UNSET;
		world_install(&w);
		build_whole(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP), T_IP);
		begin();
		send_merged(fd, T_IP);
		count_add(&counts.path[paths[i]], SEGMENTS, cut_bytes());
		count_add(&counts.port[PORT_XDP].rx, SEGMENTS, cut_bytes());
		count_add(&counts.net[BD_BLUE].tx_unicast, SEGMENTS, cut_bytes());
		count_add(&counts.peer[PEER_V4].tx, SEGMENTS, cut_bytes());
		assert_int_equal(lab_counts(&before, &counts, "egress MTU"), 0);
		/* the kernel's own route has room: all come, either way */
		for (int n = 0; n < SEGMENTS; n++) {
			assert_int_equal(lab_recv(LAB_WIRE, &got), 0);
			assert_int_equal(frame_get16(&got, 20),
					 0); /* no DF: identifications differ */
			first = n ? first : frame_get16(&got, 18);
			assert_int_equal(frame_get16(&got, 18), (__u16)(first + n));
		}
		end("egress MTU");
	}
	lab_world(&world);
	close(fd);
}

/* ... and over IPv6, where xv0 would lose them, one byte less is none. */
static void test_encap_mtu6(void **state)
{
	struct world w;
	int fd = lab_socket("p1", 1);

	(void)state;
	lab_attach(REF_XDP);
	lab_world(&w);
	w.wire_mtu = 40 + 16 + 14 + 40 + SEGMENT - 1;
	world_install(&w);
	build_whole(mac_of_peer(PEER_V6), mac_of_port(PORT_XDP), T_IP);
	begin();
	send_merged(fd, T_IP);
	count_add(&counts.port[PORT_XDP].rx, SEGMENTS, cut_bytes());
	count_add(&counts.drop[XV_DROP_PKT_TOO_BIG], SEGMENTS, cut_bytes());
	count_add(&counts.path[XV_PATH_TOO_BIG_SENT], 1, 14 + 576);
	assert_int_equal(lab_recv(LAB_T1, &got), 0);
	assert_int_equal(got.len, 14 + 576);
	assert_int_equal(sum16(got.b + 14, 20, 0), 0xffff);
	assert_int_equal(sum16(got.b + 34, 556, 0), 0xffff);
	end("IPv6 egress MTU");
	lab_world(&world);
	close(fd);
}

/* Between two ports a merged frame stays one, whatever the MTU. */
static void test_local(void **state)
{
	int fd = lab_socket("p1", 1);

	(void)state;
	lab_attach(REF_XDP);
	build_whole(mac_of_port(PORT_STACK), mac_of_port(PORT_XDP), T_IP);
	begin();
	send_merged(fd, T_IP);
	assert_int_equal(lab_recv(LAB_T2, &got), 0);
	assert_int_equal(frame_check(&got, &whole, "local"), 0);
	count_add(&counts.path[XV_PATH_LOCAL], SEGMENTS, cut_bytes());
	count_add(&counts.port[PORT_XDP].rx, SEGMENTS, cut_bytes());
	count_add(&counts.port[PORT_STACK].tx, SEGMENTS, cut_bytes());
	count_add(&counts.net[BD_BLUE].tx_unicast, SEGMENTS, cut_bytes());
	end("local");
	close(fd);
}

/*
 * A guest's merged frame, from a tap: the kernel leaves it to others to count the segments there,
 * which must not make one packet of five.
 */
static void test_tap(void **state)
{
	struct ifreq ifr = {.ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	unsigned int offloads = TUN_F_CSUM | TUN_F_TSO4;
	struct world w;
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

	(void)state;
	if (fd < 0)
		hs_skip("no /dev/net/tun here: %s", strerror(errno));
	assert_int_equal(ioctl(fd, TUNSETIFF, &ifr), 0);
	assert_int_equal(ioctl(fd, TUNSETOFFLOAD, offloads), 0);
	lab_inside("ip link set tap0 up");
	lab_attach(REF_XDP);
	lab_world(&w);
	world_key_set(&w, if_nametoindex("tap0"), 0, PORT_XDP);
	world_install(&w);
	lab_tc(if_nametoindex("tap0"), hs.skel->progs.xv_encap);
	build_whole(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP), T_IP);
	begin();
	send_merged(fd, T_IP);
	expect_segments(&cases[0]);
	count_add(&counts.path[XV_PATH_ENCAP], SEGMENTS, cut_bytes());
	count_add(&counts.port[PORT_XDP].rx, SEGMENTS, cut_bytes());
	count_add(&counts.net[BD_BLUE].tx_unicast, SEGMENTS, cut_bytes());
	count_add(&counts.peer[PEER_V4].tx, SEGMENTS, cut_bytes());
	end("tap");
	close(fd);
	lab_world(&world);
}

/*
 * The outside gets addresses, once. IPv6 says hello to its multicast groups, which is waited for;
 * and would do so once more a second or two later, when it has seen that nobody has its link-local
 * address, so it is told not to look.
 */
static void outside_addresses(void)
{
	static struct frame none;
	struct counts now;
	__u64 packets;

	lab_outside("sysctl -qw net.ipv6.conf.u1.router_solicitations=0 "
		    "net.ipv6.conf.u1.mldv2_unsolicited_report_interval=1 "
		    "net.ipv6.conf.u1.accept_dad=0 net.ipv6.conf.u1.dad_transmits=0 "
		    "net.ipv6.conf.u1.accept_ra=0 net.ipv6.conf.u1.disable_ipv6=0");
	lab_outside("ip addr add 192.0.2.2/24 dev u1");
	lab_outside("ip addr add 2001:db8::2/64 dev u1 nodad");
	lab_outside("ip neigh add 192.0.2.1 lladdr 02:ee:00:00:00:02 dev u1");
	lab_outside("ip neigh add 2001:db8::1 lladdr 02:ee:00:00:00:02 dev u1");
	lab_attach(REF_TC);
	counts_read(&now);
	do {
		packets = now.path[XV_PATH_TC_PASS].packets;
		lab_recv_fd(lab.fd[LAB_T1], &none, 300);
		counts_read(&now);
	} while (packets != now.path[XV_PATH_TC_PASS].packets);
}

/* A kernel VTEP, which sends a merged tunnel packet, as a veth underlay or GRO gives us; with outer
 * UDP checksums or without. */
static void kernel_vtep(int v6, int csum)
{
	lab_outside("ip link add vx1 type vxlan id 100 dstport 4789 dev u1 %s nolearning "
		    "%s udp6zerocsumrx",
		    v6 ? "local 2001:db8::2 remote 2001:db8::1"
		       : "local 192.0.2.2 remote 192.0.2.1",
		    csum ? "udpcsum noudp6zerocsumtx" : "noudpcsum udp6zerocsumtx");
	lab_outside("ip link set vx1 up");
}

/*
 * merged: whether the port takes what was stripped while merged. If not, or if the kernel cannot
 * change the skb's protocol (before Linux 6.3), the kernel's own vxlan does it.
 */
static void expect_decap(const struct merged_case *c, enum ref_hook hook, int merged, int csum)
{
	int fast = merged && (kernel_at_least(6, 3) || (c->peer == PEER_V4) == (c->type == T_IP));
	struct outer_spec s = adj_outer(&world, c->peer);
	struct world w;
	int fd;

	lab_attach(hook);
	lab_world(&w);
	w.port[PORT_XDP].flags |= merged ? XV_PORT_GSO_DECAP : 0;
	world_install(&w);
	kernel_vtep(c->peer == PEER_V6, csum);
	fd = lab_socket("vx1", 1);
	build_whole(mac_of_port(PORT_XDP), mac_of_peer(c->peer), c->type);
	begin();
	send_merged(fd, c->type);
	assert_int_equal(lab_recv(LAB_T1, &got), 0);
	assert_int_equal(frame_check(&got, &whole, c->name), 0);
	if (hook == REF_XDP_SKB) /* which sees one packet */
		count_add(&counts.path[XV_PATH_XDP_PASS], 1, whole.len + outer_len(&s));
	if (!fast) /* a tunnel cannot be seen before Linux 6.2: the headers end with its UDP */
		count_add(&counts.path[XV_PATH_TC_PASS], SEGMENTS,
			  kernel_at_least(6, 2) ? cut_bytes() + SEGMENTS * outer_len(&s)
						: whole.len + outer_len(&s) +
							  (SEGMENTS - 1) * (outer_len(&s) - 8));
	count_add(&counts.path[fast ? XV_PATH_TC_DECAP : XV_PATH_SLOW_RX], SEGMENTS, cut_bytes());
	count_add(&counts.net[BD_BLUE].rx_unicast, SEGMENTS, cut_bytes());
	count_add(&counts.peer[c->peer].rx, SEGMENTS, cut_bytes());
	count_add(&counts.port[PORT_XDP].tx, SEGMENTS, cut_bytes());
	end(c->name);
	close(fd);
	lab_outside("ip link del vx1");
	lab_world(&world);
}

static void test_decap(void **state)
{
	expect_decap(*state, REF_TC, 1, 0);
	expect_decap(*state, REF_TC, 1, 1);
}

static void test_decap_passed(void **state)
{
	expect_decap(*state, REF_TC, 0, 0);
	expect_decap(*state, REF_TC, 0, 1);
}

static void test_decap_generic(void **state)
{
	expect_decap(*state, REF_XDP_SKB, 1, 0);
	expect_decap(*state, REF_XDP_SKB, 1, 1);
}

int main(void)
{
	static struct CMUnitTest tests[4 * ARRAY_SIZE(cases) + 4];
	static const CMUnitTestFunction functions[] = {test_encap, test_decap, test_decap_passed,
						       test_decap_generic};
	size_t i, n = 0;

	for (i = 0; i < 4 * ARRAY_SIZE(cases); i++)
		tests[n++] = (struct CMUnitTest){cases[i / 4].name, functions[i % 4], NULL, NULL,
						 (void *)&cases[i / 4]};
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_encap_mtu);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_encap_mtu6);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_local);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_tap);
	if (hs_open())
		return 0;
	lab_open();
	lab_world(&world);
	outside_addresses();
	i = _cmocka_run_group_tests("merged", tests, n, NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
