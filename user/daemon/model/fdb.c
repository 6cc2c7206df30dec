/* SPDX-License-Identifier: GPL-2.0-only */
/* The forwarding database: see fdb.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "model/fdb_internal.h"
#include "model/ids.h"
#include "log.h"
#include "model/quota.h"
#include "kernel/rcu.h"

enum {
	EVICT = 64, /* learned entries that make room for a static one, and for those that follow */
};

/* Learned entries on the way out. */
struct eviction {
	struct xv_model *model;
	uint32_t bd; /* of this network; 0: of any */
	size_t left;
};

uint32_t xv_fdb_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return (ts.tv_sec * 1000000000ULL + ts.tv_nsec) >> XV_SEEN_SHIFT;
}

uint64_t fdb_word(const struct xv_fdb_key *key)
{
	return (union xv_table_key){.key = *key}.word;
}

static struct xv_fdb_key make_key(const struct xv_network *net, const uint8_t mac[6])
{
	struct xv_fdb_key key = {.bd = net->bd};

	memcpy(key.mac, mac, sizeof(key.mac));
	return key;
}

/* ---- the table and its grace periods ---- */

void fdb_settle_soon(struct xv_model *model)
{
	struct xv_fdb *fdb = model->fdb;

	if (fdb->waiting || !xv_table_grace_begin(fdb->table))
		return;
	fdb->waiting = true;
	xv_grace_ask(fdb->grace);
}

static void on_grace(void *arg)
{
	struct xv_model *model = arg;

	model->fdb->waiting = false;
	xv_table_grace_end(model->fdb->table);
	xv_signal_send(&model->signals.room);
	fdb_settle_soon(model);
}

int xv_fdb_open(struct xv_model *model, struct xv_err *err)
{
	struct xv_fdb *fdb = calloc(1, sizeof(*fdb));
	int ret;

	if (!fdb)
		return xv_err_set(err, -ENOMEM, "out of memory");
	model->fdb = fdb;
	ret = xv_table_open(model->dp->fd.fdb_table, xv_rcu_synchronize, &fdb->table, err);
	return ret ?: xv_grace_start(model->base, on_grace, model, &fdb->grace, err);
}

int xv_fdb_run(struct xv_model *model, struct xv_err *err)
{
	return xv_grace_run(model->fdb->grace, err);
}

void xv_fdb_close(struct xv_model *model)
{
	if (!model->fdb)
		return;
	xv_grace_stop(model->fdb->grace);
	xv_table_close(model->fdb->table);
	free(model->fdb);
	model->fdb = NULL;
}

size_t xv_fdb_count(const struct xv_model *model)
{
	struct xv_table_counts counts;

	xv_table_counts(model->fdb->table, &counts);
	return counts.entries;
}

size_t xv_fdb_count_static(const struct xv_model *model)
{
	size_t n = xv_fdb_count(model);
	const struct xv_network *net;

	for (net = model->networks; net; net = net->hh.next)
		n -= net->learned < n ? net->learned : n;
	return n;
}

void xv_fdb_reserve(struct xv_model *model, size_t n)
{
	xv_table_reserve(model->fdb->table, n < XV_MAX_FDB ? n : XV_MAX_FDB);
	fdb_settle_soon(model);
}

/* ---- entries ---- */

static int table_get(const struct xv_model *model, const struct xv_fdb_key *key,
		     struct xv_fdb_val *val)
{
	struct xv_fdb_word word;
	int ret = xv_table_lookup(model->fdb->table, fdb_word(key), &word);

	if (!ret)
		*val = word.val;
	return ret;
}

int xv_fdb_get_own(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val)
{
	return table_get(model, key, val);
}

void xv_fdb_prefetch(const struct xv_model *model, const struct xv_fdb_key *key)
{
	xv_table_prefetch(model->fdb->table, fdb_word(key));
}

int xv_fdb_get(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val)
{
	return table_get(model, key, val) ? fdb_extra_get(model, key, val) : 0;
}

void fdb_release(struct xv_model *model, const struct xv_fdb_key *key, const struct xv_fdb_val *val)
{
	struct xv_network *net = xv_network_of(model, key->bd);
	struct xv_peer *peer = xv_peer_of_entry(model, val);

	if (!(val->flags & XV_FDB_STATIC)) {
		xv_quota_give(model, net, (struct xv_place){.kind = val->kind, .dst = val->dst});
	} else if (peer) {
		xv_peer_put(model, peer);
	}
}

int fdb_remove(struct xv_model *model, const struct xv_fdb_entry *entry)
{
	int ret;

	if (entry->extra)
		return fdb_extra_del(model, &entry->key);
	ret = xv_table_delete(model->fdb->table, fdb_word(&entry->key));
	if (!ret)
		fdb_release(model, &entry->key, &entry->val);
	return ret;
}

static int evict_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct xv_fdb_entry entry = {.key = (union xv_table_key){.word = key}.key, .val = word.val};
	struct eviction *e = arg;

	if (word.val.flags & XV_FDB_STATIC || (e->bd && entry.key.bd != e->bd))
		return 0;
	fdb_remove(e->model, &entry);
	return !--e->left;
}

void fdb_make_room(struct xv_model *model, size_t n)
{
	size_t have = xv_fdb_count(model), free = have < XV_MAX_FDB ? XV_MAX_FDB - have : 0;
	struct eviction e = {.model = model, .left = n > free ? n - free : 0};
	const struct xv_network *net, *most = NULL;

	if (!e.left)
		return;
	for (net = model->networks; net; net = net->hh.next)
		if (net->learned && (!most || net->learned > most->learned))
			most = net;
	if (!most)
		return;
	if (most->learned >= e.left)
		e.bd = most->bd;
	xv_table_walk(model->fdb->table, evict_one, &e);
	xv_log_limited(LOG_WARNING, 0,
		       "the FDB is full: learned entries make room for static ones");
}

/* A new key, within the limit. */
static int insert(struct xv_model *model, const struct xv_fdb_key *key,
		  const struct xv_fdb_val *val, bool wait)
{
	int (*how)(struct xv_table *, uint64_t, struct xv_fdb_word) = wait ? xv_table_insert_wait
									   : xv_table_insert;

	if (wait && xv_fdb_count(model) >= XV_MAX_FDB)
		fdb_make_room(model, EVICT);
	if (xv_fdb_count(model) >= XV_MAX_FDB)
		return -ENOSPC;
	return how(model->fdb->table, fdb_word(key), (struct xv_fdb_word){.val = *val});
}

/* Replaces what was there: an entry of ours, or one of an outside program, which goes. */
static int put_static(struct xv_model *model, const struct xv_fdb_key *key,
		      const struct xv_fdb_val *val)
{
	struct xv_fdb_word word = {.val = *val};
	struct xv_fdb_val old;
	int ret;

	if (table_get(model, key, &old)) {
		ret = insert(model, key, val, true);
		if (!ret)
			fdb_extra_del(model, key);
	} else {
		ret = xv_table_update(model->fdb->table, fdb_word(key), word);
		if (!ret)
			fdb_release(model, key, &old);
	}
	fdb_settle_soon(model);
	return ret;
}

bool xv_fdb_by_hand(const struct xv_fdb_val *val)
{
	return val->flags & XV_FDB_STATIC &&
	       (!(val->flags & XV_FDB_CONFIG) || val->flags & XV_FDB_HAND);
}

int xv_fdb_check(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		 const struct xv_port_name *port, const struct xv_ip *remote, struct xv_err *err)
{
	struct xv_fdb_key key = make_key(net, mac);
	const struct xv_port *to_port;
	const struct xv_peer *to_peer;
	struct xv_fdb_val val;
	char text[XV_MAC_STRLEN];

	if (table_get(model, &key, &val) || !xv_fdb_by_hand(&val))
		return 0;
	to_port = xv_port_of_entry(model, &val);
	to_peer = xv_peer_of_entry(model, &val);
	if (port ? to_port && !memcmp(&to_port->key, port, sizeof(*port))
		 : to_peer && xv_ip_equal(&to_peer->ip, remote))
		return 0;
	xv_mac_format(mac, text);
	return xv_err_set(err, -EEXIST,
			  "%s in network \"%s\" was added by hand, and leads elsewhere: delete it "
			  "first (xvtep fdb del %s network %s)",
			  text, net->set.name, text, net->set.name);
}

int xv_fdb_drop(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		struct xv_err *err)
{
	struct xv_fdb_key key = make_key(net, mac);
	struct xv_fdb_word word;

	if (table_get(model, &key, &word.val) || !xv_fdb_by_hand(&word.val))
		return xv_fdb_del(model, net, mac, err);
	word.val.flags &= ~(XV_FDB_CONFIG | XV_FDB_HAND);
	return xv_table_update_dest(model->fdb->table, fdb_word(&key), word);
}

int xv_fdb_add_static(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		      const struct xv_port *port, const struct xv_ip *remote, bool sticky,
		      bool replace, struct xv_err *err)
{
	struct xv_fdb_val val = {.flags = XV_FDB_STATIC | (sticky ? XV_FDB_STICKY : 0),
				 .last_seen = xv_fdb_now()},
			  old;
	struct xv_fdb_key key = make_key(net, mac);
	struct xv_peer *peer = NULL;
	char text[XV_MAC_STRLEN];
	int ret;

	if (!xv_mac_is_unicast(mac))
		return xv_err_set(err, -EINVAL, "%s is not a station's MAC address",
				  xv_mac_format(mac, text));
	if (!replace && !xv_fdb_get(model, &key, &old) && old.flags & XV_FDB_STATIC)
		return xv_err_set(err, -EEXIST, "%s has a static entry in \"%s\" already",
				  xv_mac_format(mac, text), net->set.name);
	if (port) {
		val.kind = XV_FDB_PORT;
		val.dst = port->id;
	} else {
		ret = xv_peer_get(model, remote, &peer, err);
		if (ret)
			return ret;
		val.kind = XV_FDB_PEER;
		val.dst = peer->id;
	}
	ret = put_static(model, &key, &val);
	if (!ret)
		return 0;
	if (peer)
		xv_peer_put(model, peer);
	return xv_err_set(err, ret, "cannot add %s to the FDB: %s", xv_mac_format(mac, text),
			  ret == -ENOSPC ? "it is full" : strerror(-ret));
}

int xv_fdb_del(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
	       struct xv_err *err)
{
	struct xv_fdb_entry entry = {.key = make_key(net, mac)};
	char text[XV_MAC_STRLEN];

	entry.extra = table_get(model, &entry.key, &entry.val);
	if (fdb_remove(model, &entry))
		return xv_err_set(err, -ENOENT, "%s is not in the FDB of \"%s\"",
				  xv_mac_format(mac, text), net->set.name);
	fdb_settle_soon(model);
	xv_quota_room(model);
	return 0;
}

int xv_fdb_learn(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		 uint8_t kind, uint32_t dst, uint16_t moves)
{
	struct xv_fdb_word word = {.val = {
					   .dst = dst,
					   .kind = kind,
					   .moves = moves,
					   .last_seen = xv_fdb_now(),
				   }};
	struct xv_place place = {.kind = kind, .dst = dst};
	struct xv_fdb_val old;
	int ret = -ENOENT;

	if (moves && !table_get(model, key, &old)) {
		ret = xv_table_update(model->fdb->table, fdb_word(key), word);
		if (!ret) {
			fdb_release(model, key, &old);
			xv_quota_take(model, net, place);
		}
		return ret;
	}
	ret = insert(model, key, &word.val, false);
	if (!ret)
		xv_quota_take(model, net, place);
	fdb_settle_soon(model);
	return ret;
}
