// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet generator: BPF_PROG_TEST_RUN with live frames, redirected into a device of the caller's
 * network namespace, from one pinned CPU. What the far end of a veth does with the frames runs in
 * the same CPU's softirq, so the time taken here is the time of the whole way, on one core.
 *
 *   gen -d DEV -f HEX [-c CPU] [-t SECONDS] [-n FRAMES]
 *
 * Sends FRAMES frames in one call, or calls of 2^20 frames until SECONDS have passed, and prints
 * {"sent": frames, "ns": time inside the calls, "cpu_ns": what of it this thread had the CPU}.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "gen.h"
#include "gen.skel.h"

enum {
	CALL_FRAMES = 1 << 20, /* a call's set-up cost (pages, page pool) dominates well below */
	BATCH = 64,	       /* the NAPI budget */
};

struct options {
	const char *dev;
	int cpu;
	double seconds;
	unsigned long frames; /* 0: by time */
	size_t len;
	unsigned char buf[GEN_HEADROOM + GEN_FRAME_MAX]; /* a frame behind its headroom */
};

static int usage(void)
{
	fprintf(stderr, "usage: gen -d DEV -f HEX [-c CPU] [-t SECONDS] [-n FRAMES]\n");
	return 2;
}

/* Two hex digits a byte. Returns 0, or -EINVAL (odd, not hex, or longer than a frame). */
static int parse_hex(const char *text, struct options *o)
{
	size_t digits = strlen(text);

	if (!digits || digits % 2 || digits / 2 > GEN_FRAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < digits / 2; i++) {
		char byte[3] = {text[2 * i], text[2 * i + 1], 0};
		char *rest;

		o->buf[GEN_HEADROOM + i] = strtoul(byte, &rest, 16);
		if (*rest)
			return -EINVAL;
	}
	o->len = digits / 2;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "d:f:c:t:n:")) != -1) {
		switch (c) {
		case 'd':
			o->dev = optarg;
			break;
		case 'f':
			if (parse_hex(optarg, o))
				return -EINVAL;
			break;
		case 'c':
			o->cpu = atoi(optarg);
			break;
		case 't':
			o->seconds = atof(optarg);
			break;
		case 'n':
			o->frames = strtoul(optarg, NULL, 10);
			break;
		default:
			return -EINVAL;
		}
	}
	return o->dev && o->len >= 16 && (o->frames || o->seconds > 0) ? 0 : -EINVAL;
}

static int pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}

static long long now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

struct elapsed {
	long long ns;
	long long cpu_ns;
};

/* Returns 0 and adds to *e, or a negative errno. */
static int send_call(int prog, struct options *o, unsigned long frames, struct elapsed *e)
{
	struct xdp_md ctx = {.data_end = GEN_HEADROOM + o->len};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = o->buf,
		    .data_size_in = GEN_HEADROOM + o->len, .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .repeat = frames,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = BATCH);
	long long start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int err = bpf_prog_test_run_opts(prog, &run);

	e->ns += now_ns(CLOCK_MONOTONIC) - start;
	e->cpu_ns += now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	return err;
}

static int send_all(int prog, struct options *o, struct elapsed *e)
{
	int err;

	if (o->frames)
		return send_call(prog, o, o->frames, e);
	do {
		err = send_call(prog, o, CALL_FRAMES, e);
	} while (!err && e->ns < o->seconds * 1e9);
	return err;
}

static struct gen_bpf *load(struct options *o)
{
	__u32 key = 0, ifindex = if_nametoindex(o->dev);
	struct gen_bpf *skel;

	if (!ifindex) {
		fprintf(stderr, "gen: no device '%s' in this network namespace\n", o->dev);
		return NULL;
	}
	skel = gen_bpf__open();
	if (!skel)
		return NULL;
	skel->rodata->gen_config.head = (o->len < GEN_HEAD_MAX ? o->len : GEN_HEAD_MAX) & ~7U;
	memcpy((void *)skel->rodata->gen_config.bytes, o->buf + GEN_HEADROOM,
	       skel->rodata->gen_config.head);
	if (gen_bpf__load(skel) ||
	    bpf_map_update_elem(bpf_map__fd(skel->maps.gen_tx), &key, &ifindex, BPF_ANY)) {
		fprintf(stderr, "gen: load: %s\n", strerror(errno));
		gen_bpf__destroy(skel);
		return NULL;
	}
	return skel;
}

int main(int argc, char **argv)
{
	struct options o = {.cpu = 0};
	struct gen_bpf *skel;
	struct elapsed e = {};
	int err;

	if (parse_options(argc, argv, &o))
		return usage();
	err = pin(o.cpu);
	if (err) {
		fprintf(stderr, "gen: CPU %d: %s\n", o.cpu, strerror(-err));
		return 1;
	}
	skel = load(&o);
	if (!skel)
		return 1;
	err = send_all(bpf_program__fd(skel->progs.bench_gen), &o, &e);
	if (err)
		fprintf(stderr, "gen: live frames: %s\n", strerror(-err));
	else
		printf("{\"sent\": %llu, \"ns\": %lld, \"cpu_ns\": %lld}\n", skel->bss->gen_sent,
		       e.ns, e.cpu_ns);
	gen_bpf__destroy(skel);
	return err ? 1 : 0;
}
