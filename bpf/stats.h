/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters. A program's work returns a verdict: an enum xv_path, or XV_DROP(reason); its exit gives
 * it to xv_account(), which is the only place that counts drops and paths.
 */
#ifndef XV_BPF_STATS_H
#define XV_BPF_STATS_H

#include "compat.h"
#include "maps.h"

#define XV_DROP(reason)	   (-1 - (int)XV_DROP_##reason)
#define XV_VERDICT_DROP(v) ((__u32)(-1 - (v))) /* enum xv_drop of a negative verdict */

/* What one frame counts as: a merged (GSO) one as its segments. */
struct xv_size {
	__u32 packets;
	__u32 bytes;
};

static __always_inline void xv_count_add(struct xv_count *count, struct xv_size size)
{
	count->packets += size.packets;
	count->bytes += size.bytes;
}

static __always_inline void xv_path_add(__u32 path, struct xv_size size)
{
	struct xv_count *count = bpf_map_lookup_elem(&xv_path_stats, &path);

	if (count)
		xv_count_add(count, size);
}

static __always_inline void xv_account(int verdict, struct xv_size size)
{
	struct xv_count *count;
	__u32 reason;

	if (likely(verdict >= 0)) {
		xv_path_add(verdict, size);
		return;
	}
	reason = XV_VERDICT_DROP(verdict);
	count = bpf_map_lookup_elem(&xv_drop_stats, &reason);
	if (count)
		xv_count_add(count, size);
}

enum xv_cast {
	XV_UNICAST,
	XV_BUM,
};

/* cast is a constant: one lookup. */
static __always_inline struct xv_id_stats_val *net_stats(__u32 bd, enum xv_cast cast)
{
	return cast == XV_BUM ? bpf_map_lookup_elem(&xv_bum_stats, &bd)
			      : bpf_map_lookup_elem(&xv_net_stats, &bd);
}

static __always_inline void xv_net_rx(__u32 bd, enum xv_cast cast, struct xv_size size)
{
	struct xv_id_stats_val *net = net_stats(bd, cast);

	if (net)
		xv_count_add(&net->rx, size);
}

static __always_inline void xv_net_tx(__u32 bd, enum xv_cast cast, struct xv_size size)
{
	struct xv_id_stats_val *net = net_stats(bd, cast);

	if (net)
		xv_count_add(&net->tx, size);
}

static __always_inline void xv_port_rx(__u32 port, struct xv_size size)
{
	struct xv_id_stats_val *val = bpf_map_lookup_elem(&xv_port_stats, &port);

	if (val)
		xv_count_add(&val->rx, size);
}

static __always_inline void xv_port_tx(__u32 port, struct xv_size size)
{
	struct xv_id_stats_val *val = bpf_map_lookup_elem(&xv_port_stats, &port);

	if (val)
		xv_count_add(&val->tx, size);
}

static __always_inline void xv_peer_rx(__u32 peer, struct xv_size size)
{
	struct xv_id_stats_val *val = bpf_map_lookup_elem(&xv_peer_stats, &peer);

	if (val)
		xv_count_add(&val->rx, size);
}

static __always_inline void xv_peer_tx(__u32 peer, struct xv_size size)
{
	struct xv_id_stats_val *val = bpf_map_lookup_elem(&xv_peer_stats, &peer);

	if (val)
		xv_count_add(&val->tx, size);
}

#endif
