/* SPDX-License-Identifier: GPL-2.0-only */
/* The running daemon: see instance.h. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "model/adjacency.h"
#include "model/batch.h"
#include "serve/control.h"
#include "model/egress.h"
#include "model/flood.h"
#include "sources/follow.h"
#include "model/fdb.h"
#include "sources/firewall.h"
#include "model/group.h"
#include "model/hop.h"
#include "maps/index.h"
#include "sources/learn.h"
#include "model/local.h"
#include "model/loop.h"
#include "sources/load.h"
#include "clock.h"
#include "lock.h"
#include "log.h"
#include "serve/metrics.h"
#include "maps/pinned.h"
#include "model/pmtu.h"
#include "sources/reconcile.h"
#include "rundir.h"
#include "model/slow.h"
#include "maps/stats.h"
#include "model/unhook.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "sources/watch.h"
#include "kernel/xfrm.h"

/* ---- configuration of the instance itself ---- */

static int check_address(struct xv_instance *inst, const struct xv_config *config, bool v6,
			 struct xv_err *err)
{
	const struct xv_ip *ip = v6 ? &config->address6 : &config->address;
	char text[XV_IP_STRLEN];
	int ret;

	if (xv_ip_is_zero(ip))
		return 0;
	ret = xv_netlink_has_address(inst->nl, ip, NULL, err);
	if (ret)
		return ret < 0 ? ret : 0;
	xv_ip_format(ip, text);
	return xv_err_set(err, -EADDRNOTAVAIL,
			  "%s:%d: underlay.%s \"%s\" is not an address of this host: assign it "
			  "first (ip address add %s/%s dev ...)",
			  config->file, v6 ? config->address6_line : config->address_line,
			  v6 ? "address6" : "address", text, text, v6 ? "128" : "32");
}

static int check_addresses(struct xv_instance *inst, const struct xv_config *config,
			   struct xv_err *err)
{
	int ret = check_address(inst, config, false, err);

	return ret ?: check_address(inst, config, true, err);
}

uint64_t xv_instance_uptime(const struct xv_instance *inst)
{
	return xv_clock_boot() - inst->started;
}

static int alloc_tables(struct xv_instance *inst, struct xv_err *err)
{
	inst->by_bd = calloc(XV_MAX_NETWORKS, sizeof(*inst->by_bd));
	inst->port_by_id = calloc(XV_MAX_PORTS, sizeof(*inst->port_by_id));
	inst->peer_by_id = calloc(XV_MAX_PEERS, sizeof(*inst->peer_by_id));
	inst->batch = calloc(1, sizeof(*inst->batch));
	if (!inst->by_bd || !inst->port_by_id || !inst->peer_by_id || !inst->batch)
		return xv_err_set(err, -ENOMEM, "out of memory");
	return 0;
}

/* Takes over what pinned maps hold; each layer checks against the one before. */
static int adopt(struct xv_instance *inst, struct xv_err *err)
{
	int ret = xv_network_adopt(inst, err);

	ret = ret ?: xv_peer_adopt(inst, err);
	if (!ret)
		xv_index_adopt(inst);
	ret = ret ?: xv_port_adopt(inst, err);
	ret = ret ?: xv_flood_adopt(inst, err);
	ret = ret ?: xv_fdb_adopt(inst, err);
	if (!ret)
		xv_peer_adopted(inst);
	return ret;
}

static int check_udp_port(uint16_t from, uint16_t to, const char *name, struct xv_err *err)
{
	if (from == to)
		return 0;
	return xv_err_set(err, -EBUSY,
			  "underlay.port cannot change from %u to %u while the instance stands: "
			  "stop the daemon, run `xvtepd --detach -i %s`, start again",
			  from, to, name);
}

/* What an earlier daemon left, as far as it is this one's to go on with. */
static int adopt_config(struct xv_instance *inst, const struct xv_config_val *val,
			struct xv_err *err)
{
	if (!val->abi)
		return 0;
	xv_slow_adopt(inst, val->slow_ifindex);
	return check_udp_port(ntohs(val->udp_port), inst->config->udp_port, inst->name, err);
}

/* The slow path device; programs that run already are told of a new one at once. */
static int open_slow(struct xv_instance *inst, struct xv_config_val *val, struct xv_err *err)
{
	__u32 zero = 0;
	int ret = xv_slow_open(inst, val->slow_ifindex, err);

	if (ret || !inst->dp->adopted || val->slow_ifindex == inst->slow_ifindex)
		return ret;
	val->slow_ifindex = inst->slow_ifindex;
	bpf_map_update_elem(inst->dp->fd.config, &zero, val, BPF_ANY);
	return 0;
}

/* All that can refuse a start, the slow path device last: what forwards is not touched before. */
static int prepare(struct xv_instance *inst, struct xv_todo **todo,
		   struct xv_uplink_change **change, struct xv_err *err)
{
	struct xv_config_val val = {};
	__u32 zero = 0;
	int ret;

	bpf_map_lookup_elem(inst->dp->fd.config, &zero, &val);
	ret = adopt_config(inst, &val, err);
	ret = ret ?: xv_uplink_adopt(inst, err);
	ret = ret ?: adopt(inst, err);
	ret = ret ?: xv_reconcile_prepare(inst, inst->config, todo, err);
	ret = ret ?: xv_metrics_start(inst, err);
	if (!ret)
		xv_loop_start(inst);
	ret = ret ?: xv_learn_start(inst, err);
	ret = ret ?: xv_watch_start(inst, err);
	ret = ret ?: xv_firewall_start(inst, err);
	ret = ret ?: xv_control_start(inst, err);
	ret = ret ?: xv_uplink_prepare(inst, inst->config, change, err);
	return ret ?: open_slow(inst, &val, err);
}

/*
 * With the datapath open: everything up to forwarding. What programs go by is written when nothing
 * refuses the configuration any more.
 */
static int bring_up(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_uplink_change *change = NULL;
	struct xv_todo *todo = NULL;
	size_t changes = 0;
	int ret = prepare(inst, &todo, &change, err);

	if (ret) {
		xv_uplink_cancel(inst, change);
		xv_reconcile_free(todo);
		return ret;
	}
	xv_uplink_commit(inst, inst->config, change);
	xv_port_adopted(inst);
	ret = xv_local_write(inst);
	if (ret) {
		xv_reconcile_free(todo);
		return xv_err_set(err, ret, "cannot write xv_config: %s", strerror(-ret));
	}
	if (xv_reconcile_run(inst, todo, &changes, err))
		xv_log(LOG_ERR, "%s", err->text);
	xv_reconcile_free(todo);
	xv_config_drop_networks(inst->config);
	xv_unhook_leftovers(inst);
	xv_group_refresh(inst);
	xv_adjacency_refresh_all(inst);
	xv_firewall_look(inst);
	if (inst->dp->adopted && xv_pinned_alone(inst->name))
		xv_hop_sweep(inst);
	return 0;
}

/* Frees the object; the datapath stays as it is. */
static void destroy(struct xv_instance *inst)
{
	if (!inst)
		return;
	xv_watch_stop(inst);
	xv_metrics_stop(inst);
	xv_control_stop(inst);
	xv_load_stop(inst);
	xv_learn_stop(inst);
	xv_loop_stop(inst);
	xv_follow_stop(inst);
	xv_pmtu_stop(inst);
	xv_adjacency_stop(inst);
	xv_unhook_stop(inst);
	xv_xfrm_stop(inst);
	xv_firewall_stop(inst);
	xv_stats_stop(inst);
	xv_fdb_close(inst);
	xv_port_free_all(inst);
	xv_peer_free_all(inst);
	xv_network_free_all(inst);
	xv_group_free_all(inst);
	xv_egress_free_all(inst);
	xv_hop_free_all(inst);
	xv_vlan_free_all(inst);
	free(inst->uplinks);
	free(inst->by_bd);
	free(inst->port_by_id);
	free(inst->peer_by_id);
	free(inst->batch);
	xv_datapath_close(inst->dp);
	xv_netlink_close(inst->nl);
	xv_lock_release(inst->lock_fd);
	free(inst);
}

static int start(struct xv_instance *inst, struct xv_err *err)
{
	bool fresh;
	int ret;

	ret = alloc_tables(inst, err);
	ret = ret ?: xv_follow_open(inst, err);
	ret = ret ?: check_addresses(inst, inst->config, err);
	ret = ret ?: xv_vlan_load(inst, err);
	ret = ret ?: xv_datapath_open(inst->name, &inst->dp, err);
	if (ret)
		return ret;
	fresh = !inst->dp->adopted;
	if (inst->dp->missing[0])
		xv_log(LOG_WARNING,
		       "pins were missing in %s: %s; made anew, empty: what they held is lost, but "
		       "for what the configuration says",
		       inst->dp->pin_dir, inst->dp->missing);
	if (xv_datapath_is_private())
		xv_log(LOG_WARNING, XV_PIN_ROOT
		       " is seen in this mount namespace alone: forwarding ends, and its "
		       "state is lost, with the last process in it (ip netns exec? use "
		       "nsenter --net=)");
	ret = xv_follow_start(inst, err);
	ret = ret ?: xv_unhook_start(inst, err);
	ret = ret ?: xv_xfrm_start(inst, err);
	ret = ret ?: xv_fdb_open(inst, err);
	ret = ret ?: bring_up(inst, err);
	if (ret && fresh) {
		struct xv_err ignored;

		xv_datapath_remove(inst->name, &ignored);
		if (inst->slow_ifindex)
			xv_netlink_del_link(inst->nl, inst->slow_ifindex, NULL);
	}
	return ret;
}

static int take_lock(struct xv_instance *inst, struct xv_err *err)
{
	int ret = xv_lock_take(inst->name, &inst->lock_fd, err);
	struct xv_err why = *err;

	if (ret == -EBUSY)
		xv_err_set(err, ret, "%.400s, or choose another name with -i", why.text);
	return ret;
}

static bool is_pinned(const struct xv_instance *inst)
{
	char path[sizeof(XV_PIN_ROOT) + sizeof(inst->name)];

	snprintf(path, sizeof(path), XV_PIN_ROOT "/%s", inst->name);
	return !access(path, F_OK);
}

/*
 * Absolute, but with its links as they are: a reload reads what they lead to by then. Without a
 * current directory, or too long: as given.
 */
static void keep_path(struct xv_instance *inst, const char *file)
{
	char *dir = file[0] == '/' ? NULL : get_current_dir_name();
	size_t size = sizeof(inst->config_file);

	if (!dir || snprintf(inst->config_file, size, "%s/%s", dir, file) >= (int)size)
		snprintf(inst->config_file, size, "%s", file);
	free(dir);
}

int xv_instance_start(struct xv_config *config, const char *config_file, struct event_base *base,
		      struct xv_instance **out, struct xv_err *err)
{
	struct xv_instance *inst = calloc(1, sizeof(*inst));
	int ret;

	if (!inst)
		return xv_err_set(err, -ENOMEM, "out of memory");
	inst->lock_fd = -1;
	inst->base = base;
	inst->config = config;
	inst->started = xv_clock_boot();
	memcpy(inst->name, config->instance, sizeof(inst->name));
	keep_path(inst, config_file);
	ret = xv_datapath_check(err);
	ret = ret ?: take_lock(inst, err);
	ret = ret ?: start(inst, err);
	if (ret) {
		if (inst->lock_fd >= 0 && !is_pinned(inst))
			xv_rundir_remove(inst->name);
		destroy(inst);
		return ret;
	}
	*out = inst;
	return 0;
}

void xv_instance_stop(struct xv_instance *inst)
{
	struct xv_config *config = inst ? inst->config : NULL;

	destroy(inst);
	xv_config_free(config);
}

/* ---- a new configuration ---- */

/* What cannot change under a running instance. */
static int check_fixed(const struct xv_instance *inst, const struct xv_config *config,
		       struct xv_err *err)
{
	if (strcmp(inst->name, config->instance))
		return xv_err_set(err, -EINVAL,
				  "instance is \"%s\" in the file, but this daemon runs \"%s\"",
				  config->instance, inst->name);
	return check_udp_port(inst->config->udp_port, config->udp_port, inst->name, err);
}

/* All that may be refused, before what runs is touched. */
static int take_config(struct xv_instance *inst, struct xv_config *config, struct xv_todo **todo,
		       struct xv_err *err)
{
	struct xv_uplink_change *change = NULL;
	int ret = check_fixed(inst, config, err);

	ret = ret ?: check_addresses(inst, config, err);
	ret = ret ?: xv_reconcile_prepare(inst, config, todo, err);
	ret = ret ?: xv_uplink_prepare(inst, config, &change, err);
	ret = ret ?: xv_metrics_apply(inst, config, err);
	if (ret)
		xv_uplink_cancel(inst, change);
	else
		xv_uplink_commit(inst, config, change);
	return ret;
}

int xv_instance_apply(struct xv_instance *inst, struct xv_config *config, size_t *changes,
		      struct xv_err *err)
{
	struct xv_config *old = inst->config;
	struct xv_todo *todo = NULL;
	size_t mended = xv_watch_all(inst);
	int ret = take_config(inst, config, &todo, err);

	if (ret) {
		xv_reconcile_free(todo);
		xv_config_free(config);
		return ret;
	}
	inst->config = config;
	*changes = mended + xv_config_head_changes(old, config);
	xv_config_free(old);
	ret = xv_reconcile_run(inst, todo, changes, err);
	xv_reconcile_free(todo);
	xv_local_write(inst);
	xv_firewall_look(inst);
	xv_uplink_look_all(inst);
	xv_port_look_all(inst);
	xv_config_drop_networks(config);
	xv_group_refresh(inst);
	xv_adjacency_refresh_all(inst);
	return ret;
}

/* What others could remove from the run directory. */
static void renew_files(struct xv_instance *inst)
{
	struct xv_err err = {.text = ""};

	if (xv_lock_renew(inst->name, &inst->lock_fd, &err) || xv_control_renew(inst, &err))
		xv_log(LOG_ERR, "%s", err.text);
}

/* The privilege to read the files of others was dropped after the start. */
static int explain_access(struct xv_err *err)
{
	struct xv_err why = *err;

	return xv_err_set(err, -EACCES,
			  "%.380s: xvtepd reads the files of others only at its start: chown it to "
			  "root, let all read it, or restart",
			  why.text);
}

int xv_instance_reload(struct xv_instance *inst, size_t *changes, struct xv_err *err)
{
	struct xv_config *config = NULL;
	int ret;

	renew_files(inst);
	ret = xv_config_load(inst->config_file, &config, err);
	if (ret == -EACCES)
		return explain_access(err);
	if (ret)
		return ret;
	memcpy(config->instance, inst->name, sizeof(config->instance)); /* -i goes first */
	return xv_instance_apply(inst, config, changes, err);
}
