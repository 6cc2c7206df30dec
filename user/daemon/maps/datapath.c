/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF object of an instance: loads, pins and adopts it. See datapath.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/kernel.h"
#include "kernel/meta.h"
#include "kernel/pinned.h"
#include "lock.h"
#include "maps/datapath.h"
#include "maps/migration.h"
#include "maps/pin_dir.h"
#include "xvtep.skel.h"

/* The last warnings of libbpf: only its print callback gets the reason of a failed load. */
static char libbpf_text[256];

static int keep_warning(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[sizeof(libbpf_text)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	if (!libbpf_text[0])
		memcpy(libbpf_text, line, sizeof(libbpf_text));
	return 0;
}

static int check_privileges(struct xv_err *err)
{
	static const struct {
		unsigned int cap;
		const char *name;
	} need[] = {
		{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{CAP_BPF, "CAP_BPF"},
		{CAP_PERFMON, "CAP_PERFMON"},
	};
	size_t i;

	capng_get_caps_process();
	for (i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		if (!capng_have_capability(CAPNG_EFFECTIVE, need[i].cap) &&
		    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
			return xv_err_set(
				err, -EPERM,
				"missing privilege %s: run as root, or give CAP_NET_ADMIN, "
				"CAP_BPF and CAP_PERFMON",
				need[i].name);
	return 0;
}

static void *map_memory(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void fill_fds(struct xv_datapath *dp)
{
	struct xvtep_bpf *skel = dp->skel;

	dp->fd = (struct xv_map_fds){
		.config = bpf_map__fd(skel->maps.xv_config),
		.vni = bpf_map__fd(skel->maps.xv_vni),
		.vni_index = bpf_map__fd(skel->maps.xv_vni_index),
		.bd = bpf_map__fd(skel->maps.xv_bd),
		.bd_info = bpf_map__fd(skel->maps.xv_bd_info),
		.port = bpf_map__fd(skel->maps.xv_port),
		.port_index = bpf_map__fd(skel->maps.xv_port_index),
		.port_dev = bpf_map__fd(skel->maps.xv_port_dev),
		.peer = bpf_map__fd(skel->maps.xv_peer),
		.peer_index = bpf_map__fd(skel->maps.xv_peer_index),
		.adj = bpf_map__fd(skel->maps.xv_adj),
		.fdb = bpf_map__fd(skel->maps.xv_fdb),
		.fdb_table = bpf_map__fd(skel->maps.xv_fdb_table),
		.flood = bpf_map__fd(skel->maps.xv_flood),
		.tx = bpf_map__fd(skel->maps.xv_tx),
		.uplink = bpf_map__fd(skel->maps.xv_uplink),
		.events = bpf_map__fd(skel->maps.xv_events),
		.stats = bpf_map__fd(skel->maps.xv_stats),
		.drop_last = bpf_map__fd(skel->maps.xv_drop_last),
	};
}

/* Notes the names of maps whose pins are missing; the load makes them new and empty. */
static void note_missing(struct xv_datapath *dp)
{
	struct bpf_map *map;
	const char *path;
	size_t len = 0;

	bpf_object__for_each_map(map, dp->skel->obj)
	{
		path = bpf_map__pin_path(map);
		if (dp->adopted && !dp->migration && path && access(path, F_OK) &&
		    len < sizeof(dp->missing))
			len += snprintf(dp->missing + len, sizeof(dp->missing) - len, "%s%s",
					len ? ", " : "", bpf_map__name(map));
	}
}

/*
 * xv_meta must be pinned after it was written, not by the load, so that what any reader finds in it
 * is true. A migration pins it last.
 */
static bool hold_meta_back(struct xv_datapath *dp)
{
	struct bpf_map *meta = dp->skel->maps.xv_meta;

	return access(bpf_map__pin_path(meta), F_OK) && !bpf_map__set_pin_path(meta, NULL);
}

static int pin_meta(struct xv_datapath *dp, const char *instance, struct xv_err *err)
{
	struct bpf_map *meta = dp->skel->maps.xv_meta;
	char path[sizeof(dp->pin_dir) + 16];
	int ret = xv_meta_write(bpf_map__fd(meta), instance);

	snprintf(path, sizeof(path), "%s/xv_meta", dp->pin_dir);
	ret = ret ?: bpf_map__pin(meta, path);
	return ret ? xv_err_set(err, ret, "cannot pin %s: %s", path, strerror(-ret)) : 0;
}

/* Prepares the object for its load. */
static void prepare_maps(struct xv_datapath *dp)
{
	char tx[sizeof(dp->pin_dir) + 8];

	/*
	 * The kernel sets BPF_F_RDONLY_PROG on a devmap but refuses it at creation, so libbpf 1.1
	 * finds that the pinned map differs from the object's ("parameter mismatch"). May go with
	 * libbpf 1.2.
	 */
	snprintf(tx, sizeof(tx), "%s/xv_tx", dp->pin_dir);
	if (!access(tx, F_OK))
		bpf_map__set_map_flags(dp->skel->maps.xv_tx, BPF_F_RDONLY_PROG);
	note_missing(dp);
	dp->cpus = libbpf_num_possible_cpus();
	dp->cpu_ids = xv_kernel_cpu_ids();
	bpf_map__set_max_entries(dp->skel->maps.xv_stats, dp->cpu_ids);
}

static int load(struct xv_datapath *dp, const char *instance, const struct xv_pinned *pinned,
		struct xv_err *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = dp->pin_dir);
	bool held;
	int ret = 0;

	libbpf_text[0] = '\0';
	libbpf_set_print(keep_warning);
	dp->skel = xvtep_bpf__open_opts(&opts);
	if (!dp->skel)
		return xv_err_set(err, -errno, "cannot open the BPF object: %s", libbpf_text);
	if (dp->adopted && !pinned->ours)
		ret = xv_migration_begin(dp->pin_dir, pinned, dp->skel->obj, &dp->migration, err);
	if (ret)
		return ret;
	prepare_maps(dp);
	held = hold_meta_back(dp);
	ret = xvtep_bpf__load(dp->skel);
	if (ret)
		return xv_err_set(err, ret, "cannot load the BPF programs: %s (%s)", strerror(-ret),
				  libbpf_text);
	fill_fds(dp);
	if (dp->migration)
		return xv_migration_fill(dp->migration, instance, err);
	return held ? pin_meta(dp, instance, err) : 0;
}

int xv_datapath_commit(struct xv_datapath *dp, struct xv_err *err)
{
	int ret;

	if (!dp->migration)
		return 0;
	ret = xv_migration_commit(dp->migration, err);
	if (ret)
		return ret;
	xv_migration_tell(dp->migration, dp->taken_over, sizeof(dp->taken_over));
	xv_migration_end(dp->migration);
	dp->migration = NULL;
	return 0;
}

static int map_tables(struct xv_datapath *dp, struct xv_err *err)
{
	dp->bd = map_memory(dp->fd.bd, XV_MAX_NETWORKS * sizeof(*dp->bd));
	dp->bd_info = map_memory(dp->fd.bd_info, XV_MAX_NETWORKS * sizeof(*dp->bd_info));
	dp->adj = map_memory(dp->fd.adj, XV_MAX_PEERS * sizeof(*dp->adj));
	dp->vni_index = map_memory(dp->fd.vni_index, XV_VNI_INDEX * sizeof(*dp->vni_index));
	dp->peer_index = map_memory(dp->fd.peer_index, XV_PEER_INDEX * sizeof(*dp->peer_index));
	if (!dp->bd || !dp->bd_info || !dp->adj || !dp->vni_index || !dp->peer_index)
		return xv_err_set(err, -ENOMEM, "cannot map the tables: %s", strerror(errno));
	return 0;
}

int xv_datapath_map_stats(struct xv_datapath *dp)
{
	if (!dp->stats)
		dp->stats = map_memory(dp->fd.stats, dp->cpu_ids * sizeof(*dp->stats));
	return dp->stats ? 0 : -errno;
}

void xv_datapath_unmap_stats(struct xv_datapath *dp)
{
	if (dp->stats)
		munmap(dp->stats, dp->cpu_ids * sizeof(*dp->stats));
	dp->stats = NULL;
}

int xv_datapath_pin_again(struct xv_datapath *dp, struct xv_err *err)
{
	int n = 0, ret = xv_pin_dir_renew(dp->pin_dir, &dp->lock_fd, err);
	struct bpf_map *map;
	const char *path;

	if (ret)
		return ret;
	bpf_object__for_each_map(map, dp->skel->obj)
	{
		path = bpf_map__pin_path(map);
		if (!path || !access(path, F_OK))
			continue;
		if (bpf_obj_pin(bpf_map__fd(map), path))
			return xv_err_set(err, -errno, "cannot pin %s again: %s", path,
					  strerror(errno));
		n++;
	}
	return n;
}

int xv_datapath_check(struct xv_err *err)
{
	struct utsname uts;
	int ret;

	uname(&uts);
	ret = xv_kernel_check(uts.release, err);
	return ret ?: check_privileges(err);
}

int xv_datapath_open(const char *instance, struct xv_datapath **out, struct xv_err *err)
{
	struct xv_datapath *dp = calloc(1, sizeof(*dp));
	struct xv_pinned pinned;
	int ret;

	if (!dp)
		return xv_err_set(err, -ENOMEM, "out of memory");
	dp->lock_fd = -1;
	snprintf(dp->pin_dir, sizeof(dp->pin_dir), XV_PIN_ROOT "/%s", instance);
	ret = xv_pin_dir_take(dp->pin_dir, &dp->lock_fd, &pinned, err);
	if (ret < 0)
		goto err_free;
	dp->adopted = ret;
	ret = load(dp, instance, &pinned, err);
	ret = ret ?: map_tables(dp, err);
	if (ret) {
		struct xv_err ignored;

		if (!dp->adopted)
			xv_pin_dir_remove(instance, &ignored);
		goto err_free;
	}
	*out = dp;
	return 0;
err_free:
	xv_datapath_close(dp);
	return ret;
}

void xv_datapath_close(struct xv_datapath *dp)
{
	if (!dp)
		return;
	if (dp->bd)
		munmap(dp->bd, XV_MAX_NETWORKS * sizeof(*dp->bd));
	if (dp->bd_info)
		munmap(dp->bd_info, XV_MAX_NETWORKS * sizeof(*dp->bd_info));
	if (dp->adj)
		munmap(dp->adj, XV_MAX_PEERS * sizeof(*dp->adj));
	if (dp->vni_index)
		munmap(dp->vni_index, XV_VNI_INDEX * sizeof(*dp->vni_index));
	if (dp->peer_index)
		munmap(dp->peer_index, XV_PEER_INDEX * sizeof(*dp->peer_index));
	xv_datapath_unmap_stats(dp);
	xv_migration_end(dp->migration);
	xvtep_bpf__destroy(dp->skel);
	xv_lock_release(dp->lock_fd);
	free(dp);
}

static int prog_fd(const struct xv_datapath *dp, enum xv_prog prog)
{
	const struct xvtep_bpf *skel = dp->skel;

	switch (prog) {
	case XV_PROG_DECAP:
		return bpf_program__fd(skel->progs.xv_decap);
	case XV_PROG_DECAP_SKB:
		return bpf_program__fd(skel->progs.xv_decap_skb);
	case XV_PROG_DECAP_TC:
		return bpf_program__fd(skel->progs.xv_decap_tc);
	case XV_PROG_SLOW_RX:
		return bpf_program__fd(skel->progs.xv_slow_rx);
	case XV_PROG_ENCAP:
		return bpf_program__fd(skel->progs.xv_encap);
	case XV_PROG_PORT_ENCAP:
		return bpf_program__fd(skel->progs.xv_port_encap);
	case XV_PROG_MAX:
		break;
	}
	return -EINVAL;
}

int xv_datapath_attach_tc(const struct xv_datapath *dp, const struct xv_link *link,
			  enum xv_prog prog, bool behind, struct xv_err *err)
{
	return xv_attach_tc(dp->pin_dir, prog_fd(dp, prog), link, behind, err);
}

int xv_datapath_attach_tc_soon(const struct xv_datapath *dp, const struct xv_link *link,
			       enum xv_prog prog, bool *filter, struct xv_err *err)
{
	return xv_attach_tc_soon(dp->pin_dir, prog_fd(dp, prog), link, filter, err);
}

int xv_datapath_attach_xdp(const struct xv_datapath *dp, struct xv_netlink *nl,
			   const struct xv_link *link, enum xv_prog prog, struct xv_err *err)
{
	return xv_attach_xdp(dp->pin_dir, prog_fd(dp, prog), nl, link, prog == XV_PROG_DECAP_SKB,
			     err);
}
