// SPDX-License-Identifier: GPL-2.0-only
/*
 * Chains of lookups: each answer names the next key, so that no two lookups overlap. One program a
 * contender, and one that makes the keys and looks nothing up.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "table.h"
#include "table_bench.h"

char LICENSE[] SEC("license") = "GPL";

XV_TABLE_MAP(bench_table, XV_TABLE_BUCKETS, LIBBPF_PIN_NONE);

/* As xv_fdb was. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XV_MAX_FDB);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct xv_fdb_key);
	__type(value, struct xv_fdb_word);
} bench_hash SEC(".maps");

__u64 at;     /* where the chain goes on */
__u64 missed; /* must stay 0 */

static long step_none(__u32 i, __u64 *c)
{
	(void)i;
	*c = bench_key(*c) >> 17 & 0xffffff;
	return 0;
}

static long step_hash(__u32 i, __u64 *c)
{
	union xv_table_key key = {.word = bench_key(*c)};
	struct xv_fdb_word *word = bpf_map_lookup_elem(&bench_hash, &key.key);

	(void)i;
	if (!word) {
		missed++;
		return 1;
	}
	*c = READ_ONCE(word->dest);
	return 0;
}

static long step_table(__u32 i, __u64 *c)
{
	const struct xv_table_head *head = xv_table_head(&bench_table);
	struct xv_fdb_word *word, w;
	struct xv_table_probe probe;

	(void)i;
	if (!head || !xv_table_begin(&bench_table, head, bench_key(*c), &probe))
		return 1;
	word = xv_table_finish(&bench_table, &probe);
	if (!word) {
		missed++;
		return 1;
	}
	w.word = READ_ONCE(word->word);
	*c = w.dest;
	return 0;
}

#define CHAIN(what)                                        \
	SEC("tc")                                          \
	int chain_##what(struct __sk_buff *skb)            \
	{                                                  \
		__u64 c = at;                              \
                                                           \
		(void)skb;                                 \
		bpf_loop(BENCH_STEPS, step_##what, &c, 0); \
		at = c;                                    \
		return TC_ACT_OK;                          \
	}

CHAIN(none)
CHAIN(hash)
CHAIN(table)
