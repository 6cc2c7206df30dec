// SPDX-License-Identifier: GPL-2.0-only
/* The reference for frames from the wire; see harness_ref.h. */
#include <stdio.h>
#include <string.h>

#include "harness_ref.h"
#include "harness_ref_table.h"

const int ref_ecn_decap[4][4] = {
	/* outer:         not-ECT      ECT(1)       ECT(0)       CE */
	[ECN_NOT_ECT] = {ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT, -1},
	[ECN_ECT1] = {ECN_ECT1, ECN_ECT1, ECN_ECT1, ECN_CE},
	[ECN_ECT0] = {ECN_ECT0, ECN_ECT1, ECN_ECT0, ECN_CE},
	[ECN_CE] = {ECN_CE, ECN_CE, ECN_CE, ECN_CE},
};

/* What has been understood of a packet so far. */
struct walk {
	const struct frame *f;
	__u32 seen;
	int v6, tagged, csum;
	__u32 ip_at, udp_at, inner_at;
	__u32 ip_end; /* where the outer IP packet ends, by its own length */
	__u32 vni;
	int ecn;
	struct xv_ip src;
};

enum {
	PASS = -1,
	GO_ON = -2,
};

static int has(const struct walk *k, __u32 at, __u32 n)
{
	return at + n <= k->seen;
}

static __u32 be16(const struct walk *k, __u32 at)
{
	return frame_get16(k->f, at);
}

static int is_tag(__u32 type)
{
	return type == T_VLAN || type == T_QINQ;
}

static int is_us(const char *text, const __u8 *addr, __u32 n)
{
	struct xv_ip ip;

	ip_of_text(text, &ip);
	return text && !memcmp(ip.b + 16 - n, addr, n);
}

/* Each step: GO_ON, PASS (the kernel's business), or an enum xv_drop. */
static int walk_ip4(struct walk *k, const struct world *w)
{
	const __u8 *ip = k->f->b + k->ip_at;

	if (!has(k, k->ip_at, 20))
		return PASS;
	if (ip[0] != 0x45 || ip[9] != P_UDP)
		return PASS;
	if ((be16(k, k->ip_at + 6) & 0x2000) || (be16(k, k->ip_at + 6) & 0x1fff))
		return PASS; /* a fragment */
	if (!is_us(w->local4, ip + 16, 4))
		return PASS;
	if (be16(k, k->ip_at + 2) < 28)
		return PASS;
	if (sum16(ip, 20, 0) != 0xffff)
		return XV_DROP_IP_CSUM;
	k->ip_end = k->ip_at + be16(k, k->ip_at + 2);
	k->udp_at = k->ip_at + 20;
	k->ecn = ip[1] & 3;
	k->src.b[10] = k->src.b[11] = 0xff;
	memcpy(k->src.b + 12, ip + 12, 4);
	return GO_ON;
}

static int walk_ip6(struct walk *k, const struct world *w)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};
	const __u8 *ip = k->f->b + k->ip_at;

	if (!has(k, k->ip_at, 40))
		return PASS;
	if (ip[0] >> 4 != 6 || ip[6] != P_UDP)
		return PASS;
	if (!is_us(w->local6, ip + 24, 16))
		return PASS;
	if (be16(k, k->ip_at + 4) < 8)
		return PASS;
	k->ip_end = k->ip_at + 40 + be16(k, k->ip_at + 4);
	k->udp_at = k->ip_at + 40;
	k->ecn = (be16(k, k->ip_at) >> 4) & 3;
	memcpy(k->src.b, ip + 8, 16);
	if (!memcmp(ip + 8, mapped, sizeof(mapped)))
		return PASS; /* looks like IPv4 */
	return GO_ON;
}

/* A tag at at, of a VLAN that is not the host's. */
static int is_foreign(const struct walk *k, const struct world *w, __u32 at)
{
	__u32 id = be16(k, at + 2) & 0xfff;
	int i;

	for (i = 0; i < WORLD_TAGS; i++)
		if (w->tag[i] == (be16(k, at) << 16 | id))
			return 0;
	return id && !(w->config_flags & XV_CONFIG_ANY_TAG);
}

static int walk_ethernet(struct walk *k, const struct world *w)
{
	__u32 type;

	if (!has(k, 0, 14))
		return PASS;
	if (memcmp(k->f->b, w->mac, 6) && !(w->config_flags & XV_CONFIG_ANY_MAC))
		return PASS;
	type = be16(k, 12);
	k->ip_at = 14;
	if (is_tag(type)) {
		if (!has(k, 14, 4) || is_foreign(k, w, 12))
			return PASS;
		type = be16(k, 16);
		k->ip_at = 18;
		k->tagged = 1;
	}
	k->v6 = type == T_IPV6;
	if (type == T_IP)
		return walk_ip4(k, w);
	return k->v6 ? walk_ip6(k, w) : PASS;
}

static int walk_vxlan(struct walk *k, const struct world *w)
{
	__u32 len, room = k->ip_end - k->udp_at, at = k->udp_at;

	if (!has(k, at, 8) || be16(k, at + 2) != w->udp_port)
		return PASS;
	len = be16(k, at + 4);
	if (len > room || len < 8 + 8 + 14)
		return XV_DROP_PKT_TOO_SMALL;
	if (len < room)
		return PASS;		/* the kernel trims */
	k->csum = be16(k, at + 6) != 0; /* right or wrong */
	at += 8;
	if (!has(k, at, 8))
		return PASS;
	if (be16(k, at) != 0x0800 || be16(k, at + 2) || k->f->b[at + 7])
		return XV_DROP_VXLAN_INVALID_HDR;
	k->vni = be16(k, at + 4) << 8 | k->f->b[at + 6];
	k->inner_at = at + 8;
	if (k->ip_end > k->f->len)
		return XV_DROP_PKT_TOO_SMALL;
	return k->ip_end < k->f->len ? PASS : GO_ON;
}

/* Everything about the inner frame. Leaves the port and the ECN field to write (-1: none). */
static int walk_inner(const struct walk *k, const struct world *w, __u32 bd, __u32 peer,
		      enum ref_hook hook, struct ref *r, __u32 *port, int *ecn)
{
	const struct world_fdb *to;
	const __u8 *eth = k->f->b + k->inner_at;
	__u32 type = be16(k, k->inner_at + 12), tos_at = 0;
	int reason, inner;

	if (!source_mac_ok(eth + 6))
		return XV_DROP_MAC_INVALID_SOURCE;
	if (is_tag(type)) /* VID 0 is no VLAN */
		return w->net[bd].flags & XV_BD_INNER_VLAN || !has(k, k->inner_at + 14, 4) ||
				       !(be16(k, k->inner_at + 14) & 0xfff)
			       ? PASS
			       : XV_DROP_INNER_VLAN;
	if (eth[0] & 1)
		return PASS;
	to = fdb_find(w, bd, eth);
	if (!to)
		return PASS;
	if (to->kind != XV_FDB_PORT)
		return XV_DROP_SPLIT_HORIZON;
	*port = to->dst;
	/* Generic XDP may see a merged frame, whose length says nothing. */
	reason = port_refuses(w, *port, bd, hook == REF_XDP_SKB ? 0 : k->f->len - k->inner_at);
	if (reason == XV_DROP_PKT_TOO_BIG)
		return PASS; /* xv_slow_rx's to drop, and to answer */
	if (reason >= 0)
		return reason;
	*ecn = -1;
	if ((type == T_IP && !has(k, k->inner_at + 14, 20)) ||
	    (type == T_IPV6 && !has(k, k->inner_at + 14, 40)))
		return PASS; /* not all there to be read */
	if (type == T_IP)
		tos_at = k->inner_at + 15;
	if (type == T_IPV6)
		tos_at = k->inner_at + 14;
	if (tos_at) {
		inner = type == T_IP ? k->f->b[tos_at] & 3 : be16(k, tos_at) >> 4 & 3;
		*ecn = ref_ecn_decap[inner][k->ecn];
		if (*ecn < 0)
			return XV_DROP_IP_TUNNEL_ECN;
		if (*ecn == inner)
			*ecn = -1;
	}
	reason = source_refused(w, bd, eth + 6, XV_FDB_PEER, peer, &k->src, r);
	return reason >= 0 ? reason : GO_ON;
}

/* The inner frame alone, its ECN field set, IPv4 checksum worked out anew. */
static void strip(const struct walk *k, int ecn, struct ref *r)
{
	__u8 *ip = r->out.b + 14;
	__u16 before;

	r->out.len = 0;
	frame_put(&r->out, k->f->b + k->inner_at, k->f->len - k->inner_at);
	if (ecn < 0)
		return;
	if (frame_get16(&r->out, 12) == T_IPV6) {
		ip[1] = (ip[1] & 0xcf) | ecn << 4;
		return;
	}
	/* A wrong checksum must stay as wrong as it was: the sum over the header does not change.
	 */
	before = sum16(ip, 20, 0);
	ip[1] = (ip[1] & 0xfc) | ecn;
	frame_set16(&r->out, 24, 0);
	frame_set16(&r->out, 24, before - sum16(ip, 20, 0) - (before < sum16(ip, 20, 0)));
}

static int inner_is_tcp(const struct walk *k)
{
	__u32 type = be16(k, k->inner_at + 12), at = k->inner_at + 14;

	return (type == T_IP && has(k, at, 20) && k->f->b[at + 9] == P_TCP) ||
	       (type == T_IPV6 && has(k, at, 40) && k->f->b[at + 6] == P_TCP);
}

/*
 * What bpf_skb_adjust_room() will not shorten: a frame whose skb->protocol is a VLAN tag, which
 * BPF_PROG_TEST_RUN leaves in the frame; or one with less left than an IP header, which is the
 * inner one's where the kernel can be told of it (Linux 6.3), else the outer one's.
 */
static int kernel_refuses(const struct walk *k)
{
	__u32 type = be16(k, k->inner_at + 12), least = k->v6 ? 40 : 20;

	if (kernel_at_least(6, 3) && (type == T_IP || type == T_IPV6))
		least = type == T_IP ? 20 : 40;
	return k->tagged || k->f->len - k->inner_at - 14 < least;
}

/* How the stripped frame leaves: enum xv_path, or -1: PORT_DOWN, found out too late to pass. */
static int way_out(const struct walk *k, const struct world *w, __u32 port, enum ref_hook hook)
{
	const struct world_port *p = &w->port[port];

	if (hook == REF_TC)
		return kernel_refuses(k) ? XV_PATH_TC_PASS : XV_PATH_TC_DECAP;
	if (hook == REF_XDP_SKB)
		return XV_PATH_XDP_PASS; /* judged, not stripped */
	if (!(p->flags & XV_PORT_XDP_TX) || (p->flags & XV_PORT_TCP_STACK && inner_is_tcp(k)) ||
	    (k->seen < k->f->len && !(p->flags & XV_PORT_XDP_SG)) ||
	    (p->vlan && k->f->len - k->inner_at > p->mtu + 14))
		return XV_PATH_XDP_PASS;
	return p->tx || p->vlan ? XV_PATH_XDP_REDIRECT : -1;
}

static int decap(const struct world *w, struct walk *k, enum ref_hook hook, struct ref *r)
{
	static struct frame bare;
	__u32 bd, peer, port = 0, n;
	int step, ecn = -1;

	if (!w->configured || w->config_flags & XV_CONFIG_KERNEL)
		return PASS;
	step = walk_ethernet(k, w);
	if (step == GO_ON)
		step = walk_vxlan(k, w);
	if (step != GO_ON)
		return step;
	bd = net_of_vni(w, k->vni);
	if (!bd)
		return XV_DROP_VXLAN_VNI_NOT_FOUND;
	peer = peer_of_ip(w, &k->src);
	if (!peer)
		return w->net[bd].flags & XV_BD_ANY_PEER ? PASS : XV_DROP_UNKNOWN_PEER;
	if (w->peer[peer].kernel || !has(k, k->inner_at, 14))
		return PASS;
	step = walk_inner(k, w, bd, peer, hook, r, &port, &ecn);
	if (step != GO_ON)
		return step;
	r->path = way_out(k, w, port, hook);
	if (r->path == XV_PATH_XDP_PASS || r->path == XV_PATH_TC_PASS)
		return PASS;
	strip(k, ecn, r);
	n = r->len = r->out.len;
	if (r->path < 0)
		return XV_DROP_PORT_DOWN;
	if (r->path == XV_PATH_XDP_REDIRECT && w->port[port].vlan) {
		frame_copy(&bare, &r->out);
		frame_tagged(&r->out, &bare, T_VLAN, w->port[port].vlan);
	}
	count_add(&r->counts.net[bd].rx_unicast, 1, n);
	count_add(&r->counts.peer[peer].rx, 1, n);
	count_add(&r->counts.port[port].tx, 1, n);
	return GO_ON;
}

void ref_decap(const struct world *w, const struct frame *in, __u32 seen, enum ref_hook hook,
	       struct ref *r)
{
	static const int xdp_actions[] = {
		[XV_PATH_XDP_PASS] = XDP_PASS, [XV_PATH_XDP_REDIRECT] = XDP_REDIRECT};
	struct walk k = {.f = in, .seen = seen};
	int end;

	memset(r, 0, offsetof(struct ref, out));
	memset(&r->counts, 0, sizeof(*r) - offsetof(struct ref, counts));
	frame_copy(&r->out, in);
	r->len = in->len;
	r->reason = -1;
	end = decap(w, &k, hook, r);
	if (end == PASS)
		r->path = hook == REF_TC ? XV_PATH_TC_PASS : XV_PATH_XDP_PASS;
	if (end >= 0) {
		r->path = -1;
		r->reason = end;
		r->retval = hook == REF_TC ? ACT_SHOT : (int)XDP_DROP;
		count_add(&r->counts.drop[end], 1, r->len);
		return;
	}
	if (hook != REF_TC)
		r->retval = xdp_actions[r->path];
	else
		r->retval = r->path == XV_PATH_TC_PASS ? ACT_UNSPEC : ACT_REDIRECT;
	count_add(&r->counts.path[r->path], 1, r->len);
}
