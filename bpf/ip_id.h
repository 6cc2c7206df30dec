/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * DF and identification of outer IPv4 packets. A packet with DF needs no identification (RFC 6864,
 * 4.1). Two packets without DF between the same hosts must not have the same one while their
 * fragments can meet, so that each peer's identifications count up. A CPU takes a block of them at
 * a time, so that the peer's counter is written once in XV_IP_ID_BLOCK packets.
 */
#ifndef XV_BPF_IP_ID_H
#define XV_BPF_IP_ID_H

#include "peer.h"

/* The first of n identifications in a row: the kernel counts up where it cuts a merged packet. */
static __always_inline __be16 ip_id_take(struct xv_adj_val *adj, __u32 peer, __u32 n,
					 struct xv_stats_val *stats)
{
	struct xv_peer_here *here = xv_peer_here(peer, stats);
	__u32 id = here->ip_id, left = -id & (XV_IP_ID_BLOCK - 1);

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

/*
 * The word of an outer IPv4 header of an adjacency with these flags (xv_adj_usable()). df:
 * xv_inner_df(), which only matters with XV_ADJ_DF_INHERIT. n: packets that the frame is cut into.
 */
static __always_inline __u32 xv_ip_id_off(struct xv_adj_val *adj, __u32 flags, __u32 peer, int df,
					  __u32 n, struct xv_stats_val *stats)
{
	if (xv_adj_df(flags, df))
		return ip_id_word(0, bpf_htons(XV_IPV4_DF));
	return ip_id_word(ip_id_take(adj, peer, n, stats), 0);
}

#endif
