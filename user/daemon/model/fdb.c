/* SPDX-License-Identifier: GPL-2.0-only */
/* The forwarding database: see fdb.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "kernel/rcu.h"
#include "log.h"
#include "model/batch.h"
#include "model/fdb.h"
#include "model/foreign.h"
#include "model/ids.h"
#include "model/mac_table.h"
#include "model/quota.h"

enum {
	EVICT = 64, /* learned entries deleted at once to make room for static ones */
};

/* Deletion of learned entries that makes room. */
struct eviction {
	struct xv_model *model;
	uint32_t bd; /* only of this network; 0: of any */
	size_t left;
};

uint32_t xv_fdb_tick(uint64_t ns)
{
	return ns >> XV_SEEN_SHIFT;
}

uint32_t xv_fdb_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return xv_fdb_tick(ts.tv_sec * 1000000000ULL + ts.tv_nsec);
}

static struct xv_fdb_key make_key(const struct xv_network *net, const uint8_t mac[6])
{
	struct xv_fdb_key key = {.bd = net->bd};

	memcpy(key.mac, mac, sizeof(key.mac));
	return key;
}

/* ---- entries ---- */

int xv_fdb_get(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val)
{
	return xv_mac_table_get(model, key, val) ? xv_foreign_get(model, key, val) : 0;
}

void xv_fdb_release(struct xv_model *model, const struct xv_fdb_key *key,
		    const struct xv_fdb_val *val)
{
	struct xv_network *net = xv_network_of(model, key->bd);
	struct xv_peer *peer = xv_peer_of_entry(model, val);

	if (!(val->flags & XV_FDB_STATIC)) {
		xv_quota_give(model, net, (struct xv_place){.kind = val->kind, .dst = val->dst});
	} else if (peer) {
		xv_peer_put(model, peer);
	}
}

int xv_fdb_remove(struct xv_model *model, const struct xv_fdb_entry *entry)
{
	int ret;

	if (entry->extra)
		return xv_foreign_del(model, &entry->key);
	ret = xv_table_delete(model->macs->table, xv_fdb_entry_word(&entry->key));
	if (!ret)
		xv_fdb_release(model, &entry->key, &entry->val);
	return ret;
}

static int evict_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct xv_fdb_entry entry = xv_fdb_entry_of(key, word.val);
	struct eviction *e = arg;

	if (word.val.flags & XV_FDB_STATIC || (e->bd && entry.key.bd != e->bd))
		return 0;
	xv_fdb_remove(e->model, &entry);
	return !--e->left;
}

void xv_fdb_make_room(struct xv_model *model, size_t n)
{
	size_t have = xv_mac_table_count(model), free = have < XV_MAX_FDB ? XV_MAX_FDB - have : 0;
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
	xv_table_walk(model->macs->table, evict_one, &e);
	xv_log_limited(LOG_WARNING, 0,
		       "the FDB is full: learned entries make room for static ones");
}

/* Inserts a new key, if the FDB has room for it. */
static int insert(struct xv_model *model, const struct xv_fdb_key *key,
		  const struct xv_fdb_val *val, bool wait)
{
	int (*how)(struct xv_table *, uint64_t, struct xv_fdb_word) = wait ? xv_table_insert_wait
									   : xv_table_insert;

	if (wait && xv_mac_table_count(model) >= XV_MAX_FDB)
		xv_fdb_make_room(model, EVICT);
	if (xv_mac_table_count(model) >= XV_MAX_FDB)
		return -ENOSPC;
	return how(model->macs->table, xv_fdb_entry_word(key), (struct xv_fdb_word){.val = *val});
}

/* Replaces the key's entry in the table or in xv_fdb. */
static int put_static(struct xv_model *model, const struct xv_fdb_key *key,
		      const struct xv_fdb_val *val)
{
	struct xv_fdb_word word = {.val = *val};
	struct xv_fdb_val old;
	int ret;

	if (xv_mac_table_get(model, key, &old)) {
		ret = insert(model, key, val, true);
		if (!ret)
			xv_foreign_del(model, key);
	} else {
		ret = xv_table_update(model->macs->table, xv_fdb_entry_word(key), word);
		if (!ret)
			xv_fdb_release(model, key, &old);
	}
	xv_mac_table_settle_soon(model);
	return ret;
}

uint32_t xv_fdb_origins(const struct xv_fdb_val *val)
{
	if (!(val->flags & XV_FDB_STATIC))
		return XV_ORIGIN_LEARNED;
	return val->flags & XV_FDB_CONFIG
		       ? XV_ORIGIN_CONFIG | (val->flags & XV_FDB_HAND ? XV_ORIGIN_HAND : 0)
		       : XV_ORIGIN_HAND;
}

int xv_fdb_check(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		 const struct xv_port_name *port, const struct xv_ip *remote, struct xv_err *err)
{
	struct xv_fdb_key key = make_key(net, mac);
	const struct xv_port *to_port;
	const struct xv_peer *to_peer;
	struct xv_fdb_val val;
	char text[XV_MAC_STRLEN];

	if (xv_mac_table_get(model, &key, &val) || !(xv_fdb_origins(&val) & XV_ORIGIN_HAND))
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

	if (xv_mac_table_get(model, &key, &word.val) ||
	    !(xv_fdb_origins(&word.val) & XV_ORIGIN_HAND))
		return xv_fdb_del(model, net, mac, err);
	word.val.flags &= ~(XV_FDB_CONFIG | XV_FDB_HAND);
	return xv_table_update_dest(model->macs->table, xv_fdb_entry_word(&key), word);
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

	entry.extra = xv_mac_table_get(model, &entry.key, &entry.val);
	if (xv_fdb_remove(model, &entry))
		return xv_err_set(err, -ENOENT, "%s is not in the FDB of \"%s\"",
				  xv_mac_format(mac, text), net->set.name);
	xv_mac_table_settle_soon(model);
	xv_quota_room(model);
	return 0;
}

int xv_fdb_learn(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		 uint8_t kind, uint32_t dst, uint16_t moves, uint32_t seen)
{
	uint32_t now = xv_fdb_now(); /* the coarse clock may be behind */
	struct xv_fdb_word word = {.val = {
					   .dst = dst,
					   .kind = kind,
					   .flags = moves ? XV_FDB_MOVING : 0,
					   .moves = moves,
					   .last_seen = seen < now ? seen : now,
				   }};
	struct xv_place place = {.kind = kind, .dst = dst};
	struct xv_fdb_val old;
	int ret = -ENOENT;

	if (moves && !xv_mac_table_get(model, key, &old)) {
		ret = xv_table_update(model->macs->table, xv_fdb_entry_word(key), word);
		if (!ret) {
			xv_fdb_release(model, key, &old);
			xv_quota_take(model, net, place);
		}
		return ret;
	}
	ret = insert(model, key, &word.val, false);
	if (!ret)
		xv_quota_take(model, net, place);
	xv_mac_table_settle_soon(model);
	return ret;
}

void xv_fdb_stays(struct xv_model *model, const struct xv_fdb_key *key,
		  const struct xv_fdb_val *val)
{
	struct xv_fdb_word word = {.val = *val};

	if (val->flags & XV_FDB_STATIC || !(val->flags & XV_FDB_MOVING))
		return;
	word.val.flags &= ~XV_FDB_MOVING;
	xv_table_update_dest(model->macs->table, xv_fdb_entry_word(key), word);
}

/* ---- walks ---- */

struct walk {
	const struct xv_mac_table *fdb;
	const struct xv_fdb_filter *filter;
	int (*fn)(void *arg, const struct xv_fdb_entry *entry);
	void *arg;
	long found;
	bool stopped;
};

static int walk_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct xv_fdb_entry entry = xv_fdb_entry_of(key, word.val);
	struct walk *w = arg;

	if (!xv_fdb_entry_matches(w->filter, &entry))
		return 0;
	w->found++;
	w->stopped = w->fn(w->arg, &entry);
	return w->stopped;
}

/* Entries of outside programs count only if the table has none of the same key. */
static int walk_extra(void *arg, const struct xv_fdb_entry *entry)
{
	struct walk *w = arg;
	struct xv_fdb_word word;

	if (!xv_table_lookup(w->fdb->table, xv_fdb_entry_word(&entry->key), &word))
		return 0;
	w->found++;
	return w->fn(w->arg, entry);
}

long xv_fdb_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		 int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		 struct xv_err *err)
{
	struct walk w = {.fdb = model->macs, .filter = filter, .fn = fn, .arg = arg};
	long ret = 0;

	xv_table_walk(model->macs->table, walk_one, &w);
	if (!w.stopped)
		ret = xv_foreign_walk(model, filter, walk_extra, &w, err);
	return ret < 0 ? ret : w.found;
}

static int flush_one(void *arg, const struct xv_fdb_entry *entry)
{
	xv_fdb_remove(arg, entry);
	return 0;
}

long xv_fdb_flush(struct xv_model *model, const struct xv_fdb_filter *filter, struct xv_err *err)
{
	long ret;

	xv_batch_begin(model);
	ret = xv_fdb_walk(model, filter, flush_one, model, err);
	xv_mac_table_settle_soon(model);
	xv_batch_commit(model, NULL);
	xv_quota_room(model);
	return ret;
}

static int flush_lost_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_model *model = arg;
	const struct xv_port *port = xv_port_of_entry(model, &entry->val);

	if (port && !port->ifindex && !port->adopted)
		xv_fdb_remove(model, entry);
	return 0;
}

void xv_fdb_flush_lost(struct xv_model *model)
{
	struct xv_fdb_filter learned = {.kind = XV_FDB_PORT, .learned = true};

	xv_batch_begin(model);
	xv_fdb_walk(model, &learned, flush_lost_one, model, NULL);
	xv_mac_table_settle_soon(model);
	xv_batch_commit(model, NULL);
}

static int flush_gone_one(void *arg, const struct xv_fdb_entry *entry)
{
	const struct xv_fdb_val *val = &entry->val;
	struct xv_model *model = arg;
	const struct xv_batch *b = model->batch;

	if ((entry->key.bd < XV_MAX_NETWORKS && b->bd[entry->key.bd]) ||
	    (val->kind == XV_FDB_PORT && val->dst < XV_MAX_PORTS && b->port[val->dst]) ||
	    (val->kind == XV_FDB_PEER && val->dst < XV_MAX_PEERS && b->peer[val->dst]))
		xv_fdb_remove(model, entry);
	return 0;
}

void xv_fdb_flush_gone(struct xv_model *model)
{
	struct xv_fdb_filter all = {};

	xv_fdb_walk(model, &all, flush_gone_one, model, NULL);
	xv_mac_table_settle_soon(model);
}

/* ---- entries of outside programs ---- */

static int yield_one(void *arg, const struct xv_fdb_entry *extra)
{
	struct xv_model *model = arg;
	struct xv_fdb_entry entry = {.key = extra->key};
	struct xv_fdb_word word;

	if (!xv_table_lookup(model->macs->table, xv_fdb_entry_word(&entry.key), &word) &&
	    xv_origin_wins(XV_ORIGIN_MAP, xv_fdb_origins(&word.val))) {
		entry.val = word.val;
		xv_fdb_remove(model, &entry);
	}
	return 0;
}

void xv_fdb_yield(struct xv_model *model)
{
	struct xv_fdb_filter statics = {.statics = true};

	xv_foreign_walk(model, &statics, yield_one, model, NULL);
	xv_mac_table_settle_soon(model);
}

/* ---- adoption from an earlier daemon ---- */

/* Counts the entry; deletes it if its network, port or peer is gone. */
static int adopt_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_model *model = arg;
	const struct xv_fdb_val *val = &entry->val;
	struct xv_network *net = xv_network_of(model, entry->key.bd);
	struct xv_peer *peer = xv_peer_of_entry(model, val);
	struct xv_port *port = xv_port_of_entry(model, val);

	if (!net || !(peer || (port && port->net == net))) {
		if (entry->extra)
			xv_foreign_del(model, &entry->key);
		else
			xv_table_delete(model->macs->table, xv_fdb_entry_word(&entry->key));
	} else if (!entry->extra) {
		if (!(val->flags & XV_FDB_STATIC))
			xv_quota_take(model, net,
				      (struct xv_place){.kind = val->kind, .dst = val->dst});
		else if (peer)
			peer->refs++;
	}
	return 0;
}

int xv_fdb_adopt(struct xv_model *model, struct xv_err *err)
{
	struct xv_fdb_filter all = {};
	long ret = xv_fdb_walk(model, &all, adopt_one, model, err);

	xv_mac_table_settle_soon(model);
	return ret < 0 ? ret : 0;
}
