/* SPDX-License-Identifier: GPL-2.0-only */
/* The forwarding database: see fdb.h. The map is the only copy; this file keeps no other. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "addr.h"
#include "fdb.h"

enum {
	BATCH = 8192,
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

static struct xv_fdb_key make_key(const struct xv_network *net, const uint8_t mac[6])
{
	struct xv_fdb_key key = {.bd = net->bd};

	memcpy(key.mac, mac, sizeof(key.mac));
	return key;
}

int xv_fdb_get(struct xv_instance *inst, const struct xv_fdb_key *key, struct xv_fdb_val *val)
{
	return bpf_map_lookup_elem(inst->dp->fd.fdb, key, val);
}

/* Gives back what an entry held: its network's learned count, or a static one's peer. */
static void release(struct xv_instance *inst, const struct xv_fdb_key *key,
		    const struct xv_fdb_val *val)
{
	struct xv_network *net = key->bd < XV_MAX_NETWORKS ? inst->by_bd[key->bd] : NULL;

	if (!(val->flags & XV_FDB_STATIC)) {
		if (net && net->learned)
			net->learned--;
	} else if (val->kind == XV_FDB_PEER && val->dst < XV_MAX_PEERS &&
		   inst->peer_by_id[val->dst]) {
		xv_peer_put(inst, inst->peer_by_id[val->dst]);
	}
}

int xv_fdb_add_static(struct xv_instance *inst, struct xv_network *net, const uint8_t mac[6],
		      const struct xv_port *port, const struct xv_ip *remote, bool replace,
		      bool from_config, struct xv_err *err)
{
	struct xv_fdb_val val = {.flags = XV_FDB_STATIC, .last_seen = now_ns()}, old;
	struct xv_fdb_key key = make_key(net, mac);
	bool had = !xv_fdb_get(inst, &key, &old);
	struct xv_peer *peer = NULL;
	char text[XV_MAC_STRLEN];
	int ret;

	if (!xv_mac_is_unicast(mac))
		return xv_err_set(err, -EINVAL, "%s is not a station's MAC address",
				  xv_mac_format(mac, text));
	if (had && old.flags & XV_FDB_STATIC && !replace)
		return xv_err_set(err, -EEXIST, "%s has a static entry in \"%s\" already",
				  xv_mac_format(mac, text), net->set.name);
	if (from_config)
		val.flags |= XV_FDB_CONFIG;
	if (port) {
		val.kind = XV_FDB_PORT;
		val.dst = port->id;
	} else {
		ret = xv_peer_get(inst, remote, &peer, err);
		if (ret)
			return ret;
		val.kind = XV_FDB_PEER;
		val.dst = peer->id;
	}
	ret = bpf_map_update_elem(inst->dp->fd.fdb, &key, &val, BPF_ANY);
	if (ret) {
		if (peer)
			xv_peer_put(inst, peer);
		return xv_err_set(err, ret, "cannot add %s to the FDB: %s",
				  xv_mac_format(mac, text),
				  ret == -E2BIG ? "it is full" : strerror(-ret));
	}
	if (had)
		release(inst, &key, &old);
	return 0;
}

int xv_fdb_del(struct xv_instance *inst, struct xv_network *net, const uint8_t mac[6],
	       struct xv_err *err)
{
	struct xv_fdb_key key = make_key(net, mac);
	char text[XV_MAC_STRLEN];
	struct xv_fdb_val old;

	if (xv_fdb_get(inst, &key, &old) || bpf_map_delete_elem(inst->dp->fd.fdb, &key))
		return xv_err_set(err, -ENOENT, "%s is not in the FDB of \"%s\"",
				  xv_mac_format(mac, text), net->set.name);
	release(inst, &key, &old);
	return 0;
}

int xv_fdb_learn(struct xv_instance *inst, struct xv_network *net, const struct xv_fdb_key *key,
		 uint8_t kind, uint32_t dst, uint16_t moves)
{
	struct xv_fdb_val val = {
		.dst = dst,
		.kind = kind,
		.moves = moves,
		.last_seen = now_ns(),
	};
	bool is_new = !moves;
	int ret = bpf_map_update_elem(inst->dp->fd.fdb, key, &val,
				      is_new ? BPF_NOEXIST : BPF_EXIST);

	if (!ret && is_new)
		net->learned++;
	return ret;
}

static bool matches(const struct xv_fdb_filter *f, const struct xv_fdb_entry *e)
{
	bool is_static = e->val.flags & XV_FDB_STATIC;

	return (!f->bd || f->bd == e->key.bd) && (!f->kind || f->kind == e->val.kind) &&
	       (!f->dst || f->dst == e->val.dst) && !(f->learned && is_static) &&
	       !(f->statics && !is_static);
}

struct batch {
	struct xv_fdb_key keys[BATCH];
	struct xv_fdb_val vals[BATCH];
};

static long walk_batch(const struct batch *b, uint32_t n, const struct xv_fdb_filter *filter,
		       int (*fn)(void *, const struct xv_fdb_entry *), void *arg, bool *stop)
{
	struct xv_fdb_entry entry;
	long found = 0;
	uint32_t i;

	for (i = 0; i < n && !*stop; i++) {
		entry.key = b->keys[i];
		entry.val = b->vals[i];
		if (!matches(filter, &entry))
			continue;
		found++;
		*stop = fn(arg, &entry);
	}
	return found;
}

/*
 * A batch takes whole hash buckets; an entry that is there throughout is seen once, one that comes
 * or goes meanwhile at most once.
 */
long xv_fdb_walk(struct xv_instance *inst, const struct xv_fdb_filter *filter,
		 int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		 struct xv_err *err)
{
	struct batch *b = malloc(sizeof(*b));
	uint32_t cursor = 0, n;
	bool first = true, stop = false;
	long found = 0;
	int ret = 0;

	if (!b)
		return xv_err_set(err, -ENOMEM, "out of memory");
	while (!ret && !stop) {
		n = BATCH;
		ret = bpf_map_lookup_batch(inst->dp->fd.fdb, first ? NULL : &cursor, &cursor,
					   b->keys, b->vals, &n, NULL);
		if (ret && ret != -ENOENT)
			break;
		first = false;
		found += walk_batch(b, n, filter, fn, arg, &stop);
	}
	free(b);
	if (ret && ret != -ENOENT)
		return xv_err_set(err, ret, "cannot read the FDB: %s", strerror(-ret));
	return found;
}

static int flush_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_instance *inst = arg;

	if (!bpf_map_delete_elem(inst->dp->fd.fdb, &entry->key))
		release(inst, &entry->key, &entry->val);
	return 0;
}

long xv_fdb_flush(struct xv_instance *inst, const struct xv_fdb_filter *filter, struct xv_err *err)
{
	return xv_fdb_walk(inst, filter, flush_one, inst, err);
}

struct sweep {
	struct xv_instance *inst;
	uint64_t now;
	long aged;
	uint32_t *peer_uses; /* [XV_MAX_PEERS], learned entries by peer */
};

static int sweep_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct sweep *s = arg;
	struct xv_network *net = entry->key.bd < XV_MAX_NETWORKS ? s->inst->by_bd[entry->key.bd]
								 : NULL;
	uint64_t limit = net ? net->set.ageing * 1000000000ULL : 0;

	if (net && limit && s->now > entry->val.last_seen &&
	    s->now - entry->val.last_seen > limit) {
		s->aged++;
		return flush_one(s->inst, entry);
	}
	if (entry->val.kind == XV_FDB_PEER && entry->val.dst < XV_MAX_PEERS)
		s->peer_uses[entry->val.dst]++;
	return 0;
}

long xv_fdb_age(struct xv_instance *inst)
{
	struct xv_fdb_filter learned = {.learned = true};
	struct sweep s = {.inst = inst, .now = now_ns()};
	long ret;

	s.peer_uses = calloc(XV_MAX_PEERS, sizeof(*s.peer_uses));
	if (!s.peer_uses)
		return -ENOMEM;
	ret = xv_fdb_walk(inst, &learned, sweep_one, &s, NULL);
	if (ret >= 0)
		xv_peer_drop_unused(inst, s.peer_uses);
	free(s.peer_uses);
	return ret < 0 ? ret : s.aged;
}

/* Counts what is there, and drops entries whose network, port or peer is gone. */
static int adopt_one(void *arg, const struct xv_fdb_entry *entry)
{
	struct xv_instance *inst = arg;
	const struct xv_fdb_val *val = &entry->val;
	struct xv_network *net = entry->key.bd < XV_MAX_NETWORKS ? inst->by_bd[entry->key.bd]
								 : NULL;
	struct xv_peer *peer = val->kind == XV_FDB_PEER && val->dst < XV_MAX_PEERS
				       ? inst->peer_by_id[val->dst]
				       : NULL;
	struct xv_port *port = val->kind == XV_FDB_PORT && val->dst < XV_MAX_PORTS
				       ? inst->port_by_id[val->dst]
				       : NULL;

	if (!net || !(peer || (port && port->net == net)))
		bpf_map_delete_elem(inst->dp->fd.fdb, &entry->key);
	else if (!(val->flags & XV_FDB_STATIC))
		net->learned++;
	else if (peer)
		peer->refs++;
	return 0;
}

int xv_fdb_adopt(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_fdb_filter all = {};
	long ret = xv_fdb_walk(inst, &all, adopt_one, inst, err);

	return ret < 0 ? ret : 0;
}
