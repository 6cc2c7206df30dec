/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flood lists: see flood.h. A new list is written under the next generation and published with one
 * store of the network's head word. The old list is deleted after a grace period.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "log.h"
#include "model/batch.h"
#include "model/flood.h"
#include "model/group.h"
#include "model/ids.h"
#include "model/peer.h"
#include "model/port.h"

bool xv_flood_is_port(const struct xv_flood_member *member)
{
	return member->val.kind == XV_FDB_PORT;
}

static size_t count_ports(const struct xv_network *net)
{
	size_t n = 0;

	while (n < net->n_flood && xv_flood_is_port(&net->flood[n]))
		n++;
	return n;
}

static int write_list(struct xv_model *model, struct xv_network *net, uint16_t gen)
{
	struct xv_flood_key key = {.bd = net->bd, .gen = gen};
	int ret;

	for (key.index = 0; key.index < net->n_flood; key.index++) {
		ret = bpf_map_update_elem(model->dp->fd.flood, &key, &net->flood[key.index].val,
					  BPF_ANY);
		if (ret)
			return ret;
	}
	return 0;
}

static void erase_list(struct xv_model *model, uint32_t bd, uint16_t gen, uint32_t total)
{
	struct xv_flood_key key = {.bd = bd, .gen = gen};

	for (key.index = 0; key.index < total; key.index++)
		bpf_map_delete_elem(model->dp->fd.flood, &key);
}

static void publish(struct xv_model *model, struct xv_network *net)
{
	struct xv_flood_head head = {
		.gen = net->flood_gen + 1,
		.ports = count_ports(net),
		.total = net->n_flood,
	};

	__atomic_store_n(&model->dp->bd[net->bd].flood.word, head.word, __ATOMIC_RELEASE);
	xv_network_write(model, net);
}

int xv_flood_publish(struct xv_model *model, struct xv_flood_round *round, struct xv_err *err)
{
	struct xv_network *net, *tmp;
	int ret = 0, one;

	*round = (struct xv_flood_round){};
	HASH_ITER (hh, model->networks, net, tmp) {
		if (!net->flood_dirty || net->flood_published)
			continue;
		one = write_list(model, net, net->flood_gen + 1);
		if (!one) {
			publish(model, net);
			net->flood_published = true;
			net->flood_fresh = false;
			round->any = true;
			continue;
		}
		erase_list(model, net->bd, net->flood_gen + 1, net->n_flood);
		round->behind = true;
		if (net->flood_fresh)
			ret = xv_err_set(err, one, "cannot write the flood list of \"%s\": %s",
					 net->set.name, strerror(-one));
	}
	if (round->any)
		return 0; /* errors count only if the last round has them too */
	HASH_ITER (hh, model->networks, net, tmp)
		net->flood_fresh = false;
	return ret;
}

void xv_flood_retry(struct xv_model *model)
{
	struct xv_err err = {.text = ""};

	if (!model->flood_behind)
		return;
	xv_batch_begin(model);
	xv_batch_commit(model, &err);
	if (!model->flood_behind)
		xv_log(LOG_NOTICE, "all flood lists are as they should be again");
}

void xv_flood_erase_old(struct xv_model *model)
{
	struct xv_network *net, *tmp;

	HASH_ITER (hh, model->networks, net, tmp) {
		if (!net->flood_published)
			continue;
		erase_list(model, net->bd, net->flood_gen, net->flood_total);
		net->flood_gen++;
		net->flood_total = net->n_flood;
		net->flood_dirty = false;
		net->flood_published = false;
	}
}

static void changed(struct xv_network *net)
{
	net->flood_dirty = true;
	net->flood_fresh = true;
}

/* Marks the list as it was before a change that failed. */
static void unchanged(struct xv_network *net, bool dirty)
{
	net->flood_dirty = dirty;
	net->flood_fresh = false;
}

static void remove_member(struct xv_model *model, struct xv_network *net, size_t index)
{
	memmove(&net->flood[index], &net->flood[index + 1],
		(net->n_flood - index - 1) * sizeof(net->flood[0]));
	net->n_flood--;
	model->n_flood--;
}

/* Puts a member at the index. Ports come before remotes. */
static int insert(struct xv_model *model, struct xv_network *net, size_t index,
		  const struct xv_flood_val *val, struct xv_err *err)
{
	bool dirty = net->flood_dirty;
	struct xv_flood_member *list;
	int ret;

	if (model->n_flood >= XV_MAX_FLOOD)
		return xv_err_set(err, -ENOSPC,
				  "network \"%s\": the flood lists of all networks have %u "
				  "members, which is the limit",
				  net->set.name, XV_MAX_FLOOD);
	if (net->n_flood >= XV_MAX_FLOOD_LIST)
		return xv_err_set(err, -ENOSPC,
				  "the flood list of \"%s\" has %u members, which is "
				  "the limit",
				  net->set.name, XV_MAX_FLOOD_LIST);
	list = realloc(net->flood, (net->n_flood + 1) * sizeof(*list));
	if (!list)
		return xv_err_set(err, -ENOMEM, "out of memory");
	net->flood = list;
	memmove(&list[index + 1], &list[index], (net->n_flood - index) * sizeof(*list));
	list[index].val = *val;
	net->n_flood++;
	model->n_flood++;
	changed(net);
	xv_batch_begin(model);
	ret = xv_batch_commit(model, err);
	if (ret) {
		remove_member(model, net, index);
		unchanged(net, dirty);
	}
	return ret;
}

static int take_out(struct xv_model *model, struct xv_network *net, size_t index,
		    struct xv_err *err)
{
	remove_member(model, net, index);
	changed(net);
	xv_batch_begin(model);
	return xv_batch_commit(model, err);
}

static struct xv_flood_member *find_remote(struct xv_network *net, const struct xv_ip *remote)
{
	size_t i;

	for (i = count_ports(net); i < net->n_flood; i++)
		if (xv_ip_equal(&net->flood[i].val.remote, remote))
			return &net->flood[i];
	return NULL;
}

uint32_t xv_flood_origins(const struct xv_flood_member *member)
{
	uint32_t flags = member->val.flags;

	return flags & XV_FLOOD_CONFIG
		       ? XV_ORIGIN_CONFIG | (flags & XV_FLOOD_HAND ? XV_ORIGIN_HAND : 0)
		       : XV_ORIGIN_HAND;
}

bool xv_flood_by_hand(const struct xv_flood_member *member)
{
	return !xv_flood_is_port(member) && xv_flood_origins(member) & XV_ORIGIN_HAND;
}

int xv_flood_check(const struct xv_network *net, const struct xv_ip *remote, enum xv_origin origin,
		   struct xv_err *err)
{
	const struct xv_flood_val *val;
	char text[XV_IP_STRLEN];
	size_t i;

	for (i = count_ports(net); i < net->n_flood; i++) {
		val = &net->flood[i].val;
		if (xv_ip_equal(&val->remote, remote) ||
		    (origin == XV_ORIGIN_CONFIG && !xv_flood_by_hand(&net->flood[i])))
			continue;
		if (!xv_ip_is_multicast(remote) && !xv_ip_is_multicast(&val->remote))
			continue;
		return xv_err_set(
			err, -EBUSY,
			"network %s floods to %s already%s; a network floods either to peers "
			"or to one multicast group: delete that first",
			net->set.name, xv_ip_format(&val->remote, text),
			origin == XV_ORIGIN_CONFIG ? ", added by hand" : "");
	}
	return 0;
}

/* Gets the remote's peer or group, with a reference, and fills it into val. */
static int get_remote(struct xv_model *model, const struct xv_ip *remote, const char *dev,
		      struct xv_flood_val *val, struct xv_err *err)
{
	struct xv_group *group = NULL;
	struct xv_peer *peer = NULL;
	int ret;

	val->kind = xv_ip_is_multicast(remote) ? XV_FDB_GROUP : XV_FDB_PEER;
	val->remote = *remote;
	ret = val->kind == XV_FDB_GROUP ? xv_group_get(model, remote, dev, &group, err)
					: xv_peer_get(model, remote, &peer, err);
	if (!ret)
		val->id = group ? group->id : peer->id;
	return ret;
}

static void put_remote(struct xv_model *model, const struct xv_flood_val *val)
{
	if (val->kind == XV_FDB_GROUP)
		xv_group_put(model, xv_group_by_id(model, val->id));
	else if (xv_peer_of(model, val->id))
		xv_peer_put(model, xv_peer_of(model, val->id));
}

/*
 * The configuration names a member that was added by hand. The configuration's group device applies
 * from now on.
 */
static int adopt_by_config(struct xv_model *model, struct xv_network *net,
			   struct xv_flood_member *member, const char *dev, struct xv_err *err)
{
	struct xv_flood_val old = member->val, val = old;
	int ret = get_remote(model, &old.remote, dev, &val, err);

	if (ret)
		return ret;
	val.flags |= XV_FLOOD_CONFIG | XV_FLOOD_HAND;
	member->val = val;
	changed(net);
	xv_batch_begin(model);
	put_remote(model, &old);
	return xv_batch_commit(model, err);
}

int xv_flood_add(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		 const char *dev, enum xv_origin origin, struct xv_err *err)
{
	struct xv_flood_val val = {};
	struct xv_flood_member *old = find_remote(net, remote);
	char text[XV_IP_STRLEN];
	int ret;

	if (old && origin == XV_ORIGIN_CONFIG && !(xv_flood_origins(old) & XV_ORIGIN_CONFIG))
		return adopt_by_config(model, net, old, dev, err);
	if (old)
		return xv_err_set(err, -EEXIST, "%s is in the flood list of \"%s\" already",
				  xv_ip_format(remote, text), net->set.name);
	ret = get_remote(model, remote, dev, &val, err);
	if (ret)
		return ret;
	val.flags = origin == XV_ORIGIN_CONFIG ? XV_FLOOD_CONFIG : 0;
	ret = insert(model, net, net->n_flood, &val, err);
	if (ret)
		put_remote(model, &val);
	return ret;
}

static void hold(struct xv_model *model, const struct xv_flood_val *val)
{
	if (val->kind == XV_FDB_GROUP)
		xv_group_hold(xv_group_by_id(model, val->id));
	else if (xv_peer_of(model, val->id))
		xv_peer_hold(xv_peer_of(model, val->id));
}

/* Puts a member back whose removal failed: programs still send to it. The array has room for it. */
static void put_back(struct xv_model *model, struct xv_network *net, size_t index,
		     const struct xv_flood_val *val, bool dirty)
{
	memmove(&net->flood[index + 1], &net->flood[index],
		(net->n_flood - index) * sizeof(net->flood[0]));
	net->flood[index].val = *val;
	net->n_flood++;
	model->n_flood++;
	hold(model, val);
	unchanged(net, dirty);
}

static int del_member(struct xv_model *model, struct xv_network *net,
		      struct xv_flood_member *member, struct xv_err *err)
{
	size_t index = member - net->flood;
	struct xv_flood_val val = member->val;
	bool dirty = net->flood_dirty;
	int ret;

	xv_batch_begin(model);
	take_out(model, net, index, NULL);
	put_remote(model, &val);
	ret = xv_batch_commit(model, err);
	if (ret)
		put_back(model, net, index, &val, dirty);
	return ret;
}

int xv_flood_del(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		 struct xv_err *err)
{
	struct xv_flood_member *member = find_remote(net, remote);
	char text[XV_IP_STRLEN];

	if (!member)
		return xv_err_set(err, -ENOENT, "%s is not in the flood list of \"%s\"",
				  xv_ip_format(remote, text), net->set.name);
	return del_member(model, net, member, err);
}

int xv_flood_drop(struct xv_model *model, struct xv_network *net, const struct xv_ip *remote,
		  struct xv_err *err)
{
	struct xv_flood_member *member = find_remote(net, remote);

	if (!member || !xv_flood_by_hand(member))
		return xv_flood_del(model, net, remote, err);
	member->val.flags &= ~(XV_FLOOD_CONFIG | XV_FLOOD_HAND);
	changed(net);
	xv_batch_begin(model);
	return xv_batch_commit(model, err);
}

long xv_flood_flush(struct xv_model *model, struct xv_network *net, struct xv_err *err)
{
	long n = 0, ret = 0;

	xv_batch_begin(model);
	while (!ret && net->n_flood && !xv_flood_is_port(&net->flood[net->n_flood - 1])) {
		ret = del_member(model, net, &net->flood[net->n_flood - 1], err);
		n++;
	}
	ret = xv_batch_commit(model, err) ?: ret;
	return ret ?: n;
}

int xv_flood_add_port(struct xv_model *model, struct xv_network *net, uint32_t port,
		      struct xv_err *err)
{
	struct xv_flood_val val = {.kind = XV_FDB_PORT, .id = port};
	size_t i, ports = count_ports(net);

	for (i = 0; i < ports; i++)
		if (net->flood[i].val.id == port)
			return 0;
	return insert(model, net, ports, &val, err);
}

int xv_flood_del_port(struct xv_model *model, struct xv_network *net, uint32_t port,
		      struct xv_err *err)
{
	size_t i, ports = count_ports(net);

	for (i = 0; i < ports; i++)
		if (net->flood[i].val.id == port)
			return take_out(model, net, i, err);
	return 0;
}

void xv_flood_forget(struct xv_model *model, struct xv_network *net)
{
	erase_list(model, net->bd, net->flood_gen, net->flood_total);
	net->flood_total = 0;
	model->n_flood -= net->n_flood;
	net->n_flood = 0;
	net->flood_dirty = false;
}

/* Whether an adopted member's port or peer still exists. Fills in its id. */
static bool adopt_member(struct xv_model *model, struct xv_network *net, struct xv_flood_val *val)
{
	struct xv_port *port = xv_port_of(model, val->id);
	struct xv_peer *peer = xv_peer_find(model, &val->remote);
	struct xv_group *group = NULL;
	struct xv_err ignored;

	if (val->kind == XV_FDB_PORT)
		return port && port->net == net;
	if (val->kind == XV_FDB_GROUP) {
		if (!xv_ip_is_multicast(&val->remote) ||
		    xv_group_adopt(model, &val->remote, val->id, &group, &ignored))
			return false;
		net->flood_dirty |= val->id != group->id;
		val->id = group->id;
		return true;
	}
	if (val->kind != XV_FDB_PEER || !peer || peer->id != val->id)
		return false;
	xv_peer_hold(peer);
	return true;
}

/* Adoption of flood lists. */
struct adoption {
	uint16_t *listed; /* bd of the last list with the port or peer */
	bool peers, group;
};

/* Whether the list may have the member: each once, and not both peers and a group. */
static bool is_first(struct adoption *a, const struct xv_network *net,
		     const struct xv_flood_val *val)
{
	bool port = val->kind == XV_FDB_PORT, group = !port && xv_ip_is_multicast(&val->remote);
	uint32_t mark = port ? val->id : XV_MAX_PORTS + val->id;

	if (val->id >= (port ? XV_MAX_PORTS : XV_MAX_PEERS) ||
	    (!group && a->listed[mark] == net->bd) || (!port && (a->group || (group && a->peers))))
		return false;
	a->listed[mark] = net->bd;
	a->peers |= !port;
	a->group |= group;
	return true;
}

/* Adds an adopted member, ports first. A list in which they were not first is written again. */
static void take_member(struct xv_network *net, const struct xv_flood_val *val)
{
	size_t at = val->kind == XV_FDB_PORT ? count_ports(net) : net->n_flood;

	net->flood_dirty |= at != net->n_flood;
	memmove(&net->flood[at + 1], &net->flood[at], (net->n_flood - at) * sizeof(net->flood[0]));
	net->flood[at].val = *val;
	net->n_flood++;
}

static int adopt_network(struct xv_model *model, struct xv_network *net, struct adoption *a)
{
	struct xv_flood_head head = model->dp->bd[net->bd].flood;
	struct xv_flood_key key = {.bd = net->bd, .gen = head.gen};
	uint32_t total = head.total < XV_MAX_FLOOD_LIST ? head.total : XV_MAX_FLOOD_LIST;
	struct xv_flood_val val;

	net->flood = calloc(total ?: 1, sizeof(*net->flood));
	if (!net->flood)
		return -ENOMEM;
	a->peers = a->group = false;
	for (key.index = 0; key.index < total; key.index++)
		if (!bpf_map_lookup_elem(model->dp->fd.flood, &key, &val) &&
		    is_first(a, net, &val) && adopt_member(model, net, &val))
			take_member(net, &val);
	model->n_flood += net->n_flood;
	net->flood_gen = head.gen;
	net->flood_total = head.total;
	net->flood_dirty |= net->n_flood != head.total || count_ports(net) != head.ports;
	net->flood_fresh = net->flood_dirty;
	return 0;
}

static int adopt_lists(struct xv_model *model)
{
	struct adoption a = {
		.listed = calloc(XV_MAX_PORTS + XV_MAX_PEERS, sizeof(*a.listed)),
	};
	struct xv_network *net, *tmp;
	int ret = a.listed ? 0 : -ENOMEM;

	HASH_ITER (hh, model->networks, net, tmp)
		ret = ret ?: adopt_network(model, net, &a);
	free(a.listed);
	return ret;
}

int xv_flood_adopt(struct xv_model *model, struct xv_err *err)
{
	struct xv_flood_key key, *prev = NULL, gone;
	struct xv_network *net;
	bool drop = false;
	int fd = model->dp->fd.flood;

	if (adopt_lists(model))
		return xv_err_set(err, -ENOMEM, "out of memory");
	/*
	 * Deletes entries of other generations, which a daemon leaves that is killed between
	 * writing and publishing.
	 */
	while (!bpf_map_get_next_key(fd, prev, &key)) {
		if (drop)
			bpf_map_delete_elem(fd, &gone);
		net = xv_network_of(model, key.bd);
		drop = !net || key.gen != net->flood_gen || key.index >= net->flood_total;
		gone = key;
		prev = &key;
	}
	if (drop)
		bpf_map_delete_elem(fd, &gone);
	xv_batch_begin(model);
	if (xv_batch_commit(model, err)) /* tried again every second: no reason to fail */
		xv_log(LOG_ERR, "%s", err->text);
	return 0;
}
