// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting sink on one device. Lives until its standard input closes, then the program is gone
 * with it. Commands, a line each, answered with a line of JSON:
 *
 *   count    {"cpus": [frames by CPU], "other": frames of other lengths}
 *   arm      {}                 the next counted frame is copied
 *   frame    {"frame": "hex"}   that frame, or "" while there is none
 *
 *   sink -d DEV [-t] -l LENGTH [-l LENGTH...]
 *
 * In the driver's XDP, or with -t at TC ingress.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "ingress.h"
#include "sink.h"
#include "sink.skel.h"

static int usage(void)
{
	fprintf(stderr, "usage: sink -d DEV [-t] -l LENGTH...\n");
	return 2;
}

static void print_count(int fd)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 counted[cpus], other[cpus], sum = 0;
	__u32 key = SINK_COUNTED;

	memset(counted, 0, sizeof(counted));
	memset(other, 0, sizeof(other));
	bpf_map_lookup_elem(fd, &key, counted);
	key = SINK_OTHER;
	bpf_map_lookup_elem(fd, &key, other);
	printf("{\"cpus\": [");
	for (int i = 0; i < cpus; i++) {
		printf("%s%llu", i ? ", " : "", counted[i]);
		sum += other[i];
	}
	printf("], \"other\": %llu}\n", sum);
}

static void print_frame(const struct sink_capture *c)
{
	printf("{\"frame\": \"");
	for (__u32 i = 0; i < c->len; i++)
		printf("%02x", c->bytes[i]);
	printf("\"}\n");
}

static void serve(struct sink_bpf *skel)
{
	char line[64];

	printf("{}\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, "count\n")) {
			print_count(bpf_map__fd(skel->maps.sink_count));
		} else if (!strcmp(line, "arm\n")) {
			skel->bss->sink_capture.len = 0;
			skel->bss->sink_capture.armed = 1;
			printf("{}\n");
		} else if (!strcmp(line, "frame\n")) {
			print_frame(&skel->bss->sink_capture);
		} else {
			printf("{\"error\": \"count, arm or frame\"}\n");
		}
		fflush(stdout);
	}
}

static int attach(struct sink_bpf *skel, int ifindex, int tc)
{
	if (tc)
		return ingress_attach(skel->progs.bench_sink_tc, ifindex);
	skel->links.bench_sink = bpf_program__attach_xdp(skel->progs.bench_sink, ifindex);
	return skel->links.bench_sink ? 0 : -errno;
}

int main(int argc, char **argv)
{
	struct sink_bpf *skel;
	__u32 lens[SINK_LENS] = {}, n = 0;
	int c, err, tc = 0, ifindex = 0;

	while ((c = getopt(argc, argv, "d:tl:")) != -1) {
		if (c == 'd')
			ifindex = if_nametoindex(optarg);
		else if (c == 't')
			tc = 1;
		else if (c == 'l' && n < SINK_LENS)
			lens[n++] = strtoul(optarg, NULL, 10);
		else
			return usage();
	}
	if (!ifindex || !n)
		return usage();
	skel = sink_bpf__open();
	if (!skel)
		return 1;
	memcpy((void *)skel->rodata->sink_lens, lens, sizeof(lens));
	err = sink_bpf__load(skel);
	err = err ?: attach(skel, ifindex, tc);
	if (err)
		fprintf(stderr, "sink: %s\n", strerror(-err));
	else
		serve(skel);
	sink_bpf__destroy(skel);
	return err ? 1 : 0;
}
