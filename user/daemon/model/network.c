/* SPDX-License-Identifier: GPL-2.0-only */
/* Networks: see network.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "link_local.h"
#include "maps/index.h"
#include "maps/stats.h"
#include "model/batch.h"
#include "model/ids.h"
#include "model/network.h"
#include "xv_wire.h"

void xv_network_defaults(struct xv_network_settings *set)
{
	*set = (struct xv_network_settings){
		.learning = true,
		.ageing = XV_DEFAULT_AGEING,
		.max_macs = XV_DEFAULT_MAX_MACS,
		.learn_rate = XV_DEFAULT_LEARN_RATE,
		.loop_detect = true,
		.link_local = XV_DEFAULT_LINK_LOCAL,
	};
}

struct xv_network *xv_network_find(struct xv_model *model, uint32_t vni)
{
	struct xv_network *net;

	HASH_FIND(hh, model->networks, &vni, sizeof(vni), net);
	return net;
}

static struct xv_network *find_name(struct xv_model *model, const char *name)
{
	struct xv_network *net, *tmp;

	HASH_ITER (hh, model->networks, net, tmp)
		if (!strcmp(net->set.name, name))
			return net;
	return NULL;
}

struct xv_network *xv_network_lookup(struct xv_model *model, const char *word)
{
	struct xv_network *net = find_name(model, word);
	uint32_t vni;

	if (!net && !xv_uint_parse(word, 1, XV_VNI_MAX, &vni))
		net = xv_network_find(model, vni);
	return net;
}

/*
 * Assigns ids in a circle, so that a late event does not meet a reused id. Skips ids that an
 * outside program wrote into the map.
 */
static uint32_t free_bd(struct xv_model *model)
{
	uint32_t i, bd;

	for (i = 1; i < XV_MAX_NETWORKS; i++) {
		bd = 1 + (model->last_bd + i - 1) % (XV_MAX_NETWORKS - 1);
		if (!model->by_bd[bd] && !model->batch->bd[bd] && !model->dp->bd[bd].flags)
			return bd;
	}
	return xv_batch_make_room(model) ? free_bd(model) : 0;
}

bool xv_network_has_group(const struct xv_network *net)
{
	size_t i;

	for (i = 0; i < net->n_flood; i++)
		if (net->flood[i].val.kind == XV_FDB_GROUP)
			return true;
	return false;
}

/* Writes the settings field by field: programs read the entry's words meanwhile. */
static void write_settings(struct xv_model *model, struct xv_network *net)
{
	struct xv_bd_val *val = &model->dp->bd[net->bd];
	struct xv_bd_info_val *info = &model->dp->bd_info[net->bd];
	const struct xv_network_settings *set = &net->set;
	uint32_t flags = XV_BD_VALID;

	if (set->learning)
		flags |= XV_BD_LEARN;
	if (set->inner_vlan)
		flags |= XV_BD_INNER_VLAN;
	if (xv_network_has_group(net))
		flags |= XV_BD_ANY_PEER;
	if (net->origins & XV_ORIGIN_CONFIG)
		flags |= XV_BD_CONFIG;
	if (net->origins & XV_ORIGIN_ADDED)
		flags |= XV_BD_HAND;
	if (!net->origins)
		flags |= XV_BD_KEPT;
	if (net->full)
		flags |= XV_BD_FULL;
	if (!set->loop_detect)
		flags |= XV_BD_NO_LOOPS;
	val->vni = net->vni;
	info->learn_rate = set->learn_rate;
	info->max_macs = set->max_macs;
	info->ageing = set->ageing;
	info->link_local = set->link_local;
	memcpy(info->name, set->name, sizeof(info->name));
	__atomic_store_n(&val->flags, flags, __ATOMIC_RELEASE);
	xv_index_update_network(model->dp, net->vni, net->bd);
}

void xv_network_write(struct xv_model *model, struct xv_network *net)
{
	write_settings(model, net);
}

static struct xv_network *new_network(struct xv_model *model, uint32_t vni, uint32_t bd)
{
	struct xv_network *net = calloc(1, sizeof(*net));

	if (!net)
		return NULL;
	net->vni = vni;
	net->bd = bd;
	model->by_bd[bd] = net;
	HASH_ADD(hh, model->networks, vni, sizeof(net->vni), net);
	return net;
}

/* Removes the network from the daemon's tables. */
static void unlink_network(struct xv_model *model, struct xv_network *net)
{
	model->n_short -= net->short_of_room;
	HASH_DEL(model->networks, net);
	model->by_bd[net->bd] = NULL;
}

static void free_network(struct xv_network *net)
{
	free(net->flood);
	free(net);
}

/* The default name is made from the VNI. */
static void fill_name(struct xv_network_settings *set, uint32_t vni)
{
	if (!set->name[0])
		snprintf(set->name, sizeof(set->name), "vni%u", vni);
}

static void copy_settings(struct xv_network *net, const struct xv_network_settings *set)
{
	net->set = *set;
	fill_name(&net->set, net->vni);
}

int xv_network_add(struct xv_model *model, uint32_t vni, const struct xv_network_settings *set,
		   enum xv_origin origin, struct xv_network **out, struct xv_err *err)
{
	uint32_t bd = free_bd(model);
	struct xv_network *net;
	int ret;

	if (!vni || vni > XV_VNI_MAX)
		return xv_err_set(err, -EINVAL, "VNI %u is not in 1-%u", vni, XV_VNI_MAX);
	net = xv_network_find(model, vni);
	if (net)
		return xv_err_set(err, -EEXIST, "VNI %u is network \"%s\" already", vni,
				  net->set.name);
	if (!bd)
		return xv_err_set(err, -ENOSPC, "there are %u networks already, which is the limit",
				  XV_MAX_NETWORKS - 1);
	net = new_network(model, vni, bd);
	if (!net)
		return xv_err_set(err, -ENOMEM, "out of memory");
	model->last_bd = bd;
	copy_settings(net, set);
	net->origins = origin;
	xv_stats_clear_network(model->dp, bd);
	model->dp->bd[bd].flood.word = 0;
	write_settings(model, net);
	ret = bpf_map_update_elem(model->dp->fd.vni, &vni, &bd, BPF_ANY);
	if (ret) {
		model->dp->bd[bd].flags = 0;
		unlink_network(model, net);
		free_network(net);
		return xv_err_set(err, ret, "cannot add VNI %u: %s", vni, strerror(-ret));
	}
	xv_index_add_network(model->dp, net->vni, net->bd);
	if (out)
		*out = net;
	return 0;
}

void xv_network_set(struct xv_model *model, struct xv_network *net,
		    const struct xv_network_settings *set)
{
	copy_settings(net, set);
	write_settings(model, net);
	xv_signal_network(&model->signals.network_set, net);
}

int xv_network_check_name(struct xv_model *model, uint32_t vni,
			  const struct xv_network_settings *set, struct xv_err *err)
{
	struct xv_network_settings full = *set;
	struct xv_network *other;

	fill_name(&full, vni);
	other = find_name(model, full.name);
	if (!other || other->vni == vni)
		return 0;
	return xv_err_set(err, -EEXIST, "the name \"%s\" is taken by VNI %u", full.name,
			  other->vni);
}

void xv_network_drop(struct xv_model *model, struct xv_network *net)
{
	net->origins &= ~(uint32_t)XV_ORIGIN_CONFIG;
	write_settings(model, net);
}

int xv_network_del(struct xv_model *model, struct xv_network *net, struct xv_err *err)
{
	xv_batch_begin(model);
	/* Frames from the wire end first, then the ports go, then the rest. */
	xv_index_del_network(model->dp, net->vni, net->bd);
	bpf_map_delete_elem(model->dp->fd.vni, &net->vni);
	xv_signal_network(&model->signals.network_going, net);
	__atomic_store_n(&model->dp->bd[net->bd].flags, 0, __ATOMIC_RELEASE);
	unlink_network(model, net);
	net->next_gone = model->batch->networks;
	model->batch->networks = net;
	model->batch->bd[net->bd] = true;
	model->batch->entries = true;
	return xv_batch_commit(model, err);
}

static void forget(struct xv_model *model, uint32_t bd)
{
	memset(&model->dp->bd_info[bd], 0, sizeof(model->dp->bd_info[bd]));
	memset(&model->dp->bd[bd], 0, sizeof(model->dp->bd[bd]));
}

void xv_network_free_gone(struct xv_model *model)
{
	struct xv_network *net, *next;

	for (net = model->batch->networks; net; net = next) {
		next = net->next_gone;
		forget(model, net->bd);
		free_network(net);
	}
}

/*
 * Takes settings from the map. Another program may have written them: values that a file may not
 * have become the default.
 */
static void adopt_settings(struct xv_network *net, uint32_t flags,
			   const struct xv_bd_info_val *info)
{
	struct xv_network_settings *set = &net->set;

	set->learning = flags & XV_BD_LEARN;
	set->inner_vlan = flags & XV_BD_INNER_VLAN;
	set->ageing = info->ageing;
	set->max_macs = info->max_macs && info->max_macs <= XV_MAX_FDB ? info->max_macs
								       : XV_DEFAULT_MAX_MACS;
	set->learn_rate = info->learn_rate;
	set->loop_detect = !(flags & XV_BD_NO_LOOPS);
	set->link_local = info->link_local & XV_LINK_LOCAL_ALL;
	memcpy(set->name, info->name, sizeof(set->name));
	set->name[sizeof(set->name) - 1] = '\0';
	if (set->name[strspn(set->name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					"0123456789_.-")])
		set->name[0] = '\0';
	fill_name(set, net->vni);
}

/* False: xv_vni has an entry without a valid network. */
static bool may_be_adopted(const struct xv_model *model, uint32_t vni, uint32_t bd)
{
	return vni && vni <= XV_VNI_MAX && bd && bd < XV_MAX_NETWORKS && !model->by_bd[bd] &&
	       model->dp->bd[bd].flags & XV_BD_VALID;
}

static int adopt_one(struct xv_model *model, uint32_t vni, uint32_t bd, struct xv_err *err)
{
	const struct xv_bd_val *val = &model->dp->bd[bd];
	struct xv_network *net = new_network(model, vni, bd);

	if (!net)
		return xv_err_set(err, -ENOMEM, "out of memory");
	net->origins = (val->flags & XV_BD_CONFIG ? XV_ORIGIN_CONFIG : 0) |
		       (val->flags & XV_BD_HAND ? XV_ORIGIN_HAND : 0);
	/* Another program that makes a network need not set the flags of its origin. */
	if (!net->origins && !(val->flags & XV_BD_KEPT))
		net->origins = XV_ORIGIN_MAP;
	adopt_settings(net, val->flags, &model->dp->bd_info[bd]);
	model->last_bd = bd > model->last_bd ? bd : model->last_bd;
	return 0;
}

int xv_network_adopt(struct xv_model *model, struct xv_err *err)
{
	uint32_t vni, gone, *prev = NULL, bd, i;
	int fd = model->dp->fd.vni, ret = 0;
	bool drop = false;

	while (!ret && !bpf_map_get_next_key(fd, prev, &vni)) {
		if (drop)
			bpf_map_delete_elem(fd, &gone);
		prev = &vni;
		gone = vni;
		drop = bpf_map_lookup_elem(fd, &vni, &bd) || !may_be_adopted(model, vni, bd);
		if (!drop)
			ret = adopt_one(model, vni, bd, err);
	}
	if (drop)
		bpf_map_delete_elem(fd, &gone);
	/* Entries without a VNI, which a killed daemon left. */
	for (i = 1; i < XV_MAX_NETWORKS; i++)
		if (!model->by_bd[i] && model->dp->bd[i].flags)
			forget(model, i);
	return ret;
}

static bool is_known(void *arg, uint32_t vni, uint32_t bd)
{
	const struct xv_network *net = xv_network_of(arg, bd);

	return net && net->vni == vni;
}

void xv_network_adopt_index(struct xv_model *model)
{
	struct xv_network *net;

	xv_index_sweep_networks(model->dp, is_known, model);
	for (net = model->networks; net; net = net->hh.next)
		xv_index_offer_network(model->dp, net->vni, net->bd);
}

struct xv_net_stats xv_network_stats(struct xv_model *model, const struct xv_network *net)
{
	struct xv_net_stats sum = xv_stats_network(model->dp, net->bd);
	size_t i;

	for (i = 0; i < net->n_flood && net->flood[i].val.kind == XV_FDB_PORT; i++)
		xv_stats_add_port(model->dp, &sum, net->flood[i].val.id);
	return sum;
}

void xv_network_free_all(struct xv_model *model)
{
	struct xv_network *net, *tmp;

	HASH_ITER (hh, model->networks, net, tmp) {
		unlink_network(model, net);
		free_network(net);
	}
}
