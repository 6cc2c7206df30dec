/* SPDX-License-Identifier: GPL-2.0-only */
/* Going through the FDB: to show, flush, age and adopt it. See fdb.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/batch.h"
#include "model/fdb_internal.h"
#include "model/ids.h"
#include "model/quota.h"

enum {
	SWEEP_DELETES = 1 << 16, /* some 20 ms */
};

bool fdb_matches(const struct xv_fdb_filter *f, const struct xv_fdb_entry *e)
{
	bool is_static = e->val.flags & XV_FDB_STATIC;

	return (!f->bd || f->bd == e->key.bd) && (!f->kind || f->kind == e->val.kind) &&
	       (!f->dst || f->dst == e->val.dst) && !(f->learned && is_static) &&
	       !(f->statics && !is_static);
}

struct walk {
	const struct xv_fdb *fdb;
	const struct xv_fdb_filter *filter;
	int (*fn)(void *arg, const struct xv_fdb_entry *entry);
	void *arg;
	long found;
	bool stopped;
};

static int walk_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct xv_fdb_entry entry = {.key = (union xv_table_key){.word = key}.key, .val = word.val};
	struct walk *w = arg;

	if (!fdb_matches(w->filter, &entry))
		return 0;
	w->found++;
	w->stopped = w->fn(w->arg, &entry);
	return w->stopped;
}

/* Those of outside programs that count: the table has no entry of the key. */
static int walk_extra(void *arg, const struct xv_fdb_entry *entry)
{
	struct walk *w = arg;
	struct xv_fdb_word word;

	if (!xv_table_lookup(w->fdb->table, fdb_word(&entry->key), &word))
		return 0;
	w->found++;
	return w->fn(w->arg, entry);
}

long xv_fdb_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		 int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		 struct xv_err *err)
{
	struct walk w = {.fdb = model->fdb, .filter = filter, .fn = fn, .arg = arg};
	long ret = 0;

	xv_table_walk(model->fdb->table, walk_one, &w);
	if (!w.stopped)
		ret = fdb_extra_walk(model, filter, walk_extra, &w, err);
	return ret < 0 ? ret : w.found;
}

static int flush_one(void *arg, const struct xv_fdb_entry *entry)
{
	fdb_remove(arg, entry);
	return 0;
}

long xv_fdb_flush(struct xv_model *model, const struct xv_fdb_filter *filter, struct xv_err *err)
{
	long ret;

	xv_batch_begin(model);
	ret = xv_fdb_walk(model, filter, flush_one, model, err);
	fdb_settle_soon(model);
	xv_batch_commit(model, NULL);
	xv_quota_room(model);
	return ret;
}

static int flush_lost_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_model *model = arg;
	const struct xv_port *port = xv_port_of_entry(model, &entry->val);

	if (port && !port->ifindex && !port->adopted)
		fdb_remove(model, entry);
	return 0;
}

void xv_fdb_flush_lost(struct xv_model *model)
{
	struct xv_fdb_filter learned = {.kind = XV_FDB_PORT, .learned = true};

	xv_batch_begin(model);
	xv_fdb_walk(model, &learned, flush_lost_one, model, NULL);
	fdb_settle_soon(model);
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
		fdb_remove(model, entry);
	return 0;
}

void xv_fdb_flush_gone(struct xv_model *model)
{
	struct xv_fdb_filter all = {};

	xv_fdb_walk(model, &all, flush_gone_one, model, NULL);
	fdb_settle_soon(model);
}

/* ---- ageing ---- */

struct sweep {
	struct xv_model *model;
	uint32_t now;
	long aged;
	uint32_t *limit;     /* [XV_MAX_NETWORKS], in units of last_seen; 0: never */
	uint32_t *peer_uses; /* [XV_MAX_PEERS], learned entries by peer */
};

static int sweep_one(void *arg, uint64_t key, struct xv_fdb_word word)
{
	struct xv_fdb_entry entry = {.key = (union xv_table_key){.word = key}.key, .val = word.val};
	struct sweep *s = arg;
	uint32_t limit;

	if (entry.val.flags & XV_FDB_STATIC)
		return 0;
	limit = entry.key.bd < XV_MAX_NETWORKS ? s->limit[entry.key.bd] : 0;
	if (limit && (int32_t)(s->now - entry.val.last_seen) > (int32_t)limit) {
		fdb_remove(s->model, &entry);
		return ++s->aged >= SWEEP_DELETES;
	}
	if (entry.val.kind == XV_FDB_PEER && entry.val.dst < XV_MAX_PEERS)
		s->peer_uses[entry.val.dst]++;
	return 0;
}

/*
 * Rounded up: nothing goes before its time. Ticks are compared as they wrap around, by their signed
 * difference: an age above INT32_MAX (36 years) cannot be told, and nothing gets there.
 */
static uint32_t limit_of(uint32_t seconds)
{
	uint64_t ticks = (seconds * 1000000000ULL >> XV_SEEN_SHIFT) + 1;

	if (!seconds)
		return 0;
	return ticks < INT32_MAX ? ticks : INT32_MAX;
}

static long sweep(struct xv_model *model, bool *more)
{
	struct sweep s = {.model = model, .now = xv_fdb_now()};
	struct xv_network *net;

	s.limit = calloc(XV_MAX_NETWORKS, sizeof(*s.limit));
	s.peer_uses = calloc(XV_MAX_PEERS, sizeof(*s.peer_uses));
	if (!s.limit || !s.peer_uses) {
		free(s.limit);
		free(s.peer_uses);
		return -ENOMEM;
	}
	for (net = model->networks; net; net = net->hh.next)
		s.limit[net->bd] = limit_of(net->set.ageing);
	*more = xv_table_walk(model->fdb->table, sweep_one, &s);
	if (!*more)
		xv_peer_drop_unused(model, s.peer_uses);
	fdb_settle_soon(model);
	free(s.limit);
	free(s.peer_uses);
	return s.aged;
}

long xv_fdb_age(struct xv_model *model, bool *more)
{
	struct timespec from, to;
	long aged;

	clock_gettime(CLOCK_MONOTONIC, &from);
	aged = sweep(model, more);
	clock_gettime(CLOCK_MONOTONIC, &to);
	model->fdb->sweep_us = 1 + (to.tv_sec - from.tv_sec) * 1000000 +
			       (to.tv_nsec - from.tv_nsec) / 1000;
	return aged;
}

uint32_t xv_fdb_sweep_us(const struct xv_model *model)
{
	return model->fdb->sweep_us;
}

/* ---- outside programs ---- */

static int yield_one(void *arg, const struct xv_fdb_entry *extra)
{
	struct xv_model *model = arg;
	struct xv_fdb_entry entry = {.key = extra->key};
	struct xv_fdb_word word;

	if (!xv_table_lookup(model->fdb->table, fdb_word(&entry.key), &word) &&
	    !(word.val.flags & XV_FDB_STATIC)) {
		entry.val = word.val;
		fdb_remove(model, &entry);
	}
	return 0;
}

void xv_fdb_yield(struct xv_model *model)
{
	struct xv_fdb_filter statics = {.statics = true};

	fdb_extra_walk(model, &statics, yield_one, model, NULL);
	fdb_settle_soon(model);
}

/* ---- a daemon before us ---- */

/* Counts what is there, and drops entries whose network, port or peer is gone. */
static int adopt_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_model *model = arg;
	const struct xv_fdb_val *val = &entry->val;
	struct xv_network *net = xv_network_of(model, entry->key.bd);
	struct xv_peer *peer = xv_peer_of_entry(model, val);
	struct xv_port *port = xv_port_of_entry(model, val);

	if (!net || !(peer || (port && port->net == net))) {
		if (entry->extra)
			fdb_extra_del(model, &entry->key);
		else
			xv_table_delete(model->fdb->table, fdb_word(&entry->key));
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

	fdb_settle_soon(model);
	return ret < 0 ? ret : 0;
}
