/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copying a frame to every member of a flood list. Ports and the peers that only the slow path
 * reaches come first, with the frame as it is. For the others the frame then gets room for an outer
 * header, once, which is written anew in front of each copy. A group's copy is the last: group.h.
 */
#ifndef XV_BPF_FLOOD_H
#define XV_BPF_FLOOD_H

#include "group.h"

enum {
	XV_FLOOD_WORDS = 4,
	XV_FLOOD_FAST = XV_FLOOD_WORDS * 64, /* members behind that go through xv0 */
};

struct xv_flood_ctx {
	struct __sk_buff *skb;
	struct xv_flood_key key;
	__u32 vni;
	__u16 from_port; /* the port it came from, or 0 */
	__u16 copies;
	__u16 failed;
	__u16 too_big;	/* the smallest MTU of members that it is too large for; 0: none */
	__u8 may_encap; /* outer headers may be written here; else every peer is sent to by xv0 */
	__u8 has_room;	/* room for an outer header is in front of the frame */
	__u8 df;	/* xv_inner_df() */
	struct xv_tally tally;
	struct xv_outer_vals outer;
	__u64 fast[XV_FLOOD_WORDS]; /* members that wait for that, by their index */
};

/* Counts and notes a copy that is not made, for the reason err. to: XV_TO() of who does not get it.
 */
static __always_inline void flood_drop(struct xv_flood_ctx *c, int err, __u32 to)
{
	xv_drop_skb(c->skb, xv_verdict_to(err, to),
		    c->from_port ? XV_DROP_FROM_PORT : XV_DROP_FROM_SLOW, c->tally.packets,
		    c->tally.bytes);
}

/*
 * Gives a copy to a device and counts it as made or failed. 0: it was sent. A copy that the device
 * or its queueing discipline drops counts as sent, as unicast does: the device counts the drop.
 * -EINVAL: there is no such device; the copy is counted nowhere yet, and the caller gives a reason.
 */
static __always_inline int flood_clone(struct xv_flood_ctx *c, __u32 ifindex)
{
	long err = bpf_clone_redirect(c->skb, ifindex, 0);

	if (err >= 0)
		c->copies++;
	else if (err != -EINVAL)
		c->failed++;
	return err < 0 ? err : 0;
}

static __always_inline void flood_too_big(struct xv_flood_ctx *c, __u32 mtu)
{
	if (!c->too_big || mtu < c->too_big)
		c->too_big = mtu;
}

/*
 * A copy to a port that is in a loop: dropped, but for a few link-local frames. (Here, not once for
 * all copies: what is known of the frame would double what the verifier walks through.)
 */
__noinline int xv_flood_loop(struct __sk_buff *skb, __u32 bd, __u32 port)
{
	__u8 dest[8];

	if (bpf_skb_load_bytes(skb, 0, dest, ETH_ALEN))
		return XV_DROP(LOOP);
	return xv_gate_loop(bd, port, xv_mac_is_link_local(dest));
}

/* One copy to a port. Tagging changes the frame itself, so it is undone after the clone. */
static __always_inline void flood_port(struct xv_flood_ctx *c, __u32 port)
{
	const struct xv_port_dev_val *dev = NULL;
	int err = xv_port_check(port, c->key.bd, xv_skb_check_len(c->skb), &dev);

	if (!err && dev)
		err = unlikely(dev->flags & XV_PORT_LOOP) ? xv_flood_loop(c->skb, c->key.bd, port)
							  : xv_vlan_check(c->skb, dev);
	if (!err && dev && dev->vlan &&
	    bpf_skb_vlan_push(c->skb, bpf_htons(ETH_P_8021Q), dev->vlan))
		err = XV_DROP(NO_MEMORY);
	if (err || !dev) {
		if (err == XV_DROP(PKT_TOO_BIG) && dev)
			flood_too_big(c, dev->mtu);
		flood_drop(c, err, XV_TO(XV_FDB_PORT, port));
		return;
	}
	err = flood_clone(c, dev->ifindex);
	if (dev->vlan)
		bpf_skb_vlan_pop(c->skb);
	if (!err)
		xv_count_port(XV_PORT_TX, port, &c->tally);
	else if (err == -EINVAL)
		flood_drop(c, XV_DROP(PORT_DOWN), XV_TO(XV_FDB_PORT, port));
}

/*
 * Whether xv0 would lose the copy for the peer (xv_adj_loses()). Not known of a merged frame, as
 * nobody knows what it is cut into.
 */
static __always_inline int flood_loses(struct xv_flood_ctx *c, __u32 peer)
{
	const struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	__u32 tag = c->skb->vlan_present ? XV_VLAN_HLEN : 0, len = xv_skb_check_len(c->skb);

	if (!adj || !len || !xv_adj_loses(adj, len - ETH_HLEN + tag, c->df))
		return 0;
	flood_too_big(c, xv_adj_inner_mtu(adj) - tag);
	return 1;
}

/* Sets the tunnel key. A function of its own: the key is large, and the stack short. */
static __noinline int flood_key(const struct xv_flood_ctx *c, const struct xv_flood_val *to)
{
	const struct xv_config_val *cfg = xv_config_get();

	if (!cfg)
		return XV_DROP(NOT_CONFIGURED);
	return xv_tunnel_set(c->skb, cfg, &to->remote, c->vni, c->df);
}

static __always_inline void flood_slow(struct xv_flood_ctx *c, const struct xv_flood_val *to)
{
	const struct xv_config_val *cfg = xv_config_get();
	int err = flood_loses(c, to->id) ? XV_DROP(PKT_TOO_BIG) : flood_key(c, to);

	if (!err && cfg) {
		err = flood_clone(c, cfg->slow_ifindex);
		if (!err && to->id)
			xv_count_peer(XV_PEER_TX, to->id, &c->tally);
		err = err == -EINVAL ? XV_DROP(SLOW_PATH_GONE) : 0;
	}
	if (err)
		flood_drop(c, err, XV_TO(XV_FDB_PEER, to->id));
}

/*
 * Whether the member gets its copy from here, not through xv0. Asked once a frame and member: the
 * daemon may change the adjacency at any time.
 */
static __always_inline int is_fast(const struct xv_flood_ctx *c, __u32 index, __u32 peer)
{
	const struct xv_config_val *cfg = xv_config_get();
	const struct xv_adj_val *adj;
	__u32 flags;

	if (!c->may_encap || !peer || index >= XV_FLOOD_FAST)
		return 0;
	adj = bpf_map_lookup_elem(&xv_adj, &peer);
	if (!adj || !cfg)
		return 0;
	flags = xv_adj_usable(adj, cfg);
	adj = xv_table_after(adj, flags);
	return flags && !(flags & XV_ADJ_V6) &&
	       xv_adj_fits(adj, c->outer.len, c->outer.len - ETH_HLEN, XV_ENCAP4_LEN);
}

static long flood_one(__u32 index, struct xv_flood_ctx *c)
{
	const struct xv_flood_val *to;

	c->key.index = index;
	to = bpf_map_lookup_elem(&xv_flood, &c->key);
	if (!to || to->kind == XV_FDB_GROUP || (to->kind == XV_FDB_PORT && to->id == c->from_port))
		return 0;
	if (to->kind == XV_FDB_PORT) {
		flood_port(c, to->id);
	} else if (is_fast(c, index, to->id)) {
		c->fast[index / 64 % XV_FLOOD_WORDS] |= 1ULL << index % 64;
	} else {
		flood_slow(c, to);
	}
	return 0;
}

static __always_inline void flood_fast(struct xv_flood_ctx *c, __u32 peer)
{
	struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &peer);
	void *data = xv_ctx_ptr(c->skb->data), *data_end = xv_ctx_ptr(c->skb->data_end);
	__u32 flags;
	int err;

	if (!adj || data + XV_ENCAP4_LEN > data_end) {
		flood_drop(c, XV_DROP(NO_MEMORY), XV_TO(XV_FDB_PEER, peer));
		return;
	}
	flags = READ_ONCE(adj->flags);
	adj = xv_table_after(adj, flags);
	c->outer.id_off = xv_ip_id_off(adj, flags, peer, c->df, 1, c->tally.stats);
	xv_outer4_write(data, adj, &c->outer, c->vni);
	err = flood_clone(c, adj->ifindex);
	if (!err)
		xv_count_peer(XV_PEER_TX, peer, &c->tally);
	else if (err == -EINVAL) /* the underlay device is gone */
		c->failed++;
}

static long flood_delayed(__u32 index, struct xv_flood_ctx *c)
{
	const struct xv_flood_val *to;

	if (!(c->fast[index / 64 % XV_FLOOD_WORDS] & 1ULL << index % 64))
		return 0;
	c->key.index = index;
	to = bpf_map_lookup_elem(&xv_flood, &c->key);
	if (!to)
		return 0;
	if (c->has_room)
		flood_fast(c, to->id);
	else
		flood_slow(c, to);
	return 0;
}

/*
 * Source port of the copies' outer headers, in network byte order. A function of its own, called
 * before xv_flood_frame(): both together would need more stack than there is.
 */
__noinline int xv_flood_source_port(struct __sk_buff *skb)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_ethhdr *eth = data;

	if (!cfg || (void *)(eth + 1) > data_end)
		return 0;
	return xv_source_port(xv_flow_hash_skb(skb, eth, data_end, cfg));
}

/*
 * Makes room for the outer header in front of the frame, and notes what the header needs to know of
 * the frame. c->has_room tells whether the kernel did it; else the frame's bytes are as they were.
 */
static __noinline void make_room(struct xv_flood_ctx *c)
{
	void *data = xv_ctx_ptr(c->skb->data), *data_end = xv_ctx_ptr(c->skb->data_end);
	struct xv_ethhdr copy __attribute__((aligned(8))), *eth = data;
	int ecn;

	if ((void *)(eth + 1) > data_end)
		return;
	ecn = xv_ecn_of(eth, data_end);
	c->outer.ecn = ecn < 0 ? 0 : xv_ecn_encap(ecn);
	xv_copy(&copy, eth, sizeof(copy));
	if (xv_skb_be_ip(c->skb) || xv_outer_room(c->skb, XV_ENCAP4_LEN, 0, ETH_HLEN)) {
		bpf_skb_store_bytes(c->skb, 0, &copy, ETH_HLEN, 0);
		return;
	}
	c->has_room = 1;
	data = xv_ctx_ptr(c->skb->data);
	data_end = xv_ctx_ptr(c->skb->data_end);
	if (data + XV_ENCAP4_LEN + ETH_HLEN <= data_end)
		xv_copy(data + XV_ENCAP4_LEN, &copy, ETH_HLEN);
}

static __noinline void flood_count(const struct xv_flood_ctx *c)
{
	struct xv_tally tally = {
		.stats = c->tally.stats,
		.packets = c->copies * c->tally.packets,
		.bytes = c->copies * c->tally.bytes,
	};

	xv_count_path(XV_PATH_FLOOD_COPY, &tally);
	tally.packets = c->failed * c->tally.packets;
	tally.bytes = c->failed * c->tally.bytes;
	xv_count_path(XV_PATH_FLOOD_FAILED, &tally);
}

/*
 * Copies the frame to the network's flood list but for the port it came from; to ports alone when
 * it came from the wire (from_port 0: split horizon). word: struct xv_flood_head; sport:
 * xv_flood_source_port(). The frame itself stays with the caller, who drops it: it may have an
 * outer header now. Or, where this returns PKT_TOO_BIG, answers it: it was to one station, is as it
 * was, and too large for a member. (A function of its own, which the verifier walks through once.)
 */
__noinline int xv_flood_frame(struct __sk_buff *skb, __u32 bd, __u32 from_port, __u64 word,
			      __u32 sport)
{
	struct xv_flood_ctx c = {
		.skb = skb,
		.key = {.bd = bd},
		.from_port = from_port,
		.tally = xv_skb_tally(skb, xv_count_here()),
		.outer = {.len = skb->len, .sport = sport},
	};
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	const struct xv_bd_val *net = xv_bd_get(bd);
	struct xv_ethhdr *eth = data;
	struct xv_flood_head head = {.word = word};
	__u32 members;
	int unicast;

	if (!net || !c.tally.stats || (void *)(eth + 1) > data_end)
		return 0;
	c.key.gen = head.gen;
	c.vni = net->vni;
	c.df = xv_inner_df(eth, data_end);
	unicast = !xv_mac_is_multicast(eth->h_dest);
	members = from_port ? head.total : head.ports;
	/* A merged frame is cut, and a tag put into it, by the slow path. */
	if (from_port && !skb->gso_size && !skb->vlan_present)
		c.may_encap = 1;
	bpf_loop(members, flood_one, &c, 0);
	/*
	 * From the wire nobody is answered: the answer has the MAC address that the frame was for
	 * as its source, and the sender's VTEP would learn that it is here, which nobody knows.
	 */
	if (!unicast || !from_port)
		c.too_big = 0;
	if (c.fast[0] | c.fast[1] | c.fast[2] | c.fast[3]) {
		if (!c.too_big) /* a frame that is answered must stay as it is: its copies go by xv0
				 */
			make_room(&c);
		bpf_loop(members < XV_FLOOD_FAST ? members : XV_FLOOD_FAST, flood_delayed, &c, 0);
	}
	flood_count(&c);
	if (!c.too_big)
		return 0;
	xv_too_big_from(skb, bd, from_port);
	return xv_too_big(skb, c.too_big);
}

/*
 * Floods the frame: xv_flood_frame(), and the copy for a group. Returns what the program returns;
 * where that is not TC_ACT_SHOT the frame has become an answer to its sender.
 */
static __always_inline int xv_flood_action(struct __sk_buff *skb, const struct xv_bd_val *net,
					   __u32 bd, __u32 from_port)
{
	__u32 sport = from_port ? xv_flood_source_port(skb) : 0;
	__u64 word = READ_ONCE(net->flood.word);
	int too_big = xv_flood_frame(skb, bd, from_port, word, sport), group = 0;

	if (from_port && net->flags & XV_BD_ANY_PEER)
		group = xv_group_flood(skb, bd, from_port, word, xv_group_facts(skb, sport));
	if (unlikely(group < 0 || (too_big && !group)))
		return xv_too_big_answer(skb);
	return TC_ACT_SHOT;
}

#endif
