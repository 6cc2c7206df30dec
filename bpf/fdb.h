/* SPDX-License-Identifier: GPL-2.0-only */
/* Forwarding database, seen from the datapath: look up, stamp, report what the daemon should learn.
 */
#ifndef XV_BPF_FDB_H
#define XV_BPF_FDB_H

#include "clock.h"
#include "parse.h"

enum {
	XV_RECENT_TICK_SHIFT = 25, /* an event is not repeated within 34 ms */
	XV_GATE_TICK_SHIFT = 27,   /* learn rate is counted in windows of 134 ms ... */
	XV_GATE_SHARE_SHIFT = 3,   /* ... each worth an eighth of the rate */
};

/* Where a frame came from or goes: a port, or a peer (id 0 if it is none of ours). */
struct xv_end {
	__u32 id;
	__u8 kind; /* enum xv_fdb_kind */
};

static __always_inline __u64 fdb_word_of(__u32 bd, const __u8 *mac)
{
	/* struct xv_fdb_key in one register: bd in the first two bytes, the MAC in the other six */
	return (__u64)(__u16)bd | (__u64) * (const __u16 *)mac << 16 |
	       (__u64) * (const __u32 *)(mac + 2) << 32;
}

/* The head of the daemon's table: got once for a packet, 5 ns less than for each lookup. */
static __always_inline const struct xv_table_head *xv_fdb_head(void)
{
	return xv_table_head(&xv_fdb_table);
}

/*
 * Begins to look a MAC up; xv_fdb_lookup() or xv_fdb_source() finishes it. fdb: xv_fdb_head().
 * touch: a constant; whether other work comes before that. 0 never happens.
 */
static __always_inline int xv_fdb_begin(const struct xv_table_head *fdb, __u32 bd, const __u8 *mac,
					const int touch, struct xv_table_probe *probe)
{
	if (!xv_table_begin(&xv_fdb_table, fdb, fdb_word_of(bd, mac), probe))
		return 0;
	if (touch)
		xv_table_touch(probe);
	return 1;
}

/* In the daemon's table, else among what was provisioned by map (headers/xv_abi.h). */
static __always_inline struct xv_fdb_word *fdb_find(const struct xv_table_probe *probe)
{
	struct xv_fdb_word *word = xv_table_finish(&xv_fdb_table, probe);

	return likely(word) ? word : bpf_map_lookup_elem(&xv_fdb, &probe->key.key);
}

/* Where the MAC is. 1: *to is filled in, from one load; 0: not known. */
static __always_inline int xv_fdb_lookup(const struct xv_table_probe *probe, struct xv_fdb_val *to)
{
	const struct xv_fdb_word *word = fdb_find(probe);
	struct xv_fdb_word copy;

	if (!word)
		return 0;
	copy.word = READ_ONCE(word->word);
	*to = copy.val;
	return 1;
}

/* Whether the network may send one more event in this window. */
static __always_inline int xv_gate_open(__u32 bd, __u64 now)
{
	const struct xv_bd_info_val *info = bpf_map_lookup_elem(&xv_bd_info, &bd);
	__u32 rate, tick = now >> XV_GATE_TICK_SHIFT;
	struct xv_gate_val *gate;

	if (!info)
		return 0;
	rate = info->learn_rate;
	if (!rate)
		return 1;
	gate = bpf_map_lookup_elem(&xv_gate, &bd);
	if (!gate)
		return 0;
	if (gate->tick != tick) {
		gate->tick = tick;
		gate->used = 0;
	}
	if (gate->used >= (rate >> XV_GATE_SHARE_SHIFT ?: 1))
		return 0;
	gate->used++;
	return 1;
}

/* Gives the daemon one event, unless the same went out just now, or the network sends too many. */
static __always_inline void xv_event_send(__u8 type, const struct xv_fdb_key *key,
					  struct xv_end from, const struct xv_ip *remote)
{
	struct xv_tally one = {.stats = xv_stats_here(), .packets = 1};
	__u64 now = bpf_ktime_get_ns(), word = *(const __u64 *)key;
	__u32 slot = (word * 0x9e3779b97f4a7c15ULL) >> 52; /* 12 bits: XV_RECENT_SLOTS */
	__u32 what = from.id << 8 | from.kind << 4 | type, tick = now >> XV_RECENT_TICK_SHIFT;
	struct xv_recent_val *recent = bpf_map_lookup_elem(&xv_recent, &slot);
	struct xv_event *event;

	if (!recent || !one.stats ||
	    (recent->key == word && recent->what == what && recent->tick == tick))
		return;
	if (!xv_gate_open(key->bd, now)) {
		xv_path_add(XV_PATH_EVENT_LIMITED, &one);
		return;
	}
	event = bpf_ringbuf_reserve(&xv_events, sizeof(*event), 0);
	if (!event) {
		xv_path_add(XV_PATH_EVENT_LOST, &one);
		return;
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
	xv_path_add(XV_PATH_EVENT, &one);
}

/*
 * The frame's source: refreshes its entry, reports a MAC that is unknown or has moved, and refuses
 * one that a static entry holds elsewhere (kernel: vxlan_snoop()). 0 or a drop.
 */
static __always_inline int xv_fdb_source(__u32 net_flags, const struct xv_table_probe *probe,
					 struct xv_end from, const struct xv_ip *remote)
{
	struct xv_fdb_word *word = fdb_find(probe), now = {};

	if (likely(word)) {
		now.word = READ_ONCE(word->word);
		if (likely(now.val.dst == from.id && now.val.kind == from.kind)) {
			xv_table_stamp(word, xv_tick_now());
			return 0;
		}
		if (now.val.flags & XV_FDB_STATIC)
			return XV_DROP(VXLAN_ENTRY_EXISTS);
	}
	if (net_flags & XV_BD_LEARN)
		xv_event_send(word ? XV_EVENT_MOVE : XV_EVENT_LEARN, &probe->key.key, from, remote);
	return 0;
}

#endif
