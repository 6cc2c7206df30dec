// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames with an outer UDP checksum through real devices: which program takes the header off, and
 * what the kernel then believes of the inner frame's checksums. An unfinished outer checksum
 * (CHECKSUM_PARTIAL, as a veth hands it on) must be forgotten with its header. PORT_STACK is a tap
 * here, which tells its reader; a veth would forget by itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "harness_lab.h"

static struct world world;
static struct frame wire, want, got;
static int tap = -1;

enum state {
	RIGHT,
	WRONG,
	PARTIAL,
	STATES,
};

static const char *const state_names[] = {"right", "wrong", "partial"};

struct csum_case {
	const char *name;
	__u32 peer, port;
	__u8 proto;
	enum ref_hook hook;
	int path; /* that strips */
};

static const struct csum_case cases[] = {
	{"TC, v4", PEER_V4, PORT_STACK, P_UDP, REF_TC, XV_PATH_TC_DECAP},
	{"TC, v6", PEER_V6, PORT_STACK, P_TCP, REF_TC, XV_PATH_TC_DECAP},
	{"generic, v4", PEER_V4, PORT_STACK, P_UDP, REF_XDP_SKB, XV_PATH_TC_DECAP},
	{"native, v4", PEER_V4, PORT_STACK, P_UDP, REF_XDP, XV_PATH_TC_DECAP},
	{"native, v6", PEER_V6, PORT_STACK, P_TCP, REF_XDP, XV_PATH_TC_DECAP},
	{"native, v4, redirect", PEER_V4, PORT_XDP, P_UDP, REF_XDP, XV_PATH_XDP_REDIRECT},
	{"native, v6, redirect", PEER_V6, PORT_XDP, P_TCP, REF_XDP, XV_PATH_XDP_REDIRECT},
};

static void build(const struct csum_case *c, enum state state)
{
	struct outer_spec outer = outer_from(&world, c->peer, BD_BLUE);
	struct inner_spec inner = inner_udp(mac_of_port(c->port), mac_of_peer(c->peer));

	inner.proto = c->proto;
	frame_tunnel(&wire, &outer, &inner);
	frame_fix_udp(&wire, outer_udp_at(&outer), outer.v6, state == PARTIAL);
	if (state == WRONG)
		wire.b[outer_udp_at(&outer) + 6] ^= 0x11;
	want.len = 0;
	frame_inner(&want, &inner);
}

static void send_wire(int fd, const struct csum_case *c, enum state state)
{
	struct outer_spec outer = outer_from(&world, c->peer, BD_BLUE);
	struct virtio_net_hdr hdr = {.csum_offset = 6};
	struct iovec iov[] = {{&hdr, sizeof(hdr)}, {wire.b, wire.len}};

	hdr.flags = state == PARTIAL ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0;
	hdr.csum_start = state == PARTIAL ? outer_udp_at(&outer) : 0;
	if (state != PARTIAL)
		hdr.csum_offset = 0;
	if (writev(fd, iov, 2) != (ssize_t)(sizeof(hdr) + wire.len))
		fail_msg("send: %s", strerror(errno));
}

/* The frame, and no note of an unfinished checksum beside it. */
static void arrives(int fd, const char *what)
{
	struct virtio_net_hdr hdr;
	struct iovec iov[] = {{&hdr, sizeof(hdr)}, {got.b, sizeof(got.b)}};
	struct pollfd ready = {.fd = fd, .events = POLLIN};
	ssize_t n;

	assert_int_equal(poll(&ready, 1, 2000), 1);
	n = readv(fd, iov, 2);
	assert_true(n > (ssize_t)sizeof(hdr));
	got.len = n - sizeof(hdr);
	assert_int_equal(frame_check(&got, &want, what), 0);
	if (hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM)
		fail_msg("%s: unfinished checksum, from %d", what, (__s16)hdr.csum_start);
}

static void counted(const struct csum_case *c, struct counts *counts)
{
	memset(counts, 0, sizeof(*counts));
	count_add(&counts->path[c->path], 1, want.len);
	if (c->path == XV_PATH_TC_DECAP && c->hook != REF_TC)
		count_add(&counts->path[XV_PATH_XDP_PASS], 1, wire.len);
	count_add(&counts->net[BD_BLUE].rx_unicast, 1, want.len);
	count_add(&counts->peer[c->peer].rx, 1, want.len);
	count_add(&counts->port[c->port].tx, 1, want.len);
}

static void run(const struct csum_case *c, enum state state)
{
	int in = lab_socket("u1", 1), veth = lab_socket("p1", 1);
	static struct counts before, counts;
	char what[64];

	snprintf(what, sizeof(what), "%s, %s", c->name, state_names[state]);
	build(c, state);
	counts_read(&before);
	send_wire(in, c, state);
	arrives(c->port == PORT_XDP ? veth : tap, what);
	if (c->port == PORT_XDP)
		assert_int_equal(lab_recv(LAB_T1, &got), 0); /* which the lab's socket saw too */
	counted(c, &counts);
	assert_int_equal(lab_counts(&before, &counts, what), 0);
	assert_int_equal(lab_silent(), 0);
	close(in);
	close(veth);
}

static void test_case(void **state)
{
	const struct csum_case *c = *state;
	int i;

	if (tap < 0)
		hs_skip("no /dev/net/tun here");
	lab_attach(c->hook);
	for (i = RIGHT; i < STATES; i++)
		run(c, i);
}

static void open_tap(void)
{
	struct ifreq ifr = {.ifr_name = "tap0", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	unsigned int offloads = TUN_F_CSUM;

	tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (tap < 0)
		return;
	if (ioctl(tap, TUNSETIFF, &ifr) || ioctl(tap, TUNSETOFFLOAD, offloads))
		abort();
	lab_inside("ip link set tap0 up");
	world.port[PORT_STACK].ifindex = if_nametoindex("tap0");
	world_install(&world);
}

int main(void)
{
	static struct CMUnitTest tests[ARRAY_SIZE(cases)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		tests[i] = (struct CMUnitTest){cases[i].name, test_case, NULL, NULL,
					       (void *)&cases[i]};
	if (hs_open())
		return 0;
	lab_open();
	lab_world(&world);
	open_tap();
	i = _cmocka_run_group_tests("csum", tests, ARRAY_SIZE(cases), NULL, NULL);
	hs_close();
	return i ? 1 : 0;
}
