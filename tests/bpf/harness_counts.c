// SPDX-License-Identifier: GPL-2.0-only
/* Counters of the datapath: read over all CPUs, subtracted, compared; see harness.h. */
#include <stddef.h>
#include <stdio.h>
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

/* A counter over all CPUs; at is its place in struct xv_stats_val. */
static struct xv_count total_at(size_t at)
{
	struct xv_count sum = {};
	const struct xv_count *c;
	int cpu;

	for (cpu = 0; cpu < hs.cpus; cpu++) {
		c = (const void *)((const char *)&hs.stats[cpu] + at);
		count_add(&sum, c->packets, c->bytes);
	}
	return sum;
}

#define TOTAL(counter) total_at(offsetof(struct xv_stats_val, counter))

static void read_ports(struct counts *c)
{
	struct xv_port_dev_val dev;
	struct xv_count wire;
	__u32 i;

	for (i = 0; i < WORLD_PORTS; i++) {
		c->port[i].rx = TOTAL(port[XV_PORT_RX][i]);
		c->port[i].tx = TOTAL(port[XV_PORT_TX][i]);
		wire = TOTAL(port[XV_PORT_WIRE_TX][i]);
		count_add(&c->port[i].tx, wire.packets, wire.bytes);
		if (bpf_map_lookup_elem(bpf_map__fd(hs.skel->maps.xv_port_dev), &i, &dev) ||
		    dev.bd >= WORLD_NETS)
			continue;
		count_add(&c->net[dev.bd].rx_unicast, wire.packets, wire.bytes);
	}
}

void counts_read(struct counts *c)
{
	int i;

	for (i = 0; i < WORLD_NETS; i++)
		c->net[i] = (struct net_counts){
			.rx_unicast = TOTAL(net[XV_NET_RX][i]),
			.tx_unicast = TOTAL(net[XV_NET_TX][i]),
			.rx_bum = TOTAL(net[XV_NET_BUM_RX][i]),
			.tx_bum = TOTAL(net[XV_NET_BUM_TX][i]),
		};
	read_ports(c);
	for (i = 0; i < WORLD_PEERS; i++) {
		c->peer[i].rx = TOTAL(peer[XV_PEER_RX][i]);
		c->peer[i].tx = TOTAL(peer[XV_PEER_TX][i]);
	}
	for (i = 0; i < XV_DROP_MAX; i++)
		c->drop[i] = TOTAL(drop[i]);
	for (i = 0; i < XV_PATH_MAX; i++)
		c->path[i] = TOTAL(path[i]);
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
