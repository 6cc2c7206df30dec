/* SPDX-License-Identifier: GPL-2.0-only */
/* Multicast groups: see group.h. A socket holds the membership; the slow path device receives. */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "log.h"
#include "maps/outer.h"
#include "model/batch.h"
#include "model/egress.h"
#include "model/group.h"
#include "model/peer.h"
#include "model/uplink.h"
#include "model/way.h"

/* MCAST_JOIN_GROUP or MCAST_LEAVE_GROUP (RFC 3678) on one device. */
static int request(const struct xv_group *group, uint32_t ifindex, int option)
{
	bool v4 = xv_ip_is_v4(&group->key.ip);
	struct group_req req = {.gr_interface = ifindex};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = group->key.ip.w[3]};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};

	memcpy(&sin6.sin6_addr, &group->key.ip, sizeof(group->key.ip));
	if (v4)
		memcpy(&req.gr_group, &sin, sizeof(sin));
	else
		memcpy(&req.gr_group, &sin6, sizeof(sin6));
	return setsockopt(group->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, option, &req, sizeof(req))
		       ? -errno
		       : 0;
}

/*
 * Joins the group on the device. The membership ends with the device. It is no error if the socket
 * is a member already.
 */
static int join(struct xv_group *group, uint32_t ifindex)
{
	int ret;

	if (group->joined == ifindex)
		return 0;
	if (group->joined)
		request(group, group->joined, MCAST_LEAVE_GROUP);
	group->joined = 0;
	if (!ifindex)
		return 0;
	ret = request(group, ifindex, MCAST_JOIN_GROUP);
	if (ret && ret != -EADDRINUSE)
		return ret;
	group->joined = ifindex;
	return 0;
}

/*
 * Chooses the device by which copies leave: the one that the setting names; else that of a route to
 * the group that somebody added, if it is an underlay device; else the first underlay device. The
 * kernel's own multicast route does not count: it depends on the order in which devices came up.
 */
static const struct xv_uplink *choose(struct xv_model *model, const struct xv_group *group)
{
	uint32_t ifindex;
	size_t i;

	if (group->key.dev[0])
		return xv_uplink_find(model, group->key.dev);
	if (!xv_netlink_get_group_dev(model->nl, &group->key.ip, NULL, model->config->udp_port,
				      &ifindex, NULL))
		for (i = 0; i < model->n_uplinks; i++)
			if (model->uplinks[i].ifindex == ifindex)
				return &model->uplinks[i];
	return model->n_uplinks ? &model->uplinks[0] : NULL;
}

/* Ethernet address of a group (RFC 1112, 6.4; RFC 2464, 7). */
static void group_mac(const struct xv_ip *ip, uint8_t mac[6])
{
	if (xv_ip_is_v4(ip)) {
		memcpy(mac, "\x01\x00\x5e", 3);
		mac[3] = ip->b[13] & 0x7f;
		memcpy(mac + 4, ip->b + 14, 2);
	} else {
		memcpy(mac, "\x33\x33", 2);
		memcpy(mac + 2, ip->b + 12, 4);
	}
}

/* Whether the kernel's route to the group leaves by this device too. */
static bool is_kernel_route(const struct xv_model *model, const struct xv_ip *ip,
			    const struct xv_uplink *uplink)
{
	const struct xv_config *config = model->config;
	const struct xv_ip *own = xv_ip_is_v4(ip) ? &config->address : &config->address6;
	uint32_t ifindex;

	return uplink && uplink->ifindex && !xv_ip_is_zero(own) &&
	       !xv_netlink_get_group_dev(model->nl, ip, own, config->udp_port, &ifindex, NULL) &&
	       ifindex == uplink->ifindex;
}

/* Why copies cannot leave by the device. NULL: they can. */
static const char *refuses(const struct xv_model *model, const struct xv_ip *ip,
			   const struct xv_uplink *uplink, bool by_route)
{
	bool v4 = xv_ip_is_v4(ip);

	if (xv_ip_is_zero(v4 ? &model->config->address : &model->config->address6))
		return v4 ? "there is no own IPv4 address" : "there is no own IPv6 address";
	if (!uplink)
		return "its device is no underlay device";
	if (!uplink->ifindex)
		return "its device is not there";
	if (!(uplink->link.flags & IFF_UP))
		return "its device is down";
	if (uplink->link.flags & (IFF_LOOPBACK | IFF_NOARP | IFF_POINTOPOINT))
		return "its device is not Ethernet";
	if (!v4 && model->config->udp6_checksum && !by_route)
		return "with udp6-checksum its device must be that of the kernel's route to it";
	return NULL;
}

static void write_adjacency(struct xv_model *model, const struct xv_group *group,
			    const struct xv_uplink *uplink, bool by_route)
{
	bool v4 = xv_ip_is_v4(&group->key.ip);
	struct xv_adj_val adj = {.ip = group->key.ip};
	uint8_t mac[6];

	if (group->ready) {
		xv_egress_use(model, &uplink->link);
		group_mac(&group->key.ip, mac);
		xv_outer_header(&adj, mac, uplink->link.mac,
				v4 ? &model->config->address : &model->config->address6,
				&group->key.ip, htons(model->config->udp_port));
		adj.flags |= XV_ADJ_VALID | xv_way_df(model->config, v4);
		adj.flags |= by_route ? XV_ADJ_GROUP_ROUTE : 0;
		adj.ifindex = uplink->ifindex;
		adj.mtu = xv_link_ip_mtu(&uplink->link, v4);
		adj.tx_slot = xv_uplink_tx_slot(model, uplink->ifindex);
	}
	memcpy(adj.group_dev, group->key.dev, sizeof(adj.group_dev));
	xv_outer_write_group(model->dp, group->id, &adj);
}

static void log_change(const struct xv_group *group, const char *before)
{
	char text[XV_IP_STRLEN];

	if (!strcmp(before, group->status))
		return;
	xv_ip_format(&group->key.ip, text);
	if (group->status[0])
		xv_log(LOG_WARNING, "group %s: %s", text, group->status);
	else
		xv_log(LOG_NOTICE, "group %s: by %s", text, group->dev);
}

static void look(struct xv_model *model, struct xv_group *group)
{
	const struct xv_uplink *uplink = choose(model, group);
	bool by_route = is_kernel_route(model, &group->key.ip, uplink);
	const char *why = refuses(model, &group->key.ip, uplink, by_route);
	char before[sizeof(group->status)];
	int ret = join(group, uplink ? uplink->ifindex : 0);
	char text[XV_IP_STRLEN];

	memcpy(before, group->status, sizeof(before));
	group->ready = !why;
	snprintf(group->dev, sizeof(group->dev), "%s", uplink ? uplink->dev : group->key.dev);
	group->status[0] = '\0';
	if (why)
		snprintf(group->status, sizeof(group->status), "%s", why);
	else if (ret)
		snprintf(group->status, sizeof(group->status), "cannot join group %s: %s",
			 xv_ip_format(&group->key.ip, text), strerror(-ret));
	write_adjacency(model, group, uplink, by_route);
	log_change(group, before);
}

static struct xv_group *find(struct xv_model *model, const struct xv_group_key *key)
{
	struct xv_group *group;

	HASH_FIND(hh, model->groups, key, sizeof(*key), group);
	return group;
}

static struct xv_group_key key_of(const struct xv_ip *ip, const char *dev)
{
	struct xv_group_key key;

	memset(&key, 0, sizeof(key));
	key.ip = *ip;
	snprintf(key.dev, sizeof(key.dev), "%s", dev ?: "");
	return key;
}

static int create(struct xv_model *model, const struct xv_group_key *key, uint32_t id,
		  struct xv_group **out, struct xv_err *err)
{
	struct xv_group *group = calloc(1, sizeof(*group));

	if (!group)
		return xv_err_set(err, -ENOMEM, "out of memory");
	group->key = *key;
	group->id = id;
	group->fd = socket(xv_ip_is_v4(&key->ip) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC,
			   0);
	if (group->fd < 0) {
		free(group);
		return xv_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	}
	HASH_ADD(hh, model->groups, key, sizeof(group->key), group);
	*out = group;
	return 0;
}

int xv_group_get(struct xv_model *model, const struct xv_ip *ip, const char *dev,
		 struct xv_group **out, struct xv_err *err)
{
	struct xv_group_key key = key_of(ip, dev);
	struct xv_group *group = find(model, &key);
	uint32_t id;
	int ret;

	if (!group) {
		id = xv_peer_free_id(model);
		if (!id)
			return xv_err_set(
				err, -ENOSPC,
				"there are %u peers and groups already, which is the limit",
				XV_MAX_PEERS - 1);
		ret = create(model, &key, id, &group, err);
		if (ret)
			return ret;
		look(model, group);
	}
	group->refs++;
	*out = group;
	return 0;
}

void xv_group_hold(struct xv_group *group)
{
	if (group)
		group->refs++;
}

void xv_group_put(struct xv_model *model, struct xv_group *group)
{
	if (!group || --group->refs)
		return;
	xv_batch_begin(model);
	model->batch->groups_unused = true;
	xv_batch_commit(model, NULL);
}

bool xv_group_unlink_unused(struct xv_model *model)
{
	struct xv_group *group, *tmp;

	model->batch->groups_unused = false;
	HASH_ITER (hh, model->groups, group, tmp) {
		if (group->refs)
			continue;
		HASH_DEL(model->groups, group);
		group->next_gone = model->batch->groups;
		model->batch->groups = group;
	}
	return model->batch->groups;
}

void xv_group_free_gone(struct xv_model *model)
{
	struct xv_group *group, *next;

	for (group = model->batch->groups; group; group = next) {
		next = group->next_gone;
		xv_outer_write_group(model->dp, group->id, &(struct xv_adj_val){});
		close(group->fd);
		free(group);
	}
	model->batch->groups = NULL;
}

struct xv_group *xv_group_by_id(struct xv_model *model, uint32_t id)
{
	struct xv_group *group;

	for (group = model->groups; group; group = group->hh.next)
		if (group->id == id)
			return group;
	return NULL;
}

int xv_group_adopt(struct xv_model *model, const struct xv_ip *ip, uint32_t id,
		   struct xv_group **out, struct xv_err *err)
{
	const struct xv_adj_val *adj = id && id < XV_MAX_PEERS ? &model->dp->adj[id] : NULL;
	struct xv_group_key key;
	struct xv_group *group;
	char dev[IFNAMSIZ];
	int ret;

	if (!adj || model->peer_by_id[id] || !xv_ip_equal(&adj->ip, ip))
		return xv_group_get(model, ip, "", out, err);
	snprintf(dev, sizeof(dev), "%.*s", (int)sizeof(dev) - 1, adj->group_dev);
	key = key_of(ip, dev);
	group = find(model, &key);
	if (!group) {
		ret = create(model, &key, id, &group, err);
		if (ret)
			return ret;
		group->ready = adj->flags & XV_ADJ_VALID;
	}
	group->refs++;
	*out = group;
	return 0;
}

void xv_group_refresh(struct xv_model *model)
{
	struct xv_group *group, *tmp;

	HASH_ITER (hh, model->groups, group, tmp)
		look(model, group);
}

void xv_group_uplink_gone(struct xv_model *model, uint32_t ifindex)
{
	struct xv_group *group, *tmp;

	HASH_ITER (hh, model->groups, group, tmp)
		if (group->joined == ifindex)
			join(group, 0);
}

const char *xv_group_trouble(const struct xv_model *model, uint32_t ifindex)
{
	const struct xv_group *group;

	for (group = model->groups; group; group = group->hh.next)
		if (group->ready && group->status[0] &&
		    model->dp->adj[group->id].ifindex == ifindex)
			return group->status;
	return "";
}

void xv_group_free_all(struct xv_model *model)
{
	struct xv_group *group, *tmp;

	HASH_ITER (hh, model->groups, group, tmp) {
		HASH_DEL(model->groups, group);
		close(group->fd);
		free(group);
	}
}
