/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forwarding database: where a MAC is. And the check of a frame's source, which notes that its
 * MAC is alive, and tells the daemon of one that is unknown or has moved.
 */
#ifndef XV_BPF_FDB_H
#define XV_BPF_FDB_H

#include "clock.h"
#include "event.h"

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
 * Begins to look a MAC up. xv_fdb_lookup() or xv_fdb_source() finishes the lookup. fdb:
 * xv_fdb_head(). touch, a constant: whether other work is done between the two. 0 never happens.
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

/*
 * Checks the frame's source, whose lookup has begun as probe. Stamps the entry of the MAC. Gives
 * the daemon an event of a MAC that is unknown or has moved. Refuses a MAC that a static entry
 * holds elsewhere, unless that entry is sticky (kernel: vxlan_snoop()). remote: the VTEP that the
 * frame came from, or NULL. 0 or a drop.
 */
static __always_inline int xv_fdb_source(__u32 net_flags, const struct xv_table_probe *probe,
					 struct xv_end from, const struct xv_ip *remote)
{
	struct xv_fdb_word *word = fdb_find(probe), now = {};
	int same;

	if (likely(word)) {
		now.word = READ_ONCE(word->word);
		same = now.val.dst == from.id && now.val.kind == from.kind;
		if (likely(same)) {
			xv_table_stamp(word, xv_tick_now());
			if (likely(!(now.val.flags & XV_FDB_MOVING)))
				return 0;
		}
		if (now.val.flags & XV_FDB_STATIC)
			return same || now.val.flags & XV_FDB_STICKY ? 0
								     : XV_DROP(VXLAN_ENTRY_EXISTS);
	}
	if (net_flags & XV_BD_LEARN)
		xv_event_give(from.id << 8 | from.kind << 4 |
				      (word ? XV_EVENT_MOVE : XV_EVENT_LEARN),
			      net_flags, &probe->key.key, remote);
	return 0;
}

#endif
