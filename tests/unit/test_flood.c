// SPDX-License-Identifier: GPL-2.0-only
/* Flood lists in a map with little room: what programs read, and what is said of it, agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/batch.h"
#include "model/flood.h"
#include "model/flood_row.h"
#include "model/peer.h"
#include "model/settle.h"

enum {
	FLOOD_FD = 7,
	ROOM = 1000,
	NETWORKS = 4,
	MEMBERS = 10,
	PEERS = 64,
};

/* ---- the map, and what is not looked at here ---- */

static struct {
	struct xv_flood_key key;
	struct xv_flood_val val;
} entries[ROOM];
static size_t n_entries, room, dropped, waits;

static size_t find(const void *key)
{
	size_t i;

	for (i = 0; i < n_entries; i++)
		if (!memcmp(&entries[i].key, key, sizeof(entries[i].key)))
			break;
	return i;
}

int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags);
int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value);
int __wrap_bpf_map_delete_elem(int fd, const void *key);
void __wrap_xv_rcu_synchronize(void);
void __wrap_xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer);
void __wrap_xv_fdb_flush_gone(struct xv_model *model);

int __wrap_bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)
{
	size_t i = find(key);

	(void)flags;
	if (fd != FLOOD_FD)
		return 0;
	if (i == n_entries && n_entries >= room)
		return -E2BIG;
	n_entries += i == n_entries;
	memcpy(&entries[i].key, key, sizeof(entries[i].key));
	memcpy(&entries[i].val, value, sizeof(entries[i].val));
	return 0;
}

int __wrap_bpf_map_lookup_elem(int fd, const void *key, void *value)
{
	size_t i = find(key);

	if (fd != FLOOD_FD || i == n_entries)
		return -ENOENT;
	memcpy(value, &entries[i].val, sizeof(entries[i].val));
	return 0;
}

int __wrap_bpf_map_delete_elem(int fd, const void *key)
{
	size_t i = find(key);

	if (fd != FLOOD_FD || i == n_entries)
		return -ENOENT;
	entries[i] = entries[--n_entries];
	return 0;
}

void __wrap_xv_rcu_synchronize(void)
{
	waits++;
}

void __wrap_xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer)
{
	(void)model;
	(void)peer;
	dropped++;
}

void __wrap_xv_fdb_flush_gone(struct xv_model *model)
{
	(void)model;
}

/* ---- an instance with networks that flood to MEMBERS peers, but for the last, to none ---- */

static struct xv_model *model;
static struct xv_network *nets[NETWORKS];

static struct xv_ip address(uint32_t n)
{
	return (struct xv_ip){.b = {[10] = 0xff, [11] = 0xff, 192, 0, 2, n}};
}

static void add_peer(uint32_t id)
{
	struct xv_peer *peer = calloc(1, sizeof(*peer));

	peer->id = id;
	peer->ip = address(id);
	peer->origins = id > (NETWORKS - 1) * MEMBERS ? XV_ORIGIN_LEARNED
						      : 0; /* stays, whoever names it */
	model->peer_by_id[id] = peer;
	HASH_ADD(hh, model->peers, ip, sizeof(peer->ip), peer);
}

static void add_network(uint32_t bd)
{
	struct xv_network *net = calloc(1, sizeof(*net));

	net->vni = net->bd = bd;
	snprintf(net->set.name, sizeof(net->set.name), "net%u", bd);
	model->by_bd[bd] = net;
	HASH_ADD(hh, model->networks, vni, sizeof(net->vni), net);
	nets[bd - 1] = net;
}

static int add(struct xv_network *net, uint32_t peer, struct xv_err *err)
{
	struct xv_ip ip = address(peer);

	return xv_flood_add(model, net, &ip, NULL, XV_ORIGIN_HAND, err);
}

static int del(struct xv_network *net, uint32_t peer, struct xv_err *err)
{
	struct xv_ip ip = address(peer);

	return xv_flood_del(model, net, &ip, err);
}

static int setup(void **state)
{
	struct xv_datapath *dp = calloc(1, sizeof(*dp));
	struct xv_err err;
	uint32_t i, k;

	(void)state;
	model = calloc(1, sizeof(*model));
	model->dp = dp;
	model->signals.settle = xv_settle;
	model->config = calloc(1, sizeof(*model->config));
	model->batch = calloc(1, sizeof(*model->batch));
	model->by_bd = calloc(XV_MAX_NETWORKS, sizeof(*model->by_bd));
	model->peer_by_id = calloc(XV_MAX_PEERS, sizeof(*model->peer_by_id));
	model->port_by_id = calloc(XV_MAX_PORTS, sizeof(*model->port_by_id));
	dp->bd = calloc(XV_MAX_NETWORKS, sizeof(*dp->bd));
	dp->bd_info = calloc(XV_MAX_NETWORKS, sizeof(*dp->bd_info));
	dp->adj = calloc(XV_MAX_PEERS, sizeof(*dp->adj));
	dp->vni_index = calloc(XV_VNI_INDEX, sizeof(*dp->vni_index));
	dp->peer_index = calloc(XV_PEER_INDEX, sizeof(*dp->peer_index));
	dp->fd.flood = FLOOD_FD;
	n_entries = dropped = waits = 0;
	room = ROOM;
	for (i = 1; i <= PEERS; i++)
		add_peer(i);
	for (i = 1; i <= NETWORKS; i++) {
		add_network(i);
		for (k = 1; i < NETWORKS && k <= MEMBERS; k++)
			assert_int_equal(add(nets[i - 1], (i - 1) * MEMBERS + k, &err), 0);
	}
	return 0;
}

static int teardown(void **state)
{
	struct xv_datapath *dp = model->dp;

	(void)state;
	xv_peer_free_all(model);
	xv_network_free_all(model);
	free(dp->bd);
	free(dp->bd_info);
	free(dp->adj);
	free(dp->vni_index);
	free(dp->peer_index);
	free(dp);
	free(model->config);
	free(model->batch);
	free(model->by_bd);
	free(model->peer_by_id);
	free(model->port_by_id);
	free(model);
	return 0;
}

/* Programs read what the daemon says, and the map has nothing besides. */
static void check_lists(void)
{
	size_t i, k, at, total = 0;

	for (i = 0; i < NETWORKS; i++) {
		const struct xv_network *net = nets[i];
		struct xv_flood_head head = model->dp->bd[net->bd].flood;

		assert_int_equal(head.total, net->n_flood);
		for (k = 0; k < head.total; k++) {
			struct xv_flood_key key = {net->bd, head.gen, k};

			at = find(&key);
			assert_in_range(at, 0, n_entries - 1);
			assert_memory_equal(&entries[at].val, &net->flood[k].val,
					    sizeof(entries[at].val));
		}
		total += head.total;
	}
	assert_int_equal(n_entries, total);
	assert_int_equal(model->n_flood, total);
	assert_false(model->flood_behind);
}

/* Room for one list more than there are: all of them change in one batch, one after the other. */
static void test_rounds(void **state)
{
	struct xv_err err = {.text = ""};
	size_t i;

	(void)state;
	room = n_entries + MEMBERS + NETWORKS - 1;
	waits = 0;
	xv_batch_begin(model);
	for (i = 0; i < NETWORKS - 1; i++)
		assert_int_equal(add(nets[i], 60, &err), 0);
	assert_int_equal(xv_batch_commit(model, &err), 0);
	assert_int_equal(waits, NETWORKS - 1);
	check_lists();
}

/* No room at all: the network that is named is the one that fails, and it keeps what it had. */
static void test_full(void **state)
{
	struct xv_err err = {.text = ""};
	const struct xv_peer *peer = model->peer_by_id[1];

	(void)state;
	room = n_entries;
	assert_int_equal(add(nets[1], 60, &err), -E2BIG);
	assert_non_null(strstr(err.text, "\"net2\""));
	assert_int_equal(add(nets[3], 61, &err), -E2BIG);
	assert_non_null(strstr(err.text, "\"net4\""));
	assert_int_equal(del(nets[0], 1, &err), -E2BIG);
	assert_non_null(strstr(err.text, "\"net1\""));
	assert_int_equal(peer->refs, 1);
	assert_ptr_equal(model->peer_by_id[1], peer);
	xv_flood_retry(model);
	check_lists();
	room = ROOM;
	assert_int_equal(add(nets[1], 62, &err), 0);
	assert_int_equal(del(nets[0], 1, &err), 0);
	check_lists();
}

/*
 * A change among many that could not be made: another network's command does not fail by it, what
 * the old list names is not given away, and the change is made as soon as there is room.
 */
static void test_behind(void **state)
{
	struct xv_err err = {.text = ""};

	(void)state;
	room = n_entries + 1;
	xv_batch_begin(model);
	assert_int_equal(del(nets[0], 1, &err), 0);
	assert_int_equal(xv_batch_commit(model, &err), -E2BIG);
	assert_true(model->flood_behind);
	assert_int_equal(dropped, 0);
	assert_non_null(model->peer_by_id[1]);
	assert_false(xv_batch_make_room(model));
	err.text[0] = '\0';
	assert_int_equal(add(nets[3], 60, &err), 0);
	assert_string_equal(err.text, "");
	assert_int_equal(model->dp->bd[nets[3]->bd].flood.total, 1);
	assert_int_equal(model->dp->bd[nets[0]->bd].flood.total, MEMBERS);
	xv_flood_retry(model);
	assert_int_equal(dropped, 0);
	room = ROOM;
	xv_flood_retry(model);
	assert_int_equal(dropped, 1);
	assert_null(model->peer_by_id[1]);
	check_lists();
}

/* The rows that are shown of a network: peers' ids, in words of their state. */
static const char *rows(const struct xv_network *net)
{
	static const char *const states[] = {"", "-", "+"};
	static char text[256];
	struct xv_flood_row row;
	uint32_t at = 0;
	size_t used = 0;

	text[0] = '\0';
	while (xv_flood_row_next(model, net, &at, &row))
		used += snprintf(text + used, sizeof(text) - used, "%s%s%u", used ? " " : "",
				 states[row.state], row.member.val.id);
	return text;
}

/* What is shown is what programs read, and what is wanted besides is marked until it is written. */
static void test_shown(void **state)
{
	struct xv_err err = {.text = ""};

	(void)state;
	assert_string_equal(rows(nets[0]), "1 2 3 4 5 6 7 8 9 10");
	room = n_entries;
	xv_batch_begin(model);
	assert_int_equal(del(nets[0], 3, &err), 0);
	assert_int_equal(add(nets[0], 60, &err), 0);
	assert_int_equal(add(nets[3], 61, &err), 0);
	assert_int_equal(xv_batch_commit(model, &err), -E2BIG);
	assert_string_equal(rows(nets[0]), "1 2 -3 4 5 6 7 8 9 10 +60");
	assert_string_equal(rows(nets[1]), "11 12 13 14 15 16 17 18 19 20");
	assert_string_equal(rows(nets[3]), "+61");
	xv_flood_retry(model);
	assert_string_equal(rows(nets[0]), "1 2 -3 4 5 6 7 8 9 10 +60");
	room = ROOM;
	xv_flood_retry(model);
	assert_string_equal(rows(nets[0]), "1 2 4 5 6 7 8 9 10 60");
	assert_string_equal(rows(nets[3]), "61");
	check_lists();
}

/* All lists together have a limit, below which two generations of all find room. */
static void test_limit(void **state)
{
	struct xv_err err = {.text = ""};
	size_t have = model->n_flood;

	(void)state;
	model->n_flood = XV_MAX_FLOOD;
	assert_int_equal(add(nets[3], 60, &err), -ENOSPC);
	assert_non_null(strstr(err.text, "131072 members, which is the limit"));
	model->n_flood = XV_MAX_FLOOD - 1;
	assert_int_equal(add(nets[3], 61, &err), 0);
	assert_int_equal(model->n_flood, XV_MAX_FLOOD);
	model->n_flood = have + 1;
	check_lists();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rounds, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind, setup, teardown),
		cmocka_unit_test_setup_teardown(test_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
