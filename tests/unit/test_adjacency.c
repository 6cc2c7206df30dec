/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Adjacencies and what the kernel tells of a next hop, in an order that a net test cannot choose.
 * The kernel's answers are the test's (--wrap, see the Makefile), and the log is quiet.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "addr.h"
#include "model/adjacency.h"
#include "model/hop.h"

enum {
	DEVICE = 7,
	PEERS = 40, /* more than a pass looks at in one turn */
};

static const uint8_t gateway_mac[6] = {2, 0, 0, 0, 0, 9};
static bool resolved;
static uint32_t device;
static struct xv_ip gateway;
static int fulls_asked;

int __wrap_xv_netlink_get_route(struct xv_netlink *nl, const struct xv_ip *dst,
				const struct xv_ip *src, uint16_t port, struct xv_route *route,
				struct xv_err *err);
int __wrap_xv_netlink_get_link(struct xv_netlink *nl, const char *name, uint32_t ifindex,
			       struct xv_link *link, struct xv_err *err);
int __wrap_xv_netlink_get_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
				bool *is_resolved, bool *is_kept, uint8_t mac[6],
				struct xv_err *err);
int __wrap_xv_netlink_keep_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
				 struct xv_err *err);
int __wrap_xv_netlink_forget_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
				   struct xv_err *err);
int __wrap_xv_netlink_neigh_fulls(struct xv_netlink *nl, bool v6, uint64_t *fulls,
				  struct xv_err *err);
void __wrap_xv_rcu_synchronize(void);
void __wrap_xv_log(int priority, const char *fmt, ...);

int __wrap_xv_netlink_get_route(struct xv_netlink *nl, const struct xv_ip *dst,
				const struct xv_ip *src, uint16_t port, struct xv_route *route,
				struct xv_err *err)
{
	(void)nl;
	(void)dst;
	(void)src;
	(void)port;
	(void)err;
	*route = (struct xv_route){.ifindex = device, .nexthop = gateway};
	return 0;
}

int __wrap_xv_netlink_get_link(struct xv_netlink *nl, const char *name, uint32_t ifindex,
			       struct xv_link *link, struct xv_err *err)
{
	(void)nl;
	(void)name;
	(void)err;
	*link = (struct xv_link){.ifindex = ifindex, .flags = IFF_UP, .mtu = 1500};
	snprintf(link->name, sizeof(link->name), "dev%u", ifindex);
	return 0;
}

int __wrap_xv_netlink_get_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
				bool *is_resolved, bool *is_kept, uint8_t mac[6],
				struct xv_err *err)
{
	(void)nl;
	(void)ifindex;
	(void)ip;
	(void)err;
	*is_resolved = resolved;
	*is_kept = true;
	memcpy(mac, gateway_mac, sizeof(gateway_mac));
	return 0;
}

int __wrap_xv_netlink_keep_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
				 struct xv_err *err)
{
	(void)nl;
	(void)ifindex;
	(void)ip;
	(void)err;
	return 0;
}

int __wrap_xv_netlink_forget_neigh(struct xv_netlink *nl, uint32_t ifindex, const struct xv_ip *ip,
				   struct xv_err *err)
{
	return __wrap_xv_netlink_keep_neigh(nl, ifindex, ip, err);
}

int __wrap_xv_netlink_neigh_fulls(struct xv_netlink *nl, bool v6, uint64_t *fulls,
				  struct xv_err *err)
{
	(void)nl;
	(void)v6;
	(void)err;
	*fulls = 0;
	fulls_asked++;
	return 0;
}

void __wrap_xv_rcu_synchronize(void)
{
}

void __wrap_xv_log(int priority, const char *fmt, ...)
{
	(void)priority;
	(void)fmt;
}

static struct xv_config config;
static struct xv_datapath dp;
static struct xv_peer peers[PEERS + 1];
static struct xv_model model;

static struct xv_ip ip(uint32_t address)
{
	struct xv_ip result = {.w = {0, 0, htonl(0xffff), htonl(address)}};

	return result;
}

static int set_up(void **state)
{
	uint32_t id;

	(void)state;
	gateway = ip(0xc0000201);
	device = DEVICE;
	fulls_asked = 0;
	config = (struct xv_config){.udp_port = 4789, .address = ip(0xc0000202)};
	dp.adj = calloc(XV_MAX_PEERS, sizeof(*dp.adj));
	model = (struct xv_model){
		.config = &config, .dp = &dp, .local_dev = {DEVICE}, .base = event_base_new()};
	model.peer_by_id = calloc(XV_MAX_PEERS, sizeof(*model.peer_by_id));
	memset(peers, 0, sizeof(peers));
	for (id = 1; id <= PEERS; id++) {
		peers[id].ip = ip(0x0a000000 + id);
		peers[id].id = id;
		model.peer_by_id[id] = &peers[id];
		HASH_ADD(hh, model.peers, ip, sizeof(peers[id].ip), &peers[id]);
	}
	resolved = false;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	xv_adjacency_stop(&model);
	xv_hop_free_all(&model);
	HASH_CLEAR(hh, model.peers);
	event_base_free(model.base);
	free(model.peer_by_id);
	free(dp.adj);
	return 0;
}

/* By what the daemon says, and by what programs go by. */
static void assert_ready(uint32_t first, uint32_t last, bool want)
{
	uint32_t id;

	for (id = first; id <= last; id++) {
		assert_int_equal(peers[id].ready, want);
		assert_int_equal(!!(dp.adj[id].flags & XV_ADJ_VALID), want);
	}
}

/*
 * A next hop is resolved half-way through a pass, before the kernel tells of it: peers that were
 * looked at before are ready with that, whichever of them it comes to first.
 */
static void test_resolved_in_a_pass(void **state)
{
	(void)state;
	xv_adjacency_refresh_begin(&model);
	resolved = true;
	event_base_dispatch(model.base);
	assert_ready(1, 1, false);
	assert_ready(PEERS, PEERS, true);
	xv_adjacency_neigh(&model, DEVICE, &gateway, gateway_mac, true);
	assert_ready(1, PEERS, true);
}

static void test_lost_and_back(void **state)
{
	(void)state;
	resolved = true;
	xv_adjacency_refresh_all(&model);
	assert_ready(1, PEERS, true);
	resolved = false;
	xv_adjacency_neigh(&model, DEVICE, &gateway, NULL, true);
	assert_ready(1, PEERS, false);
	assert_int_equal(dp.adj[1].flags & XV_ADJ_MTU, XV_ADJ_MTU); /* the slow path's, meanwhile */
	assert_int_equal(dp.adj[1].mtu, 1500);
	resolved = true;
	xv_adjacency_neigh(&model, DEVICE + 1, &gateway, gateway_mac, true); /* another device's */
	assert_ready(1, PEERS, false);
	xv_adjacency_neigh(&model, DEVICE, &gateway, gateway_mac, true);
	assert_ready(1, PEERS, true);
}

/*
 * The next hop that was is lost, and the route is another by now: what is said of the peer is of
 * the route's own next hop and device, never of one of each.
 */
static void test_lost_and_rerouted(void **state)
{
	struct xv_ip old;

	(void)state;
	resolved = true;
	xv_adjacency_refresh_all(&model);
	old = gateway;
	gateway = ip(0xc6336401);
	device = DEVICE + 1;
	resolved = false;
	xv_adjacency_neigh(&model, DEVICE, &old, NULL, true);
	assert_ready(1, PEERS, false);
	assert_string_equal(peers[1].status, "next hop 198.51.100.1 is not resolved on dev8");
	assert_int_equal(peers[1].ifindex, device);
	assert_true(xv_ip_equal(&peers[1].nexthop, &gateway));
	assert_null(xv_hop_find(&model, DEVICE, &old));
}

/* However long next hops are silent, the kernel's tables are not asked for every second. */
static void test_silent(void **state)
{
	int i;

	(void)state;
	xv_adjacency_refresh_all(&model);
	for (i = 0; i < 3; i++)
		xv_hop_second(&model);
	assert_int_equal(fulls_asked, 2); /* once for each family */
}

/* A peer of a family without an own address is not sent to from 0.0.0.0. */
static void test_no_own_address(void **state)
{
	(void)state;
	resolved = true;
	xv_adjacency_refresh_all(&model);
	assert_ready(1, PEERS, true);
	model.local_dev[0] = 0;
	xv_adjacency_refresh_all(&model);
	assert_ready(1, PEERS, false);
	assert_string_equal(peers[1].status, "192.0.2.2 is no address of this host");
	config.address = (struct xv_ip){};
	xv_adjacency_refresh_all(&model);
	assert_ready(1, PEERS, false);
	assert_string_equal(peers[1].status, "there is no own IPv4 address");
}

/* Changed routes make only those peers be asked for whose addresses they have. */
static void test_routes(void **state)
{
	const struct xv_prefix four = {.ip = ip(0x0a000004), .bits = 96 + 30};
	const struct xv_prefix elsewhere = {.ip = ip(0x0a000100), .bits = 96 + 24};
	const struct xv_prefix six = {.bits = 0}; /* ::/0 */
	struct xv_routes changed = {};
	uint32_t i;

	(void)state;
	resolved = true;
	xv_routes_add(&changed, &four);
	xv_routes_add(&changed, &elsewhere);
	xv_adjacency_refresh_routes(&model, &changed);
	assert_ready(1, 3, false);
	assert_ready(4, 7, true); /* 10.0.0.4/30 */
	assert_ready(8, PEERS, false);
	assert_false(xv_routes_concern(&changed, &peers[8].ip));
	assert_int_equal(peers[4].asks, 0);

	changed = (struct xv_routes){};
	xv_routes_add(&changed, &six);
	assert_false(xv_routes_concern(&changed, &peers[1].ip));
	assert_true(xv_routes_concern(&changed, &(struct xv_ip){.b = {0x20, 1, 0xd, 0xb8}}));
	changed = (struct xv_routes){};
	for (i = 0; i < XV_ROUTES_MAX; i++)
		xv_routes_add(&changed, &elsewhere);
	assert_false(xv_routes_concern(&changed, &peers[1].ip));
	xv_routes_add(&changed, &elsewhere);
	assert_true(changed.all);
	xv_adjacency_refresh_routes(&model, &changed);
	event_base_dispatch(model.base);
	assert_ready(1, PEERS, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_routes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_resolved_in_a_pass, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_and_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_lost_and_rerouted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_no_own_address, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
