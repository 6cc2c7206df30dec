/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The reference: what must become of a frame, worked out slowly from RFC 7348 (VXLAN), 768 (UDP),
 * 791 (IPv4), 8200 (IPv6), 6040 (ECN in tunnels) and the rules that DESIGN.md and headers/ state,
 * over the tables of a struct world. It shares no line with bpf/ and reads one byte at a time.
 */
#ifndef HARNESS_REF_H
#define HARNESS_REF_H

#include "harness.h"

struct ref_event {
	__u8 type, kind;
	__u32 dst;
	__u32 bd;
	__u8 mac[6];
	struct xv_ip remote;
};

struct ref {
	int path;   /* enum xv_path, or -1: dropped */
	int reason; /* enum xv_drop, or -1 */
	int retval;
	__u32 len;	 /* bytes that count: of out, without a port's tag in it */
	__u32 masked_at; /* offset of an outer source port, any in 49152-65535; 0: none */
	struct frame out;
	struct counts counts;
	struct ref_event event[2];
	int events; /* before any is held back as a repetition */
};

enum ref_hook {
	REF_XDP,     /* xv_decap */
	REF_XDP_SKB, /* xv_decap_skb */
	REF_TC,
};

/* seen: bytes of the frame that are not in fragments (all of it: in->len). */
void ref_decap(const struct world *w, const struct frame *in, __u32 seen, enum ref_hook hook,
	       struct ref *r);
/* From the tenant whose device is ifindex, without a tag in the skb. segs: of a merged frame, else
 * 0. */
void ref_encap(const struct world *w, const struct frame *in, __u32 ifindex, __u32 segs,
	       struct ref *r);

/*
 * xv_port_encap on the device whose ifindex is ifindex: of what xv_encap would do, what it takes;
 * else the frame as it was, XDP_PASS, and nothing counted. r->path and r->reason are then -1.
 */
void ref_port_encap(const struct world *w, const struct frame *in, __u32 seen, __u32 ifindex,
		    struct ref *r);

/*
 * One run held against the reference in every way: return value, frame, no metadata, counters. 0,
 * or -1 with the difference printed. got_counts may be changed (events held back are allowed for).
 */
int ref_check(const struct ref *want, const struct run *got, struct counts *got_counts,
	      const char *what);

/*
 * Runs xv_decap, xv_decap_skb, xv_decap_tc or xv_encap over the frame and checks everything against
 * the reference, left in *r for more checks. linear: as in hs_run_xdp(). 0, -1: differs, or a
 * negative errno < -1 of the run itself.
 */
int ref_run_decap(const struct world *w, const struct frame *in, __u32 linear, enum ref_hook hook,
		  struct ref *r, const char *what);
int ref_run_encap(const struct world *w, const struct frame *in, __u32 segs, struct ref *r,
		  const char *what);
/* xv_port_encap on device 1, lo. */
int ref_run_port(const struct world *w, const struct frame *in, __u32 linear, struct ref *r,
		 const char *what);

/* Whether err says that BPF_PROG_TEST_RUN takes no frame so short: 6.18 wants a whole IP header. */
int ref_refused(const struct frame *f, int err);

/* Between these two the counters of runs are summed, and checked at the end alone. */
void ref_tally_begin(void);
int ref_tally_end(const char *what);

/* A verdict in one number: an enum xv_path, VERDICT_DROP(reason), or VERDICT_NONE: not taken. */
#define VERDICT_NONE	     XV_PATH_MAX
#define VERDICT_DROP(reason) (-1 - (int)XV_DROP_##reason)
int ref_verdict(const struct ref *r);
const char *verdict_name(int verdict);

/* RFC 6040, figure 4: [inner][outer] -> inner afterwards, -1: drop. */
extern const int ref_ecn_decap[4][4];

#endif
