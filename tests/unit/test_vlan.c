// SPDX-License-Identifier: GPL-2.0-only
/* Which VLANs of the underlay are this host's own, and which are tenants'. */
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those four first */
#include <cmocka.h>

#include "maps/datapath.h"
#include "model/port.h"
#include "model/uplink.h"
#include "model/vlan.h"

enum {
	LO = 1,
	UPLINK = 2,
	BRIDGE = 3, /* a port: a VLAN of the uplink is in it */
	FIRST = 10, /* ifindex of the device of VLAN 0; that of VLAN n is FIRST + n */
};

static struct xv_uplink uplink = {.dev = "u", .ifindex = UPLINK};

static void add_vlan(struct xv_model *model, uint32_t id, uint32_t master)
{
	struct xv_link link = {
		.ifindex = FIRST + id,
		.end = UPLINK,
		.end_netns = -1,
		.vlan_tag = ETH_P_8021Q << 16 | id,
		.master = master,
	};

	assert_true(xv_vlan_link(model, &link));
	assert_false(xv_vlan_link(model, &link));
}

static struct xv_port *add_port(struct xv_model *model, uint32_t ifindex, uint32_t vlan)
{
	struct xv_port *port = calloc(1, sizeof(*port));

	assert_non_null(port);
	assert_int_equal(xv_port_set_device(model, port, ifindex), 0);
	port->key.vlan = vlan;
	port->key.dev[0] = (char)ifindex;
	HASH_ADD(hh, model->ports, key, sizeof(port->key), port);
	return port;
}

static bool is_own(struct xv_model *model, uint32_t id)
{
	struct xv_config_val val = {};
	size_t i;

	xv_vlan_write(model, &val);
	for (i = 0; i < XV_MAX_TAGS; i++)
		if (val.tag[i] == (ETH_P_8021Q << 16 | id))
			return true;
	return val.flags & XV_CONFIG_ANY_TAG;
}

static int begin(void **state)
{
	struct xv_model *model = calloc(1, sizeof(*model));

	if (!model)
		return -1;
	model->uplinks = &uplink;
	model->n_uplinks = 1;
	model->local_dev[0] = LO;
	*state = model;
	return 0;
}

static int end(void **state)
{
	struct xv_model *model = *state;
	struct xv_port *port, *tmp;

	HASH_ITER (hh, model->ports, port, tmp) {
		xv_port_set_device(model, port, 0);
		HASH_DEL(model->ports, port);
		free(port);
	}
	xv_vlan_free_all(model);
	free(model);
	return 0;
}

/* The VTEP address is on lo: each VLAN device's tag is own, but a port's, whichever came first. */
static void test_device(void **state)
{
	struct xv_model *model = *state;
	struct xv_port *port;

	add_vlan(model, 10, 0);
	add_vlan(model, 20, 0);
	assert_true(is_own(model, 10) && is_own(model, 20));
	port = add_port(model, FIRST + 20, 0);
	assert_true(is_own(model, 10));
	assert_false(is_own(model, 20));
	xv_port_set_device(model, port, 0);
	HASH_DEL(model->ports, port);
	free(port);
	assert_true(is_own(model, 20));
	add_port(model, FIRST + 30, 0);
	add_vlan(model, 30, 0);
	assert_false(is_own(model, 30));
}

/* A VLAN of the uplink in a bridge that is a port; a port that is a VLAN of the uplink itself. */
static void test_above(void **state)
{
	struct xv_model *model = *state;

	add_port(model, BRIDGE, 0);
	add_vlan(model, 10, BRIDGE);
	assert_false(is_own(model, 10));
	add_vlan(model, 20, 0);
	add_port(model, UPLINK, 20);
	assert_false(is_own(model, 20));
}

/* The VTEP address is on a VLAN that is a port as well. */
static void test_address(void **state)
{
	struct xv_model *model = *state;

	add_vlan(model, 10, 0);
	model->local_dev[0] = FIRST + 10;
	assert_true(is_own(model, 10));
	add_port(model, FIRST + 10, 0);
	assert_false(is_own(model, 10));
}

/* More than there is room for: any, but not with a tenant's among them. */
static void test_many(void **state)
{
	struct xv_model *model = *state;
	uint32_t id;

	for (id = 1; id <= XV_MAX_TAGS + 2; id++)
		add_vlan(model, id, 0);
	assert_true(is_own(model, 4000));
	add_port(model, FIRST + 5, 0);
	assert_false(is_own(model, 4000) || is_own(model, 5));
	assert_true(is_own(model, 1));
}

/* A map of the kernel's, small enough to be looked through. */
static struct {
	struct xv_port_key key;
	struct xv_port_val val;
	bool used;
} map[8];

int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags);
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);
int __wrap_bpf_map_delete_elem(int fd, const void *key);

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	size_t i;

	(void)fd;
	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].used && !memcmp(&map[i].key, key, sizeof(map[i].key))) {
			memcpy(value, &map[i].val, sizeof(map[i].val));
			return 0;
		}
	return -1;
}

int __wrap_bpf_map_delete_elem(int fd, const void *key)
{
	size_t i;

	(void)fd;
	for (i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		if (map[i].used && !memcmp(&map[i].key, key, sizeof(map[i].key)))
			map[i].used = false;
	return 0;
}

int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)
{
	size_t i;

	(void)flags;
	__wrap_bpf_map_delete_elem(fd, key);
	for (i = 0; map[i].used; i++)
		assert_true(i + 1 < sizeof(map) / sizeof(map[0]));
	memcpy(&map[i].key, key, sizeof(map[i].key));
	memcpy(&map[i].val, value, sizeof(map[i].val));
	map[i].used = true;
	return 0;
}

/* What port programs find for a VLAN of the uplink, or -1. */
static int found(uint32_t id, uint16_t proto)
{
	struct xv_port_key key = {.ifindex = UPLINK, .vlan = (uint16_t)id, .proto = proto};
	struct xv_port_val val;

	return __wrap_bpf_map_lookup_elem(0, &key, &val) ? -1 : (int)val.port;
}

/* Writes the port's entry as attaching does, or deletes it (0). */
static void set_port(struct xv_model *model, uint32_t id, uint32_t port)
{
	struct xv_port_key key = {.ifindex = UPLINK, .vlan = (uint16_t)id};
	struct xv_port_val val = {.port = port};

	if (port)
		__wrap_bpf_map_update_elem(0, &key, &val, 0);
	else
		__wrap_bpf_map_delete_elem(0, &key);
	xv_vlan_mark(model, UPLINK);
}

/* VLAN devices over an untagged port are told to programs, in every order of what comes and goes.
 */
static void test_over_port(void **state)
{
	struct xv_link service = {.ifindex = 9,
				  .end = UPLINK,
				  .end_netns = -1,
				  .vlan_tag = (uint32_t)ETH_P_8021AD << 16 | 10};
	struct xv_port_key key = {.ifindex = UPLINK, .vlan = 10};
	struct xv_model *model = *state;

	model->dp = calloc(1, sizeof(*model->dp));
	assert_non_null(model->dp);
	add_vlan(model, 10, 0);
	assert_int_equal(found(10, 0), -1);
	set_port(model, 20, 5); /* a VLAN of it is a port: the others are the kernel's already */
	assert_int_equal(found(10, 0), -1);
	set_port(model, 0, 7);
	assert_int_equal(found(10, 0), 0);
	add_vlan(model, 20, 0);
	assert_int_equal(found(20, 0), 5);
	set_port(model, 20, 0);
	assert_int_equal(found(20, 0), 0);
	assert_true(xv_vlan_link(model, &service));
	assert_int_equal(found(10, ETH_P_8021AD), 0);
	assert_true(xv_vlan_link_gone(model, service.ifindex));
	assert_int_equal(found(10, ETH_P_8021AD), -1);
	set_port(model, 10, 8);
	assert_true(xv_vlan_link_gone(model, FIRST + 10));
	assert_int_equal(found(10, 0), 8);
	set_port(model, 10, 0);
	assert_int_equal(found(10, 0), -1);
	assert_false(xv_vlan_has(model, &key));
	key.vlan = 20;
	assert_true(xv_vlan_has(model, &key));
	set_port(model, 0, 0);
	assert_int_equal(found(20, 0), -1);
	free(model->dp);
	model->dp = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_device, begin, end),
		cmocka_unit_test_setup_teardown(test_above, begin, end),
		cmocka_unit_test_setup_teardown(test_address, begin, end),
		cmocka_unit_test_setup_teardown(test_many, begin, end),
		cmocka_unit_test_setup_teardown(test_over_port, begin, end),
	};

	return cmocka_run_group_tests_name("vlan", tests, NULL, NULL);
}
