// SPDX-License-Identifier: GPL-2.0-only
/*
 * Do-nothing forwarder between two devices, the floor every contender is measured against. Lives
 * until its standard input closes; prints a line when it is in place.
 *
 *   floor xdp FROM TO   native XDP on FROM, redirect to TO
 *   floor tc A B        TC redirect from A to B and from B to A
 *   floor direct A B    the same, past the veth's queue (bpf_redirect_peer)
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <net/if.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "floor.skel.h"
#include "ingress.h"

static int attach_xdp(struct floor_bpf *skel, const __u32 *dev)
{
	__u32 key = 0;

	if (bpf_map_update_elem(bpf_map__fd(skel->maps.floor_tx), &key, &dev[1], BPF_ANY))
		return -errno;
	skel->links.bench_floor = bpf_program__attach_xdp(skel->progs.bench_floor, dev[0]);
	return skel->links.bench_floor ? 0 : -errno;
}

static int attach_tc(struct bpf_program *prog, const __u32 *dev)
{
	int err = ingress_attach(prog, dev[0]);

	return err ?: ingress_attach(prog, dev[1]);
}

int main(int argc, char **argv)
{
	struct floor_bpf *skel;
	struct bpf_program *tc;
	__u32 dev[2] = {};
	int err;

	if (argc == 4) {
		dev[0] = if_nametoindex(argv[2]);
		dev[1] = if_nametoindex(argv[3]);
	}
	if (!dev[0] || !dev[1]) {
		fprintf(stderr, "usage: floor xdp|tc|direct DEV DEV\n");
		return 2;
	}
	skel = floor_bpf__open();
	if (!skel)
		return 1;
	skel->rodata->floor_to[0] = dev[0];
	skel->rodata->floor_to[1] = dev[1];
	tc = !strcmp(argv[1], "tc")	  ? skel->progs.bench_floor_tc
	     : !strcmp(argv[1], "direct") ? skel->progs.bench_floor_direct
					  : NULL;
	err = floor_bpf__load(skel);
	if (!err)
		err = tc ? attach_tc(tc, dev) : attach_xdp(skel, dev);
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
