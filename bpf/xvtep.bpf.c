// SPDX-License-Identifier: GPL-2.0-only
/*
 * The programs, in the way of a packet: from the wire (xv_decap, xv_deliver, xv_decap_tc,
 * xv_slow_rx), then from a tenant (xv_encap). Each does its work in one function that returns a
 * verdict, an enum xv_path or a drop, and turns it into XDP_* or TC_ACT_* at its one exit, where it
 * is counted.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "encap.h"

char LICENSE[] SEC("license") = "GPL";

enum {
	/* What the TC programs read: outer Ethernet, VLAN, IPv6, UDP, VXLAN; inner Ethernet, IPv6.
	 */
	XV_TC_HEADERS = 14 + 4 + 40 + 8 + 8 + 14 + 40,
	XV_TC_INNER = 14 + 40,
};

/* ---- from the wire, XDP on the underlay device ---- */

/*
 * Leaves the port's id in front of the frame, for xv_deliver. First, while the packet is whole: a
 * driver without metadata is found here.
 */
static __always_inline int meta_reserve(struct xdp_md *ctx, __u32 port)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_meta *meta;

	if (!cfg || bpf_xdp_adjust_meta(ctx, -(int)sizeof(*meta)))
		return -1;
	meta = xv_ctx_ptr(ctx->data_meta);
	if ((void *)(meta + 1) > xv_ctx_ptr(ctx->data))
		return -1;
	meta->cookie = cfg->cookie;
	meta->port = port;
	return 0;
}

static __always_inline int decap_xdp(struct xdp_md *ctx, struct xv_size *size)
{
	void *data = xv_ctx_ptr(ctx->data), *data_end = xv_ctx_ptr(ctx->data_end);
	__u32 total = bpf_xdp_get_buff_len(ctx), flags;
	int ret, frags = total > (__u32)(data_end - data), redirect;
	struct xv_decap d = {};

	size->bytes = total;
	ret = xv_decap_decide(data, data_end, total, 0, &d);
	if (ret != XV_DECAP_STRIP)
		return ret < 0 ? ret : XV_PATH_XDP_PASS;
	flags = d.dev->flags;
	redirect = flags & XV_PORT_XDP_TX && !d.dev->vlan &&
		   !(d.tcp && flags & XV_PORT_TCP_STACK) && !(frags && !(flags & XV_PORT_XDP_SG));
	if (!redirect && meta_reserve(ctx, d.port))
		return XV_PATH_XDP_PASS;
	if (bpf_xdp_adjust_head(ctx, d.strip))
		return XV_DROP(NO_MEMORY);
	if (unlikely(d.ecn)) {
		data = xv_ctx_ptr(ctx->data);
		data_end = xv_ctx_ptr(ctx->data_end);
		if (data + sizeof(struct ethhdr) <= data_end)
			xv_ecn_write(data, data_end, d.ecn);
	}
	size->bytes = d.len;
	if (redirect && bpf_redirect_map(&xv_tx, d.port, 0) != XDP_REDIRECT)
		return XV_DROP(PORT_DOWN);
	xv_decap_count(&d, *size);
	return redirect ? XV_PATH_XDP_REDIRECT : XV_PATH_XDP_STACK;
}

SEC("xdp.frags")
int xv_decap(struct xdp_md *ctx)
{
	struct xv_size size = {.packets = 1};
	int verdict = decap_xdp(ctx, &size);

	xv_account(verdict, size);
	if (verdict < 0)
		return XDP_DROP;
	return verdict == XV_PATH_XDP_REDIRECT ? XDP_REDIRECT : XDP_PASS;
}

/* ---- from the wire, TC ingress of the underlay device ---- */

/*
 * A frame that xv_decap stripped. It is counted there; the tag of the underlay, if the NIC took it
 * off, belongs to the outer header and goes. XV_PATH_TC_PASS: not such a frame.
 */
static __always_inline int deliver_meta(struct __sk_buff *skb, int *action)
{
	struct xv_meta *meta = xv_ctx_ptr(skb->data_meta);
	const struct xv_config_val *cfg = xv_config_get();
	const struct xv_port_dev_val *dev;
	__u32 port;

	if ((void *)(meta + 1) > xv_ctx_ptr(skb->data) || !cfg || meta->cookie != cfg->cookie)
		return XV_PATH_TC_PASS;
	port = meta->port;
	dev = bpf_map_lookup_elem(&xv_port_dev, &port);
	if (!dev || !(dev->flags & XV_PORT_UP))
		return XV_DROP(STALE_META);
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	return xv_deliver_port(skb, dev, XV_PATH_DELIVER, action);
}

static __always_inline int tc_exit(int verdict, int action, struct xv_size size)
{
	xv_account(verdict, size);
	if (verdict < 0)
		return TC_ACT_SHOT;
	return verdict == XV_PATH_TC_PASS ? TC_ACT_UNSPEC : action;
}

SEC("tc")
int xv_deliver(struct __sk_buff *skb)
{
	struct xv_size size = xv_skb_size(skb);
	int action = TC_ACT_SHOT;
	int verdict = deliver_meta(skb, &action);

	return tc_exit(verdict, action, size);
}

/*
 * Removes the room of the outer header. The skb's protocol must become the inner one, or a merged
 * frame is lost when it is cut again; before Linux 6.3 the kernel cannot change it (-EINVAL), and
 * only a single frame does without.
 */
static __always_inline int strip_room(struct __sk_buff *skb, __u32 strip, __be16 inner)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO;
	int ret;

	if (inner != (__be16)skb->protocol && inner == bpf_htons(ETH_P_IP))
		flags |= XV_ADJ_ROOM_DECAP_L3_IPV4;
	if (inner != (__be16)skb->protocol && inner == bpf_htons(ETH_P_IPV6))
		flags |= XV_ADJ_ROOM_DECAP_L3_IPV6;
	ret = bpf_skb_adjust_room(skb, -(__s32)strip, BPF_ADJ_ROOM_MAC, flags);
	if (ret == -EINVAL && !skb->gso_size)
		ret = bpf_skb_adjust_room(skb, -(__s32)strip, BPF_ADJ_ROOM_MAC,
					  BPF_F_ADJ_ROOM_FIXED_GSO);
	return ret;
}

/*
 * Takes the outer header off an skb: room is removed behind the MAC header, which then is the outer
 * one and is overwritten with the inner. XV_PATH_TC_PASS: the kernel would not, nothing is changed.
 */
static __always_inline int strip_skb(struct __sk_buff *skb, const struct xv_decap *d)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct ethhdr *inner, eth __attribute__((aligned(8)));

	if (d->strip > 128)
		return XV_PATH_TC_PASS;
	inner = data + d->strip;
	if ((void *)(inner + 1) > data_end)
		return XV_PATH_TC_PASS;
	xv_copy(&eth, inner, sizeof(eth));
	if (strip_room(skb, d->strip, eth.h_proto))
		return XV_PATH_TC_PASS;
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	if (data + sizeof(eth) > data_end)
		return XV_DROP(NO_MEMORY);
	xv_copy(data, &eth, sizeof(eth));
	if (unlikely(d->ecn))
		xv_ecn_write(data, data_end, d->ecn);
	return XV_PATH_TC_DECAP;
}

static __always_inline int decap_tc(struct __sk_buff *skb, struct xv_size *size, int *action)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	int ret, merged = skb->gso_size > 0;
	struct xv_decap d = {};

	if (data + XV_TC_HEADERS > data_end && !merged) {
		/* Headers may be in page fragments. Failure is fine: less can be read. */
		bpf_skb_pull_data(skb, skb->len < XV_TC_HEADERS ? skb->len : XV_TC_HEADERS);
		data = xv_ctx_ptr(skb->data);
		data_end = xv_ctx_ptr(skb->data_end);
	}
	ret = xv_decap_decide(data, data_end, skb->len, merged, &d);
	if (ret != XV_DECAP_STRIP)
		return ret < 0 ? ret : XV_PATH_TC_PASS;
	/* Merged frames keep tunnel marks after stripping, which only veth digests. */
	if (merged && !(d.dev->flags & XV_PORT_GSO_DECAP))
		return XV_PATH_TC_PASS;
	ret = strip_skb(skb, &d);
	if (ret != XV_PATH_TC_DECAP)
		return ret;
	size->bytes = d.len;
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	ret = xv_deliver_port(skb, d.dev, XV_PATH_TC_DECAP, action);
	if (ret >= 0)
		xv_decap_count(&d, *size);
	return ret;
}

SEC("tc")
int xv_decap_tc(struct __sk_buff *skb)
{
	struct xv_size size = xv_skb_size(skb);
	int action = TC_ACT_SHOT;
	int verdict = deliver_meta(skb, &action);

	if (verdict == XV_PATH_TC_PASS)
		verdict = decap_tc(skb, &size, &action);
	return tc_exit(verdict, action, size);
}

/* ---- from the wire, through the slow path device ---- */

/* Tunnel key of a packet from xv0, in one form for both families. 0 or a drop. */
static __always_inline int tunnel_get(struct __sk_buff *skb, struct xv_ip *remote,
				      struct xv_ip *local, __u32 *vni)
{
	struct bpf_tunnel_key key = {};

	if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), 0)) {
		remote->q[0] = 0;
		remote->w[2] = bpf_htonl(0xffff);
		remote->w[3] = bpf_htonl(key.remote_ipv4);
		*local = *remote;
		local->w[3] = bpf_htonl(key.local_ipv4);
	} else if (!bpf_skb_get_tunnel_key(skb, &key, sizeof(key), BPF_F_TUNINFO_IPV6)) {
		__builtin_memcpy(remote->w, key.remote_ipv6, sizeof(*remote));
		__builtin_memcpy(local->w, key.local_ipv6, sizeof(*local));
	} else {
		return XV_DROP(TUNNEL_TXINFO);
	}
	*vni = key.tunnel_id;
	return 0;
}

static __always_inline int ip_equal(const struct xv_ip *a, const struct xv_ip *b)
{
	return a->q[0] == b->q[0] && a->q[1] == b->q[1];
}

/* Outer destination: ours, or any group where the network floods to one. */
static __always_inline int local_ok(const struct xv_config_val *cfg, const struct xv_bd_val *net,
				    const struct xv_ip *local)
{
	if (ip_equal(local, &cfg->local4) || ip_equal(local, &cfg->local6))
		return 1;
	return net->flags & XV_BD_ANY_PEER &&
	       (local->b[0] == 0xff || (!local->q[0] && (local->b[12] & 0xf0) == 0xe0));
}

/* The frame, once its network and peer are known. */
static __always_inline int slow_deliver(struct __sk_buff *skb, const struct xv_config_val *cfg,
					const struct xv_bd_val *net, struct xv_decap *d,
					const struct xv_ip *remote, int *action)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_end from = {.id = d->peer, .kind = XV_FDB_PEER};
	struct xv_size size = xv_skb_size(skb);
	const struct xv_fdb_val *to = NULL;
	struct ethhdr *eth = data;
	struct xv_fdb_key key, src;
	int err;

	if ((void *)(eth + 1) > data_end)
		return XV_DROP(PKT_TOO_SMALL);
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	if ((skb->vlan_present || xv_is_vlan(eth->h_proto)) && !(net->flags & XV_BD_INNER_VLAN))
		return XV_DROP(INNER_VLAN);
	src = xv_fdb_key_of(d->bd, eth->h_source);
	key = xv_fdb_key_of(d->bd, eth->h_dest);
	if (!xv_mac_is_multicast(eth->h_dest))
		to = xv_fdb_lookup(&key);
	if (to && to->kind != XV_FDB_PORT)
		return XV_DROP(SPLIT_HORIZON);
	if (to) {
		d->port = to->dst;
		err = xv_port_check(d->port, d->bd, xv_skb_check_len(skb), &d->dev);
		if (err)
			return err;
	}
	err = xv_fdb_source(net, &src, from, remote);
	if (err)
		return err;
	if (!to) {
		xv_net_rx(d->bd, XV_BUM, size);
		xv_peer_rx(d->peer, size);
		xv_flood_frame(skb, cfg, net, d->bd, 0);
		return XV_PATH_SLOW_RX_FLOOD;
	}
	xv_decap_count(d, size);
	return xv_deliver_port(skb, d->dev, XV_PATH_SLOW_RX, action);
}

static __always_inline int slow_rx(struct __sk_buff *skb, int *action)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_ip remote = {}, local = {};
	struct xv_decap d = {};
	struct xv_bd_val *net;
	__u32 vni, *id;
	int err;

	if (!cfg || !cfg->abi)
		return XV_DROP(NOT_CONFIGURED);
	err = tunnel_get(skb, &remote, &local, &vni);
	if (err)
		return err;
	id = bpf_map_lookup_elem(&xv_vni, &vni);
	if (!id)
		return XV_DROP(VXLAN_VNI_NOT_FOUND);
	d.bd = *id;
	net = xv_bd_get(d.bd);
	if (!net)
		return XV_DROP(VXLAN_VNI_NOT_FOUND);
	if (!local_ok(cfg, net, &local))
		return XV_DROP(WRONG_LOCAL);
	id = bpf_map_lookup_elem(&xv_peer, &remote);
	if (id)
		d.peer = *id;
	else if (!(net->flags & XV_BD_ANY_PEER) || ip_equal(&remote, &cfg->local4) ||
		 ip_equal(&remote, &cfg->local6))
		return XV_DROP(UNKNOWN_PEER);
	return slow_deliver(skb, cfg, net, &d, &remote, action);
}

SEC("tc")
int xv_slow_rx(struct __sk_buff *skb)
{
	struct xv_size size = xv_skb_size(skb);
	int action = TC_ACT_SHOT;
	int verdict = slow_rx(skb, &action);

	return tc_exit(verdict, action, size);
}

/* ---- from a tenant, TC ingress of a port ---- */

/*
 * The port that a frame belongs to: its device and VLAN, else its device alone. *tagged tells that
 * the tag is the port's, to be taken off. NULL: not ours (another VLAN of a trunk).
 */
static __always_inline const struct xv_port_val *port_of(const struct __sk_buff *skb, int *tagged)
{
	struct xv_port_key key = {.ifindex = skb->ifindex};
	const struct xv_port_val *port = NULL;

	*tagged = 0;
	if (unlikely(skb->vlan_present)) {
		key.vlan = skb->vlan_tci & XV_VLAN_VID_MASK;
		port = key.vlan ? bpf_map_lookup_elem(&xv_port, &key) : NULL;
		*tagged = port != NULL;
		key.vlan = 0;
	}
	return port ?: bpf_map_lookup_elem(&xv_port, &key);
}

/* 01:80:c2:00:00:0X never leaves its link (802.1Q, 8.6.3). */
static __always_inline int mac_is_link_local(const __u8 *mac)
{
	return *(const __u32 *)mac == bpf_htonl(0x0180c200) && mac[4] == 0 && (mac[5] & 0xf0) == 0;
}

/* A frame from port to what its destination MAC says. */
static __always_inline int forward(struct __sk_buff *skb, const struct xv_config_val *cfg,
				   const struct xv_bd_val *net, __u32 bd, __u32 port,
				   const struct xv_fdb_key *dst, int *action)
{
	int multicast = xv_mac_is_multicast(dst->mac), ret;
	const struct xv_fdb_val *to = multicast ? NULL : xv_fdb_lookup(dst);
	struct xv_end from = {.id = port, .kind = XV_FDB_PORT};
	struct xv_size size = xv_skb_size(skb);
	const struct xv_port_dev_val *dev;
	__u32 id;

	if (!to) {
		if (!multicast)
			xv_event_send(XV_EVENT_MISS, net, dst, from, NULL);
		xv_net_tx(bd, XV_BUM, size);
		xv_flood_frame(skb, cfg, net, bd, port);
		return XV_PATH_ENCAP_FLOOD;
	}
	id = to->dst;
	if (to->kind == XV_FDB_PEER) {
		ret = xv_encap_peer(skb, cfg, net->vni, id, action);
		if (ret >= 0) {
			xv_net_tx(bd, XV_UNICAST, size);
			xv_peer_tx(id, size);
		}
		return ret;
	}
	if (id == port)
		return XV_DROP(SAME_PORT);
	ret = xv_port_check(id, bd, xv_skb_check_len(skb), &dev);
	if (ret)
		return ret;
	ret = xv_deliver_port(skb, dev, XV_PATH_LOCAL, action);
	if (ret >= 0) {
		xv_net_tx(bd, XV_UNICAST, size);
		xv_port_tx(id, size);
	}
	return ret;
}

static __always_inline int encap(struct __sk_buff *skb, int *action)
{
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_end from = {.kind = XV_FDB_PORT};
	const struct xv_port_val *port;
	void *data, *data_end;
	struct xv_fdb_key src, dst;
	struct xv_bd_val *net;
	struct ethhdr *eth;
	int tagged, err;
	__u32 bd;

	port = port_of(skb, &tagged);
	if (!port)
		return XV_PATH_TC_PASS;
	from.id = port->port;
	bd = port->bd;
	net = xv_bd_get(bd);
	if (!cfg || !cfg->abi || !net)
		return XV_DROP(NOT_CONFIGURED);
	if (tagged && bpf_skb_vlan_pop(skb))
		return XV_DROP(NO_MEMORY);
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	if (data + XV_TC_INNER > data_end && !skb->gso_size) {
		bpf_skb_pull_data(skb, skb->len < XV_TC_INNER ? skb->len : XV_TC_INNER);
		data = xv_ctx_ptr(skb->data);
		data_end = xv_ctx_ptr(skb->data_end);
	}
	eth = data;
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(PKT_TOO_SMALL);
	if ((skb->vlan_present || xv_is_vlan(eth->h_proto)) && !(net->flags & XV_BD_INNER_VLAN))
		return XV_DROP(INNER_VLAN);
	if (!xv_mac_is_source(eth->h_source))
		return XV_DROP(MAC_INVALID_SOURCE);
	if (mac_is_link_local(eth->h_dest))
		return XV_DROP(RESERVED_MAC);
	src = xv_fdb_key_of(bd, eth->h_source);
	dst = xv_fdb_key_of(bd, eth->h_dest);
	err = xv_fdb_source(net, &src, from, NULL);
	if (err)
		return err;
	xv_port_rx(from.id, xv_skb_size(skb));
	return forward(skb, cfg, net, bd, from.id, &dst, action);
}

SEC("tc")
int xv_encap(struct __sk_buff *skb)
{
	struct xv_size size = xv_skb_size(skb);
	int action = TC_ACT_SHOT;
	int verdict = encap(skb, &action);

	return tc_exit(verdict, action, size);
}
