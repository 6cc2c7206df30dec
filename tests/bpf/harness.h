/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every BPF test shares: the loaded object (nothing pinned, in a network namespace of its
 * own), one run of a program over a frame, counters before and after, and events.
 */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>

#include "xv_abi.h"
#include "xv_reasons.h"
#include "xv_wire.h"
#include "xvtep.skel.h"

#include "maps/table.h"

#include "harness_frame.h"
#include "harness_world.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	HS_EVENTS = 4096,
	ACT_UNSPEC = -1, /* TC_ACT_*; named here, as the kernel's header is not what is tested */
	ACT_OK = 0,
	ACT_SHOT = 2,
	ACT_REDIRECT = 7,
};

struct harness {
	struct xvtep_bpf *skel;
	struct ring_buffer *ring;
	struct xv_table *fdb;
	struct xv_stats_val *stats; /* xv_stats: cpus entries */
	int cpus;
	struct xv_event event[HS_EVENTS];
	int events; /* seen since hs_events_reset(), may pass HS_EVENTS */
	int netns;  /* of the test */
};

extern struct harness hs;

/*
 * Runs the tests as one TAP group: root, own network namespace with lo up, object loaded. Without
 * root all is skipped, with a line that says so. Returns main()'s value.
 */
int hs_main(const char *name, const struct CMUnitTest *tests, size_t n);
/* For main()s that build their tests at run time. 0, or -1: skipped. */
int hs_open(void);
void hs_close(void);
/* As the daemon and an outside program see it: in xv_fdb_table, or in xv_fdb. */
struct xv_fdb_val hs_fdb_get(__u32 bd, const __u8 *mac, int by_map);
void hs_fdb_put(__u32 bd, const __u8 *mac, struct xv_fdb_val val, int by_map);
/* Opens and loads one object that pins nothing. NULL on failure. */
struct xvtep_bpf *hs_load(void);
/* Says why on stderr and skips the running test. */
#define hs_skip(...)                           \
	do {                                   \
		hs_note("SKIP: " __VA_ARGS__); \
		skip();                        \
	} while (0)
void hs_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* One run. out: the frame afterwards; meta_len: bytes of metadata in front of it (XDP). */
struct run {
	int retval;
	struct frame out;
	__u32 meta_len;
	struct __sk_buff ctx; /* TC: afterwards */
};

/* linear: bytes not in fragments, 0: as the kernel does by itself. 0 or negative errno. */
int hs_run_xdp(const struct frame *in, __u32 linear, struct run *r);
/* The same of another XDP program than xv_decap. */
int hs_run_xdp_of(struct bpf_program *prog, const struct frame *in, __u32 linear, struct run *r);
/* ctx may be NULL. */
int hs_run_tc(struct bpf_program *prog, const struct frame *in, struct __sk_buff *ctx,
	      struct run *r);

struct net_counts {
	struct xv_count rx_unicast; /* of its ports: XV_PORT_WIRE_TX */
	struct xv_count tx_unicast, rx_bum, tx_bum;
};

struct id_counts {
	struct xv_count rx, tx;
};

/* All counters of the ids that a world uses. */
struct counts {
	struct net_counts net[WORLD_NETS];
	struct id_counts port[WORLD_PORTS];
	struct id_counts peer[WORLD_PEERS];
	struct xv_count drop[XV_DROP_MAX];
	struct xv_count path[XV_PATH_MAX];
};

void counts_read(struct counts *c);
/* *c becomes now minus *c. */
void counts_since(struct counts *c);
void count_add(struct xv_count *c, __u64 packets, __u64 bytes);
/* 0 if equal in every counter, else -1 and each that differs is printed. */
int counts_check(const struct counts *got, const struct counts *want, const char *what);

/* Collects events into hs.event; the number since the last reset. */
int hs_events_poll(void);
void hs_events_reset(void);

/* The outer header that a frame to that peer must have, but for ECN, source port and VNI. */
struct outer_spec adj_outer(const struct world *w, __u32 peer);
/* As peer would send to us. */
struct outer_spec outer_from(const struct world *w, __u32 peer, __u32 bd);
/* UDP over IPv4 between these MACs, 100 bytes of payload. */
struct inner_spec inner_udp(const __u8 *dst, const __u8 *src);

const char *drop_name(int reason);
const char *path_name(int path);
int kernel_at_least(int major, int minor);
int program_fd(struct bpf_program *prog);

#endif
