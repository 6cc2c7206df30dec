// SPDX-License-Identifier: GPL-2.0-only
/*
 * Readers of the bucket table that check every answer. stress_fast looks up as the datapath does.
 * stress_slow does the same in the same pieces, but stops between them, so that the writer gets far
 * in the meantime.
 */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "table.h"
#include "table_stress.h"

char LICENSE[] SEC("license") = "GPL";

XV_TABLE_MAP(stress_table, 256, LIBBPF_PIN_NONE);

struct stress_setup setup;
struct stress_counts counts;
__u32 version[STRESS_KEYS]; /* of the word, when the last update returned */
__u32 stamped[STRESS_KEYS]; /* the last stamp of a permanent key */
__u32 hot;		    /* a permanent key that is about to move */
__u32 between;		    /* 1 + a key whose lookup is between its two buckets */
__u32 quiet;		    /* nothing is stamped */
__u32 tick;
__u32 random = 1;

static long nothing(__u32 i, void *ctx)
{
	(void)i;
	(void)ctx;
	return 0;
}

static __always_inline __u32 draw(void)
{
	random = random * 1664525 + 1013904223;
	return random >> 8;
}

static __always_inline void wait(void)
{
	bpf_loop(draw() & 127 ? setup.short_wait : setup.long_wait, nothing, NULL, 0);
}

static __always_inline struct xv_fdb_word *slow_finish(const struct xv_table_probe *probe, __u32 i)
{
	struct xv_table_bucket *bucket;
	struct xv_fdb_word *word;

	wait();
	word = xv_table_find(probe->bucket, probe->key.word);
	if (word)
		return word;
	*(volatile __u32 *)&between = i + 1;
	if (i == READ_ONCE(hot))
		bpf_loop(setup.hot_wait, nothing, NULL, 0);
	else
		wait();
	bucket = xv_table_bucket(&stress_table, xv_table_second(probe->hash, probe->mask));
	return bucket ? xv_table_find(bucket, probe->key.word) : NULL;
}

static __always_inline __u32 pick(void)
{
	__u32 what = draw() & 7;

	if (what < 4)
		return READ_ONCE(hot);
	return draw() % (what < 6 ? setup.permanent : setup.ghosts);
}

static __always_inline void check(struct xv_fdb_word *word, __u32 i, __u32 published, int slow)
{
	struct xv_fdb_word w = {.word = READ_ONCE(word->word)};

	if (w.dest >> 12 != stress_check(i))
		counts.wrong++;
	if (i < setup.permanent) {
		if (((w.dest - published) & (STRESS_VERSIONS - 1)) > STRESS_VERSIONS / 2)
			counts.stale++;
		if (!READ_ONCE(quiet)) {
			*(volatile __u32 *)&word->last_seen = ++tick;
			stamped[i & (STRESS_KEYS - 1)] = tick;
		}
	}
	if (slow)
		wait();
	w.word = READ_ONCE(word->word);
	if (w.dest >> 12 != stress_check(i))
		counts.later++;
}

static __always_inline void look_up(const struct xv_table_head *head, int slow)
{
	__u32 i = pick(), published = READ_ONCE(version[i & (STRESS_KEYS - 1)]);
	struct xv_table_probe probe;
	struct xv_fdb_word *word;

	if (!xv_table_begin(&stress_table, head, stress_key(i), &probe))
		return;
	counts.lookups++;
	word = slow ? slow_finish(&probe, i) : xv_table_finish(&stress_table, &probe);
	if (word) {
		counts.found++;
		if (i >= setup.keys)
			counts.ghost++;
		check(word, i, published, slow);
	} else if (i < setup.permanent) {
		counts.missed++;
	}
}

static long fast_one(__u32 i, void *ctx)
{
	const struct xv_table_head *head = xv_table_head(&stress_table);

	(void)i;
	(void)ctx;
	if (!head)
		return 1;
	look_up(head, 0);
	return 0;
}

static long slow_one(__u32 i, void *ctx)
{
	const struct xv_table_head *head = xv_table_head(&stress_table);

	(void)i;
	(void)ctx;
	if (!head)
		return 1;
	look_up(head, 1);
	return 0;
}

SEC("xdp")
int stress_fast(struct xdp_md *ctx)
{
	(void)ctx;
	bpf_loop(STRESS_LOOKUPS, fast_one, NULL, 0);
	return XDP_PASS;
}

SEC("tc")
int stress_slow(struct __sk_buff *skb)
{
	(void)skb;
	bpf_loop(STRESS_LOOKUPS, slow_one, NULL, 0);
	return TC_ACT_OK;
}
