/* SPDX-License-Identifier: GPL-2.0-only */
/* Giving a frame to a local port from TC, and copying one to every member of a flood list. */
#ifndef XV_BPF_DELIVER_H
#define XV_BPF_DELIVER_H

#include "decap.h"
#include "gso.h"

enum {
	XV_VLAN_HLEN = 4,
};

/* A tag that the kernel keeps beside the frame counts as it does in the frame. */
static __always_inline struct xv_size xv_skb_size(const struct __sk_buff *skb)
{
	struct xv_size size = {.packets = xv_gso_segments(skb), .bytes = skb->len};

	if (skb->vlan_present)
		size.bytes += XV_VLAN_HLEN;
	return size;
}

/* Length to hold against a port's MTU: a merged frame is cut to size behind us. */
static __always_inline __u32 xv_skb_check_len(const struct __sk_buff *skb)
{
	return skb->gso_size ? 0 : skb->len;
}

/*
 * Redirects the whole frame to the port's device, tagged if the port is a VLAN of it. The caller
 * has run xv_port_check(). Returns path, or a drop; *action is then what the program returns.
 */
static __always_inline int xv_deliver_port(struct __sk_buff *skb, const struct xv_port_dev_val *dev,
					   int path, int *action)
{
	__u32 ifindex = dev->ifindex;

	if (dev->vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), dev->vlan))
		return XV_DROP(NO_MEMORY);
	*action = bpf_redirect(ifindex, 0);
	return path;
}

/*
 * Sets the tunnel key for xv0: our address of the remote's family as source, TTL 64, no checksum
 * but where IPv6 peers want one. The kernel adds ECN and the source port. 0 or a drop.
 */
static __always_inline int xv_tunnel_set(struct __sk_buff *skb, const struct xv_config_val *cfg,
					 const struct xv_ip *remote, __u32 vni)
{
	struct bpf_tunnel_key key = {.tunnel_id = vni, .tunnel_ttl = XV_OUTER_TTL};
	__u64 flags = BPF_F_ZERO_CSUM_TX;

	if (!remote->q[0] && remote->w[2] == bpf_htonl(0xffff)) {
		if (!remote->w[3])
			return XV_DROP(VXLAN_NO_REMOTE);
		key.remote_ipv4 = bpf_ntohl(remote->w[3]);
		key.local_ipv4 = bpf_ntohl(cfg->local4.w[3]);
	} else {
		if (!(remote->q[0] | remote->q[1]))
			return XV_DROP(VXLAN_NO_REMOTE);
		__builtin_memcpy(key.remote_ipv6, remote->w, sizeof(*remote));
		__builtin_memcpy(key.local_ipv6, cfg->local6.w, sizeof(*remote));
		flags = BPF_F_TUNINFO_IPV6;
		if (!(cfg->flags & XV_CONFIG_UDP6_CHECKSUM))
			flags |= BPF_F_ZERO_CSUM_TX;
	}
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), flags))
		return XV_DROP(TUNNEL_TXINFO);
	return 0;
}

struct xv_flood_ctx {
	struct __sk_buff *skb;
	const struct xv_config_val *cfg;
	struct xv_flood_key key;
	__u32 vni;
	__u32 from_port; /* the port it came from, or 0 */
	__u32 check_len;
	__u32 copies;
	__u32 failed;
	struct xv_size size;
};

/* One copy to a port. Tagging changes the frame itself, so it is undone after the clone. */
static __always_inline int xv_flood_port(struct xv_flood_ctx *c, __u32 port)
{
	const struct xv_port_dev_val *dev = NULL;
	int err = xv_port_check(port, c->key.bd, c->check_len, &dev);

	if (err || !dev) {
		xv_account(err, c->size);
		return -1;
	}
	if (dev->vlan && bpf_skb_vlan_push(c->skb, bpf_htons(ETH_P_8021Q), dev->vlan))
		return -1;
	err = bpf_clone_redirect(c->skb, dev->ifindex, 0);
	if (dev->vlan)
		bpf_skb_vlan_pop(c->skb);
	if (!err)
		xv_port_tx(port, c->size);
	return err;
}

static __always_inline int xv_flood_peer(struct xv_flood_ctx *c, const struct xv_flood_val *to)
{
	int err = xv_tunnel_set(c->skb, c->cfg, &to->remote, c->vni);

	if (err) {
		xv_account(err, c->size);
		return -1;
	}
	err = bpf_clone_redirect(c->skb, c->cfg->slow_ifindex, 0);
	if (!err && to->id)
		xv_peer_tx(to->id, c->size);
	return err;
}

static long flood_one(__u32 index, struct xv_flood_ctx *c)
{
	const struct xv_flood_val *to;
	int err;

	c->key.index = index;
	to = bpf_map_lookup_elem(&xv_flood, &c->key);
	if (!to)
		return 0;
	if (to->kind == XV_FDB_PORT) {
		if (to->id == c->from_port)
			return 0;
		err = xv_flood_port(c, to->id);
	} else {
		err = xv_flood_peer(c, to);
	}
	if (err)
		c->failed++;
	else
		c->copies++;
	return 0;
}

/*
 * Copies the frame to the network's flood list but for the port it came from; to ports alone when
 * it came from the wire (split horizon). The frame itself stays with the caller.
 */
static __always_inline void xv_flood_frame(struct __sk_buff *skb, const struct xv_config_val *cfg,
					   const struct xv_bd_val *net, __u32 bd, __u32 from_port)
{
	struct xv_flood_head head = {.word = READ_ONCE(net->flood.word)};
	struct xv_flood_ctx c = {
		.skb = skb,
		.cfg = cfg,
		.key = {.bd = bd, .gen = head.gen},
		.vni = net->vni,
		.from_port = from_port,
		.check_len = xv_skb_check_len(skb),
		.size = xv_skb_size(skb), /* anew: fewer states for the verifier */
	};
	__u32 members = from_port ? head.total : head.ports;
	struct xv_size size;

	bpf_loop(members, flood_one, &c, 0);
	size.packets = c.copies * c.size.packets;
	size.bytes = c.copies * c.size.bytes;
	xv_path_add(XV_PATH_FLOOD_COPY, size);
	if (c.failed) {
		size.packets = c.failed * c.size.packets;
		size.bytes = c.failed * c.size.bytes;
		xv_path_add(XV_PATH_FLOOD_FAILED, size);
	}
}

#endif
