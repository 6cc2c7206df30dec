/* SPDX-License-Identifier: GPL-2.0-only */
/* Adjacencies: see adjacency.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "addr.h"
#include "model/adjacency.h"
#include "model/group.h"
#include "model/hop.h"
#include "log.h"
#include "model/nexthop.h"
#include "model/uplink.h"
#include "model/way.h"
#include "kernel/rcu.h"

static void status(struct xv_peer *peer, const char *text)
{
	snprintf(peer->status, sizeof(peer->status), "%s", text);
}

/* Outer IPv4 packets' DF, as configured. */
uint32_t xv_adjacency_df(const struct xv_config *config, bool v4)
{
	if (!v4 || config->df == XV_DF_SET)
		return 0;
	return config->df == XV_DF_INHERIT ? XV_ADJ_DF_INHERIT : XV_ADJ_DF_UNSET;
}

/* What XDP may send to the device, which has that slot in xv_tx (0: none). */
static uint32_t xdp_flags(const struct xv_link *link, uint32_t tx_slot)
{
	if (!tx_slot || link->xdp_features == XV_XDP_FEATURES_UNKNOWN ||
	    !(link->xdp_features & XV_XDP_ACT_NDO_XMIT))
		return 0;
	return XV_ADJ_XDP | (link->xdp_features & XV_XDP_ACT_NDO_XMIT_SG ? XV_ADJ_XDP_SG : 0);
}

/* What the adjacency should be now; flags without XV_ADJ_VALID if it cannot be used. */
static void build(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		  struct xv_adj_val *adj)
{
	const struct xv_config *config = model->config;
	bool v4 = xv_ip_is_v4(&peer->ip);
	const struct xv_ip *own = v4 ? &config->address : &config->address6;
	char text[XV_IP_STRLEN];
	struct xv_link link;

	*adj = (struct xv_adj_val){.ip = peer->ip};
	if (xv_ip_is_zero(own)) { /* members by hand, when their family's address was taken out */
		xv_nexthop_set(model, peer, 0, NULL);
		status(peer, v4 ? "there is no own IPv4 address" : "there is no own IPv6 address");
		return;
	}
	if (!model->local_dev[!v4]) {
		xv_nexthop_set(model, peer, 0, NULL);
		snprintf(peer->status, sizeof(peer->status), "%s is no address of this host",
			 xv_ip_format(own, text));
		return;
	}
	if (peer->kernel) { /* status says why */
		xv_nexthop_set(model, peer, 0, NULL);
		return;
	}
	if (xv_nexthop_find(model, memo, peer, &link))
		return;
	if (!xv_nexthop_resolve(model, memo, peer)) {
		if (peer->hop)
			xv_hop_status(model, peer->hop, link.name, peer->status,
				      sizeof(peer->status));
		else
			status(peer, "out of memory");
		return;
	}
	xv_adjacency_header(adj, peer->mac, link.mac, own, &peer->ip, htons(config->udp_port));
	adj->ifindex = peer->ifindex;
	adj->mtu = peer->mtu;
	adj->tx_slot = xv_uplink_tx_slot(model, peer->ifindex);
	adj->flags |= XV_ADJ_VALID | xdp_flags(&link, adj->tx_slot) | xv_adjacency_df(config, v4);
	status(peer, "");
}

/* Programs read flags first: see struct xv_adj_val in xv_abi.h. */
static void store_flags(struct xv_adj_val *adj, uint32_t flags)
{
	__atomic_store_n(&adj->flags, flags, __ATOMIC_RELEASE);
}

enum {
	ORIGIN_FLAGS = XV_ADJ_HAND | XV_ADJ_HEARD | XV_ADJ_KERNEL,
};

/* What holds whether the adjacency is valid or not: for a daemon that adopts the peer, and for
 * programs that receive from it. */
static uint32_t origin(const struct xv_peer *peer)
{
	return (peer->pinned ? XV_ADJ_HAND : 0) | (peer->dynamic ? XV_ADJ_HEARD : 0) |
	       (peer->kernel ? XV_ADJ_KERNEL : 0);
}

void xv_adjacency_origin(struct xv_model *model, const struct xv_peer *peer)
{
	struct xv_adj_val *adj = &model->dp->adj[peer->id];

	store_flags(adj, (adj->flags & ~(uint32_t)ORIGIN_FLAGS) | origin(peer));
}

/* All but ip_id, which is the programs'. */
static void write_body(struct xv_adj_val *to, const struct xv_adj_val *from)
{
	memcpy((char *)to + sizeof(to->flags), (const char *)from + sizeof(from->flags),
	       offsetof(struct xv_adj_val, ip_id) - sizeof(to->flags));
	store_flags(to, from->flags);
}

struct change {
	struct xv_peer *peer;
	struct xv_adj_val adj;
};

enum {
	PEERS_A_TURN = 32, /* some hundreds of microseconds */
};

/* A pass over all peers, some in each turn of the event loop; it changes nothing until its end. */
struct xv_adjacency_pass {
	struct event *turn;
	bool again;    /* asked for while under way: another comes after it */
	uint32_t next; /* peer id */
	size_t n;
	struct change changes[XV_MAX_PEERS];
};

static void log_change(struct xv_peer *peer, bool was_ready)
{
	char text[XV_IP_STRLEN];

	if (peer->ready && !was_ready)
		xv_log(peer->lost ? LOG_NOTICE : LOG_DEBUG, "peer %s: fast path%s",
		       xv_ip_format(&peer->ip, text), peer->lost ? " again" : "");
	else if (!peer->ready && was_ready)
		xv_log(LOG_NOTICE, "peer %s: slow path: %s", xv_ip_format(&peer->ip, text),
		       peer->status);
	if (peer->ready != was_ready)
		peer->lost = was_ready;
}

/* Looks at one peer; whether its adjacency has to change, and to what. */
static bool look(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		 struct change *change)
{
	bool was_ready = peer->ready;

	xv_way_update(model, peer);
	build(model, memo, peer, &change->adj);
	change->adj.flags |= origin(peer);
	change->peer = peer;
	peer->ready = change->adj.flags & XV_ADJ_VALID;
	log_change(peer, was_ready);
	return memcmp(&model->dp->adj[peer->id], &change->adj, offsetof(struct xv_adj_val, ip_id));
}

static void commit(struct xv_model *model, const struct change *changes, size_t n)
{
	struct xv_adj_val *adj;
	bool wait = false;
	size_t i;

	for (i = 0; i < n; i++) {
		adj = &model->dp->adj[changes[i].peer->id];
		if (adj->flags & XV_ADJ_VALID) {
			store_flags(adj, origin(changes[i].peer));
			wait = true;
		}
	}
	if (wait)
		xv_rcu_synchronize();
	for (i = 0; i < n; i++) {
		write_body(&model->dp->adj[changes[i].peer->id], &changes[i].adj);
		xv_adjacency_origin(model, changes[i].peer); /* it may be another by now */
	}
}

/* The pass that is under way found out about the peer what holds no more. */
static void forget(struct xv_model *model, const struct xv_peer *peer)
{
	struct xv_adjacency_pass *pass = model->pass;
	size_t i;

	for (i = 0; pass && i < pass->n; i++) {
		if (pass->changes[i].peer == peer)
			pass->changes[i--] = pass->changes[--pass->n];
	}
}

typedef bool (*chooser)(struct xv_peer *peer, const void *arg);

/* Looks at the peers that choose() picks. */
static void refresh_some(struct xv_model *model, chooser choose, const void *arg)
{
	struct change *changes = calloc(HASH_COUNT(model->peers) + 1, sizeof(*changes));
	struct xv_peer *peer, *tmp;
	struct xv_nexthop_memo memo = {};
	size_t n = 0;

	if (!changes)
		return;
	HASH_ITER (hh, model->peers, peer, tmp) {
		if (!choose(peer, arg))
			continue;
		forget(model, peer);
		n += look(model, &memo, peer, &changes[n]);
	}
	commit(model, changes, n);
	free(changes);
}

struct place {
	uint32_t ifindex;
	const struct xv_ip *nexthop;
};

static bool is_behind(struct xv_peer *peer, const void *arg)
{
	const struct place *place = arg;

	return peer->ifindex == place->ifindex && xv_ip_equal(&peer->nexthop, place->nexthop);
}

static void refresh_nexthop(struct xv_model *model, uint32_t ifindex, const struct xv_ip *nexthop)
{
	const struct place place = {ifindex, nexthop};

	refresh_some(model, is_behind, &place);
}

static bool is_asked(struct xv_peer *peer, const void *arg)
{
	(void)arg;
	if (!peer->asks)
		return false;
	peer->asks--;
	return true;
}

void xv_adjacency_refresh_asked(struct xv_model *model)
{
	refresh_some(model, is_asked, NULL);
}

/* Up to so many peers of the pass, and its end. Whether there is more. */
static bool go_on(struct xv_model *model, uint32_t peers)
{
	struct xv_adjacency_pass *pass = model->pass;
	struct xv_nexthop_memo memo = {};
	struct xv_peer *peer;

	for (; peers && pass->next < XV_MAX_PEERS; pass->next++) {
		peer = model->peer_by_id[pass->next];
		if (!peer)
			continue;
		pass->n += look(model, &memo, peer, &pass->changes[pass->n]);
		peers--;
	}
	if (pass->next < XV_MAX_PEERS)
		return true;
	commit(model, pass->changes, pass->n);
	pass->n = 0;
	return false;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now = {};
	struct xv_model *model = arg;
	struct xv_adjacency_pass *pass = model->pass;
	bool more = go_on(model, PEERS_A_TURN);

	(void)fd;
	(void)what;
	if (!more && pass->again) {
		pass->again = false;
		pass->next = 1;
		more = true;
	}
	if (more)
		evtimer_add(pass->turn, &now);
}

/* From the first peer on. False: out of memory. */
static bool start_pass(struct xv_model *model)
{
	if (!model->pass)
		model->pass = calloc(1, sizeof(*model->pass));
	if (model->pass && !model->pass->turn)
		model->pass->turn = evtimer_new(model->base, on_turn, model);
	if (!model->pass || !model->pass->turn)
		return false;
	evtimer_del(model->pass->turn);
	model->pass->again = false;
	model->pass->next = 1;
	model->pass->n = 0;
	return true;
}

void xv_adjacency_refresh_all(struct xv_model *model)
{
	if (start_pass(model))
		go_on(model, XV_MAX_PEERS);
}

void xv_adjacency_refresh_begin(struct xv_model *model)
{
	if (model->pass && model->pass->turn && evtimer_pending(model->pass->turn, NULL))
		model->pass->again = true;
	else if (start_pass(model))
		on_turn(-1, 0, model);
}

void xv_adjacency_stop(struct xv_model *model)
{
	if (model->pass && model->pass->turn)
		event_free(model->pass->turn);
	free(model->pass);
	model->pass = NULL;
}

void xv_adjacency_neigh(struct xv_model *model, uint32_t ifindex, const struct xv_ip *ip,
			const uint8_t *mac, bool kept)
{
	struct xv_hop *hop = xv_hop_find(model, ifindex, ip);
	struct xv_peer *peer, *tmp;
	bool affected = false;

	if (!hop)
		return;
	xv_hop_seen(model, hop, mac, kept, false);
	HASH_ITER (hh, model->peers, peer, tmp) {
		if (peer->hop != hop)
			continue;
		/*
		 * Confirmed again with the same address, as it is every half minute. Others behind
		 * it may have been looked at before it was resolved.
		 */
		if (mac ? !peer->ready || memcmp(mac, peer->mac, sizeof(peer->mac)) : peer->ready)
			affected = true;
	}
	if (affected)
		refresh_nexthop(model, ifindex, ip);
	if (affected && !mac)
		xv_signal_send(&model->signals.retry);
}

void xv_adjacency_clear(struct xv_model *model, struct xv_peer *peer)
{
	struct xv_adj_val empty = {.ip = peer->ip, .flags = origin(peer)};

	/* Not where an earlier instance began, whose packets may still be on their way. */
	if (getrandom(&empty.ip_id, sizeof(empty.ip_id), GRND_NONBLOCK) == sizeof(empty.ip_id))
		empty.ip_id -= empty.ip_id % XV_IP_ID_BLOCK;
	model->dp->adj[peer->id] = empty;
	status(peer, "not looked up yet");
}

void xv_adjacency_group(struct xv_model *model, uint32_t id, const struct xv_adj_val *adj)
{
	struct xv_adj_val *now = &model->dp->adj[id], want = *adj;

	want.ip_id = now->ip_id;
	if (!memcmp(now, &want, sizeof(want)))
		return;
	if (now->flags & XV_ADJ_VALID) {
		store_flags(now, 0);
		xv_rcu_synchronize();
	}
	memcpy(now->group_dev, want.group_dev, sizeof(now->group_dev));
	write_body(now, &want);
}

void xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer)
{
	struct xv_adj_val none = {};

	forget(model, peer);
	model->dp->adj[peer->id] = none;
	xv_nexthop_set(model, peer, 0, NULL);
}

void xv_adjacency_adopt(struct xv_model *model, struct xv_peer *peer)
{
	const struct xv_adj_val *adj = &model->dp->adj[peer->id];

	peer->ready = adj->flags & XV_ADJ_VALID;
	peer->pinned = adj->flags & XV_ADJ_HAND;
	peer->dynamic = adj->flags & XV_ADJ_HEARD;
	peer->kernel = adj->flags & XV_ADJ_KERNEL;
	peer->ifindex = adj->ifindex;
	peer->mtu = adj->mtu;
	memcpy(peer->mac, adj->hdr, sizeof(peer->mac));
}

void xv_adjacency_adopted(struct xv_model *model)
{
	struct xv_adj_val none = {};
	uint32_t id;

	for (id = 1; id < XV_MAX_PEERS; id++)
		if (!model->peer_by_id[id] && !xv_ip_is_zero(&model->dp->adj[id].ip) &&
		    !xv_group_by_id(model, id))
			model->dp->adj[id] = none;
}
