/* SPDX-License-Identifier: GPL-2.0-only */
/* The running daemon: see instance.h. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "clock.h"
#include "config/config_file.h"
#include "instance.h"
#include "kernel/pinned.h"
#include "kernel/xfrm.h"
#include "lock.h"
#include "log.h"
#include "looks.h"
#include "maps/pin_dir.h"
#include "maps/stats.h"
#include "model/adjacency.h"
#include "model/attachment.h"
#include "model/flood.h"
#include "model/group.h"
#include "model/hop.h"
#include "model/lifetime.h"
#include "model/local.h"
#include "model/loop.h"
#include "model/mac_table.h"
#include "model/queue.h"
#include "model/quota.h"
#include "model/settle.h"
#include "model/slow.h"
#include "model/switchover.h"
#include "model/tenancy.h"
#include "model/tick.h"
#include "model/underlay.h"
#include "model/unhook.h"
#include "model/uplink.h"
#include "model/vlan.h"
#include "notify.h"
#include "rundir.h"
#include "serve/control.h"
#include "serve/metrics.h"
#include "sources/file.h"
#include "sources/firewall.h"
#include "sources/follow.h"
#include "sources/learn.h"
#include "sources/load.h"
#include "sources/reconcile.h"
#include "sources/watch.h"
#include "turn.h"

struct xv_instance {
	char config_file[PATH_MAX]; /* absolute, symbolic links not resolved */
	struct xv_model model;
	struct xv_follow *follow;
	struct xv_tick *tick;
	struct xv_watch *watch;
	struct xv_learn *learn;
	struct xv_firewall *firewall;
	struct xv_service service;
	struct xv_about about;
	struct xv_control *control;
	struct xv_metrics *metrics;
	int lock_fd;
};

static int check_udp_port(uint16_t from, uint16_t to, const char *name, struct xv_err *err)
{
	if (from == to)
		return 0;
	return xv_err_set(err, -EBUSY,
			  "underlay.port cannot change from %u to %u while the instance stands: "
			  "stop the daemon, run `xvtepd --detach -i %s`, start again",
			  from, to, name);
}

/* Notes an earlier daemon's slow path device. Refuses another UDP port than that daemon's. */
static int adopt_config(struct xv_model *model, const struct xv_config_val *val, struct xv_err *err)
{
	if (!val->abi)
		return 0;
	xv_slow_adopt(model, val->slow_ifindex);
	return check_udp_port(ntohs(val->udp_port), model->config->udp_port, model->name, err);
}

/* Makes or adopts the slow path device. Programs that run are told of a new one at once. */
static int open_slow(struct xv_model *model, struct xv_config_val *val, struct xv_err *err)
{
	__u32 zero = 0;
	int ret = xv_slow_open(model, val->slow_ifindex, err);

	if (ret || !model->dp->adopted || val->slow_ifindex == model->slow_ifindex)
		return ret;
	val->slow_ifindex = model->slow_ifindex;
	bpf_map_update_elem(model->dp->fd.config, &zero, val, BPF_ANY);
	return 0;
}

/* Does everything that can refuse a start. Nothing that forwards is changed before open_slow(). */
static int prepare(struct xv_instance *inst, struct xv_todo **todo, struct xv_switchover **change,
		   struct xv_err *err)
{
	struct xv_model *model = &inst->model;
	struct xv_config_val val = {};
	__u32 zero = 0;
	int ret;

	bpf_map_lookup_elem(model->dp->fd.config, &zero, &val);
	ret = adopt_config(model, &val, err);
	ret = ret ?: xv_uplink_adopt(model, err);
	ret = ret ?: xv_lifetime_adopt(model, err);
	ret = ret ?: xv_todo_make(model, model->config, todo, err);
	ret = ret ?: xv_metrics_apply(&inst->about, &inst->metrics, model->config, err);
	if (!ret)
		xv_loop_start(model);
	ret = ret ?: xv_learn_start(model, &inst->learn, err);
	ret = ret ?: xv_watch_start(model, &inst->watch, err);
	ret = ret ?: xv_firewall_start(model, &inst->firewall, err);
	inst->about.firewall = inst->firewall;
	ret = ret ?: xv_control_start(&inst->about, &inst->service, &inst->control, err);
	ret = ret
		      ?: xv_looks_start(model, inst->follow, inst->watch, inst->control,
					&inst->tick, err);
	ret = ret ?: xv_switchover_prepare(model, model->config, change, err);
	return ret ?: open_slow(model, &val, err);
}

/* Brings the instance up until it forwards. After xv_datapath_commit() nothing is refused. */
static int bring_up(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_model *model = &inst->model;
	struct xv_switchover *change = NULL;
	struct xv_todo *todo = NULL;
	size_t changes = 0;
	int ret = prepare(inst, &todo, &change, err) ?: xv_datapath_commit(model->dp, err);

	if (ret) {
		xv_switchover_cancel(model, change);
		xv_todo_free(todo);
		return ret;
	}
	if (model->dp->taken_over[0])
		xv_log(LOG_NOTICE, "%s", model->dp->taken_over);
	xv_switchover_commit(model, model->config, change);
	xv_tenancy_adopted(model);
	ret = xv_local_write(model);
	if (ret) {
		xv_todo_free(todo);
		return xv_err_set(err, ret, "cannot write xv_config: %s", strerror(-ret));
	}
	if (xv_reconcile_run(model, todo, &changes, err))
		xv_log(LOG_ERR, "%s", err->text);
	xv_todo_free(todo);
	xv_config_drop_networks(model->config);
	xv_unhook_leftovers(model);
	xv_group_refresh(model);
	xv_adjacency_refresh_all(model);
	xv_firewall_look(inst->firewall);
	if (model->dp->adopted && xv_pinned_alone(model->name))
		xv_hop_sweep(model);
	return 0;
}

/* ---- signals from the model ---- */

static void on_refresh(void *arg)
{
	struct xv_instance *inst = arg;

	if (inst->follow)
		xv_follow_refresh_soon(inst->follow);
}

static void on_retry(void *arg)
{
	struct xv_instance *inst = arg;

	if (inst->follow)
		xv_follow_refresh_later(inst->follow);
}

static void on_again(void *arg)
{
	struct xv_instance *inst = arg;

	if (inst->follow)
		xv_follow_again_later(inst->follow);
}

static void on_room(void *arg)
{
	struct xv_instance *inst = arg;

	if (inst->learn)
		xv_learn_again(inst->learn);
}

/* The start is complete when no port waits. A port that cannot be attached does not wait. */
static void on_attached(void *arg)
{
	const struct xv_instance *inst = arg;
	size_t waiting = inst->model.n_waiting, ports = HASH_COUNT(inst->model.ports);

	if (waiting)
		xv_notify("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=attaching ports: %zu of %zu",
			  ports - waiting, ports);
	else
		xv_notify("READY=1\nSTATUS=%zu ports", ports);
}

static void on_ask(void *arg)
{
	struct xv_instance *inst = arg;

	xv_adjacency_refresh_asked(&inst->model);
}

static void on_network_set(void *arg, struct xv_network *net)
{
	struct xv_instance *inst = arg;

	if (!net->set.loop_detect)
		xv_loop_release(&inst->model, net);
	if (inst->learn)
		xv_learn_sweep_soon(inst->learn);
	xv_quota_room(&inst->model);
}

static void on_network_going(void *arg, struct xv_network *net)
{
	struct xv_instance *inst = arg;

	xv_tenancy_end_all(&inst->model, net);
	xv_flood_flush(&inst->model, net, NULL);
}

/* The kernel's IPsec policies have changed. */
static void on_policies(void *arg)
{
	xv_adjacency_refresh_begin(arg);
}

static int on_apply(void *arg, struct xv_config *config, size_t *changes, struct xv_err *err)
{
	return xv_instance_apply(arg, config, changes, err);
}

static int on_reload(void *arg, size_t *changes, struct xv_err *err)
{
	return xv_instance_reload(arg, changes, err);
}

static void connect_rooms(struct xv_instance *inst)
{
	struct xv_model *model = &inst->model;

	model->signals = (struct xv_signals){
		.refresh = {on_refresh, inst},
		.retry = {on_retry, inst},
		.again = {on_again, inst},
		.room = {on_room, inst},
		.attached = {on_attached, inst},
		.ask = {on_ask, inst},
		.settle = xv_settle,
		.network_set = {on_network_set, inst},
		.network_going = {on_network_going, inst},
	};
	inst->service = (struct xv_service){
		.model = model,
		.apply = on_apply,
		.reload = on_reload,
		.arg = inst,
	};
	inst->about = (struct xv_about){
		.model = model,
		.config_file = inst->config_file,
		.started = xv_clock_boot(),
	};
}

/* ---- start and stop ---- */

/* Frees the object. The datapath stays attached and forwards. */
static void destroy(struct xv_instance *inst)
{
	if (!inst)
		return;
	xv_turn_stop();
	xv_tick_stop(inst->tick);
	xv_watch_stop(inst->watch);
	xv_metrics_stop(inst->metrics);
	xv_control_stop(inst->control);
	xv_load_stop(&inst->service.loads);
	xv_learn_stop(inst->learn);
	inst->learn = NULL;
	xv_loop_stop(&inst->model);
	xv_follow_stop(inst->follow);
	inst->follow = NULL;
	xv_firewall_stop(inst->firewall);
	xv_lifetime_end(&inst->model);
	xv_lock_release(inst->lock_fd);
	free(inst);
}

static int open_datapath(struct xv_model *model, struct xv_err *err)
{
	int ret = xv_datapath_open(model->name, &model->dp, err);

	if (ret)
		return ret;
	xv_stats_start(model->dp, model->base);
	if (model->dp->missing[0])
		xv_log(LOG_WARNING,
		       "pins were missing in %s: %s; made anew, empty: their contents are lost, "
		       "except what the configuration has",
		       model->dp->pin_dir, model->dp->missing);
	if (xv_pin_dir_is_private())
		xv_log(LOG_WARNING, XV_PIN_ROOT
		       " is seen in this mount namespace alone: forwarding ends, and its "
		       "state is lost, with the last process in it (ip netns exec? use "
		       "nsenter --net=)");
	return 0;
}

static int start(struct xv_instance *inst, struct xv_err *err)
{
	struct xv_model *model = &inst->model;
	bool fresh;
	int ret;

	ret = xv_lifetime_begin(model, err);
	ret = ret ?: xv_follow_open(model, &inst->follow, err);
	ret = ret ?: xv_local_check(model, model->config, err);
	ret = ret ?: xv_vlan_load(model, err);
	ret = ret ?: open_datapath(model, err);
	if (ret)
		return ret;
	fresh = !model->dp->adopted;
	ret = xv_follow_start(inst->follow, err);
	ret = ret ?: xv_unhook_start(model, err);
	ret = ret ?: xv_queue_start(model, err);
	ret = ret
		      ?: xv_xfrm_start(model->base, (struct xv_signal){on_policies, model},
				       &model->xfrm, err);
	ret = ret ?: xv_mac_table_open(model, err);
	ret = ret ?: bring_up(inst, err);
	if (ret && fresh) {
		struct xv_err ignored;

		xv_pin_dir_remove(model->name, &ignored);
		if (model->slow_ifindex)
			xv_netlink_del_link(model->nl, model->slow_ifindex, NULL);
	}
	return ret;
}

static int take_lock(struct xv_instance *inst, struct xv_err *err)
{
	int ret = xv_lock_take(inst->model.name, &inst->lock_fd, err);
	struct xv_err why = *err;

	if (ret == -EBUSY)
		xv_err_set(err, ret, "%.400s, or choose another name with -i", why.text);
	return ret;
}

static bool is_pinned(const struct xv_instance *inst)
{
	char path[sizeof(XV_PIN_ROOT) + sizeof(inst->model.name)];

	snprintf(path, sizeof(path), XV_PIN_ROOT "/%s", inst->model.name);
	return !access(path, F_OK);
}

/*
 * Stores the file's name, made absolute if possible. Symbolic links stay: a reload reads the file
 * that they lead to at that time.
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
	inst->model.base = base;
	inst->model.config = config;
	memcpy(inst->model.name, config->instance, sizeof(inst->model.name));
	keep_path(inst, config_file);
	connect_rooms(inst);
	ret = xv_datapath_check(err);
	ret = ret ?: take_lock(inst, err);
	ret = ret ?: start(inst, err);
	if (ret) {
		if (inst->lock_fd >= 0 && !is_pinned(inst))
			xv_rundir_remove(inst->model.name);
		destroy(inst);
		return ret;
	}
	*out = inst;
	return 0;
}

int xv_instance_run(struct xv_instance *inst, struct xv_err *err)
{
	int ret = xv_mac_table_run(&inst->model, err);

	ret = ret ?: xv_control_listen(inst->control, err);
	if (!ret && !inst->model.n_waiting)
		on_attached(inst);
	return ret;
}

const char *xv_instance_file(const struct xv_instance *inst)
{
	return inst->config_file;
}

void xv_instance_stop(struct xv_instance *inst)
{
	struct xv_config *config = inst ? inst->model.config : NULL;

	destroy(inst);
	xv_config_free(config);
}

/* ---- a new configuration ---- */

/* Refuses changes of settings that cannot change while the instance runs. */
static int check_fixed(const struct xv_instance *inst, const struct xv_config *config,
		       struct xv_err *err)
{
	if (strcmp(inst->model.name, config->instance))
		return xv_err_set(err, -EINVAL,
				  "instance is \"%s\" in the file, but this daemon runs \"%s\"",
				  config->instance, inst->model.name);
	return check_udp_port(inst->model.config->udp_port, config->udp_port, inst->model.name,
			      err);
}

/* Does everything that can refuse the configuration, before anything that runs is changed. */
static int take_config(struct xv_instance *inst, struct xv_config *config, struct xv_todo **todo,
		       struct xv_err *err)
{
	struct xv_model *model = &inst->model;
	struct xv_switchover *change = NULL;
	int ret = check_fixed(inst, config, err);

	ret = ret ?: xv_local_check(model, config, err);
	ret = ret ?: xv_todo_make(model, config, todo, err);
	ret = ret ?: xv_switchover_prepare(model, config, &change, err);
	ret = ret ?: xv_metrics_apply(&inst->about, &inst->metrics, config, err);
	if (ret)
		xv_switchover_cancel(model, change);
	else
		xv_switchover_commit(model, config, change);
	return ret;
}

int xv_instance_apply(struct xv_instance *inst, struct xv_config *config, size_t *changes,
		      struct xv_err *err)
{
	struct xv_model *model = &inst->model;
	struct xv_config *old = model->config;
	struct xv_todo *todo = NULL;
	size_t mended = xv_watch_all(inst->watch);
	int ret = take_config(inst, config, &todo, err);

	if (ret) {
		xv_todo_free(todo);
		xv_file_free(config);
		return ret;
	}
	model->config = config;
	*changes = mended + xv_config_head_changes(old, config);
	xv_config_free(old);
	ret = xv_reconcile_run(model, todo, changes, err);
	xv_todo_free(todo);
	xv_queue_wait(model);
	xv_local_write(model);
	xv_firewall_look(inst->firewall);
	xv_underlay_look_all(model);
	xv_attachment_look_all(model);
	xv_file_drop_networks(config);
	xv_group_refresh(model);
	xv_adjacency_refresh_all(model);
	return ret;
}

/* Makes files in the run directory again that somebody removed. */
static void renew_files(struct xv_instance *inst)
{
	struct xv_err err = {.text = ""};

	if (xv_lock_renew(inst->model.name, &inst->lock_fd, &err) ||
	    xv_control_renew(inst->control, &err))
		xv_log(LOG_ERR, "%s", err.text);
}

/* After the start the daemon has no privilege to read files of others. */
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
	ret = xv_file_load(inst->config_file, &config, err);
	if (ret == -EACCES)
		return explain_access(err);
	if (ret)
		return ret;
	memcpy(config->instance, inst->model.name, sizeof(config->instance)); /* -i overrides */
	return xv_instance_apply(inst, config, changes, err);
}
