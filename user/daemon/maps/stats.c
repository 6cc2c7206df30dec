/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: see stats.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "maps/stats.h"

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

enum {
	IDLE_S = 1,
};

static void on_idle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	xv_datapath_unmap_stats(arg);
}

/* Without memory for the timer the counters stay mapped. */
static int map(struct xv_datapath *dp)
{
	const struct timeval idle = {.tv_sec = IDLE_S};
	int ret;

	if (dp->stats)
		return 0;
	ret = xv_datapath_map_stats(dp);
	if (ret)
		return ret;
	if (dp->stats_idle)
		evtimer_add(dp->stats_idle, &idle);
	return 0;
}

void xv_stats_start(struct xv_datapath *dp, struct event_base *base)
{
	dp->stats_idle = evtimer_new(base, on_idle, dp);
}

int xv_stats_open(struct xv_datapath *dp, struct xv_err *err)
{
	int ret = map(dp);

	return ret ? xv_err_set(err, ret, "cannot map the counters: %s", strerror(-ret)) : 0;
}

void xv_stats_stop(struct xv_datapath *dp)
{
	if (dp && dp->stats_idle)
		event_free(dp->stats_idle);
}

/* Number of CPUs whose counters can be read; 0 if the counters cannot be mapped. */
static int cpus(struct xv_datapath *dp)
{
	struct xv_err err;

	if (!xv_stats_open(dp, &err))
		return dp->cpu_ids;
	xv_log(LOG_ERR, "%s", err.text);
	return 0;
}

/* Sum of a counter over all CPUs. at: its offset in struct xv_stats_val. */
static struct xv_count total_at(struct xv_datapath *dp, size_t at)
{
	int cpu, n = cpus(dp);
	const struct xv_count *count;
	struct xv_count sum = {};

	for (cpu = 0; cpu < n; cpu++) {
		count = (const void *)((const char *)&dp->stats[cpu] + at);
		sum.packets += __atomic_load_n(&count->packets, __ATOMIC_RELAXED);
		sum.bytes += __atomic_load_n(&count->bytes, __ATOMIC_RELAXED);
	}
	return sum;
}

#define TOTAL(dp, counter) total_at(dp, offsetof(struct xv_stats_val, counter))

static void add(struct xv_count *to, struct xv_count more)
{
	to->packets += more.packets;
	to->bytes += more.bytes;
}

struct xv_net_stats xv_stats_network(struct xv_datapath *dp, uint32_t bd)
{
	return (struct xv_net_stats){
		.unicast = {.rx = TOTAL(dp, net[XV_NET_RX][bd]),
			    .tx = TOTAL(dp, net[XV_NET_TX][bd])},
		.bum = {.rx = TOTAL(dp, net[XV_NET_BUM_RX][bd]),
			.tx = TOTAL(dp, net[XV_NET_BUM_TX][bd])},
	};
}

void xv_stats_add_port(struct xv_datapath *dp, struct xv_net_stats *sum, uint32_t id)
{
	add(&sum->unicast.rx, TOTAL(dp, port[XV_PORT_WIRE_TX][id]));
}

struct xv_stats xv_stats_port(struct xv_datapath *dp, uint32_t id)
{
	struct xv_stats sum = {.rx = TOTAL(dp, port[XV_PORT_RX][id]),
			       .tx = TOTAL(dp, port[XV_PORT_TX][id])};

	add(&sum.tx, TOTAL(dp, port[XV_PORT_WIRE_TX][id]));
	return sum;
}

struct xv_stats xv_stats_peer(struct xv_datapath *dp, uint32_t id)
{
	return (struct xv_stats){.rx = TOTAL(dp, peer[XV_PEER_RX][id]),
				 .tx = TOTAL(dp, peer[XV_PEER_TX][id])};
}

uint32_t xv_stats_heard(struct xv_datapath *dp, uint32_t id)
{
	int cpu, n = cpus(dp);
	uint32_t seen, latest = 0;

	for (cpu = 0; cpu < n; cpu++) {
		seen = __atomic_load_n(&dp->stats[cpu].peer_here[id].seen, __ATOMIC_RELAXED);
		latest = seen > latest ? seen : latest;
	}
	return latest;
}

struct xv_count xv_stats_drop(struct xv_datapath *dp, enum xv_drop reason)
{
	return TOTAL(dp, drop[reason]);
}

struct xv_count xv_stats_path(struct xv_datapath *dp, enum xv_path path)
{
	return TOTAL(dp, path[path]);
}

void xv_stats_keep_port(struct xv_datapath *dp, uint32_t id, uint32_t bd)
{
	const struct xv_count none = {};
	struct xv_stats_val *stats;
	int cpu, n = cpus(dp);

	for (cpu = 0; cpu < n; cpu++) {
		stats = &dp->stats[cpu];
		add(&stats->net[XV_NET_RX][bd], stats->port[XV_PORT_WIRE_TX][id]);
		stats->port[XV_PORT_WIRE_TX][id] = none;
	}
}

int xv_stats_drop_last(struct xv_datapath *dp, enum xv_drop reason, struct xv_drop_last_val *last)
{
	const struct xv_drop_last_val *latest;
	struct xv_drop_last_val *values;
	uint32_t index = reason;
	int cpu, err = 0;

	values = calloc(dp->cpus, sizeof(*values));
	if (!values)
		return -ENOMEM;
	latest = values;
	if (bpf_map_lookup_elem(dp->fd.drop_last, &index, values))
		err = -errno;
	for (cpu = 1; cpu < dp->cpus; cpu++)
		if (values[cpu].time > latest->time)
			latest = &values[cpu];
	if (!err && latest->from == XV_DROP_FROM_NONE)
		err = -ENOENT;
	if (!err)
		*last = *latest;
	free(values);
	return err;
}

void xv_stats_clear_network(struct xv_datapath *dp, uint32_t bd)
{
	const struct xv_count none = {};
	int cpu, i, n = cpus(dp);

	for (cpu = 0; cpu < n; cpu++)
		for (i = 0; i < XV_NET_COUNTS; i++)
			dp->stats[cpu].net[i][bd] = none;
}

void xv_stats_clear_port(struct xv_datapath *dp, uint32_t id)
{
	const struct xv_count none = {};
	int cpu, i, n = cpus(dp);

	for (cpu = 0; cpu < n; cpu++)
		for (i = 0; i < XV_PORT_COUNTS; i++)
			dp->stats[cpu].port[i][id] = none;
}

void xv_stats_clear_peer(struct xv_datapath *dp, uint32_t id)
{
	const struct xv_count none = {};
	int cpu, i, n = cpus(dp);

	for (cpu = 0; cpu < n; cpu++) {
		for (i = 0; i < XV_PEER_COUNTS; i++)
			dp->stats[cpu].peer[i][id] = none;
		dp->stats[cpu].peer_here[id].seen = 0;
	}
}
