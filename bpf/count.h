/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters. Each CPU has its own, which only programs that run on it write. What became of a frame,
 * a path or a drop, is counted at one place, at the exit of the program.
 */
#ifndef XV_BPF_COUNT_H
#define XV_BPF_COUNT_H

#include "compat.h"
#include "maps.h"
#include "verdict.h"

/* What one frame counts as, and the counters of this CPU. A merged frame counts as its segments. */
struct xv_tally {
	struct xv_stats_val *stats; /* xv_count_here() */
	__u32 packets;
	__u32 bytes;
};

/*
 * The counters of this CPU. A program asks once. NULL: the kernel said that there could be no such
 * CPU; programs then leave the frame to the kernel, or drop it.
 */
static __always_inline struct xv_stats_val *xv_count_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&xv_stats, &cpu);
}

/* The index, which the caller knows to be below n, a power of 2. A mask tells the verifier so. */
static __always_inline __u64 index_below(__u64 index, const __u64 n)
{
	asm volatile("%[i] &= %[mask]" : [i] "+r"(index) : [mask] "i"(n - 1));
	return index;
}

static __always_inline void count_add(struct xv_count *counts, __u64 index, const __u64 n,
				      const struct xv_tally *tally)
{
	struct xv_count *count = &counts[index_below(index, n)];

	count->packets += tally->packets;
	count->bytes += tally->bytes;
}

static __always_inline void xv_count_path(enum xv_path path, const struct xv_tally *tally)
{
	count_add(tally->stats->path, path, XV_STATS_PATHS, tally);
}

static __always_inline void xv_count_drop(enum xv_drop reason, const struct xv_tally *tally)
{
	count_add(tally->stats->drop, reason, XV_STATS_DROPS, tally);
}

static __always_inline void xv_count_net(enum xv_net_count what, __u32 bd,
					 const struct xv_tally *tally)
{
	count_add(tally->stats->net[what], bd, XV_MAX_NETWORKS, tally);
}

static __always_inline void xv_count_port(enum xv_port_count what, __u32 port,
					  const struct xv_tally *tally)
{
	count_add(tally->stats->port[what], port, XV_MAX_PORTS, tally);
}

/*
 * Begins to load a port's counter, which is counted later: with thousands of ports it is not in the
 * cache, and other work can be done until it comes.
 */
static __always_inline void xv_count_port_touch(enum xv_port_count what, __u32 port,
						const struct xv_tally *tally)
{
	const struct xv_count *count = &tally->stats->port[what][index_below(port, XV_MAX_PORTS)];
	__u64 touched;

	asm volatile("%0 = *(u64 *)(%1 + 0)" : "=r"(touched) : "r"(count));
}

static __always_inline void xv_count_peer(enum xv_peer_count what, __u32 peer,
					  const struct xv_tally *tally)
{
	count_add(tally->stats->peer[what], peer, XV_MAX_PEERS, tally);
}

/* What this CPU knows of a peer. */
static __always_inline struct xv_peer_here *xv_peer_here(__u32 peer, struct xv_stats_val *stats)
{
	return &stats->peer_here[index_below(peer, XV_MAX_PEERS)];
}

/*
 * Counts a frame from a peer, and notes that the peer was heard at tick (xv_tick_now()). The note
 * is written only where it changes: a store makes the cache line dirty.
 */
static __always_inline void xv_count_heard(__u32 peer, __u32 tick, const struct xv_tally *tally)
{
	struct xv_peer_here *here = xv_peer_here(peer, tally->stats);

	xv_count_peer(XV_PEER_RX, peer, tally);
	if (here->seen != tick)
		here->seen = tick;
}

#endif
