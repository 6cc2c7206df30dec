/* SPDX-License-Identifier: GPL-2.0-only */
/* Peers: see peer.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "log.h"
#include "maps/index.h"
#include "maps/outer.h"
#include "maps/stats.h"
#include "model/batch.h"
#include "model/ids.h"
#include "model/peer.h"
#include "model/way.h"

struct xv_peer *xv_peer_find(struct xv_model *model, const struct xv_ip *ip)
{
	struct xv_peer *peer;

	HASH_FIND(hh, model->peers, ip, sizeof(*ip), peer);
	return peer;
}

uint32_t xv_peer_free_id(struct xv_model *model)
{
	uint32_t i, id;

	for (i = 1; i < XV_MAX_PEERS; i++) {
		id = 1 + (model->last_peer + i - 1) % (XV_MAX_PEERS - 1);
		if (!model->peer_by_id[id] && xv_ip_is_zero(&model->dp->adj[id].ip))
			return id;
	}
	return xv_batch_make_room(model) ? xv_peer_free_id(model) : 0;
}

static struct xv_peer *new_peer(struct xv_model *model, const struct xv_ip *ip, uint32_t id)
{
	struct xv_peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return NULL;
	peer->ip = *ip;
	peer->id = id;
	model->peer_by_id[id] = peer;
	HASH_ADD(hh, model->peers, ip, sizeof(peer->ip), peer);
	return peer;
}

/* Removes the peer from the daemon's tables. */
static void unlink_peer(struct xv_model *model, struct xv_peer *peer)
{
	HASH_DEL(model->peers, peer);
	model->peer_by_id[peer->id] = NULL;
}

/*
 * Checks that the address is another host's unicast address, and that this host has an address of
 * its family.
 */
static int check_ip(struct xv_model *model, const struct xv_ip *ip, struct xv_err *err)
{
	const struct xv_config *config = model->config;
	const struct xv_ip *own = xv_ip_is_v4(ip) ? &config->address : &config->address6;
	char text[XV_IP_STRLEN];

	xv_ip_format(ip, text);
	if (!xv_ip_is_usable(ip))
		return xv_err_set(err, -EINVAL, "%s is not a host's address", text);
	if (xv_ip_is_zero(own))
		return xv_err_set(err, -EADDRNOTAVAIL,
				  "%s needs an own %s address: set underlay.%s", text,
				  xv_ip_is_v4(ip) ? "IPv4" : "IPv6",
				  xv_ip_is_v4(ip) ? "address" : "address6");
	if (xv_ip_equal(own, ip))
		return xv_err_set(err, -EADDRNOTAVAIL, "%s is this host's own VTEP address", text);
	return 0;
}

enum {
	OWN_FLAGS = XV_ADJ_HAND | XV_ADJ_HEARD | XV_ADJ_KERNEL,
};

uint32_t xv_peer_flags(const struct xv_peer *peer)
{
	return (peer->origins & XV_ORIGIN_ADDED ? XV_ADJ_HAND : 0) |
	       (peer->origins & XV_ORIGIN_LEARNED ? XV_ADJ_HEARD : 0) |
	       (peer->kernel ? XV_ADJ_KERNEL : 0);
}

void xv_peer_write_flags(struct xv_model *model, const struct xv_peer *peer)
{
	uint32_t flags = model->dp->adj[peer->id].flags & ~(uint32_t)OWN_FLAGS;

	xv_outer_set_flags(model->dp, peer->id, flags | xv_peer_flags(peer));
}

void xv_peer_update_way(struct xv_model *model, struct xv_peer *peer)
{
	bool kernel = xv_way_is_kernels(model, &peer->ip, peer->status, sizeof(peer->status));

	if (peer->kernel == kernel)
		return;
	peer->kernel = kernel;
	xv_index_update_peer(model->dp, &peer->ip, peer->id, kernel);
}

static int create(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **out,
		  struct xv_err *err)
{
	uint32_t id = xv_peer_free_id(model);
	struct xv_peer *peer;
	int ret = check_ip(model, ip, err);

	if (ret)
		return ret;
	if (!id)
		return xv_err_set(err, -ENOSPC, "there are %u peers already, which is the limit",
				  XV_MAX_PEERS - 1);
	peer = new_peer(model, ip, id);
	if (!peer)
		return xv_err_set(err, -ENOMEM, "out of memory");
	model->last_peer = id;
	xv_stats_clear_peer(model->dp, id);
	xv_peer_update_way(model, peer); /* before programs know the peer */
	xv_outer_clear(model->dp, peer->id, &peer->ip, xv_peer_flags(peer));
	snprintf(peer->status, sizeof(peer->status), "not looked up yet");
	ret = bpf_map_update_elem(model->dp->fd.peer, ip, &id, BPF_ANY);
	if (ret) {
		unlink_peer(model, peer);
		free(peer);
		return xv_err_set(err, ret, "cannot add a peer: %s", strerror(-ret));
	}
	xv_index_add_peer(model->dp, &peer->ip, peer->id, peer->kernel);
	xv_signal_send(&model->signals.refresh);
	*out = peer;
	return 0;
}

static bool is_unused(const struct xv_peer *peer)
{
	return !peer->refs && !peer->origins;
}

static void check_unused(struct xv_model *model, struct xv_peer *peer)
{
	if (!is_unused(peer))
		return;
	xv_batch_begin(model);
	model->batch->peers_unused = true;
	xv_batch_commit(model, NULL);
}

bool xv_peer_unlink_unused(struct xv_model *model)
{
	struct xv_peer *peer, *tmp;

	model->batch->peers_unused = false;
	HASH_ITER (hh, model->peers, peer, tmp) {
		if (!is_unused(peer))
			continue;
		xv_index_del_peer(model->dp, &peer->ip, peer->id);
		bpf_map_delete_elem(model->dp->fd.peer, &peer->ip);
		unlink_peer(model, peer);
		peer->next_gone = model->batch->peers;
		model->batch->peers = peer;
		model->batch->peer[peer->id] = true;
	}
	return model->batch->peers;
}

void xv_peer_free_gone(struct xv_model *model)
{
	struct xv_peer *peer, *next;

	for (peer = model->batch->peers; peer; peer = next) {
		next = peer->next_gone;
		xv_outer_forget(model->dp, peer->id);
		free(peer);
	}
}

int xv_peer_get(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **out,
		struct xv_err *err)
{
	struct xv_peer *peer = xv_peer_find(model, ip);
	int ret = peer ? 0 : create(model, ip, &peer, err);

	if (ret)
		return ret;
	peer->refs++;
	*out = peer;
	return 0;
}

void xv_peer_put(struct xv_model *model, struct xv_peer *peer)
{
	if (peer->refs)
		peer->refs--;
	check_unused(model, peer);
}

void xv_peer_hold(struct xv_peer *peer)
{
	peer->refs++;
}

int xv_peer_add(struct xv_model *model, const struct xv_ip *ip, struct xv_err *err)
{
	struct xv_peer *peer = xv_peer_find(model, ip);
	char text[XV_IP_STRLEN];
	int ret;

	if (peer && peer->origins & XV_ORIGIN_ADDED)
		return xv_err_set(err, -EEXIST, "peer %s exists already", xv_ip_format(ip, text));
	ret = peer ? 0 : create(model, ip, &peer, err);
	if (!ret) {
		peer->origins |= XV_ORIGIN_HAND;
		xv_peer_write_flags(model, peer);
	}
	return ret;
}

int xv_peer_del(struct xv_model *model, struct xv_peer *peer, struct xv_err *err)
{
	char text[XV_IP_STRLEN];

	if (peer->refs && !(peer->origins & XV_ORIGIN_ADDED))
		return xv_err_set(
			err, -EBUSY,
			"peer %s is named by %u flood list%s or static FDB entr%s: delete %s first",
			xv_ip_format(&peer->ip, text), peer->refs, peer->refs == 1 ? "" : "s",
			peer->refs == 1 ? "y" : "ies", peer->refs == 1 ? "that" : "those");
	peer->origins = 0;
	xv_peer_write_flags(model, peer);
	check_unused(model, peer);
	return 0;
}

int xv_peer_admit(struct xv_model *model, const struct xv_ip *ip, struct xv_peer **out,
		  struct xv_err *err)
{
	struct xv_peer *peer = xv_peer_find(model, ip);
	int ret = 0;

	if (!peer) {
		ret = create(model, ip, &peer, err);
		if (!ret) {
			peer->origins = XV_ORIGIN_LEARNED;
			xv_peer_write_flags(model, peer);
		}
	}
	if (!ret)
		*out = peer;
	return ret;
}

void xv_peer_drop_unused(struct xv_model *model, const uint32_t *uses)
{
	struct xv_peer *peer, *tmp;

	xv_batch_begin(model);
	HASH_ITER (hh, model->peers, peer, tmp) {
		if (!(peer->origins & XV_ORIGIN_LEARNED) || uses[peer->id])
			continue;
		peer->origins &= ~(uint32_t)XV_ORIGIN_LEARNED;
		xv_peer_write_flags(model, peer);
		check_unused(model, peer);
	}
	xv_batch_commit(model, NULL);
}

/*
 * Refuses an entry that another program may have written: with an address that is not valid, or an
 * id in use or out of range.
 */
static bool may_be_adopted(struct xv_model *model, const struct xv_ip *ip, uint32_t id)
{
	return id && !xv_peer_of(model, id) && id < XV_MAX_PEERS && xv_ip_is_usable(ip) &&
	       !xv_ip_equal(ip, &model->config->address) &&
	       !xv_ip_equal(ip, &model->config->address6);
}

/* Takes over what an earlier daemon wrote. */
static void take_over(struct xv_peer *peer, const struct xv_adj_val *adj)
{
	peer->ready = adj->flags & XV_ADJ_VALID;
	peer->origins = (adj->flags & XV_ADJ_HAND ? XV_ORIGIN_HAND : 0) |
			(adj->flags & XV_ADJ_HEARD ? XV_ORIGIN_LEARNED : 0);
	peer->kernel = adj->flags & XV_ADJ_KERNEL;
	peer->ifindex = adj->ifindex;
	peer->mtu = adj->mtu;
	memcpy(peer->mac, adj->hdr, sizeof(peer->mac));
}

int xv_peer_adopt(struct xv_model *model, struct xv_err *err)
{
	struct xv_ip ip, gone, *prev = NULL;
	struct xv_peer *peer;
	bool drop = false;
	uint32_t id;
	int fd = model->dp->fd.peer;

	while (!bpf_map_get_next_key(fd, prev, &ip)) {
		if (drop)
			bpf_map_delete_elem(fd, &gone);
		prev = &ip;
		gone = ip;
		drop = bpf_map_lookup_elem(fd, &ip, &id) || !may_be_adopted(model, &ip, id);
		if (drop)
			continue;
		peer = new_peer(model, &ip, id);
		if (!peer)
			return xv_err_set(err, -ENOMEM, "out of memory");
		take_over(peer, &model->dp->adj[id]);
		model->last_peer = id > model->last_peer ? id : model->last_peer;
	}
	if (drop)
		bpf_map_delete_elem(fd, &gone);
	return 0;
}

void xv_peer_adopted(struct xv_model *model)
{
	struct xv_peer *peer, *tmp;

	HASH_ITER (hh, model->peers, peer, tmp) {
		if (peer->refs || !is_unused(peer))
			continue;
		peer->origins = XV_ORIGIN_MAP;
		xv_peer_write_flags(model, peer);
	}
}

static const struct xv_ip *ip_of(void *arg, uint32_t id)
{
	const struct xv_peer *peer = xv_peer_of(arg, id);

	return peer ? &peer->ip : NULL;
}

void xv_peer_adopt_index(struct xv_model *model)
{
	struct xv_peer *peer;

	xv_index_sweep_peers(model->dp, ip_of, model);
	for (peer = model->peers; peer; peer = peer->hh.next)
		xv_index_offer_peer(model->dp, &peer->ip, peer->id, peer->kernel);
}

void xv_peer_free_all(struct xv_model *model)
{
	struct xv_peer *peer, *tmp;

	HASH_ITER (hh, model->peers, peer, tmp) {
		unlink_peer(model, peer);
		free(peer);
	}
}
