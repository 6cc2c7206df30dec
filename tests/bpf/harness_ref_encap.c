// SPDX-License-Identifier: GPL-2.0-only
/* The reference for frames from a tenant; see harness_ref.h. */
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "harness_ref_table.h"

enum {
	TAKEN = -1,
};

struct tenant {
	const struct world *w;
	const struct frame *f;
	__u32 bd, port, segs;
};

static __u32 packets(const struct tenant *t)
{
	return t->segs ? t->segs : 1;
}

/* Each packet that a merged frame is cut into has headers: here Ethernet, IP, TCP (RFC 9293). */
static void count(const struct tenant *t, struct xv_count *c)
{
	__u32 tcp = frame_get16(t->f, 12) == T_IP ? 34 : 54, len = t->f->len;

	if (t->segs > 1)
		len += (t->segs - 1) * (tcp + (t->f->b[tcp + 12] >> 4) * 4);
	count_add(c, packets(t), len);
}

/* Whether the outer IPv4 packet has DF: as the inner one, where IPv6 is never fragmented. */
static int has_df(const struct tenant *t)
{
	__u32 type = frame_get16(t->f, 12);

	if (t->w->df & XV_ADJ_DF_INHERIT)
		return type == T_IPV6 || (type == T_IP && t->f->b[20] & 0x40);
	return !(t->w->df & XV_ADJ_DF_UNSET);
}

/* Larger than what goes to this peer: the kernel would not fragment it. */
static int too_big(const struct tenant *t, __u32 peer)
{
	const struct world_peer *p = &t->w->peer[peer];
	int v6;

	if (!peer || !(p->valid || p->sized) || t->segs)
		return 0;
	v6 = !!strchr(p->ip, ':');
	return (v6 || has_df(t)) && t->f->len + (v6 ? 40 : 20) + 16 > t->w->wire_mtu;
}

/* The prebuilt header serves untagged IP whose header is all there, whole or in the egress MTU. */
static int fast(const struct tenant *t, __u32 peer)
{
	const struct world_peer *p = &t->w->peer[peer];
	__u32 type = frame_get16(t->f, 12), overhead;

	if (!p->valid || t->segs) /* TEST_RUN cannot say what kind of merged frame it is */
		return 0;
	if (!((type == T_IP && t->f->len >= 34) || (type == T_IPV6 && t->f->len >= 54)))
		return 0;
	if (strchr(p->ip, ':') && t->w->config_flags & XV_CONFIG_UDP6_CHECKSUM)
		return 0;
	overhead = strchr(p->ip, ':') ? 40 + 16 : 20 + 16;
	return t->f->len + overhead <= t->w->wire_mtu;
}

/* Copies have it over IPv4 only, but whatever they carry. */
static int flood_fast(const struct tenant *t, const struct world_flood *to)
{
	const struct world_peer *p = &t->w->peer[to->id];

	return to->id && p->valid && !t->segs && !strchr(p->ip, ':') &&
	       t->f->len + 20 + 16 <= t->w->wire_mtu;
}

/* Whoever is not reached by the prebuilt header, now that there is no slow path. */
static int slow_path_gone(const struct world *w)
{
	char name[IF_NAMESIZE];

	return !if_indextoname(w->slow_ifindex, name);
}

/*
 * Why a group gets no copy, or TAKEN. The header that is ready serves all that fits; what else
 * there is the kernel makes, by its own route, and fragments as for a peer.
 */
static int group_refuses(const struct tenant *t, __u32 group)
{
	const struct world_peer *p = &t->w->peer[group];
	int v6 = !!strchr(p->ip, ':'), checksum, big;

	checksum = v6 && t->w->config_flags & XV_CONFIG_UDP6_CHECKSUM;
	big = t->f->len + (v6 ? 40 : 20) + 16 > t->w->wire_mtu;
	if (!p->valid || (checksum && !p->route))
		return XV_DROP_VXLAN_NO_REMOTE;
	if (big && (v6 || has_df(t) || !p->route))
		return XV_DROP_PKT_TOO_BIG;
	if ((big || checksum) && slow_path_gone(t->w))
		return XV_DROP_SLOW_PATH_GONE;
	return TAKEN;
}

/* A copy for each member of the flood list but the port it came from. */
static void flood(const struct tenant *t, struct ref *r)
{
	int i, reason, done = 0;

	for (i = 0; i < t->w->floods[t->bd]; i++) {
		const struct world_flood *to = &t->w->flood[t->bd][i];

		if (to->kind == XV_FDB_PORT) {
			if (to->id == t->port)
				continue;
			reason = port_refuses(t->w, to->id, t->bd, t->segs ? 0 : t->f->len);
			if (reason < 0)
				count(t, &r->counts.port[to->id].tx);
		} else if (to->kind == XV_FDB_GROUP) {
			reason = group_refuses(t, to->id);
		} else {
			reason = to->ip ? -1 : XV_DROP_VXLAN_NO_REMOTE;
			if (reason < 0 && slow_path_gone(t->w) && !flood_fast(t, to))
				reason = XV_DROP_SLOW_PATH_GONE;
			if (too_big(t, to->id))
				reason = XV_DROP_PKT_TOO_BIG;
			if (reason < 0 && to->id)
				count(t, &r->counts.peer[to->id].tx);
		}
		if (reason >= 0)
			count(t, &r->counts.drop[reason]);
		done += reason < 0;
	}
	count(t, &r->counts.net[t->bd].tx_bum);
	count_add(&r->counts.path[XV_PATH_FLOOD_COPY], (__u64)done * packets(t),
		  (__u64)done * t->f->len);
	r->path = XV_PATH_ENCAP_FLOOD;
	r->retval = ACT_SHOT;
}

static int to_peer(const struct tenant *t, __u32 peer, struct ref *r)
{
	struct outer_spec s;
	__u8 ecn;

	if (fast(t, peer)) {
		ecn = frame_get16(t->f, 12) == T_IP ? t->f->b[15] & 3 : t->f->b[15] >> 4 & 3;
		s = adj_outer(t->w, peer);
		s.tos = ecn == ECN_CE ? ECN_ECT0 : ecn;
		s.vni = t->w->net[t->bd].vni;
		r->out.len = 0;
		frame_outer(&r->out, &s, t->f->len);
		frame_put(&r->out, t->f->b, t->f->len);
		r->masked_at = outer_udp_at(&s);
		r->path = XV_PATH_ENCAP;
	} else if (!t->w->peer[peer].ip) {
		return XV_DROP_VXLAN_NO_REMOTE;
	} else if (too_big(t, peer)) {
		return XV_DROP_PKT_TOO_BIG;
	} else if (slow_path_gone(t->w)) {
		return XV_DROP_SLOW_PATH_GONE;
	} else {
		r->path = XV_PATH_ENCAP_SLOW;
	}
	r->retval = ACT_REDIRECT;
	count(t, &r->counts.net[t->bd].tx_unicast);
	count(t, &r->counts.peer[peer].tx);
	return TAKEN;
}

/*
 * Its tag is that of another port of the device, or of a VLAN device over it; a priority tag has
 * another behind it.
 */
static int hops(const struct tenant *t, const struct world_port *to)
{
	__u32 at = 12, vlan = 0, type = 0, i;

	for (i = 0; i < 3 && !vlan; i++, at += 4) {
		type = frame_get16(t->f, at);
		if (type != T_VLAN && type != T_QINQ)
			return 0;
		vlan = frame_get16(t->f, at + 2) & 0xfff;
	}
	for (i = 0; vlan && !to->vlan && i < (__u32)t->w->keys; i++)
		if (t->w->key[i].ifindex == to->ifindex && t->w->key[i].vlan == vlan &&
		    t->w->key[i].proto == (type == T_QINQ ? T_QINQ : 0))
			return 1;
	return 0;
}

static int forward(const struct tenant *t, struct ref *r)
{
	const struct world_fdb *to;
	int reason;

	count(t, &r->counts.port[t->port].rx);
	to = t->f->b[0] & 1 ? NULL : fdb_find(t->w, t->bd, t->f->b);
	if (!to) {
		flood(t, r);
		return TAKEN;
	}
	if (to->kind == XV_FDB_PEER)
		return to_peer(t, to->dst, r);
	if (to->dst == t->port)
		return XV_DROP_SAME_PORT;
	reason = port_refuses(t->w, to->dst, t->bd, t->segs ? 0 : t->f->len);
	if (reason >= 0)
		return reason;
	if (hops(t, &t->w->port[to->dst]))
		return XV_DROP_VLAN_HOP;
	count(t, &r->counts.net[t->bd].tx_unicast);
	count(t, &r->counts.port[to->dst].tx);
	r->path = XV_PATH_LOCAL;
	r->retval = ACT_REDIRECT;
	return TAKEN;
}

/* TAKEN with r->path set, or an enum xv_drop. */
static int encap(struct tenant *t, __u32 ifindex, struct ref *r)
{
	static const __u8 link_local[5] = {0x01, 0x80, 0xc2, 0, 0};
	const __u8 *eth = t->f->b;
	__u32 type = frame_get16(t->f, 12);
	int i, reason;

	for (i = 0; i < t->w->keys; i++)
		if (t->w->key[i].ifindex == ifindex && !t->w->key[i].vlan)
			t->port = t->w->key[i].port;
	if (!t->port) {
		r->path = XV_PATH_TC_PASS;
		r->retval = ACT_UNSPEC;
		return TAKEN;
	}
	t->bd = t->w->port[t->port].bd;
	if (!t->w->configured || !(t->w->net[t->bd].flags & XV_BD_VALID))
		return XV_DROP_NOT_CONFIGURED;
	if ((type == T_VLAN || type == T_QINQ) && !(t->w->net[t->bd].flags & XV_BD_INNER_VLAN))
		return XV_DROP_INNER_VLAN;
	if (!source_mac_ok(eth + 6))
		return XV_DROP_MAC_INVALID_SOURCE;
	if (!memcmp(eth, link_local, 5) && eth[5] < 0x10 &&
	    !(t->w->net[t->bd].link_local >> eth[5] & 1))
		return XV_DROP_RESERVED_MAC;
	if (t->w->port[t->port].flags & XV_PORT_LOOP && (eth[0] & 1 || !fdb_find(t->w, t->bd, eth)))
		return XV_DROP_LOOP;
	reason = source_refused(t->w, t->bd, eth + 6, XV_FDB_PORT, t->port, NULL, r);
	return reason >= 0 ? reason : forward(t, r);
}

/*
 * Bytes of the answer to a frame that is too large for its port or peer, or 0: only IPv4 with DF,
 * or IPv6, and only where the MTU is one that the family must have. tests/net compares the bytes
 * with the kernel's.
 */
static __u32 answer_len(const struct tenant *t)
{
	const struct world_fdb *to = fdb_find(t->w, t->bd, t->f->b);
	__u32 type = frame_get16(t->f, 12), mtu = t->w->wire_mtu - 50;

	if (to->kind == XV_FDB_PORT)
		mtu = t->w->port[to->dst].mtu;
	else if (strchr(t->w->peer[to->dst].ip, ':'))
		mtu -= 20;
	if (type == T_IP && mtu >= 576 && frame_get16(t->f, 20) == 0x4000)
		return 14 + 576;
	return type == T_IPV6 && mtu >= 1280 ? 14 + 1280 : 0;
}

void ref_encap(const struct world *w, const struct frame *in, __u32 ifindex, __u32 segs,
	       struct ref *r)
{
	struct tenant t = {.w = w, .f = in, .segs = segs};
	int reason;

	memset(r, 0, offsetof(struct ref, out));
	memset(&r->counts, 0, sizeof(*r) - offsetof(struct ref, counts));
	frame_copy(&r->out, in);
	r->reason = -1;
	reason = encap(&t, ifindex, r);
	if (reason == TAKEN) {
		count(&t, &r->counts.path[r->path]);
		return;
	}
	r->path = -1;
	r->reason = reason;
	r->retval = ACT_SHOT;
	count(&t, &r->counts.drop[reason]);
	if (reason == XV_DROP_PKT_TOO_BIG && answer_len(&t)) {
		r->retval = ACT_REDIRECT;
		count_add(&r->counts.path[XV_PATH_TOO_BIG_SENT], 1, answer_len(&t));
	}
}
