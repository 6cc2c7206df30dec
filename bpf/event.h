/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events for the daemon: a MAC that is unknown or has moved, a path MTU to look at. The daemon has
 * one ring, so each network and each place has a share of it, and no event is sent twice at once.
 */
#ifndef XV_BPF_EVENT_H
#define XV_BPF_EVENT_H

#include "gate.h"

enum {
	XV_RECENT_TICK_SHIFT = 25, /* an event is not repeated within 34 ms ... */
	XV_RECENT_MOVE_SHIFT =
		20, /* ... but a move after 1 ms: the MAC may have moved away again */
};

/* Whether no more MACs are learned in that network, or at that port. */
static __always_inline int is_full(__u32 net_flags, struct xv_end from)
{
	const struct xv_port_dev_val *dev = NULL;

	if (net_flags & XV_BD_FULL)
		return 1;
	if (from.kind == XV_FDB_PORT)
		dev = bpf_map_lookup_elem(&xv_port_dev, &from.id);
	return dev && dev->flags & XV_PORT_FULL;
}

/*
 * Notes in the table that the daemon was told of a move of this key's MAC. Until the daemon has
 * looked, frames from where the MAC is now are told too, so that the last frame decides, as in the
 * kernel's bridge. The bit is set by an atomic operation, as the daemon may replace the entry.
 */
static __always_inline void note_move(__u64 key)
{
	const struct xv_fdb_word moving = {.val.flags = XV_FDB_MOVING};
	const struct xv_table_head *head = xv_table_head(&xv_fdb_table);
	struct xv_table_probe probe;
	struct xv_fdb_word *word;

	if (!head || !xv_table_begin(&xv_fdb_table, head, key, &probe))
		return;
	word = xv_table_finish(&xv_fdb_table, &probe);
	if (word)
		__sync_fetch_and_or(&word->dest, moving.dest);
}

/*
 * Gives the daemon one event, unless the same event went out just now, or too many others did. A
 * global function: the verifier walks through it once, not from every place that learns. what:
 * id << 8 | kind << 4 | type.
 */
__noinline int xv_event_give(__u32 what, __u32 net_flags, const struct xv_fdb_key *key,
			     const struct xv_ip *remote)
{
	struct xv_tally one = {.stats = xv_count_here(), .packets = 1};
	struct xv_end from = {.id = what >> 8, .kind = what >> 4 & 0xf};
	__u32 type = what & 0xf, moved = type == XV_EVENT_MOVE, slot, tick;
	__u64 now = bpf_ktime_get_ns(), word;
	struct xv_recent_val *recent;
	struct xv_event *event;

	if (!key)
		return 0;
	word = *(const __u64 *)key;
	slot = (word * 0x9e3779b97f4a7c15ULL) >> 52; /* 12 bits: XV_RECENT_SLOTS */
	tick = now >> (moved ? XV_RECENT_MOVE_SHIFT : XV_RECENT_TICK_SHIFT);
	recent = bpf_map_lookup_elem(&xv_recent, &slot);
	if (!recent || !one.stats ||
	    (recent->key == word && recent->what == what && recent->tick == tick))
		return 0;
	if (!moved && is_full(net_flags, from)) {
		xv_count_path(XV_PATH_EVENT_FULL, &one);
		return 0;
	}
	if (!(moved ? xv_gate_move(key->bd, from, now) : xv_gate_learn(key->bd, now))) {
		xv_count_path(XV_PATH_EVENT_LIMITED, &one);
		return 0;
	}
	event = bpf_ringbuf_reserve(&xv_events, sizeof(*event), 0);
	if (!event) {
		xv_count_path(XV_PATH_EVENT_LOST, &one);
		return 0;
	}
	event->type = type;
	event->kind = from.kind;
	event->pad0 = 0;
	event->dst = from.id;
	event->key = *key;
	event->time = now;
	if (remote)
		event->remote = *remote;
	else
		event->remote = (struct xv_ip){};
	bpf_ringbuf_submit(event, 0);
	recent->key = word;
	recent->what = what;
	recent->tick = tick;
	if (moved)
		note_move(word);
	xv_count_path(XV_PATH_EVENT, &one);
	return 0;
}

#endif
