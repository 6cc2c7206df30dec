// SPDX-License-Identifier: GPL-2.0-only
/* One run of a program, held against the reference; see harness_ref.h. */
#include <stdio.h>
#include <unistd.h>

#include "harness_ref.h"

int ref_verdict(const struct ref *r)
{
	return r->path >= 0 ? r->path : -1 - r->reason;
}

const char *verdict_name(int verdict)
{
	return verdict >= 0 ? path_name(verdict) : drop_name(-1 - verdict);
}

/* Events are counted as given, limited or lost; a repetition not at all. */
static int events_check(const struct ref *want, struct counts *got, const char *what)
{
	static const int paths[] = {XV_PATH_EVENT, XV_PATH_EVENT_LIMITED, XV_PATH_EVENT_LOST};
	__u64 n = 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(paths); i++) {
		n += got->path[paths[i]].packets;
		got->path[paths[i]] = (struct xv_count){};
	}
	if (n <= (__u64)want->events)
		return 0;
	hs_note("%s: %llu events, want at most %d", what, (unsigned long long)n, want->events);
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

/* Metadata where the port must be told; none in front of any other frame that goes on. */
static int meta_check(const struct ref *want, const struct run *got, const char *what)
{
	if (want->reason >= 0)
		return 0;
	if (!want->meta_port && !got->meta_len)
		return 0;
	if (want->meta_port && got->meta_len == sizeof(got->meta) &&
	    got->meta.cookie == WORLD_COOKIE && got->meta.port == want->meta_port)
		return 0;
	hs_note("%s: metadata of %u bytes, cookie %x, port %u, want port %u", what, got->meta_len,
		got->meta.cookie, got->meta.port, want->meta_port);
	return -1;
}

int ref_check(const struct ref *want, const struct run *got, struct counts *got_counts,
	      const char *what)
{
	int err = 0;

	if (got->retval != want->retval) {
		hs_note("%s: returned %d, want %d (%s)", what, got->retval, want->retval,
			verdict_name(ref_verdict(want)));
		err = -1;
	}
	if (want->reason < 0)
		err |= frame_out_check(want, got, what);
	err |= meta_check(want, got, what);
	err |= events_check(want, got_counts, what);
	return err | counts_check(got_counts, &want->counts, what);
}

int ref_run_decap(const struct world *w, const struct frame *in, __u32 linear, enum ref_hook hook,
		  struct ref *r, const char *what)
{
	static struct run run;
	struct counts counts;
	/* Unless told otherwise the kernel fills one page but for head- and tailroom. */
	__u32 room = sysconf(_SC_PAGESIZE) - 256 - 320;
	__u32 seen = in->len < room || hook == REF_TC ? in->len : room;
	int err;

	ref_decap(w, in, linear ? linear : seen, hook, r);
	counts_read(&counts);
	err = hook == REF_XDP ? hs_run_xdp(in, linear, &run)
			      : hs_run_tc(hs.skel->progs.xv_decap_tc, in, NULL, &run);
	if (err)
		return err;
	counts_since(&counts);
	return ref_check(r, &run, &counts, what);
}

int ref_run_encap(const struct world *w, const struct frame *in, __u32 segs, struct ref *r,
		  const char *what)
{
	static struct run run;
	struct __sk_buff ctx = {.gso_segs = segs, .gso_size = segs ? 100 : 0};
	struct counts counts;
	int err;

	ref_encap(w, in, 1, segs, r);
	counts_read(&counts);
	err = hs_run_tc(hs.skel->progs.xv_encap, in, &ctx, &run);
	if (err)
		return err;
	counts_since(&counts);
	return ref_check(r, &run, &counts, what);
}
