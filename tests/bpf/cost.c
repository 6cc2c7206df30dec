// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the datapath costs a packet, by itself: no driver, no queue, caches warm. `make prog-cost`
 * prints nanoseconds, the work less the moves of the frame, fastest of many bursts, with the median
 * beside it. As root, by hand: a figure, not a test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cost.skel.h"
#include "harness.h"
#include "harness_budget.h"

enum {
	BURSTS = 60,
	REPEAT = 20000, /* runs of a burst */
};

static struct cost_bpf *cost;
static struct world world;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* The cost object with the maps of the datapath's. */
static void open_cost(void)
{
	struct bpf_map *map, *ours;

	cost = cost_bpf__open();
	if (!cost)
		die("open");
	bpf_object__for_each_map(map, cost->obj)
	{
		ours = bpf_object__find_map_by_name(hs.skel->obj, bpf_map__name(map));
		if (ours)
			bpf_map__set_pin_path(map, NULL);
		if (ours && bpf_map__reuse_fd(map, bpf_map__fd(ours)))
			die(bpf_map__name(map));
	}
	if (cost_bpf__load(cost))
		die("load");
}

static int compare(const void *a, const void *b)
{
	__u32 x = *(const __u32 *)a, y = *(const __u32 *)b;

	return x < y ? -1 : x > y;
}

/* ns a run: fastest and median of the bursts. */
static void measure(struct bpf_program *prog, const struct frame *in, __u32 *best, __u32 *median)
{
	static __u8 out[FRAME_MAX + 256];
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->b, .data_size_in = in->len,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = REPEAT);
	__u32 ns[BURSTS];
	int i;

	for (i = 0; i < BURSTS; i++) {
		opts.data_size_out = sizeof(out);
		if (bpf_prog_test_run_opts(program_fd(prog), &opts))
			die(bpf_program__name(prog));
		ns[i] = opts.duration;
	}
	qsort(ns, BURSTS, sizeof(*ns), compare);
	*best = ns[0];
	*median = ns[BURSTS / 2];
}

/* Whether it is within its budget. */
static int row(const char *name, struct bpf_program *work, struct bpf_program *moves,
	       const struct frame *in)
{
	__u32 w, w_median, m, m_median, most = hs_budget_of(name).percent;
	int percent;

	measure(moves, in, &m, &m_median);
	measure(work, in, &w, &w_median);
	percent = (int)(w - m) * 100 / (int)m;
	printf("%-10s %4d ns (median %d); moves of the frame alone %u ns: %d %%, budget %u %%\n",
	       name, (int)(w - m), (int)(w_median - m_median), m, percent, most);
	return percent <= (int)most;
}

int main(void)
{
	struct outer_spec outer;
	struct inner_spec inner;
	static struct frame f;
	int ok;

	if (hs_open())
		return 1;
	world_default(&world);
	world.df = XV_ADJ_DF_UNSET; /* the default of the configuration */
	world_install(&world);
	open_cost();
	outer = outer_from(&world, PEER_V4, BD_BLUE);
	inner = inner_udp(mac_of_port(PORT_XDP), mac_of_peer(PEER_V4));
	inner.payload = 22; /* 64 bytes */
	frame_tunnel(&f, &outer, &inner);
	memcpy(cost->bss->head, f.b, sizeof(cost->bss->head));
	ok = row("decap-xdp", cost->progs.cost_decap, cost->progs.cost_decap_moves, &f);
	inner = inner_udp(mac_of_peer(PEER_V4), mac_of_port(PORT_XDP));
	inner.payload = 22;
	f.len = 0;
	frame_inner(&f, &inner);
	memcpy(cost->bss->head + XV_ENCAP4_LEN, f.b, 14);
	ok &= row("encap-xdp", cost->progs.cost_encap_xdp, cost->progs.cost_encap_xdp_moves, &f);
	ok &= row("encap-tc", cost->progs.cost_encap, cost->progs.cost_encap_moves, &f);
	if (cost->bss->failed) {
		fprintf(stderr, "%llu frames took another way\n",
			(unsigned long long)cost->bss->failed);
		return 1;
	}
	hs_close();
	return !ok;
}
