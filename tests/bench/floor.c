// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do-nothing forwarder between two devices, the floor every contender is measured against. Lives
 * until its standard input closes; prints a line when it is in place.
 *
 *   floor xdp FROM TO         native XDP on FROM, redirect to TO
 *   floor tc A B              TC redirect from A to B and from B to A
 *   floor direct A B          the same, past the veth's queue (bpf_redirect_peer)
 *   floor strip FROM TO       as xdp, without 50 bytes in front
 *   floor strip-direct A B    as direct, without 50 bytes in front
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "floor.skel.h"
#include "ingress.h"

static const struct way {
	const char *name, *prog;
} ways[] = {
	{"xdp", "bench_floor"},
	{"tc", "bench_floor_tc"},
	{"direct", "bench_floor_direct"},
	{"strip", "bench_strip"},
	{"strip-direct", "bench_strip_tc"},
};

static const struct way *find_way(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(*ways); i++)
		if (!strcmp(ways[i].name, name))
			return &ways[i];
	return NULL;
}

static int attach_xdp(const struct floor_bpf *skel, struct bpf_program *prog, const __u32 *dev)
{
	__u32 key = 0;

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.floor_tx), &key, &dev[1], BPF_ANY))
		return -errno;
	return bpf_program__attach_xdp(prog, dev[0]) ? 0 : -errno; /* until the process ends */
}

static int attach_tc(struct bpf_program *prog, const __u32 *dev)
{
	int err = ingress_attach(prog, dev[0]);

	return err ?: ingress_attach(prog, dev[1]);
}

int main(int argc, char **argv)
{
	struct floor_bpf *skel;
	const struct way *way = NULL;
	struct bpf_program *prog;
	__u32 dev[2] = {};
	int err;

	if (argc == 4) {
		way = find_way(argv[1]);
		dev[0] = if_nametoindex(argv[2]);
		dev[1] = if_nametoindex(argv[3]);
	}
	if (!way || !dev[0] || !dev[1]) {
		fprintf(stderr, "usage: floor xdp|tc|direct|strip|strip-direct DEV DEV\n");
		return 2;
	}
	skel = floor_bpf__open();
	if (!skel)
		return 1;
	skel->rodata->floor_to[0] = dev[0];
	skel->rodata->floor_to[1] = dev[1];
	prog = bpf_object__find_program_by_name(skel->obj, way->prog);
	err = prog ? floor_bpf__load(skel) : -ENOENT;
	if (!err)
		err = bpf_program__type(prog) == BPF_PROG_TYPE_XDP ? attach_xdp(skel, prog, dev)
								   : attach_tc(prog, dev);
	if (err) {
		fprintf(stderr, "floor: %s\n", strerror(-err));
	} else {
		printf("{}\n");
		fflush(stdout);
		while (getchar() != EOF)
			;
	}
	floor_bpf__destroy(skel);
	return err ? 1 : 0;
}
