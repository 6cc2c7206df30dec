// SPDX-License-Identifier: GPL-2.0-only
/* Addresses, routes and neighbours: what an adjacency is made of. */
#include "netlink_lab.h"

static void test_addresses(void **state)
{
	struct xv_ip a4 = ip("10.9.0.1"), a6 = ip("fd09::1"), other = ip("10.9.0.2");
	struct xv_ip ptp = ip("10.77.0.1"), ptp_peer = ip("10.77.0.2"), new6 = ip("fd09::77");
	int n;

	(void)state;
	assert_int_equal(xv_netlink_has_address(nl, &a4, NULL, &err), 1);
	assert_int_equal(xv_netlink_has_address(nl, &a6, NULL, &err), 1);
	assert_int_equal(xv_netlink_has_address(nl, &other, NULL, &err), 0);
	n = seen.n_address;
	run("ip addr add 10.77.0.1 peer 10.77.0.2 dev va");
	wait_until(seen.n_address > n);
	assert_int_equal(xv_netlink_has_address(nl, &ptp, NULL, &err), 1);
	assert_int_equal(xv_netlink_has_address(nl, &ptp_peer, NULL, &err), 0);
	n = seen.n_address;
	run("ip addr add fd09::77/64 dev va nodad");
	wait_until(seen.n_address > n);
	assert_int_equal(xv_netlink_has_address(nl, &new6, NULL, &err), 1);
	n = seen.n_address;
	run("ip addr del fd09::77/64 dev va");
	wait_until(seen.n_address > n);
	assert_int_equal(xv_netlink_has_address(nl, &new6, NULL, &err), 0);
}

static const uint16_t port = 4789;

/* Looks dst up and compares; NULL nexthop: not to be reached, errno is want. */
static void check_route(const char *dst, const char *src, const char *nexthop, int want)
{
	struct xv_ip d = ip(dst), s = ip(src ? src : "::"), n;
	struct xv_route route = {0};
	int ret = xv_netlink_get_route(nl, &d, src ? &s : NULL, port, &route, &err);

	if (!nexthop) {
		assert_int_equal(ret, want);
		assert_int_equal(route.ifindex, 0);
		return;
	}
	if (ret)
		fail_msg("%s", err.text);
	n = ip(nexthop);
	assert_true(xv_ip_equal(&route.nexthop, &n));
	assert_int_equal(route.ifindex, if_nametoindex("va"));
	assert_int_equal(route.mtu, want);
}

static void test_routes(void **state)
{
	(void)state;
	run("ip route add 10.20.0.0/16 via 10.9.0.2; ip route add 10.21.0.0/16 via 10.9.0.3 mtu "
	    "1400");
	run("ip route add 10.22.0.0/16 nexthop via 10.9.0.4 nexthop via 10.9.0.4 weight 2");
	run("ip route add 10.23.0.0/16 via inet6 fe80::99 dev va");
	run("ip route add unreachable 10.24.0.0/16; ip route add blackhole 10.25.0.0/16");
	run("ip route add prohibit 10.26.0.0/16; ip route add fd20::/16 via fe80::98 dev va");
	run("ip route add fd21::/16 via fd09::2 mtu 1380; ip route add blackhole fd22::/16");
	run("ip route add unreachable fd23::/16");

	check_route("10.9.0.9", "10.9.0.1", "10.9.0.9", 0);
	check_route("10.9.0.9", NULL, "10.9.0.9", 0);
	check_route("10.20.1.1", "10.9.0.1", "10.9.0.2", 0);
	check_route("10.21.1.1", "10.9.0.1", "10.9.0.3", 1400);
	check_route("10.22.1.1", "10.9.0.1", "10.9.0.4", 0);
	check_route("10.23.1.1", "10.9.0.1", "fe80::99", 0);
	check_route("fd09::9", "fd09::1", "fd09::9", 0);
	check_route("fd20::1", "fd09::1", "fe80::98", 0);
	check_route("fd21::1", "fd09::1", "fd09::2", 1380);

	check_route("10.99.0.1", "10.9.0.1", NULL, -ENETUNREACH);
	assert_string_equal(err.text, "no route to 10.99.0.1");
	check_route("10.24.0.1", "10.9.0.1", NULL, -EHOSTUNREACH);
	assert_string_equal(err.text, "the route to 10.24.0.1 is of type unreachable");
	check_route("10.25.0.1", "10.9.0.1", NULL, -EINVAL);
	assert_string_equal(err.text, "the route to 10.25.0.1 is of type blackhole");
	check_route("10.26.0.1", "10.9.0.1", NULL, -EACCES);
	assert_string_equal(err.text, "the route to 10.26.0.1 is of type prohibit");
	check_route("fd22::1", "fd09::1", NULL, -EINVAL);
	check_route("fd23::1", "fd09::1", NULL, -EHOSTUNREACH);
	check_route("fdff::1", "fd09::1", NULL, -ENETUNREACH);
	check_route("10.9.0.1", "10.9.0.1", NULL, -EADDRINUSE);
	assert_string_equal(err.text, "10.9.0.1 is an address of this host");
	check_route("fd09::1", "fd09::1", NULL, -EADDRINUSE);
	check_route("10.9.0.255", "10.9.0.1", NULL, -EADDRNOTAVAIL);
	check_route("10.9.0.9", "10.9.9.9", NULL, -EADDRNOTAVAIL);
	assert_err("from 10.9.9.9: no device has that source address");
	check_route("10.9.0.9", "fd09::1", NULL, -EAFNOSUPPORT);
}

/* Rules that tell apart what is sent: ours apply to VXLAN from any of our ports and to nothing
 * else. */
static void test_route_rules(void **state)
{
	static const char *const ours[] = {
		"ipproto udp",	     "ipproto udp dport 4789", "dport 4000-5000",
		"sport 49152-65534", "sport 32768-60999",      "iif lo",
		"uidrange 0-0",
	};
	static const char *const others[] = {
		"ipproto tcp",	    "ipproto udp dport 8472",
		"dport 4000-4788",  "sport 1-49151",
		"iif va",	    "fwmark 1",
		"uidrange 1-65534",
	};
	static const struct {
		const char *family, *dst, *src, *plain, *ruled;
	} ways[] = {
		{"-4", "10.40.0.1", "10.9.0.1", "10.9.0.2", "10.9.0.3"},
		{"-6", "fd40::1", "fd09::1", "fd09::2", "fd09::3"},
	};

	(void)state;
	for (size_t w = 0; w < 2; w++) {
		run("ip %s route add default via %s", ways[w].family, ways[w].plain);
		run("ip %s route add default via %s table 88", ways[w].family, ways[w].ruled);
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
			run("ip %s rule add %s lookup 88", ways[w].family, ours[i]);
			check_route(ways[w].dst, ways[w].src, ways[w].ruled, 0);
			run("ip %s rule del %s lookup 88", ways[w].family, ours[i]);
		}
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
			run("ip %s rule add %s lookup 88", ways[w].family, others[i]);
			check_route(ways[w].dst, ways[w].src, ways[w].plain, 0);
			run("ip %s rule del %s lookup 88", ways[w].family, others[i]);
		}
	}
}

static void test_route_events(void **state)
{
	static const char *const changes[] = {
		"ip route add 10.30.0.0/16 via 10.9.0.2",
		"ip route replace 10.30.0.0/16 via 10.9.0.3",
		"ip route del 10.30.0.0/16",
		"ip route add fd30::/16 via fd09::2",
		"ip route del fd30::/16",
		"ip rule add from 10.9.0.1 lookup 77",
		"ip rule del from 10.9.0.1 lookup 77",
		"ip -6 rule add from fd09::1 lookup 77",
		"ip -6 rule del from fd09::1 lookup 77",
		"ip rule add ipproto udp dport 4789 lookup 77",
		"ip rule del ipproto udp dport 4789 lookup 77",
		"ip nexthop add id 5 via 10.9.0.2 dev va",
		"ip route add 10.31.0.0/16 nhid 5",
		"ip nexthop replace id 5 via 10.9.0.3 dev va",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		int n;

		dispatch(0); /* what the change before caused */
		n = seen.n_route;
		run("%s", changes[i]);
		wait_until(seen.n_route > n);
	}
	check_route("10.31.0.1", "10.9.0.1", "10.9.0.3", 0);
	/* However many there are, they are told once a dispatch. */
	run("for i in $(seq 50); do echo route add 10.32.$i.0/24 via 10.9.0.2; done | ip -batch -");
	seen.n_route = 0;
	dispatch(1000);
	assert_int_equal(seen.n_route, 1);
}

static void quicken_neighbours(const char *family)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/neigh/va/retrans_time_ms", family);
	set_sysctl(path, "100");
	snprintf(path, sizeof(path), "%s/neigh/va/base_reachable_time_ms", family);
	set_sysctl(path, "1000");
	snprintf(path, sizeof(path), "%s/neigh/va/delay_first_probe_time", family);
	set_sysctl(path, "1");
}

/* The whole life of a kept neighbour. */
static void check_neigh(const char *family, const char *address)
{
	static const char *const breaks[] = {
		"ip link set vb down",
		"ip link set va address 02:00:00:00:00:09",
	};
	const char *nodad = strchr(address, ':') ? "nodad" : "";
	uint32_t va = if_nametoindex("va");
	struct xv_ip next = ip(address);
	uint8_t mac[6] = {0};
	bool resolved, kept;
	int n;

	quicken_neighbours(family);
	seen.neigh_ip = next;
	assert_int_equal(xv_netlink_get_neigh(nl, va, &next, &resolved, &kept, mac, &err), 0);
	assert_false(resolved);
	assert_int_equal(xv_netlink_keep_neigh(nl, va, &next, &err), 0);
	wait_until(seen.resolved);
	assert_true(mac_is(seen.mac, "02:00:00:00:00:02"));
	assert_int_equal(xv_netlink_get_neigh(nl, va, &next, &resolved, &kept, mac, &err), 0);
	assert_true(resolved);
	assert_memory_equal(mac, seen.mac, 6);
	assert_output("ip neigh show dev va", "managed");

	/* Nothing is sent to it, yet it goes stale and is found reachable again. */
	seen.n_lost = 0;
	n = seen.n_resolved;
	wait_until(seen.n_resolved >= n + 2);
	assert_int_equal(seen.n_lost, 0);

	run_peer("ip link set vb address 02:00:00:00:00:03");
	wait_until(seen.resolved && mac_is(seen.mac, "02:00:00:00:00:03"));
	run_peer("ip addr flush dev vb scope global");
	n = seen.n_lost;
	wait_until(seen.n_lost > n && !seen.resolved);
	assert_int_equal(xv_netlink_get_neigh(nl, va, &next, &resolved, &kept, mac, &err), 0);
	assert_false(resolved);
	run_peer("ip addr add %s dev vb %s", address, nodad);
	wait_until(seen.resolved);

	assert_int_equal(xv_netlink_forget_neigh(nl, va, &next, &err), 0);
	assert_output("ip neigh show dev va | grep -c managed || true", "0\n");
	assert_int_equal(xv_netlink_forget_neigh(nl, va, &next, &err), 0);

	/* The kernel drops the wish with the carrier, the MAC and the device; each time it tells.
	 */
	for (size_t i = 0; i < sizeof(breaks) / sizeof(breaks[0]); i++) {
		assert_int_equal(xv_netlink_keep_neigh(nl, va, &next, &err), 0);
		wait_until(seen.resolved);
		run("nsenter -t %d -n %s", strstr(breaks[i], "vb") ? peer : getpid(), breaks[i]);
		wait_until(!seen.resolved);
		assert_output("ip neigh show dev va | grep -c managed || true", "0\n");
		run_peer("ip link set vb up");
		run_peer("ip addr replace %s dev vb %s", address, nodad); /* IPv6 lost it */
		wait_until(seen.links[va].flags & IFF_RUNNING);
	}
}

static void test_neigh4(void **state)
{
	(void)state;
	check_neigh("ipv4", "10.9.0.2");
}

static void test_neigh6(void **state)
{
	(void)state;
	check_neigh("ipv6", "fd09::2");
}

static void test_neigh_permanent(void **state)
{
	struct xv_ip next = ip("10.9.0.50"), none = ip("10.9.0.51");
	uint32_t va = if_nametoindex("va");
	uint8_t mac[6];
	bool resolved, kept;

	(void)state;
	run("ip neigh add 10.9.0.50 lladdr 02:00:00:00:00:50 dev va nud permanent");
	for (int i = 0; i < 2; i++) {
		assert_output("ip neigh show 10.9.0.50",
			      "10.9.0.50 dev va lladdr 02:00:00:00:00:50 PERMANENT");
		assert_int_equal(xv_netlink_get_neigh(nl, va, &next, &resolved, &kept, mac, &err),
				 0);
		assert_true(resolved && mac_is(mac, "02:00:00:00:00:50"));
		assert_int_equal(xv_netlink_keep_neigh(nl, va, &next, &err), 0);
		assert_int_equal(xv_netlink_forget_neigh(nl, va, &next, &err), 0);
	}
	assert_int_equal(xv_netlink_forget_neigh(nl, va, &none, &err), 0);
	assert_int_equal(xv_netlink_forget_neigh(nl, 499, &none, &err), 0);
	assert_int_equal(xv_netlink_keep_neigh(nl, 499, &none, &err), -ENODEV);
	assert_err("neighbour 10.9.0.51: No such device");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
		T(addresses), T(routes), T(route_rules),     T(route_events),
		T(neigh4),    T(neigh6), T(neigh_permanent),
#undef T
	};

	return lab_run(tests);
}
