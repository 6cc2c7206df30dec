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

#define XV_TO(kind, id) ((kind) << 16 | (id))

/* What one frame counts as, a merged (GSO) one as its segments, and where: on this CPU. */
struct xv_tally {
	struct xv_stats_val *stats; /* NULL until xv_stats_here() */
	__u32 packets;
	__u32 bytes;
	__u32 to; /* of a frame that is dropped: XV_TO() where it should have gone; 0: not known */
};

/* Asked once, at the beginning of a program. NULL: a CPU that the kernel said could not be. */
static __always_inline struct xv_stats_val *xv_stats_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&xv_stats, &cpu);
}

/* An index that is known to be below n, a power of 2; the verifier is told by a mask. */
static __always_inline __u64 index_below(__u64 index, const __u64 n)
{
	asm volatile("%[i] &= %[mask]" : [i] "+r"(index) : [mask] "i"(n - 1));
	return index;
}

static __always_inline struct xv_count *counter_of(struct xv_count *counts, __u64 index,
						   const __u64 n)
{
	return &counts[index_below(index, n)];
}

static __always_inline void tally_add(struct xv_count *counts, __u64 index, const __u64 n,
				      const struct xv_tally *tally)
{
	struct xv_count *count = counter_of(counts, index, n);

	count->packets += tally->packets;
	count->bytes += tally->bytes;
}

static __always_inline void xv_path_add(enum xv_path path, const struct xv_tally *tally)
{
	tally_add(tally->stats->path, path, XV_STATS_PATHS, tally);
}

static __always_inline void xv_account(int verdict, const struct xv_tally *tally)
{
	if (likely(verdict >= 0))
		xv_path_add(verdict, tally);
	else
		tally_add(tally->stats->drop, XV_VERDICT_DROP(verdict), XV_STATS_DROPS, tally);
}

static __always_inline void xv_net_add(enum xv_net_count what, __u32 bd,
				       const struct xv_tally *tally)
{
	tally_add(tally->stats->net[what], bd, XV_MAX_NETWORKS, tally);
}

static __always_inline void xv_port_add(enum xv_port_count what, __u32 port,
					const struct xv_tally *tally)
{
	tally_add(tally->stats->port[what], port, XV_MAX_PORTS, tally);
}

/* Lets a counter's line come while other work is done: with thousands of ports it is a miss. */
static __always_inline void xv_port_touch(struct xv_stats_val *stats, enum xv_port_count what,
					  __u32 port)
{
	const struct xv_count *count = counter_of(stats->port[what], port, XV_MAX_PORTS);
	__u64 touched;

	asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(touched) : "r"(count));
}

static __always_inline void xv_peer_add(enum xv_peer_count what, __u32 peer,
					const struct xv_tally *tally)
{
	tally_add(tally->stats->peer[what], peer, XV_MAX_PEERS, tally);
}

/*
 * Counts a frame from a peer, and notes when the peer was heard. tick: xv_tick_now(). Only a store
 * that changes something dirties the line.
 */
static __always_inline void xv_peer_heard(__u32 peer, __u32 tick, const struct xv_tally *tally)
{
	struct xv_peer_here *here = &tally->stats->peer_here[index_below(peer, XV_MAX_PEERS)];

	xv_peer_add(XV_PEER_RX, peer, tally);
	if (here->seen != tick)
		here->seen = tick;
}

#endif
