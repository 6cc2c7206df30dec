// SPDX-License-Identifier: GPL-2.0-only
/* Counters of the datapath: read over all CPUs, subtracted, compared; see harness.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"

static const char *const drop_names[] = {
#define X(id, name, help, advice) name,
	XV_DROP_REASONS(X)
#undef X
};

static const char *const path_names[] = {
#define X(id, name, help) name,
	XV_PATHS(X)
#undef X
};

const char *drop_name(int reason)
{
	return reason >= 0 && reason < XV_DROP_MAX ? drop_names[reason] : "?";
}

const char *path_name(int path)
{
	return path >= 0 && path < XV_PATH_MAX ? path_names[path] : "?";
}

/* Sums entries [0, n) of a per-CPU array, each of size bytes of __u64, over the CPUs. */
static void read_map(struct bpf_map *map, void *sums, __u32 n, __u32 size)
{
	static __u64 *buf;
	static size_t have;
	__u32 keys[64], batch, cpus = libbpf_num_possible_cpus(), count = n, i, c, word;
	size_t need = (size_t)n * cpus * size;
	__u64 *sum = sums, *from;

	if (need > have) {
		buf = realloc(buf, need);
		have = need;
	}
	if (!buf || n > 64 ||
	    (bpf_map_lookup_batch(bpf_map__fd(map), NULL, &batch, keys, buf, &count, NULL) &&
	     errno != ENOENT) ||
	    count != n) {
		fprintf(stderr, "# %s: batch lookup: %s\n", bpf_map__name(map), strerror(errno));
		abort();
	}
	memset(sums, 0, (size_t)n * size);
	from = buf;
	for (i = 0; i < n; i++)
		for (c = 0; c < cpus; c++)
			for (word = 0; word < size / 8; word++)
				sum[i * (size / 8) + word] += *from++;
}

void counts_read(struct counts *c)
{
	struct xv_id_stats_val unicast[WORLD_NETS], bum[WORLD_NETS];
	int i;

	read_map(hs.skel->maps.xv_net_stats, unicast, WORLD_NETS, sizeof(unicast[0]));
	read_map(hs.skel->maps.xv_bum_stats, bum, WORLD_NETS, sizeof(bum[0]));
	for (i = 0; i < WORLD_NETS; i++)
		c->net[i] = (struct net_counts){unicast[i].rx, unicast[i].tx, bum[i].rx, bum[i].tx};
	read_map(hs.skel->maps.xv_port_stats, c->port, WORLD_PORTS, sizeof(c->port[0]));
	read_map(hs.skel->maps.xv_peer_stats, c->peer, WORLD_PEERS, sizeof(c->peer[0]));
	read_map(hs.skel->maps.xv_drop_stats, c->drop, XV_DROP_MAX, sizeof(c->drop[0]));
	read_map(hs.skel->maps.xv_path_stats, c->path, XV_PATH_MAX, sizeof(c->path[0]));
}

void counts_since(struct counts *c)
{
	struct counts now;
	__u64 *before = (__u64 *)c, *after = (__u64 *)&now;
	size_t i;

	counts_read(&now);
	for (i = 0; i < sizeof(now) / 8; i++)
		before[i] = after[i] - before[i];
}

void count_add(struct xv_count *c, __u64 packets, __u64 bytes)
{
	c->packets += packets;
	c->bytes += bytes;
}

static int one_check(const struct xv_count *got, const struct xv_count *want, const char *what,
		     const char *group, int id, const char *name)
{
	if (got->packets == want->packets && got->bytes == want->bytes)
		return 0;
	if (harness_quiet)
		return -1;
	fprintf(stderr, "# %s: %s %d %s: %llu packets %llu bytes, want %llu %llu\n", what, group,
		id, name, (unsigned long long)got->packets, (unsigned long long)got->bytes,
		(unsigned long long)want->packets, (unsigned long long)want->bytes);
	return -1;
}

int counts_check(const struct counts *got, const struct counts *want, const char *what)
{
	static const char *const net_names[] = {"rx_unicast", "tx_unicast", "rx_bum", "tx_bum"};
	static const char *const id_names[] = {"rx", "tx"};
	int i, j, err = 0;

	for (i = 0; i < WORLD_NETS; i++)
		for (j = 0; j < 4; j++)
			err |= one_check(&(&got->net[i].rx_unicast)[j],
					 &(&want->net[i].rx_unicast)[j], what, "network", i,
					 net_names[j]);
	for (i = 0; i < WORLD_PORTS; i++)
		for (j = 0; j < 2; j++)
			err |= one_check(&(&got->port[i].rx)[j], &(&want->port[i].rx)[j], what,
					 "port", i, id_names[j]);
	for (i = 0; i < WORLD_PEERS; i++)
		for (j = 0; j < 2; j++)
			err |= one_check(&(&got->peer[i].rx)[j], &(&want->peer[i].rx)[j], what,
					 "peer", i, id_names[j]);
	for (i = 0; i < XV_DROP_MAX; i++)
		err |= one_check(&got->drop[i], &want->drop[i], what, "drop", i, drop_name(i));
	for (i = 0; i < XV_PATH_MAX; i++)
		err |= one_check(&got->path[i], &want->path[i], what, "path", i, path_name(i));
	return err;
}
