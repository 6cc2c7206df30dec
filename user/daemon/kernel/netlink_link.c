// SPDX-License-Identifier: GPL-2.0-only
/*
 * Links: parses them, reads one or all, and makes a few changes. (netlink_vxlan.c makes the slow
 * path device.)
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink_link.h"
#include "kernel/netlink_netdev.h"
#include "kernel/netlink_ops.h"
#include "kernel/netlink_request.h"
#include "grow.h"

/* With programs in several modes there is no IFLA_XDP_PROG_ID: the driver's program counts. */
static void parse_xdp(const struct nlattr *nest, struct xv_link *link)
{
	uint32_t id[IFLA_XDP_MAX + 1] = {0};
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (type == IFLA_XDP_ATTACHED)
			link->xdp_mode = mnl_attr_get_u8(attr);
		else if (type <= IFLA_XDP_MAX && mnl_attr_get_payload_len(attr) == sizeof(id[0]))
			id[type] = mnl_attr_get_u32(attr);
	}
	link->xdp_prog = id[IFLA_XDP_PROG_ID]	    ? id[IFLA_XDP_PROG_ID]
			 : id[IFLA_XDP_DRV_PROG_ID] ? id[IFLA_XDP_DRV_PROG_ID]
			 : id[IFLA_XDP_SKB_PROG_ID] ? id[IFLA_XDP_SKB_PROG_ID]
						    : id[IFLA_XDP_HW_PROG_ID];
}

static void parse_vxlan(const struct nlattr *nest, struct xv_link *link)
{
	const struct nlattr *attr;
	bool tx = false, rx = false;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == IFLA_VXLAN_PORT) {
			link->has_vxlan_port = true;
			link->vxlan_port = ntohs(mnl_attr_get_u16(attr));
		} else if (mnl_attr_get_type(attr) == IFLA_VXLAN_COLLECT_METADATA) {
			link->vxlan_external = mnl_attr_get_u8(attr);
		} else if (mnl_attr_get_type(attr) == IFLA_VXLAN_UDP_ZERO_CSUM6_TX) {
			tx = mnl_attr_get_u8(attr);
		} else if (mnl_attr_get_type(attr) == IFLA_VXLAN_UDP_ZERO_CSUM6_RX) {
			rx = mnl_attr_get_u8(attr);
		}
	}
	link->vxlan_zero_csum6 = tx && rx;
}

static void parse_vlan(const struct nlattr *nest, struct xv_link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == IFLA_VLAN_ID)
			link->vlan_tag |= mnl_attr_get_u16(attr);
		else if (mnl_attr_get_type(attr) == IFLA_VLAN_PROTOCOL)
			link->vlan_tag |= (uint32_t)ntohs(mnl_attr_get_u16(attr)) << 16;
	}
}

static void parse_tun(const struct nlattr *nest, struct xv_link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == IFLA_TUN_VNET_HDR)
			link->tun_vnet_hdr = mnl_attr_get_u8(attr);
	}
}

static void parse_info(const struct nlattr *nest, struct xv_link *link)
{
	const struct nlattr *attr, *data = NULL;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == IFLA_INFO_KIND)
			snprintf(link->kind, sizeof(link->kind), "%s", mnl_attr_get_str(attr));
		else if (mnl_attr_get_type(attr) == IFLA_INFO_DATA)
			data = attr;
	}
	if (data && !strcmp(link->kind, "vxlan"))
		parse_vxlan(data, link);
	if (data && !strcmp(link->kind, "vlan"))
		parse_vlan(data, link);
	if (data && !strcmp(link->kind, "tun"))
		parse_tun(data, link);
}

/* The settings of IPv6 at the device: IFLA_INET6_CONF is an array of 32-bit numbers. */
static void parse_inet6(const struct nlattr *nest, struct xv_link *link)
{
	const struct nlattr *attr;
	const uint32_t *conf;

	mnl_attr_for_each_nested (attr, nest) {
		conf = mnl_attr_get_payload(attr);
		if (mnl_attr_get_type(attr) == IFLA_INET6_CONF &&
		    mnl_attr_get_payload_len(attr) > DEVCONF_MTU6 * sizeof(*conf))
			link->mtu6 = conf[DEVCONF_MTU6];
	}
}

static void parse_af_spec(const struct nlattr *nest, struct xv_link *link)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == AF_INET6)
			parse_inet6(attr, link);
	}
}

static void parse_attr(const struct nlattr *attr, struct xv_link *link)
{
	switch (mnl_attr_get_type(attr)) {
	case IFLA_IFNAME:
		snprintf(link->name, sizeof(link->name), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_IFALIAS:
		snprintf(link->alias, sizeof(link->alias), "%s", mnl_attr_get_str(attr));
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attr) == sizeof(link->mac))
			memcpy(link->mac, mnl_attr_get_payload(attr), sizeof(link->mac));
		break;
	case IFLA_MTU:
		link->mtu = mnl_attr_get_u32(attr);
		break;
	case IFLA_NUM_RX_QUEUES:
		link->rx_queues = mnl_attr_get_u32(attr);
		break;
	case IFLA_PROMISCUITY:
		link->promiscuity = mnl_attr_get_u32(attr);
		break;
	case IFLA_MASTER:
		link->master = mnl_attr_get_u32(attr);
		break;
	case IFLA_QDISC:
		snprintf(link->qdisc, sizeof(link->qdisc), "%s", mnl_attr_get_str(attr));
		link->has_qdisc = strcmp(link->qdisc, "noqueue") != 0;
		break;
	case IFLA_LINK:
		link->end = mnl_attr_get_u32(attr);
		break;
	case IFLA_LINK_NETNSID:
		link->end_netns = (int32_t)mnl_attr_get_u32(attr);
		break;
	case IFLA_XDP:
		parse_xdp(attr, link);
		break;
	case IFLA_LINKINFO:
		parse_info(attr, link);
		break;
	case IFLA_AF_SPEC:
		parse_af_spec(attr, link);
		break;
	}
}

void xv_netlink_parse_link(const struct nlmsghdr *nlh, struct xv_link *link)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;

	*link = (struct xv_link){
		.ifindex = ifi->ifi_index,
		.type = ifi->ifi_type,
		.flags = ifi->ifi_flags,
		.xdp_features = XV_XDP_FEATURES_UNKNOWN,
		.end_netns = -1,
	};
	mnl_attr_for_each (attr, nlh, sizeof(*ifi))
		parse_attr(attr, link);
}

struct list {
	struct xv_link *links;
	size_t n;
	size_t size;
};

static int list_cb(const struct nlmsghdr *nlh, void *data)
{
	struct list *list = data;

	if (xv_grow(&list->links, list->n, &list->size, sizeof(*list->links)))
		return -ENOMEM;
	xv_netlink_parse_link(nlh, &list->links[list->n++]);
	return 0;
}

int xv_netlink_list_links(struct xv_netlink *nl, struct xv_link **links, size_t *n,
			  struct xv_err *err)
{
	struct list list = {0};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;
	int ret = 0;

	for (int i = 0; i < XV_NETLINK_DUMP_TRIES; i++) {
		list.n = 0;
		nlh = xv_netlink_begin(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg),
				       &ifi);
		mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
		ret = xv_netlink_request(nl, nl->request, nlh, list_cb, &list, err);
		if (ret != -EINTR)
			break;
	}
	if (ret) {
		free(list.links);
		return xv_err_prefix(err, ret, "list of links");
	}
	*links = list.links;
	*n = list.n;
	return 0;
}

static int compare_ifindex(const void *key, const void *item)
{
	uint32_t x = *(const uint32_t *)key;
	uint32_t y = ((const struct xv_netlink_features *)item)->ifindex;

	return (x > y) - (x < y);
}

/* Reads everything before the first callback, so that callbacks may make requests. */
int xv_netlink_dump_links(struct xv_netlink *nl, struct xv_err *err)
{
	struct xv_netlink_features *features = NULL;
	size_t n_links = 0, n_features = 0;
	struct xv_link *links = NULL;
	int ret;

	ret = xv_netlink_list_links(nl, &links, &n_links, err);
	if (ret)
		return ret;
	ret = xv_netlink_netdev_list(nl, &features, &n_features, err);
	if (ret)
		goto out;
	for (size_t i = 0; i < n_links; i++) {
		const struct xv_netlink_features *f;

		f = n_features ? bsearch(&links[i].ifindex, features, n_features, sizeof(*features),
					 compare_ifindex)
			       : NULL;
		if (nl->netdev_family)
			links[i].xdp_features = f ? f->xdp_features : 0;
		nl->ops->link(nl->arg, &links[i]);
	}
out:
	free(features);
	free(links);
	return ret;
}

static int get_cb(const struct nlmsghdr *nlh, void *data)
{
	xv_netlink_parse_link(nlh, data);
	return 0;
}

int xv_netlink_get_link(struct xv_netlink *nl, const char *name, uint32_t ifindex,
			struct xv_link *link, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct ifinfomsg *ifi;
	struct nlmsghdr *nlh;
	struct xv_link found = {0};
	struct xv_err why;
	void *extra;
	int ret;

	if (name ? !*name || strlen(name) >= IFNAMSIZ : !ifindex)
		return -ENODEV;
	nlh = xv_netlink_begin(&req, RTM_GETLINK, 0, sizeof(*ifi), &extra);
	ifi = extra;
	if (name)
		mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	else
		ifi->ifi_index = (int)ifindex;
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	ret = xv_netlink_request(nl, nl->request, nlh, get_cb, &found, &why);
	if (ret == -ENODEV)
		return ret;
	if (ret)
		return xv_err_set(err, ret, "%s: %s", name ? name : "link", why.text);
	if (name && strcmp(name, found.name)) /* notifications name only the main name */
		return xv_err_set(err, -EEXIST, "%s is another name of %s: use that", name,
				  found.name);
	found.xdp_features = xv_netlink_netdev_get(nl, found.ifindex);
	*link = found;
	return 0;
}

int xv_netlink_get_end(struct xv_netlink *nl, const struct xv_link *link, struct xv_link *end,
		       struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	struct xv_link found = {0};
	struct xv_err why;
	void *ifi;
	int ret;

	if (!link->end || link->end_netns < 0)
		return -ENODEV;
	nlh = xv_netlink_begin(&req, RTM_GETLINK, 0, sizeof(struct ifinfomsg), &ifi);
	((struct ifinfomsg *)ifi)->ifi_index = (int)link->end;
	mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)link->end_netns);
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	ret = xv_netlink_request(nl, nl->request, nlh, get_cb, &found, &why);
	if (ret == -ENODEV)
		return ret;
	if (ret)
		return xv_err_set(err, ret, "other end of %s: %s", link->name, why.text);
	*end = found;
	return 0;
}

int xv_netlink_del_link(struct xv_netlink *nl, uint32_t ifindex, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;

	nlh = xv_netlink_begin(&req, RTM_DELLINK, 0, sizeof(struct ifinfomsg), &ifi);
	((struct ifinfomsg *)ifi)->ifi_index = (int)ifindex;
	return xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
}

int xv_netlink_set_promisc(struct xv_netlink *nl, uint32_t ifindex, bool on, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;

	nlh = xv_netlink_begin(&req, RTM_NEWLINK, 0, sizeof(struct ifinfomsg), &ifi);
	*(struct ifinfomsg *)ifi = (struct ifinfomsg){
		.ifi_index = (int)ifindex,
		.ifi_flags = on ? IFF_PROMISC : 0,
		.ifi_change = IFF_PROMISC,
	};
	return xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
}

static int set_xdp(struct xv_netlink *nl, uint32_t ifindex, int prog_fd, uint32_t flags,
		   int expected_fd, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	void *ifi;

	nlh = xv_netlink_begin(&req, RTM_SETLINK, 0, sizeof(struct ifinfomsg), &ifi);
	((struct ifinfomsg *)ifi)->ifi_index = (int)ifindex;
	nest = mnl_attr_nest_start(nlh, IFLA_XDP);
	mnl_attr_put_u32(nlh, IFLA_XDP_FD, (uint32_t)prog_fd);
	mnl_attr_put_u32(nlh, IFLA_XDP_FLAGS, flags);
	if (flags & XDP_FLAGS_REPLACE)
		mnl_attr_put_u32(nlh, IFLA_XDP_EXPECTED_FD, (uint32_t)expected_fd);
	mnl_attr_nest_end(nlh, nest);
	return xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
}

/* An existing program is never replaced, and never taken off by mistake for ours. */
int xv_netlink_try_xdp(struct xv_netlink *nl, uint32_t ifindex, int prog_fd, uint32_t xdp_flags,
		       struct xv_err *err)
{
	uint32_t mode = xdp_flags & XDP_FLAGS_MODES;
	int ret;

	ret = set_xdp(nl, ifindex, prog_fd, mode | XDP_FLAGS_UPDATE_IF_NOEXIST, -1, err);
	if (ret)
		return ret;
	ret = set_xdp(nl, ifindex, -1, mode | XDP_FLAGS_REPLACE, prog_fd, err);
	return ret ? xv_err_prefix(err, ret, "taking the trial XDP program off again") : 0;
}
