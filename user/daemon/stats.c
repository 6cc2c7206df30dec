/* SPDX-License-Identifier: GPL-2.0-only */
/* Counters: see stats.h. */
#include <bpf/bpf.h>
#include <errno.h>
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

/*
 * Every value of the counter maps is a row of 64-bit words: one entry's values of all CPUs are
 * added word by word.
 */
static int read_sum(const struct xv_datapath *dp, int map_fd, uint32_t index, void *sum,
		    size_t size)
{
	size_t words = size / sizeof(uint64_t), i;
	uint64_t *values, *total = sum;
	int cpu, err = 0;

	values = calloc(dp->cpus, size);
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(map_fd, &index, values)) {
		err = -errno;
		goto out;
	}
	for (i = 0; i < words; i++) {
		total[i] = 0;
		for (cpu = 0; cpu < dp->cpus; cpu++)
			total[i] += values[cpu * words + i];
	}
out:
	free(values);
	return err;
}

static int clear(const struct xv_datapath *dp, int map_fd, uint32_t index, size_t size)
{
	void *zeroes;
	int err = 0;

	zeroes = calloc(dp->cpus, size);
	if (!zeroes)
		return -ENOMEM;
	if (bpf_map_update_elem(map_fd, &index, zeroes, BPF_ANY))
		err = -errno;
	free(zeroes);
	return err;
}

_Static_assert(sizeof(struct xv_count) % sizeof(uint64_t) == 0, "counters are words");

int xv_stats_network(struct xv_instance *inst, uint32_t bd, struct xv_net_stats *sum)
{
	const struct xv_map_fds *fd = &inst->dp->fd;

	return read_sum(inst->dp, fd->net_stats, bd, &sum->unicast, sizeof(sum->unicast))
		       ?: read_sum(inst->dp, fd->bum_stats, bd, &sum->bum, sizeof(sum->bum));
}

int xv_stats_port(struct xv_instance *inst, uint32_t id, struct xv_id_stats_val *sum)
{
	return read_sum(inst->dp, inst->dp->fd.port_stats, id, sum, sizeof(*sum));
}

int xv_stats_peer(struct xv_instance *inst, uint32_t id, struct xv_id_stats_val *sum)
{
	return read_sum(inst->dp, inst->dp->fd.peer_stats, id, sum, sizeof(*sum));
}

int xv_stats_drop(struct xv_instance *inst, enum xv_drop reason, struct xv_count *sum)
{
	return read_sum(inst->dp, inst->dp->fd.drop_stats, reason, sum, sizeof(*sum));
}

int xv_stats_path(struct xv_instance *inst, enum xv_path path, struct xv_count *sum)
{
	return read_sum(inst->dp, inst->dp->fd.path_stats, path, sum, sizeof(*sum));
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

int xv_stats_clear_network(struct xv_instance *inst, uint32_t bd)
{
	const struct xv_map_fds *fd = &inst->dp->fd;

	return clear(inst->dp, fd->net_stats, bd, sizeof(struct xv_id_stats_val))
		       ?: clear(inst->dp, fd->bum_stats, bd, sizeof(struct xv_id_stats_val));
}

int xv_stats_clear_port(struct xv_instance *inst, uint32_t id)
{
	return clear(inst->dp, inst->dp->fd.port_stats, id, sizeof(struct xv_id_stats_val));
}

int xv_stats_clear_peer(struct xv_instance *inst, uint32_t id)
{
	return clear(inst->dp, inst->dp->fd.peer_stats, id, sizeof(struct xv_id_stats_val));
}
