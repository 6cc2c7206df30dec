/* SPDX-License-Identifier: GPL-2.0-only */
/* Adds many static FDB entries at once: see bulk.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "model/bulk.h"
#include "model/foreign.h"
#include "model/ids.h"
#include "model/mac_table.h"
#include "grow.h"
#include "turn.h"

enum {
	STEP = 8192,	 /* entries in a step, which takes some milliseconds */
	GRACE_US = 5000, /* between two looks whether a grace period has ended */
	WAITS = 256,	 /* steps in a row in which no entry found a place, before the FDB counts as
			    full */
};

struct xv_bulk {
	struct xv_model *model;
	struct xv_bulk_put *puts;
	size_t n, next; /* entries before next were tried */
	bool replace, extra;
	enum xv_origin origin;
	uint32_t *again; /* tried entries that found no place yet */
	size_t n_again, again_room;
	size_t done, undone;
	unsigned int waits;
	struct xv_table_entry batch[STEP];
	uint32_t which[STEP]; /* index in puts of each entry in batch */
};

struct xv_bulk *xv_bulk_new(struct xv_model *model, struct xv_bulk_put *puts, size_t n,
			    bool replace, enum xv_origin origin)
{
	struct xv_bulk *b = malloc(sizeof(*b));

	if (!b)
		return NULL;
	memset(b, 0, offsetof(struct xv_bulk, batch));
	b->model = model;
	b->puts = puts;
	b->n = n;
	b->replace = replace;
	b->origin = origin;
	b->extra = xv_foreign_any(model);
	return b;
}

void xv_bulk_free(struct xv_bulk *b)
{
	if (!b)
		return;
	free(b->again);
	free(b);
}

size_t xv_bulk_done(const struct xv_bulk *b)
{
	return b->done;
}

static struct xv_fdb_word word_of(const struct xv_bulk *b, const struct xv_bulk_put *put)
{
	return (struct xv_fdb_word){
		.val = {
			.dst = put->dst,
			.kind = put->kind,
			.flags = XV_FDB_STATIC | put->flags |
				 (b->origin == XV_ORIGIN_CONFIG ? XV_FDB_CONFIG : 0),
			.last_seen = xv_fdb_now(),
		}};
}

static int fail(const struct xv_bulk *b, const struct xv_bulk_put *put, int code,
		struct xv_err *err)
{
	const struct xv_network *net = xv_network_of(b->model, put->key.bd);
	char text[XV_MAC_STRLEN];
	const struct xv_bulk_put *p;

	xv_mac_format(put->key.mac, text);
	if (!net)
		return xv_err_set(err, -ENOENT, "the network of %s was deleted meanwhile", text);
	if (code == -ENODEV)
		return xv_err_set(err, -ENOENT, "the port of %s was deleted meanwhile", text);
	for (p = b->puts; code == -EEXIST && p < put; p++) {
		if (!memcmp(&p->key, &put->key, sizeof(p->key)))
			return xv_err_set(err, code,
					  "%s is in network \"%s\" twice: in line %u already", text,
					  net->set.name, p->line);
	}
	if (code == -EEXIST)
		return xv_err_set(err, code, "%s has a static entry in \"%s\" already", text,
				  net->set.name);
	return xv_err_set(err, code, "cannot add %s to the FDB: %s", text,
			  code == -ENOSPC ? "it is full" : strerror(-code));
}

/* The network or port may have been deleted since the entry was read. */
static int check(const struct xv_bulk *b, const struct xv_bulk_put *put)
{
	const struct xv_network *net = xv_network_of(b->model, put->key.bd);
	const struct xv_port *port;

	if (!net)
		return -ENOENT;
	if (put->kind != XV_FDB_PORT)
		return 0;
	port = xv_port_of(b->model, put->dst);
	return port && port->net == net ? 0 : -ENODEV;
}

static void hold(const struct xv_bulk *b, const struct xv_bulk_put *put)
{
	if (put->kind == XV_FDB_PEER)
		xv_peer_hold(b->model->peer_by_id[put->dst]);
}

/* Replaces an entry of the table: a learned one, or with replace also a static one. */
static int put_over(const struct xv_bulk *b, const struct xv_bulk_put *put, struct xv_fdb_word word)
{
	struct xv_table *table = b->model->macs->table;
	struct xv_fdb_word old;
	int ret;

	ret = xv_table_lookup(table, xv_fdb_entry_word(&put->key), &old);
	if (ret)
		return ret;
	if (old.val.flags & XV_FDB_STATIC && !b->replace)
		return -EEXIST;
	if (b->origin == XV_ORIGIN_CONFIG && xv_fdb_origins(&old.val) & XV_ORIGIN_HAND)
		word.val.flags |= XV_FDB_HAND;
	ret = xv_table_update(table, xv_fdb_entry_word(&put->key), word);
	if (ret)
		return ret;
	hold(b, put);
	xv_fdb_release(b->model, &put->key, &old.val);
	return 0;
}

static int note_again(struct xv_bulk *b, uint32_t which)
{
	if (xv_grow(&b->again, b->n_again, &b->again_room, sizeof(*b->again)))
		return -ENOMEM;
	b->again[b->n_again++] = which;
	return 0;
}

/* Chooses the next entries to try. Those that found no place before come last. */
static size_t choose(struct xv_bulk *b)
{
	size_t left = b->n - b->next + b->n_again, limit = left < STEP ? left : STEP;
	size_t have, room, n = 0;

	xv_fdb_make_room(b->model, limit);
	have = xv_mac_table_count(b->model);
	room = have < XV_MAX_FDB ? XV_MAX_FDB - have : 0;
	limit = room < STEP ? room : STEP;
	if (!limit)
		limit = 1; /* the entry may replace one, which needs no room */
	while (n < limit && b->next < b->n)
		b->which[n++] = b->next++;
	if (n)
		return n;
	for (; n < limit && n < b->n_again; n++)
		b->which[n] = b->again[n];
	b->n_again -= n;
	if (b->n_again)
		memmove(b->again, b->again + n, b->n_again * sizeof(*b->again));
	return n;
}

static int prepare(struct xv_bulk *b, size_t n, size_t *bad)
{
	const struct xv_bulk_put *put;
	struct xv_fdb_word none;
	size_t i;
	int ret = 0, code;

	for (i = 0; i < n; i++) {
		put = &b->puts[b->which[i]];
		b->batch[i].key = xv_fdb_entry_word(&put->key);
		b->batch[i].word = word_of(b, put);
		code = check(b, put);
		if (!code && xv_mac_table_count(b->model) >= XV_MAX_FDB &&
		    xv_table_lookup(b->model->macs->table, b->batch[i].key, &none))
			code = -ENOSPC;
		b->batch[i].result = code ? code : -EAGAIN;
		if (code && !ret) {
			*bad = b->which[i];
			ret = code;
		}
	}
	return ret;
}

/* Handles the results of the batch's entries. Returns the first error. */
static int settle(struct xv_bulk *b, size_t n, size_t *bad)
{
	struct xv_bulk_put *put;
	int ret = 0, code;
	size_t i;

	for (i = 0; i < n; i++) {
		put = &b->puts[b->which[i]];
		code = b->batch[i].result;
		if (!code) {
			hold(b, put);
		} else if (code == -EEXIST) {
			code = put_over(b, put, b->batch[i].word);
		} else if (code == -EAGAIN) {
			code = note_again(b, b->which[i]);
			if (!code)
				continue;
		}
		if (!code) {
			b->done++;
			if (b->extra)
				xv_foreign_del(b->model, &put->key);
			continue;
		}
		if (!ret)
			*bad = b->which[i];
		ret = ret ? ret : code;
		put->kind = XV_FDB_NONE;
	}
	return ret;
}

int xv_bulk_step(struct xv_bulk *b, size_t *bad, struct xv_err *err)
{
	size_t n = choose(b), done = b->done;
	int ret, code;

	if (!n)
		return 0;
	ret = prepare(b, n, bad);
	if (!ret)
		xv_table_insert_some(b->model->macs->table, b->batch, n);
	code = settle(b, n, bad);
	xv_mac_table_settle_soon(b->model);
	ret = ret ? ret : code;
	if (!ret && b->next == b->n && b->done == done && ++b->waits >= WAITS) {
		*bad = b->again[0];
		ret = -ENOSPC;
	}
	if (ret)
		return fail(b, &b->puts[*bad], ret, err);
	if (b->done != done)
		b->waits = 0;
	return b->next < b->n || b->done != done ? -EAGAIN : -EINPROGRESS;
}

int xv_bulk_undo(struct xv_bulk *b)
{
	struct xv_fdb_entry entry = {};
	struct xv_fdb_word word;
	const struct xv_bulk_put *put;
	size_t i, end = b->undone + STEP < b->next ? b->undone + STEP : b->next;

	for (i = 0; i < b->n_again; i++)
		b->puts[b->again[i]].kind = XV_FDB_NONE;
	b->n_again = 0;
	for (; b->undone < end; b->undone++) {
		put = &b->puts[b->undone];
		if (put->kind == XV_FDB_NONE)
			continue;
		b->done--;
		if (xv_table_lookup(b->model->macs->table, xv_fdb_entry_word(&put->key), &word) ||
		    word.dest != word_of(b, put).dest)
			continue; /* somebody has replaced the entry */
		entry.key = put->key;
		entry.val = word.val;
		xv_fdb_remove(b->model, &entry);
	}
	xv_mac_table_settle_soon(b->model);
	return b->undone < b->next ? -EAGAIN : 0;
}

int xv_bulk_run(struct xv_bulk *b, size_t *bad, struct xv_err *err)
{
	int ret;

	do {
		ret = xv_bulk_step(b, bad, err);
		xv_turn_tell("adding FDB entries", b->done, b->n);
		xv_turn_give_way();
		/* As work in turns, the event loop hears when the grace period has ended. */
		if (ret == -EINPROGRESS && !xv_turn_pause(GRACE_US))
			xv_table_settle(b->model->macs->table);
	} while (ret == -EAGAIN || ret == -EINPROGRESS);
	return ret;
}
