// SPDX-License-Identifier: GPL-2.0-only
/*
 * Packet generator: BPF_PROG_TEST_RUN with live frames, redirected into a device of the caller's
 * network namespace, from one pinned CPU. What the far end of a veth does with the frames runs in
 * the same CPU's softirq, so the time taken here is the time of the whole way, on one core.
 *
 *   gen -d DEV -f HEX [-f HEX...] [-i OFFSET] [-v FILE] [-c CPU] [-b BATCH]
 *
 * Frames are the first HEX as it is, or one HEX or another as the variants in FILE (struct
 * gen_variant, a power of two of them) say in turn, patched by them; OFFSET is that of the inner
 * frame. Lives until its standard input closes. Commands, a line each, answered with a line
 * {"sent": frames, "ns": time inside the calls, "cpu_ns": what of it this thread had the CPU}:
 *
 *   frames N       sends N
 *   time SECONDS   sends for so long
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "gen.h"
#include "gen.skel.h"

enum {
	CALL_FRAMES = 1 << 12, /* the clock is looked at between calls */
	BATCH_MAX = 64,	       /* the NAPI budget */
};

struct options {
	const char *dev;
	const char *variants;
	int cpu;
	int batch;
	struct gen_config config;
	size_t len;					 /* of buf */
	unsigned char buf[GEN_HEADROOM + GEN_FRAME_MAX]; /* the longest frame behind its headroom */
};

static int usage(void)
{
	fprintf(stderr, "usage: gen -d DEV -f HEX... [-i OFFSET] [-v FILE] [-c CPU] [-b BATCH]\n");
	return 2;
}

/* Two hex digits a byte. Returns 0, or -EINVAL (odd, not hex, longer than a frame, too many). */
static int add_template(const char *text, struct options *o)
{
	unsigned char frame[GEN_FRAME_MAX];
	size_t len = strlen(text) / 2;
	struct gen_template *t;
	int n = 0;

	while (n < GEN_TEMPLATES && o->config.templates[n].len)
		n++;
	if (n == GEN_TEMPLATES || strlen(text) % 2 || len < 16 || len > GEN_FRAME_MAX)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char byte[3] = {text[2 * i], text[2 * i + 1], 0};
		char *rest;

		frame[i] = strtoul(byte, &rest, 16);
		if (*rest)
			return -EINVAL;
	}
	t = &o->config.templates[n];
	t->len = len;
	t->head = (len < GEN_HEAD_MAX ? len : GEN_HEAD_MAX) & ~7U;
	memcpy(t->bytes, frame, t->head);
	if (len > o->config.len) {
		o->config.len = len;
		o->len = GEN_HEADROOM + len;
		memcpy(o->buf + GEN_HEADROOM, frame, len);
	}
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "d:f:i:v:c:b:")) != -1) {
		switch (c) {
		case 'd':
			o->dev = optarg;
			break;
		case 'f':
			if (add_template(optarg, o))
				return -EINVAL;
			break;
		case 'i':
			o->config.inner = strtoul(optarg, NULL, 10);
			break;
		case 'v':
			o->variants = optarg;
			break;
		case 'c':
			o->cpu = strtoul(optarg, NULL, 10);
			break;
		case 'b':
			o->batch = strtoul(optarg, NULL, 10);
			break;
		default:
			return -EINVAL;
		}
	}
	return o->dev && o->len && o->batch > 0 && o->batch <= BATCH_MAX ? 0 : -EINVAL;
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
	struct xdp_md ctx = {.data_end = o->len};
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = o->buf, .data_size_in = o->len,
		    .ctx_in = &ctx, .ctx_size_in = sizeof(ctx), .repeat = frames,
		    .flags = BPF_F_TEST_XDP_LIVE_FRAMES, .batch_size = o->batch);
	long long start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_THREAD_CPUTIME_ID);
	int err = bpf_prog_test_run_opts(prog, &run);

	e->ns += now_ns(CLOCK_MONOTONIC) - start;
	e->cpu_ns += now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
	return err;
}

static int command(int prog, struct options *o, const char *line, struct elapsed *e)
{
	unsigned long frames;
	double seconds;
	int err = 0;

	if (sscanf(line, "frames %lu", &frames) == 1)
		return send_call(prog, o, frames, e);
	if (sscanf(line, "time %lf", &seconds) != 1)
		return -EINVAL;
	while (!err && e->ns < seconds * 1e9)
		err = send_call(prog, o, CALL_FRAMES, e);
	return err;
}

/* The variants into the map, whose size must be set before load. */
static int open_variants(struct gen_bpf *skel, const struct options *o, int *fd)
{
	size_t n;
	struct stat st;

	*fd = open(o->variants, O_RDONLY | O_CLOEXEC);
	if (*fd < 0 || fstat(*fd, &st))
		return -errno;
	n = st.st_size / sizeof(struct gen_variant);
	if (n < 2 || n & (n - 1) || n > 1 << 24)
		return -EINVAL;
	skel->rodata->gen_config.mask = n - 1;
	return bpf_map__set_max_entries(skel->maps.gen_variants, n);
}

static int fill_variants(struct gen_bpf *skel, int fd)
{
	size_t size = sizeof(struct gen_variant) * ((size_t)skel->rodata->gen_config.mask + 1);
	int map = bpf_map__fd(skel->maps.gen_variants);
	char *to = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
	size_t at = 0;
	ssize_t got = 1;

	if (to == MAP_FAILED)
		return -errno;
	while (at < size && got > 0) {
		got = read(fd, to + at, size - at);
		at += got > 0 ? got : 0;
	}
	munmap(to, size);
	return at < size ? -EIO : 0;
}

/*
 * Every call adds the program to the kernel's XDP dispatcher and takes it out again, 25 ms of RCU
 * grace periods. A program that is attached somewhere is in it already: to `lo`, where nothing
 * passes.
 */
static int hold_in_dispatcher(struct gen_bpf *skel)
{
	return bpf_xdp_attach(if_nametoindex("lo"), bpf_program__fd(skel->progs.bench_gen),
			      XDP_FLAGS_SKB_MODE, NULL);
}

static int load(struct gen_bpf *skel, struct options *o)
{
	__u32 key = 0, ifindex = if_nametoindex(o->dev);
	int err, fd = -1;

	if (!ifindex)
		return -ENODEV;
	memcpy((void *)&skel->rodata->gen_config, &o->config, sizeof(o->config));
	err = o->variants ? open_variants(skel, o, &fd) : 0;
	err = err ?: gen_bpf__load(skel);
	err = err ?: o->variants ? fill_variants(skel, fd) : 0;
	err = err ?: bpf_map_update_elem(bpf_map__fd(skel->maps.gen_tx), &key, &ifindex, BPF_ANY);
	err = err ?: hold_in_dispatcher(skel);
	if (fd >= 0)
		close(fd);
	return err;
}

static int serve(struct gen_bpf *skel, struct options *o)
{
	int prog = bpf_program__fd(skel->progs.bench_gen), err = 0;
	char line[64];

	printf("{}\n");
	fflush(stdout);
	while (!err && fgets(line, sizeof(line), stdin)) {
		__u64 before = skel->bss->gen_sent;
		struct elapsed e = {};

		err = command(prog, o, line, &e);
		if (!err)
			printf("{\"sent\": %llu, \"ns\": %lld, \"cpu_ns\": %lld}\n",
			       skel->bss->gen_sent - before, e.ns, e.cpu_ns);
		fflush(stdout);
	}
	return err;
}

int main(int argc, char **argv)
{
	static struct options o = {.batch = BATCH_MAX};
	struct gen_bpf *skel;
	int err;

	if (parse_options(argc, argv, &o))
		return usage();
	err = pin(o.cpu);
	if (err) {
		fprintf(stderr, "gen: CPU %d: %s\n", o.cpu, strerror(-err));
		return 1;
	}
	skel = gen_bpf__open();
	if (!skel)
		return 1;
	err = load(skel, &o);
	err = err ?: serve(skel, &o);
	if (err)
		fprintf(stderr, "gen: %s: %s\n", o.dev, strerror(-err));
	gen_bpf__destroy(skel);
	return err ? 1 : 0;
}
