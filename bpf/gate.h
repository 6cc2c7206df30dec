/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gates: how often something may be done in a window of time, on each CPU. Each network and each
 * place has its own, so that none can use up what is another's.
 */
#ifndef XV_BPF_GATE_H
#define XV_BPF_GATE_H

#include "parse.h"

enum {
	XV_GATE_TICK_SHIFT = 27, /* windows of 134 ms ... */
	XV_GATE_SHARE_SHIFT = 3, /* ... each worth an eighth of the learn rate */
	XV_MOVES_MIN = 16,	 /* moves in a window to one place, however low the rate */
	XV_LOOP_FRAMES = 2,	 /* link-local frames in a window from and to a port in a loop */
};

/* Where a frame came from or goes: a port, or a peer (id 0 if it is none of ours). */
struct xv_end {
	__u32 id;
	__u8 kind; /* enum xv_fdb_kind */
};

/* Events that a network may send in a window. 0: it is gone. */
static __always_inline __u32 gate_width(__u32 bd)
{
	const struct xv_bd_info_val *info = bpf_map_lookup_elem(&xv_bd_info, &bd);

	if (!info)
		return 0;
	if (!info->learn_rate)
		return ~0U;
	return info->learn_rate >> XV_GATE_SHARE_SHIFT ?: 1;
}

/*
 * Uses the gate once more, unless it was used width times in the window `tick`. at: the window that
 * *used counts in. fresh: *used is of something else, and begins anew. Whether it did.
 */
static __always_inline int gate_use(__u32 *at, __u32 *used, int fresh, __u32 tick, __u32 width)
{
	if (fresh || *at != tick) {
		*at = tick;
		*used = 0;
	}
	if (*used >= width)
		return 0;
	(*used)++;
	return 1;
}

/* gate_use() for a network's gate, which may be NULL: it then stays shut. */
static __always_inline int xv_gate_use(struct xv_gate_val *gate, __u32 tick, __u32 width)
{
	return gate && gate_use(&gate->tick, &gate->used, 0, tick, width);
}

/* Whether the network may send one more event about an unknown MAC in this window. */
static __always_inline int xv_gate_learn(__u32 bd, __u64 now)
{
	__u32 width = gate_width(bd);

	return xv_gate_use(bpf_map_lookup_elem(&xv_gate, &bd), now >> XV_GATE_TICK_SHIFT, width);
}

/* Whether something may be done once more for that place in this window, of at most width. */
static __always_inline int place_gate_open(__u64 place, __u32 width, __u64 now)
{
	__u32 slot = (place * 0x9e3779b97f4a7c15ULL) >> 52; /* 12 bits: XV_MOVE_SLOTS */
	struct xv_move_gate_val *gate = bpf_map_lookup_elem(&xv_move_gate, &slot);
	int fresh;

	if (!gate)
		return 0;
	fresh = gate->place != place;
	gate->place = place;
	return gate_use(&gate->tick, &gate->used, fresh, now >> XV_GATE_TICK_SHIFT, width);
}

/* A place as one number. */
static __always_inline __u64 gate_place(__u32 bd, struct xv_end to)
{
	return (__u64)bd << 32 | to.id << 8 | to.kind;
}

/*
 * Whether one more MAC may move to that place in this window. Neither a storm of unknown MACs nor
 * one of moves to other places can keep a MAC from coming back to where it is.
 */
static __always_inline int xv_gate_move(__u32 bd, struct xv_end to, __u64 now)
{
	__u32 width = gate_width(bd);

	return place_gate_open(gate_place(bd, to), width < XV_MOVES_MIN ? XV_MOVES_MIN : width,
			       now);
}

/*
 * Drops what a port that is in a loop would send or get. A few link-local frames a second pass:
 * with those a tenant's bridge that runs STP opens the loop. If nobody does, they are too few for a
 * storm. A global function: this is rare. 0 or a drop.
 */
__noinline int xv_gate_loop(__u32 bd, __u32 port, int link_local)
{
	struct xv_end end = {.id = port, .kind = XV_FDB_NONE};

	if (!link_local ||
	    !place_gate_open(gate_place(bd, end), XV_LOOP_FRAMES, bpf_ktime_get_ns()))
		return XV_DROP(LOOP);
	return 0;
}

#endif
