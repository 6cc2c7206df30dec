/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DF and identification of outer IPv4 packets. One with DF needs no identification (RFC 6864, 4.1).
 * Without, two packets between the same hosts must not share one while their fragments can meet: so
 * identifications count up for each peer. CPUs take them from one counter in blocks, so that it is
 * written once in XV_IP_ID_BLOCK packets.
 */
#ifndef XV_BPF_IP_ID_H
#define XV_BPF_IP_ID_H

#include "parse.h"

/* Whether the inner packet may not be fragmented, as the kernel's `df inherit` has it. */
static __always_inline int xv_inner_df(const struct xv_ethhdr *eth, void *data_end)
{
	const struct iphdr *ip = (const void *)(eth + 1);

	if (eth->h_proto == bpf_htons(ETH_P_IPV6))
		return 1;
	return eth->h_proto == bpf_htons(ETH_P_IP) && (void *)(ip + 1) <= data_end &&
	       ip->frag_off & bpf_htons(XV_IPV4_DF);
}

/* Whether an outer IPv4 packet of an adjacency with these flags has DF. inner: xv_inner_df(). */
static __always_inline int xv_adj_df(__u32 flags, int inner)
{
	return !(flags & (XV_ADJ_DF_UNSET | XV_ADJ_DF_INHERIT)) ||
	       (flags & XV_ADJ_DF_INHERIT && inner);
}

/* The first of n identifications in a row: the kernel counts up where it cuts a merged packet. */
static __always_inline __be16 ip_id_take(struct xv_adj_val *adj, __u32 peer, __u32 n,
					 struct xv_stats_val *stats)
{
	struct xv_peer_here *here;
	__u64 index = peer;
	__u32 id, left;

	asm volatile("%[i] &= %[mask]" : [i] "+r"(index) : [mask] "i"(XV_MAX_PEERS - 1));
	here = &stats->peer_here[index];
	id = here->ip_id;
	left = -id & (XV_IP_ID_BLOCK - 1);
	if (unlikely(left < n || READ_ONCE(adj->ip_id) - id > XV_IP_ID_STALE))
		id = __sync_fetch_and_add(&adj->ip_id,
					  (n + XV_IP_ID_BLOCK - 1) & ~(XV_IP_ID_BLOCK - 1));
	here->ip_id = id + n;
	return bpf_htons(id);
}

/* The header's identification, flags and fragment offset, as they are in the packet. */
static __always_inline __u32 ip_id_word(__be16 id, __be16 frag_off)
{
	union {
		__be16 w[2];
		__u32 word;
	} both = {.w = {id, frag_off}};

	return both.word;
}

/* The same for a flood copy, whose inner packet's DF is known. */
static __always_inline __u32 xv_ip_id_of(struct xv_adj_val *adj, __u32 flags, __u32 peer, int df,
					 __u32 n, struct xv_stats_val *stats)
{
	if (xv_adj_df(flags, df))
		return ip_id_word(0, bpf_htons(XV_IPV4_DF));
	return ip_id_word(ip_id_take(adj, peer, n, stats), 0);
}

/*
 * What struct xv_inner has as id_off, for a frame that counts as tally says, to an IPv4 peer. flags
 * are xv_adj_usable()'s.
 */
static __always_inline __u32 xv_ip_id_off(struct xv_adj_val *adj, __u32 flags, __u32 peer,
					  const struct xv_ethhdr *eth, void *data_end,
					  const struct xv_tally *tally)
{
	int df = unlikely(flags & XV_ADJ_DF_INHERIT) && xv_inner_df(eth, data_end);

	return xv_ip_id_of(adj, flags, peer, df, tally->packets, tally->stats);
}

#endif
