// SPDX-License-Identifier: GPL-2.0-only
/* Links: events, requests, lost events, the slow path device, XDP on trial. */
#include "netlink_lab.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if_arp.h>

static void test_link_events(void **state)
{
	struct xv_link *link;
	int gone;

	(void)state;
	run("ip link add w0 address 02:00:00:00:00:aa type veth peer name w1");
	wait_until(if_nametoindex("w0") && seen.links[if_nametoindex("w0")].ifindex);
	link = &seen.links[if_nametoindex("w0")];
	assert_string_equal(link->name, "w0");
	assert_string_equal(link->kind, "veth");
	assert_true(mac_is(link->mac, "02:00:00:00:00:aa"));
	assert_int_equal(link->mtu, 1500);
	assert_int_equal(link->flags & IFF_UP, 0);
	assert_true(link->rx_queues >= 1);
	assert_int_equal(link->master, 0);

	run("ip link set w0 up");
	wait_until(link->flags & IFF_UP);
	run("ip link set w0 mtu 1400");
	wait_until(link->mtu == 1400);
	run("ip link set w0 down");
	wait_until(!(link->flags & IFF_UP));
	run("ip link set w0 name w2");
	wait_until(!strcmp(link->name, "w2"));

	run("ip link add br0 type bridge && ip link set w2 master br0");
	wait_until(link->master == if_nametoindex("br0"));
	gone = seen.n_gone;
	run("ip link set w2 nomaster");
	wait_until(link->master == 0);
	assert_int_equal(seen.n_gone, gone); /* leaving a bridge is not being gone */

	run("ip link set w2 netns %d", peer);
	wait_until(!strcmp(seen.gone, "w2"));
	assert_int_equal(link->ifindex, 0);
	run("ip link del w1");
	wait_until(!strcmp(seen.gone, "w1"));
	run("ip link del br0");
	wait_until(!strcmp(seen.gone, "br0"));
	assert_int_equal(seen.n_gone, gone + 3);
}

static void test_get_and_dump(void **state)
{
	struct xv_link link = {0};
	uint32_t va = if_nametoindex("va");

	(void)state;
	assert_int_equal(xv_netlink_get_link(nl, "va", 0, &link, &err), 0);
	assert_int_equal(link.ifindex, va);
	assert_true(link.xdp_features & XV_XDP_ACT_BASIC);
	memset(&link, 0, sizeof(link));
	assert_int_equal(xv_netlink_get_link(nl, NULL, va, &link, &err), 0);
	assert_string_equal(link.name, "va");

	strcpy(err.text, "untouched");
	assert_int_equal(xv_netlink_get_link(nl, "nope", 0, &link, &err), -ENODEV);
	assert_int_equal(xv_netlink_get_link(nl, NULL, 499, &link, &err), -ENODEV);
	assert_int_equal(xv_netlink_get_link(nl, "a-name-too-long-for-a-device", 0, &link, &err),
			 -ENODEV);
	assert_int_equal(xv_netlink_get_link(nl, "", 0, &link, &err), -ENODEV);
	assert_string_equal(err.text, "untouched");
	assert_string_equal(link.name, "va");

	/* More links than one datagram holds. */
	run("for i in $(seq 60); do echo link add m$i type veth peer name n$i; done | ip -batch -");
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(xv_netlink_dump_links(nl, &err), 0);
	assert_int_equal(seen.n_link, 122); /* lo, va, and 60 pairs */
	assert_string_equal(seen.links[va].name, "va");
	assert_int_equal(seen.links[va].xdp_features, link.xdp_features);
	assert_string_equal(seen.links[1].name, "lo");
	assert_string_equal(seen.links[1].kind, "");
	if (link.xdp_features != XV_XDP_FEATURES_UNKNOWN)
		assert_int_equal(seen.links[1].xdp_features, 0);
	run("for i in $(seq 60); do echo link del m$i; done | ip -batch -");
}

/* A veth takes XDP frames only while its other end polls: GRO there switches that on. */
static void test_features(void **state)
{
	uint32_t va = if_nametoindex("va");
	struct xv_link link;

	(void)state;
	assert_int_equal(xv_netlink_get_link(nl, "va", 0, &link, &err), 0);
	if (link.xdp_features == XV_XDP_FEATURES_UNKNOWN) {
		print_message("# SKIP this kernel has no netdev family (Linux 6.3)\n");
		skip();
	}
	assert_int_equal(link.xdp_features & XV_XDP_ACT_NDO_XMIT, 0);
	run_peer("ethtool -K vb gro on");
	wait_until(seen.features_ifindex == va && seen.features & XV_XDP_ACT_NDO_XMIT);
	assert_int_equal(xv_netlink_get_link(nl, "va", 0, &link, &err), 0);
	assert_int_equal(link.xdp_features, seen.features);
	run_peer("ethtool -K vb gro off");
	wait_until(seen.features_ifindex == va && !(seen.features & XV_XDP_ACT_NDO_XMIT));
	assert_true(seen.n_features >= 2);
}

static void test_overrun(void **state)
{
	struct xv_link *link = &seen.links[if_nametoindex("va")];
	int fds[2], size = 1; /* the kernel's minimum */

	(void)state;
	dispatch(0);
	assert_int_equal(seen.n_resync, 0);
	xv_netlink_fds(nl, fds);
	assert_int_equal(setsockopt(fds[0], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	run("for i in $(seq 1300 1340); do echo link set va mtu $i; done | ip -batch -");
	seen.n_link = 0;
	dispatch(1000);
	assert_int_equal(seen.n_resync, 1);
	assert_int_equal(seen.n_link, 0); /* older than what was lost: not told */
	assert_int_equal(xv_netlink_dump_links(nl, &err), 0);
	assert_int_equal(link->mtu, 1340);

	run("ip link set va mtu 1350"); /* and the stream goes on */
	wait_until(link->mtu == 1350);
	assert_int_equal(seen.n_resync, 1);
}

static void test_overrun_features(void **state)
{
	int fds[2], size = 1;

	(void)state;
	xv_netlink_fds(nl, fds);
	if (fds[1] < 0)
		skip();
	assert_int_equal(setsockopt(fds[1], SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	for (int i = 0; i < 20; i++)
		run_peer("ethtool -K vb gro %s", i % 2 ? "off" : "on");
	seen.n_features = 0;
	dispatch(1000);
	assert_int_equal(seen.n_resync, 1);
	assert_int_equal(seen.n_features, 0);
}

static void test_promisc(void **state)
{
	uint32_t va = if_nametoindex("va");

	(void)state;
	assert_int_equal(xv_netlink_set_promisc(nl, va, true, &err), 0);
	wait_until(seen.links[va].flags & IFF_PROMISC && seen.links[va].promiscuity == 1);
	assert_int_equal(xv_netlink_set_promisc(nl, va, false, &err), 0);
	wait_until(!(seen.links[va].flags & IFF_PROMISC) && !seen.links[va].promiscuity);
	assert_true(seen.links[va].flags & IFF_UP);
	assert_int_equal(xv_netlink_set_promisc(nl, 499, true, &err), -ENODEV);
}

static void test_vxlan(void **state)
{
	struct xv_link link;

	(void)state;
	assert_int_equal(xv_netlink_add_vxlan(nl, "xv0", 4789, "mark", &err), 0);
	assert_output("ip -d -j link show xv0", "\"external\":true");
	assert_output("ip -d -j link show xv0", "\"port\":4789");
	assert_output("ip -d -j link show xv0", "\"port_range\":{\"low\":49152,\"high\":65535}");
	assert_output("ip -d -j link show xv0", "\"learning\":false");
	assert_output("ip -d -j link show xv0", "\"udp_zero_csum6_tx\":true");
	assert_output("ip -d -j link show xv0", "\"udp_zero_csum6_rx\":true");
	assert_output("ip -d -j link show xv0", "\"mtu\":65535");
	assert_output("ip -d -j link show xv0", "\"inet6_addr_gen_mode\":\"none\"");
	assert_output("ip -d -j link show xv0", "\"flags\":[\"BROADCAST\",\"NOARP\",\"UP\"");
	assert_output("ip -j addr show xv0", "\"addr_info\":[]");
	assert_output("ss -Hlun sport = 4789 | wc -l", "2\n"); /* IPv4 and IPv6 */
	wait_until(seen.links[if_nametoindex("xv0")].flags & IFF_UP);
	link = seen.links[if_nametoindex("xv0")];
	assert_string_equal(link.kind, "vxlan");
	assert_true(link.has_vxlan_port && link.vxlan_external);
	assert_int_equal(link.vxlan_port, 4789);

	assert_int_equal(xv_netlink_add_vxlan(nl, "xv0", 4790, "mark", &err), -EEXIST);
	assert_string_equal(err.text, "a device with the name xv0 exists already");
	assert_string_equal(link.alias, "mark");
	assert_int_equal(link.type, ARPHRD_ETHER);
	assert_true(link.vxlan_zero_csum6);
	assert_int_equal(xv_netlink_add_vxlan(nl, "xv1", 4789, "mark", &err), -EADDRINUSE);
	assert_err("UDP port 4789 is in use by vxlan device xv0, alias mark: remove that");
	assert_int_equal(if_nametoindex("xv1"), 0);
	assert_int_equal(xv_netlink_del_link(nl, link.ifindex, &err), 0);
	wait_until(!strcmp(seen.gone, "xv0"));
	assert_int_equal(xv_netlink_del_link(nl, link.ifindex, &err), -ENODEV);
	assert_err("No such device");
}

static void test_vxlan_conflict(void **state)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons(4789)};
	int fd;

	(void)state;
	run("ip link add vxlan99 type vxlan id 99 dstport 4789 && ip link set vxlan99 up");
	assert_int_equal(xv_netlink_add_vxlan(nl, "xv0", 4789, "mark", &err), -EADDRINUSE);
	assert_err("UDP port 4789 is in use by vxlan device vxlan99: remove that (ip link del "
		   "vxlan99;");
	assert_int_equal(if_nametoindex("xv0"), 0);
	assert_int_equal(xv_netlink_add_vxlan(nl, "xv0", 4790, "mark", &err), 0);
	run("ip link del xv0; ip link del vxlan99");

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	assert_int_equal(bind(fd, (void *)&addr, sizeof(addr)), 0);
	assert_int_equal(xv_netlink_add_vxlan(nl, "xv0", 4789, "mark", &err), -EADDRINUSE);
	assert_err("UDP port 4789 is in use by another program");
	assert_int_equal(if_nametoindex("xv0"), 0);
	close(fd);
}

static void test_vxlan_without_ipv6(void **state)
{
	(void)state;
	set_sysctl("ipv6/conf/all/disable_ipv6", "1");
	set_sysctl("ipv6/conf/default/disable_ipv6", "1");
	if (xv_netlink_add_vxlan(nl, "xv0", 4789, "mark", &err))
		fail_msg("%s", err.text);
	assert_output("ip -d -j link show xv0", "\"UP\"");
	assert_output("ip -d -j link show xv0", "csum6_rx\":true");
	run("ip link del xv0");
	set_sysctl("ipv6/conf/all/disable_ipv6", "0");
	set_sysctl("ipv6/conf/default/disable_ipv6", "0");
}

static int load_xdp_pass(void)
{
	static const struct bpf_insn pass[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = XDP_PASS},
		{.code = BPF_JMP | BPF_EXIT},
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_XDP, "pass", "GPL", pass, 2, NULL);

	assert_true(fd >= 0);
	return fd;
}

static void test_try_xdp(void **state)
{
	uint32_t va = if_nametoindex("va");
	int fd = load_xdp_pass(), other = load_xdp_pass();

	(void)state;
	assert_int_equal(xv_netlink_try_xdp(nl, va, fd, XDP_FLAGS_DRV_MODE, &err), 0);
	wait_until(seen.xdp_mode == XDP_ATTACHED_DRV && !seen.links[va].xdp_prog);
	assert_output("ip -j link show va | grep -c prog || true", "0\n");

	/* The driver's reason; the program has no frags, which a larger MTU would take. */
	run_peer("ip link set vb mtu 9000");
	assert_true(xv_netlink_try_xdp(nl, va, fd, XDP_FLAGS_DRV_MODE, &err) < 0);
	assert_err("Peer MTU is too large to set XDP");

	/* Somebody else's program stays. */
	run_peer("ip link set vb mtu 1500");
	assert_int_equal(bpf_xdp_attach((int)va, other, XDP_FLAGS_DRV_MODE, NULL), 0);
	assert_int_equal(xv_netlink_try_xdp(nl, va, fd, XDP_FLAGS_DRV_MODE, &err), -EBUSY);
	assert_err("XDP program already attached");
	wait_until(seen.links[va].xdp_prog);
	dispatch(0);
	assert_true(seen.links[va].xdp_prog);
	close(other);
	close(fd);
}

static void test_no_privilege(void **state)
{
	uint32_t va = if_nametoindex("va");

	(void)state;
	assert_int_equal(seteuid(65534), 0);
	assert_int_equal(xv_netlink_set_promisc(nl, va, true, &err), -EPERM);
	assert_int_equal(seteuid(0), 0);
	assert_err("CAP_NET_ADMIN");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
		T(link_events),	       T(get_and_dump), T(features),	 T(overrun),
		T(overrun_features),   T(promisc),	T(vxlan),	 T(vxlan_conflict),
		T(vxlan_without_ipv6), T(try_xdp),	T(no_privilege),
#undef T
	};

	return lab_run(tests);
}
