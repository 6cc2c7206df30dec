// SPDX-License-Identifier: GPL-2.0-only
/* One run of a program, held against the reference; see harness_ref.h. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness_ref.h"

int ref_verdict(const struct ref *r)
{
	if (r->path < 0 && r->reason < 0)
		return VERDICT_NONE;
	return r->path >= 0 ? r->path : -1 - r->reason;
}

const char *verdict_name(int verdict)
{
	if (verdict == VERDICT_NONE)
		return "not taken";
	return verdict >= 0 ? path_name(verdict) : drop_name(-1 - verdict);
}

/* Events are counted as given, limited or lost; a repetition not at all. */
static int events_check(int most, struct counts *got, const char *what)
{
	static const int paths[] = {XV_PATH_EVENT, XV_PATH_EVENT_LIMITED, XV_PATH_EVENT_LOST};
	__u64 n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		n += got->path[paths[i]].packets;
		got->path[paths[i]] = (struct xv_count){};
	}
	if (n <= (__u64)most)
		return 0;
	hs_note("%s: %llu events, want at most %d", what, (unsigned long long)n, most);
	return -1;
}

/* The frame, with the source port (any of the range) taken for its zero in want. */
static int frame_out_check(const struct ref *want, const struct run *got, const char *what)
{
	static struct frame out;
	int err = 0;

	frame_copy(&out, &got->out);
	if (want->masked_at && out.len > want->masked_at + 2) {
		if (frame_get16(&out, want->masked_at) < 49152) {
			hs_note("%s: source port %d", what, frame_get16(&out, want->masked_at));
			err = -1;
		}
		frame_set16(&out, want->masked_at, 0);
	}
	return err | frame_check(&out, &want->out, what);
}

/* No metadata in front of any frame that goes on. */
static int meta_check(const struct ref *want, const struct run *got, const char *what)
{
	if (want->reason >= 0 || !got->meta_len)
		return 0;
	hs_note("%s: metadata of %u bytes", what, got->meta_len);
	return -1;
}

/* All but the counters. */
static int run_check(const struct ref *want, const struct run *got, const char *what)
{
	int err = 0;

	if (got->retval != want->retval) {
		hs_note("%s: returned %d, want %d (%s)", what, got->retval, want->retval,
			verdict_name(ref_verdict(want)));
		err = -1;
	}
	/* What is dropped, or was copied and then is, may look like anything. */
	if (want->reason < 0 && want->path != XV_PATH_ENCAP_FLOOD)
		err |= frame_out_check(want, got, what);
	return err | meta_check(want, got, what);
}

int ref_check(const struct ref *want, const struct run *got, struct counts *got_counts,
	      const char *what)
{
	int err = run_check(want, got, what);

	err |= events_check(want->events, got_counts, what);
	return err | counts_check(got_counts, &want->counts, what);
}

/* Counters of many runs at once: reading them costs twenty times as much as a run. */
static struct {
	int open, events;
	struct counts want, got;
} tally;

void ref_tally_begin(void)
{
	memset(&tally, 0, sizeof(tally));
	tally.open = 1;
	counts_read(&tally.got);
}

int ref_tally_end(const char *what)
{
	int err;

	tally.open = 0;
	counts_since(&tally.got);
	err = events_check(tally.events, &tally.got, what);
	return err | counts_check(&tally.got, &tally.want, what);
}

static void tally_add(const struct ref *r)
{
	const __u64 *from = (const __u64 *)&r->counts;
	__u64 *to = (__u64 *)&tally.want;
	size_t i;

	for (i = 0; i < sizeof(tally.want) / 8; i++)
		to[i] += from[i];
	tally.events += r->events;
}

int ref_refused(const struct frame *f, int err)
{
	__u32 type = frame_get16(f, 12);

	if (err != -EINVAL)
		return 0;
	return f->len <= 14 || (type == T_IP && f->len < 34) || (type == T_IPV6 && f->len < 54);
}

/* One run, checked at once or into the tally. linear: XDP only; ctx: TC only. */
static int run_and_check(struct bpf_program *prog, const struct frame *in, __u32 linear,
			 struct __sk_buff *ctx, const struct ref *r, const char *what)
{
	static struct run run;
	struct counts counts;
	int err;

	if (!tally.open)
		counts_read(&counts);
	if (bpf_program__type(prog) == BPF_PROG_TYPE_XDP)
		err = hs_run_xdp_of(prog, in, linear, &run);
	else
		err = hs_run_tc(prog, in, ctx, &run);
	if (err)
		return err;
	if (tally.open) {
		tally_add(r);
		return run_check(r, &run, what);
	}
	counts_since(&counts);
	return ref_check(r, &run, &counts, what);
}

/* Unless told otherwise the kernel fills one page but for head- and tailroom. */
static __u32 xdp_seen(const struct frame *in, __u32 linear)
{
	__u32 room = sysconf(_SC_PAGESIZE) - 256 - 320;

	if (linear)
		return linear;
	return in->len < room ? in->len : room;
}

int ref_run_decap(const struct world *w, const struct frame *in, __u32 linear, enum ref_hook hook,
		  struct ref *r, const char *what)
{
	struct bpf_program *const progs[] = {
		[REF_XDP] = hs.skel->progs.xv_decap,
		[REF_XDP_SKB] = hs.skel->progs.xv_decap_skb,
		[REF_TC] = hs.skel->progs.xv_decap_tc,
	};

	ref_decap(w, in, hook == REF_TC ? in->len : xdp_seen(in, linear), hook, r);
	return run_and_check(progs[hook], in, linear, NULL, r, what);
}

int ref_run_encap(const struct world *w, const struct frame *in, __u32 segs, struct ref *r,
		  const char *what)
{
	struct __sk_buff ctx = {.gso_segs = segs, .gso_size = segs ? 100 : 0};

	ref_encap(w, in, 1, segs, r);
	return run_and_check(hs.skel->progs.xv_encap, in, 0, &ctx, r, what);
}

int ref_run_port(const struct world *w, const struct frame *in, __u32 linear, struct ref *r,
		 const char *what)
{
	ref_port_encap(w, in, xdp_seen(in, linear), 1, r);
	return run_and_check(hs.skel->progs.xv_port_encap, in, linear, NULL, r, what);
}
