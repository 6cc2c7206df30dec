/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: see stats.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "stats.h"

const char *const xv_drop_names[XV_DROP_MAX] = {
#define X(id, name, help, advice) [XV_DROP_##id] = name,
	XV_DROP_REASONS(X)
#undef X
};

const char *const xv_drop_help[XV_DROP_MAX] = {
#define X(id, name, help, advice) [XV_DROP_##id] = help,
	XV_DROP_REASONS(X)
#undef X
};

const char *const xv_path_names[XV_PATH_MAX] = {
#define X(id, name, help) [XV_PATH_##id] = name,
	XV_PATHS(X)
#undef X
};

const char *const xv_path_help[XV_PATH_MAX] = {
#define X(id, name, help) [XV_PATH_##id] = help,
	XV_PATHS(X)
#undef X
};

/* A counter over all CPUs; at is its place in struct xv_stats_val. */
static struct xv_count total_at(const struct xv_instance *inst, size_t at)
{
	const struct xv_datapath *dp = inst->dp;
	const struct xv_count *count;
	struct xv_count sum = {};
	int cpu;

	for (cpu = 0; cpu < dp->cpu_ids; cpu++) {
		count = (const void *)((const char *)&dp->stats[cpu] + at);
		sum.packets += __atomic_load_n(&count->packets, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&count->bytes, __ATOMIC_RELAXED);
	}
	return sum;
}

#define TOTAL(inst, counter) total_at(inst, offsetof(struct xv_stats_val, counter))

static void add(struct xv_count *to, struct xv_count more)
{
	to->packets += more.packets;
	to->bytes += more.bytes;
}

struct xv_net_stats xv_stats_network(const struct xv_instance *inst, const struct xv_network *net)
{
	struct xv_net_stats sum = {
		.unicast = {.rx = TOTAL(inst, net[XV_NET_RX][net->bd]),
			    .tx = TOTAL(inst, net[XV_NET_TX][net->bd])},
		.bum = {.rx = TOTAL(inst, net[XV_NET_BUM_RX][net->bd]),
			.tx = TOTAL(inst, net[XV_NET_BUM_TX][net->bd])},
	};
	size_t i;

	for (i = 0; i < net->n_flood && net->flood[i].val.kind == XV_FDB_PORT; i++)
		add(&sum.unicast.rx, TOTAL(inst, port[XV_PORT_WIRE_TX][net->flood[i].val.id]));
	return sum;
}

struct xv_stats xv_stats_port(const struct xv_instance *inst, uint32_t id)
{
	struct xv_stats sum = {.rx = TOTAL(inst, port[XV_PORT_RX][id]),
			       .tx = TOTAL(inst, port[XV_PORT_TX][id])};

	add(&sum.tx, TOTAL(inst, port[XV_PORT_WIRE_TX][id]));
	return sum;
}

struct xv_stats xv_stats_peer(const struct xv_instance *inst, uint32_t id)
{
	return (struct xv_stats){.rx = TOTAL(inst, peer[XV_PEER_RX][id]),
				 .tx = TOTAL(inst, peer[XV_PEER_TX][id])};
}

struct xv_count xv_stats_drop(const struct xv_instance *inst, enum xv_drop reason)
{
	return TOTAL(inst, drop[reason]);
}

struct xv_count xv_stats_path(const struct xv_instance *inst, enum xv_path path)
{
	return TOTAL(inst, path[path]);
}

void xv_stats_keep_port(struct xv_instance *inst, uint32_t id, uint32_t bd)
{
	const struct xv_count none = {};
	struct xv_stats_val *stats;
	int cpu;

	for (cpu = 0; cpu < inst->dp->cpu_ids; cpu++) {
		stats = &inst->dp->stats[cpu];
		add(&stats->net[XV_NET_RX][bd], stats->port[XV_PORT_WIRE_TX][id]);
		stats->port[XV_PORT_WIRE_TX][id] = none;
	}
}

int xv_stats_drop_last(struct xv_instance *inst, enum xv_drop reason, struct xv_drop_last_val *last)
{
	const struct xv_drop_last_val *latest;
	struct xv_drop_last_val *values;
	uint32_t index = reason;
	int cpu, err = 0;

	values = calloc(inst->dp->cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	latest = values;
	if (bpf_map_lookup_elem(inst->dp->fd.drop_last, &index, values))
		err = -errno;
	for (cpu = 1; cpu < inst->dp->cpus; cpu++)
		if (values[cpu].time > latest->time)
			latest = &values[cpu];
	if (!err && latest->from == XV_DROP_FROM_NONE)
		err = -ENOENT;
	if (!err)
		*last = *latest;
	free(values);
	return err;
}

void xv_stats_clear_network(struct xv_instance *inst, uint32_t bd)
{
	const struct xv_count none = {};
	int cpu, i;

	for (cpu = 0; cpu < inst->dp->cpu_ids; cpu++)
		for (i = 0; i < XV_NET_COUNTS; i++)
			inst->dp->stats[cpu].net[i][bd] = none;
}

void xv_stats_clear_port(struct xv_instance *inst, uint32_t id)
{
	const struct xv_count none = {};
	int cpu, i;

	for (cpu = 0; cpu < inst->dp->cpu_ids; cpu++)
		for (i = 0; i < XV_PORT_COUNTS; i++)
			inst->dp->stats[cpu].port[i][id] = none;
}

void xv_stats_clear_peer(struct xv_instance *inst, uint32_t id)
{
	const struct xv_count none = {};
	int cpu, i;

	for (cpu = 0; cpu < inst->dp->cpu_ids; cpu++)
		for (i = 0; i < XV_PEER_COUNTS; i++)
			inst->dp->stats[cpu].peer[i][id] = none;
}
