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
static void build(struct xv_instance *inst, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		  struct xv_adj_val *adj)
{
	const struct xv_config *config = inst->config;
	bool v4 = xv_ip_is_v4(&peer->ip);
	const struct xv_ip *own = v4 ? &config->address : &config->address6;
	char text[XV_IP_STRLEN];
	struct xv_link link;

	*adj = (struct xv_adj_val){.ip = peer->ip};
	if (xv_ip_is_zero(own)) { /* members by hand, when their family's address was taken out */
		xv_nexthop_set(inst, peer, 0, NULL);
		status(peer, v4 ? "there is no own IPv4 address" : "there is no own IPv6 address");
		return;
	}
	if (!inst->local_dev[!v4]) {
		xv_nexthop_set(inst, peer, 0, NULL);
		snprintf(peer->status, sizeof(peer->status), "%s is no address of this host",
			 xv_ip_format(own, text));
		return;
	}
	if (peer->kernel) { /* status says why */
		xv_nexthop_set(inst, peer, 0, NULL);
		return;
	}
	if (xv_nexthop_find(inst, memo, peer, &link))
		return;
	if (!xv_nexthop_resolve(inst, memo, peer)) {
		if (peer->hop)
			xv_hop_status(inst, peer->hop, link.name, peer->status,
				      sizeof(peer->status));
		else
			status(peer, "out of memory");
		return;
	}
	xv_adjacency_header(adj, peer->mac, link.mac, own, &peer->ip, htons(config->udp_port));
	adj->ifindex = peer->ifindex;
	adj->mtu = peer->mtu;
	adj->tx_slot = xv_uplink_tx_slot(inst, peer->ifindex);
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

void xv_adjacency_origin(struct xv_instance *inst, const struct xv_peer *peer)
{
	struct xv_adj_val *adj = &inst->dp->adj[peer->id];

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
static bool look(struct xv_instance *inst, struct xv_nexthop_memo *memo, struct xv_peer *peer,
		 struct change *change)
{
	bool was_ready = peer->ready;

	xv_way_update(inst, peer);
	build(inst, memo, peer, &change->adj);
	change->adj.flags |= origin(peer);
	change->peer = peer;
	peer->ready = change->adj.flags & XV_ADJ_VALID;
	log_change(peer, was_ready);
	return memcmp(&inst->dp->adj[peer->id], &change->adj, offsetof(struct xv_adj_val, ip_id));
}

static void commit(struct xv_instance *inst, const struct change *changes, size_t n)
{
	struct xv_adj_val *adj;
	bool wait = false;
	size_t i;

	for (i = 0; i < n; i++) {
		adj = &inst->dp->adj[changes[i].peer->id];
		if (adj->flags & XV_ADJ_VALID) {
			store_flags(adj, origin(changes[i].peer));
			wait = true;
		}
	}
	if (wait)
		xv_datapath_synchronize();
	for (i = 0; i < n; i++) {
		write_body(&inst->dp->adj[changes[i].peer->id], &changes[i].adj);
		xv_adjacency_origin(inst, changes[i].peer); /* it may be another by now */
	}
}

/* The pass that is under way found out about the peer what holds no more. */
static void forget(struct xv_instance *inst, const struct xv_peer *peer)
{
	struct xv_adjacency_pass *pass = inst->pass;
	size_t i;

	for (i = 0; pass && i < pass->n; i++) {
		if (pass->changes[i].peer == peer)
			pass->changes[i--] = pass->changes[--pass->n];
	}
}

typedef bool (*chooser)(struct xv_peer *peer, const void *arg);

/* Looks at the peers that choose() picks. */
static void refresh_some(struct xv_instance *inst, chooser choose, const void *arg)
{
	struct change *changes = calloc(HASH_COUNT(inst->peers) + 1, sizeof(*changes));
	struct xv_peer *peer, *tmp;
	struct xv_nexthop_memo memo = {};
	size_t n = 0;

	if (!changes)
		return;
	HASH_ITER (hh, inst->peers, peer, tmp) {
		if (!choose(peer, arg))
			continue;
		forget(inst, peer);
		n += look(inst, &memo, peer, &changes[n]);
	}
	commit(inst, changes, n);
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

static void refresh_nexthop(struct xv_instance *inst, uint32_t ifindex, const struct xv_ip *nexthop)
{
	const struct place place = {ifindex, nexthop};

	refresh_some(inst, is_behind, &place);
}

static bool is_asked(struct xv_peer *peer, const void *arg)
{
	(void)arg;
	if (!peer->asks)
		return false;
	peer->asks--;
	return true;
}

void xv_adjacency_refresh_asked(struct xv_instance *inst)
{
	refresh_some(inst, is_asked, NULL);
}

/* Up to so many peers of the pass, and its end. Whether there is more. */
static bool go_on(struct xv_instance *inst, uint32_t peers)
{
	struct xv_adjacency_pass *pass = inst->pass;
	struct xv_nexthop_memo memo = {};
	struct xv_peer *peer;

	for (; peers && pass->next < XV_MAX_PEERS; pass->next++) {
		peer = inst->peer_by_id[pass->next];
		if (!peer)
			continue;
		pass->n += look(inst, &memo, peer, &pass->changes[pass->n]);
		peers--;
	}
	if (pass->next < XV_MAX_PEERS)
		return true;
	commit(inst, pass->changes, pass->n);
	pass->n = 0;
	return false;
}

static void on_turn(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval now = {};
	struct xv_instance *inst = arg;
	struct xv_adjacency_pass *pass = inst->pass;
	bool more = go_on(inst, PEERS_A_TURN);

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
static bool start_pass(struct xv_instance *inst)
{
	if (!inst->pass)
		inst->pass = calloc(1, sizeof(*inst->pass));
	if (inst->pass && !inst->pass->turn)
		inst->pass->turn = evtimer_new(inst->base, on_turn, inst);
	if (!inst->pass || !inst->pass->turn)
		return false;
	evtimer_del(inst->pass->turn);
	inst->pass->again = false;
	inst->pass->next = 1;
	inst->pass->n = 0;
	return true;
}

void xv_adjacency_refresh_all(struct xv_instance *inst)
{
	if (start_pass(inst))
		go_on(inst, XV_MAX_PEERS);
}

void xv_adjacency_refresh_begin(struct xv_instance *inst)
{
	if (inst->pass && inst->pass->turn && evtimer_pending(inst->pass->turn, NULL))
		inst->pass->again = true;
	else if (start_pass(inst))
		on_turn(-1, 0, inst);
}

void xv_adjacency_stop(struct xv_instance *inst)
{
	if (inst->pass && inst->pass->turn)
		event_free(inst->pass->turn);
	free(inst->pass);
	inst->pass = NULL;
}

void xv_adjacency_neigh(struct xv_instance *inst, uint32_t ifindex, const struct xv_ip *ip,
			const uint8_t *mac, bool kept)
{
	struct xv_hop *hop = xv_hop_find(inst, ifindex, ip);
	struct xv_peer *peer, *tmp;
	bool affected = false;

	if (!hop)
		return;
	xv_hop_seen(inst, hop, mac, kept, false);
	HASH_ITER (hh, inst->peers, peer, tmp) {
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
		refresh_nexthop(inst, ifindex, ip);
	if (affected && !mac)
		xv_peer_retry_later(inst);
}

void xv_adjacency_clear(struct xv_instance *inst, struct xv_peer *peer)
{
	struct xv_adj_val empty = {.ip = peer->ip, .flags = origin(peer)};

	/* Not where an earlier instance began, whose packets may still be on their way. */
	if (getrandom(&empty.ip_id, sizeof(empty.ip_id), GRND_NONBLOCK) == sizeof(empty.ip_id))
		empty.ip_id -= empty.ip_id % XV_IP_ID_BLOCK;
	inst->dp->adj[peer->id] = empty;
	status(peer, "not looked up yet");
}

void xv_adjacency_group(struct xv_instance *inst, uint32_t id, const struct xv_adj_val *adj)
{
	struct xv_adj_val *now = &inst->dp->adj[id], want = *adj;

	want.ip_id = now->ip_id;
	if (!memcmp(now, &want, sizeof(want)))
		return;
	if (now->flags & XV_ADJ_VALID) {
		store_flags(now, 0);
		xv_datapath_synchronize();
	}
	memcpy(now->group_dev, want.group_dev, sizeof(now->group_dev));
	write_body(now, &want);
}

void xv_adjacency_drop(struct xv_instance *inst, struct xv_peer *peer)
{
	struct xv_adj_val none = {};

	forget(inst, peer);
	inst->dp->adj[peer->id] = none;
	xv_nexthop_set(inst, peer, 0, NULL);
}

void xv_adjacency_adopt(struct xv_instance *inst, struct xv_peer *peer)
{
	const struct xv_adj_val *adj = &inst->dp->adj[peer->id];

	peer->ready = adj->flags & XV_ADJ_VALID;
	peer->pinned = adj->flags & XV_ADJ_HAND;
	peer->dynamic = adj->flags & XV_ADJ_HEARD;
	peer->kernel = adj->flags & XV_ADJ_KERNEL;
	peer->ifindex = adj->ifindex;
	peer->mtu = adj->mtu;
	memcpy(peer->mac, adj->hdr, sizeof(peer->mac));
}

void xv_adjacency_adopted(struct xv_instance *inst)
{
	struct xv_adj_val none = {};
	uint32_t id;

	for (id = 1; id < XV_MAX_PEERS; id++)
		if (!inst->peer_by_id[id] && !xv_ip_is_zero(&inst->dp->adj[id].ip) &&
		    !xv_group_by_id(inst, id))
			inst->dp->adj[id] = none;
}
