/* SPDX-License-Identifier: GPL-2.0-only */
/* Adjacencies: see adjacency.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "kernel/rcu.h"
#include "kernel/routes.h"
#include "log.h"
#include "maps/outer.h"
#include "model/adjacency.h"
#include "model/group.h"
#include "model/hop.h"
#include "model/nexthop.h"
#include "model/uplink.h"
#include "model/way.h"
#include "turn.h"

static void status(struct xv_peer *peer, const char *text)
{
	snprintf(peer->status, sizeof(peer->status), "%s", text);
}

/*
 * The flags that say which XDP frames the device may be sent; 0 if none. tx_slot: its slot in
 * xv_tx, or 0.
 */
static uint32_t xdp_flags(const struct xv_link *link, uint32_t tx_slot)
{
	if (!tx_slot || link->xdp_features == XV_XDP_FEATURES_UNKNOWN ||
	    !(link->xdp_features & XV_XDP_ACT_NDO_XMIT))
		return 0;
	return XV_ADJ_XDP | (link->xdp_features & XV_XDP_ACT_NDO_XMIT_SG ? XV_ADJ_XDP_SG : 0);
}

static void no_way(struct xv_model *model, struct xv_peer *peer)
{
	xv_nexthop_set(model, peer, 0, NULL);
	peer->mtu = 0;
}

/* What programs must know of the way by which they send, and of the kernel's. */
static void put_mtu(const struct xv_config *config, const struct xv_peer *peer,
		    struct xv_adj_val *adj)
{
	bool v4 = xv_ip_is_v4(&peer->ip);

	if (!peer->mtu)
		return;
	adj->mtu = peer->mtu;
	adj->flags |= XV_ADJ_MTU | (v4 ? 0 : XV_ADJ_V6) | xv_way_df(config, v4);
}

/*
 * Fills in what the peer's adjacency should be now. Without XV_ADJ_VALID the adjacency cannot be
 * used.
 */
static void build(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		  struct xv_adj_val *adj)
{
	const struct xv_config *config = model->config;
	bool v4 = xv_ip_is_v4(&peer->ip);
	const struct xv_ip *own = v4 ? &config->address : &config->address6;
	char text[XV_IP_STRLEN];
	struct xv_link link;

	*adj = (struct xv_adj_val){.ip = peer->ip};
	if (xv_ip_is_zero(own)) { /* the configuration dropped the address, but the peer was added
				     by hand */
		no_way(model, peer);
		status(peer, v4 ? "there is no own IPv4 address" : "there is no own IPv6 address");
		return;
	}
	if (!model->local_dev[!v4]) {
		no_way(model, peer);
		snprintf(peer->status, sizeof(peer->status), "%s is no address of this host",
			 xv_ip_format(own, text));
		return;
	}
	if (xv_nexthop_find(model, memo, peer, &link)) {
		put_mtu(config, peer, adj);
		return;
	}
	if (!xv_nexthop_resolve(model, memo, peer)) {
		if (peer->hop)
			xv_hop_status(model, peer->hop, link.name, peer->status,
				      sizeof(peer->status));
		else
			status(peer, "out of memory");
		put_mtu(config, peer, adj);
		return;
	}
	xv_outer_header(adj, peer->mac, link.mac, own, &peer->ip, htons(config->udp_port));
	put_mtu(config, peer, adj);
	adj->ifindex = peer->ifindex;
	adj->tx_slot = xv_uplink_tx_slot(model, peer->ifindex);
	adj->flags |= XV_ADJ_VALID | xdp_flags(&link, adj->tx_slot);
	status(peer, "");
}

struct change {
	struct xv_peer *peer;
	struct xv_adj_val adj;
};

enum {
	PEERS_A_TURN = 32, /* takes some hundreds of microseconds */
};

/*
 * A pass looks up all peers, some in each turn of the event loop. It writes the changed adjacencies
 * only at its end.
 */
struct xv_adjacency_pass {
	struct event *turn;
	bool again;    /* another pass was asked for, and follows this one */
	uint32_t next; /* id of the next peer */
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

/* Looks up one peer. Returns whether its adjacency has to change; *change then says to what. */
static bool look(struct xv_model *model, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		 struct change *change)
{
	bool was_ready = peer->ready;

	xv_peer_update_way(model, peer);
	build(model, memo, peer, &change->adj);
	change->adj.flags |= xv_peer_flags(peer);
	change->peer = peer;
	peer->ready = change->adj.flags & XV_ADJ_VALID;
	log_change(peer, was_ready);
	return xv_outer_differs(model->dp, peer->id, &change->adj);
}

static void commit(struct xv_model *model, const struct change *changes, size_t n)
{
	bool wait = false;
	size_t i;

	for (i = 0; i < n; i++) {
		const struct xv_peer *peer = changes[i].peer;

		if (model->dp->adj[peer->id].flags & (XV_ADJ_VALID | XV_ADJ_MTU)) {
			xv_outer_set_flags(model->dp, peer->id, xv_peer_flags(peer));
			wait = true;
		}
	}
	if (wait)
		xv_rcu_synchronize();
	for (i = 0; i < n; i++) {
		xv_outer_write(model->dp, changes[i].peer->id, &changes[i].adj);
		xv_peer_write_flags(model, changes[i].peer); /* may have changed meanwhile */
	}
}

/* Drops what the pass under way has found out about the peer, as it is out of date. */
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

/* Looks up the peers that choose() picks, and writes their adjacencies. */
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

void xv_adjacency_refresh_routes(struct xv_model *model, const struct xv_routes *changed)
{
	struct xv_peer *peer;
	size_t n = 0;

	for (peer = model->peers; peer; peer = peer->hh.next)
		n += xv_routes_concern(changed, &peer->ip);
	if (changed->all || n > PEERS_A_TURN) {
		xv_adjacency_refresh_begin(model);
		return;
	}
	for (peer = model->peers; n && peer; peer = peer->hh.next)
		if (!peer->asks && xv_routes_concern(changed, &peer->ip))
			peer->asks = 1;
	if (n)
		xv_adjacency_refresh_asked(model);
}

/*
 * Looks up the next peers of the pass, at most so many, and ends the pass after the last. Returns
 * whether the pass goes on.
 */
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

/* Starts a pass, which drops one that is under way. False: out of memory. */
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

static bool is_under_way(const struct xv_adjacency_pass *pass)
{
	return pass && pass->turn && evtimer_pending(pass->turn, NULL);
}

void xv_adjacency_refresh_begin(struct xv_model *model)
{
	if (is_under_way(model->pass))
		model->pass->again = true;
	else if (start_pass(model))
		on_turn(-1, 0, model);
}

/* If the caller is work in turns, the event loop runs the pass. */
void xv_adjacency_refresh_all(struct xv_model *model)
{
	if (!xv_turn_is_on()) {
		if (start_pass(model))
			go_on(model, XV_MAX_PEERS);
		return;
	}
	xv_adjacency_refresh_begin(model);
	while (is_under_way(model->pass))
		xv_turn_pause(0);
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
		 * The kernel confirms a neighbour every half minute, mostly with the same address.
		 * But a peer that was looked up before the neighbour was resolved needs another
		 * look-up.
		 */
		if (mac ? !peer->ready || memcmp(mac, peer->mac, sizeof(peer->mac)) : peer->ready)
			affected = true;
	}
	if (affected)
		refresh_nexthop(model, ifindex, ip);
	if (affected && !mac)
		xv_signal_send(&model->signals.retry);
}

void xv_adjacency_drop(struct xv_model *model, struct xv_peer *peer)
{
	forget(model, peer);
	xv_nexthop_set(model, peer, 0, NULL);
}

void xv_adjacency_adopted(struct xv_model *model)
{
	uint32_t id;

	for (id = 1; id < XV_MAX_PEERS; id++)
		if (!model->peer_by_id[id] && !xv_ip_is_zero(&model->dp->adj[id].ip) &&
		    !xv_group_by_id(model, id))
			xv_outer_forget(model->dp, id);
}
