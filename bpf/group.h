/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The copy of a flooded frame for a multicast group of the underlay. The group has an adjacency, as
 * a peer has, so that the copy leaves by the group's own device. xv0 has no lower device: the
 * kernel's routes would choose one. So a copy goes through xv0 only where that route is by the same
 * device (xv_group_slow()), and a copy that cannot be made is dropped.
 */
#ifndef XV_BPF_GROUP_H
#define XV_BPF_GROUP_H

#include "flow.h"
#include "ip_id.h"
#include "outer.h"
#include "too_big.h"
#include "drop.h"

#define XV_GROUP_NO_TAGS (~0ULL) /* what xv_group_untag() says of a frame that it cannot take */

/* Of a word that has the source port in its low bits, and the length of the IP packet on top. */
enum xv_group_facts {
	XV_GROUP_ECN_SHIFT = 16,
	XV_GROUP_DF = 1 << 18,
	XV_GROUP_BUM = 1 << 19, /* to more than one station */
	XV_GROUP_LEN_SHIFT = 32,
};

/*
 * What the outer header takes from the frame, as one word: enum xv_group_facts. sport:
 * xv_flood_source_port(). (Copies for groups are rare, so that the steps are global functions: the
 * verifier walks through each once.)
 */
__noinline __u64 xv_group_facts(struct __sk_buff *skb, __u32 sport)
{
	void *data = xv_ctx_ptr(skb->data), *data_end = xv_ctx_ptr(skb->data_end);
	struct xv_ethhdr *eth = data;
	__u64 facts;
	int ecn;

	if ((void *)(eth + 1) > data_end)
		return 0;
	ecn = xv_ecn_of(eth, data_end);
	facts = ecn < 0 ? 0 : (__u32)xv_ecn_encap(ecn) << XV_GROUP_ECN_SHIFT;
	if (xv_inner_df(eth, data_end))
		facts |= XV_GROUP_DF;
	if (xv_mac_is_multicast(eth->h_dest))
		facts |= XV_GROUP_BUM;
	return facts | (__u16)sport | (__u64)xv_skb_ip_len(skb) << XV_GROUP_LEN_SHIFT;
}

/* Protocol and TCI of the tag beside the frame. Never 0. */
static __always_inline __u32 group_tag(const struct __sk_buff *skb)
{
	return bpf_ntohs(skb->vlan_proto) << 16 | (skb->vlan_tci & 0xffff);
}

/*
 * Takes the tags off that the kernel keeps beside the frame, one after another. The outer one is in
 * the low 32 bits, the inner one in the high ones, 0 where there is none. XV_GROUP_NO_TAGS: there
 * are more than two, or there is no memory.
 */
__noinline __u64 xv_group_untag(struct __sk_buff *skb)
{
	__u64 tags;

	if (!skb->vlan_present)
		return 0;
	tags = group_tag(skb);
	if (bpf_skb_vlan_pop(skb))
		return XV_GROUP_NO_TAGS;
	if (!skb->vlan_present)
		return tags;
	tags |= (__u64)group_tag(skb) << 32;
	if (bpf_skb_vlan_pop(skb) || skb->vlan_present)
		return XV_GROUP_NO_TAGS;
	return tags;
}

/*
 * room bytes in front of the frame, which was untagged and has its tags again behind them. It is
 * told to the kernel as a tunnel's; what is in a tunnel of the tenant's own already needs nothing
 * of that, but cannot be merged. 0, or a drop.
 */
__noinline int xv_group_room(struct __sk_buff *skb, __u32 room, __u64 tags)
{
	__u32 more = tags >> 32 ? 2 * XV_VLAN_HLEN : tags ? XV_VLAN_HLEN : 0;
	__u16 mac[ETH_HLEN / 2 + 1];
	__be32 tag[2] = {bpf_htonl(tags), bpf_htonl(tags >> 32)};

	if (bpf_skb_load_bytes(skb, 0, mac, ETH_HLEN))
		return XV_DROP(PKT_TOO_SMALL);
	if (xv_skb_be_ip(skb))
		return XV_DROP(NO_MEMORY);
	if (xv_outer_room(skb, room + more, room == XV_ENCAP6_LEN, ETH_HLEN + more) &&
	    (skb->gso_size || bpf_skb_change_head(skb, room + more, 0)))
		return XV_DROP(NO_MEMORY);
	if (bpf_skb_store_bytes(skb, room, mac, 2 * ETH_ALEN, 0) ||
	    (tags && bpf_skb_store_bytes(skb, room + 12, &tag[0], XV_VLAN_HLEN, 0)) ||
	    (tags >> 32 && bpf_skb_store_bytes(skb, room + 16, &tag[1], XV_VLAN_HLEN, 0)) ||
	    bpf_skb_store_bytes(skb, room + 12 + more, mac + 6, sizeof(*mac), 0))
		return XV_DROP(NO_MEMORY);
	return 0;
}

/*
 * Sends the copy with an outer header of ours. id: of the group in xv_adj. facts: xv_group_facts().
 * n: packets that the frame is cut into. Changes the frame, unless it is too big. 0; a drop; or 1:
 * the kernel did not send the copy.
 */
__noinline int xv_group_send(struct __sk_buff *skb, __u32 id, __u32 vni, __u64 facts, __u32 n)
{
	struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &id);
	const struct xv_config_val *cfg = xv_config_get();
	struct xv_stats_val *stats = xv_count_here();
	__u32 flags, room, tag = skb->vlan_present ? XV_VLAN_HLEN : 0;
	struct xv_outer_vals outer = {
		.len = skb->len + tag,
		.sport = facts,
		.ecn = facts >> XV_GROUP_ECN_SHIFT & XV_ECN_MASK,
	};
	void *data, *data_end;
	__u64 tags;
	int err;

	if (!adj || !cfg || !stats)
		return XV_DROP(NOT_CONFIGURED);
	flags = xv_adj_usable(adj, cfg);
	if (!flags)
		return XV_DROP(VXLAN_NO_REMOTE);
	room = flags & XV_ADJ_V6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN;
	if (!xv_adj_fits(adj, outer.len, (facts >> XV_GROUP_LEN_SHIFT) + tag, room))
		return xv_too_big(skb, xv_adj_inner_mtu(adj) - tag);
	tags = xv_group_untag(skb);
	if (tags == XV_GROUP_NO_TAGS)
		return XV_DROP(INNER_VLAN);
	err = xv_group_room(skb, room, tags);
	if (err)
		return err;
	data = xv_ctx_ptr(skb->data);
	data_end = xv_ctx_ptr(skb->data_end);
	if (!(flags & XV_ADJ_V6))
		outer.id_off = xv_ip_id_off(adj, flags, id, !!(facts & XV_GROUP_DF), n, stats);
	err = xv_outer_write(data, data_end, adj, flags & XV_ADJ_V6, &outer, vni, NULL);
	if (err)
		return err;
	err = bpf_clone_redirect(skb, adj->ifindex, 0);
	if (err == -EINVAL) /* the device is gone */
		return XV_DROP(VXLAN_NO_REMOTE);
	return err < 0;
}

/*
 * Whether the copy goes through xv0: xv_group_send() cannot make it, and the kernel's own route to
 * the group is by the same device.
 */
static __always_inline int group_is_slow(struct __sk_buff *skb, const struct xv_adj_val *adj,
					 const struct xv_config_val *cfg)
{
	__u32 len = skb->len + (skb->vlan_present ? XV_VLAN_HLEN : 0);
	__u32 flags = READ_ONCE(adj->flags);

	if (!(flags & XV_ADJ_GROUP_ROUTE))
		return 0;
	return skb->gso_size || !xv_adj_usable(adj, cfg) ||
	       !xv_adj_fits(adj, len, len - ETH_HLEN,
			    flags & XV_ADJ_V6 ? XV_ENCAP6_LEN : XV_ENCAP4_LEN);
}

/* Sends the copy through xv0, as xv_group_send() does without. The frame stays as it is. */
__noinline int xv_group_slow(struct __sk_buff *skb, __u32 id, __u32 vni, __u64 facts)
{
	const struct xv_adj_val *adj = bpf_map_lookup_elem(&xv_adj, &id);
	const struct xv_config_val *cfg = xv_config_get();
	__u32 tag = skb->vlan_present ? XV_VLAN_HLEN : 0;
	int err, df = !!(facts & XV_GROUP_DF);

	if (!adj || !cfg)
		return XV_DROP(NOT_CONFIGURED);
	if (xv_adj_loses(adj, (facts >> XV_GROUP_LEN_SHIFT) + tag, df))
		return xv_too_big(skb, xv_adj_inner_mtu(adj) - tag);
	err = xv_tunnel_set(skb, cfg, &adj->ip, vni, df);
	if (err)
		return err;
	err = bpf_clone_redirect(skb, cfg->slow_ifindex, 0);
	if (err == -EINVAL)
		return XV_DROP(SLOW_PATH_GONE);
	return err < 0;
}

/*
 * The copy for the group, which is the only remote and so the last member of the network's flood
 * list, if it has one; word: struct xv_flood_head. 0; or PKT_TOO_BIG: the frame is as it was, and
 * its sender may be answered; or 1: the frame is changed.
 */
__noinline int xv_group_flood(struct __sk_buff *skb, __u32 bd, __u32 port, __u64 word, __u64 facts)
{
	struct xv_flood_head head = {.word = word};
	struct xv_flood_key key = {.bd = bd, .gen = head.gen, .index = head.total - 1};
	const struct xv_flood_val *to = bpf_map_lookup_elem(&xv_flood, &key);
	struct xv_tally tally = xv_skb_tally(skb, xv_count_here());
	const struct xv_config_val *cfg = xv_config_get();
	const struct xv_bd_val *net = xv_bd_get(bd);
	const struct xv_adj_val *adj;
	__u32 id;
	int err;

	if (!to || to->kind != XV_FDB_GROUP || !tally.stats || !cfg || !net)
		return 0;
	id = to->id;
	adj = bpf_map_lookup_elem(&xv_adj, &id);
	if (adj && group_is_slow(skb, adj, cfg))
		err = xv_group_slow(skb, id, net->vni, facts);
	else
		err = xv_group_send(skb, id, net->vni, facts, tally.packets);
	if (err < 0) {
		xv_drop_skb(skb, xv_verdict_to(err, XV_TO(XV_FDB_PEER, id)), XV_DROP_FROM_PORT,
			    tally.packets, tally.bytes);
	} else {
		xv_count_path(err ? XV_PATH_FLOOD_FAILED : XV_PATH_FLOOD_COPY, &tally);
	}
	if (err != XV_DROP(PKT_TOO_BIG))
		return 1;
	if (facts & XV_GROUP_BUM)
		return 0;
	xv_too_big_from(skb, bd, port);
	return err;
}

#endif
