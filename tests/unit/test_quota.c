// SPDX-License-Identifier: GPL-2.0-only
/* A FDB that is full of learned entries: static ones find room, learned ones give way. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "model/fdb.h"
#include "model/fdb_entry.h"
#include "model/mac_table.h"
#include "model/quota.h"

enum {
	BUCKETS = 1 << 19,
	FEW = 1000, /* of the other network */
};

static struct xv_port *ports[XV_MAX_PORTS];
static struct xv_network *by_bd[XV_MAX_NETWORKS];
static struct xv_network nets[2] = {{.vni = 1, .bd = 1, .set = {.name = "few"}},
				    {.vni = 2, .bd = 2, .set = {.name = "many"}}};
static struct xv_port port = {.key = {.dev = "p1"}, .id = 1, .net = &nets[1]};
static struct xv_datapath dp;
static struct xv_mac_table fdb;
static struct xv_model model = {.port_by_id = ports, .by_bd = by_bd, .dp = &dp, .macs = &fdb};
static void *memory;

static void nothing(void)
{
}

void __wrap_xv_network_write(struct xv_model *m, struct xv_network *net);

void __wrap_xv_network_write(struct xv_model *m, struct xv_network *net)
{
	(void)m;
	(void)net;
}

static struct xv_fdb_key key_of(uint32_t bd, uint32_t n)
{
	return (struct xv_fdb_key){.bd = bd, .mac = {2, 0, n >> 24, n >> 16, n >> 8, n}};
}

static void fill(void)
{
	struct xv_fdb_word word = {
		.val = {.kind = XV_FDB_PORT, .dst = 1, .last_seen = xv_fdb_now()}};
	struct xv_place place = {XV_FDB_PORT, 1};
	struct xv_fdb_key key;
	uint32_t n, bd;

	for (n = 0; n < XV_MAX_FDB; n++) {
		bd = n < FEW ? 1 : 2;
		key = key_of(bd, n);
		assert_int_equal(xv_table_insert_wait(fdb.table, xv_fdb_entry_word(&key), word), 0);
		xv_quota_take(&model, &nets[bd - 1], place);
	}
}

static int setup(void **state)
{
	struct xv_err err;
	int i;

	(void)state;
	memset(&dp.fd, 0xff, sizeof(dp.fd)); /* no maps */
	fdb.waiting = true;		     /* for a grace period that this test does not have */
	ports[1] = &port;
	HASH_ADD(hh, model.ports, key, sizeof(port.key), &port);
	for (i = 0; i < 2; i++) {
		by_bd[i + 1] = &nets[i];
		HASH_ADD(hh, model.networks, vni, sizeof(nets[i].vni), &nets[i]);
	}
	memory = aligned_alloc(64, 64UL * (BUCKETS + 1));
	memset(memory, 0, 64UL * (BUCKETS + 1));
	return xv_table_open_memory(memory, BUCKETS, nothing, &fdb.table, &err) ||
	       xv_table_reserve(fdb.table, XV_MAX_FDB);
}

static int teardown(void **state)
{
	(void)state;
	xv_table_close(fdb.table);
	HASH_CLEAR(hh, model.networks);
	HASH_CLEAR(hh, model.ports);
	free(memory);
	return 0;
}

static void test_full(void **state)
{
	struct xv_fdb_key key = key_of(1, 5);
	struct xv_err err = {.text = ""};
	uint32_t n;

	(void)state;
	fill();
	assert_int_equal(xv_mac_table_count(&model), XV_MAX_FDB);
	assert_int_equal(xv_mac_table_count_static(&model), 0);
	assert_int_equal(xv_fdb_learn(&model, &nets[0], &(struct xv_fdb_key){1, {6}}, XV_FDB_PORT,
				      1, 0, xv_fdb_now()),
			 -ENOSPC);
	for (n = 0; n < 200; n++) {
		key = key_of(1, XV_MAX_FDB + n);
		assert_int_equal(xv_fdb_add_static(&model, &nets[0], key.mac, &port, NULL, false,
						   false, &err),
				 0);
	}
	assert_int_equal(xv_mac_table_count_static(&model), 200);
	assert_true(xv_mac_table_count(&model) <= XV_MAX_FDB);
	assert_int_equal(nets[0].learned, FEW); /* from the one that has most */
	assert_in_range(nets[1].learned, XV_MAX_FDB - FEW - 200 - 64, XV_MAX_FDB - FEW - 200);
	assert_int_equal(port.learned, nets[0].learned + nets[1].learned);
}

/* Programs are told as soon as there is room; that the shortage is over, once it is clearly so. */
static void test_episodes(void **state)
{
	struct xv_network *net = &nets[1];
	int i;

	(void)state;
	net->set.max_macs = port.max_macs = 100;
	for (i = 0; i < 2; i++) {
		net->learned = port.learned = 100;
		xv_quota_deny_network(&model, net);
		xv_quota_deny_port(&model, &port);
		assert_true(net->full && net->short_of_room && port.full && port.short_of_room);
		net->learned = port.learned = 99;
		xv_quota_room(&model);
		assert_true(!net->full && net->short_of_room && !port.full && port.short_of_room);
		assert_int_equal(model.n_short, 2);
		net->learned = port.learned = 0;
		xv_quota_room(&model);
		assert_true(!net->short_of_room && !port.short_of_room);
		assert_int_equal(model.n_short, 0);
	}
	net->set.max_macs = port.max_macs = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_episodes, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
