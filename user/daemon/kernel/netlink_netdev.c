// SPDX-License-Identifier: GPL-2.0-only
/*
 * XDP features of devices, from the generic netlink family "netdev" (Linux 6.3). The UAPI headers
 * of Debian 12 are from Linux 6.1 and have no linux/netdev.h, so its constants are defined below.
 */
#include <errno.h>
#include <linux/genetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink_netdev.h"
#include "kernel/netlink_request.h"
#include "kernel/xdp_features.h"
#include "grow.h"

enum {
	NETDEV_CMD_DEV_GET = 1,
	NETDEV_CMD_DEV_CHANGE_NTF = 4,
	NETDEV_A_DEV_IFINDEX = 1,
	NETDEV_A_DEV_XDP_FEATURES = 3,
};

struct family {
	uint16_t id;
	uint32_t mgmt; /* multicast group "mgmt"; 0: none */
};

static void parse_group(const struct nlattr *nest, struct family *family)
{
	const char *name = "";
	const struct nlattr *attr;
	uint32_t id = 0;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			name = mnl_attr_get_str(attr);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			id = mnl_attr_get_u32(attr);
	}
	if (!strcmp(name, "mgmt"))
		family->mgmt = id;
}

static int parse_family(const struct nlmsghdr *nlh, void *data)
{
	const struct nlattr *attr, *group;
	struct family *family = data;

	mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID) {
			family->id = mnl_attr_get_u16(attr);
		} else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS) {
			mnl_attr_for_each_nested (group, attr)
				parse_group(group, family);
		}
	}
	return 0;
}

static struct nlmsghdr *begin(struct xv_netlink_req *req, uint16_t family, uint16_t flags,
			      uint8_t cmd)
{
	struct nlmsghdr *nlh;
	void *extra;

	nlh = xv_netlink_begin(req, family, flags, sizeof(struct genlmsghdr), &extra);
	*(struct genlmsghdr *)extra = (struct genlmsghdr){.cmd = cmd, .version = 1};
	return nlh;
}

int xv_netlink_netdev_open(struct xv_netlink *nl, struct xv_err *err)
{
	struct family family = {0};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	int ret;

	nlh = begin(&req, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, "netdev");
	ret = xv_netlink_request(nl, nl->genl_request, nlh, parse_family, &family, err);
	if (ret == -ENOENT)
		return 0;
	if (ret)
		return xv_err_prefix(err, ret, "generic netlink family netdev");

	nl->genl_events = xv_netlink_event_socket(NETLINK_GENERIC);
	if (!nl->genl_events || mnl_socket_setsockopt(nl->genl_events, NETLINK_ADD_MEMBERSHIP,
						      &family.mgmt, sizeof(family.mgmt)) < 0)
		return xv_err_set(err, -errno, "cannot follow XDP features: %s", strerror(errno));
	nl->netdev_family = family.id;
	return 0;
}

static void parse_dev(const struct nlmsghdr *nlh, struct xv_netlink_features *f)
{
	const struct nlattr *attr;

	*f = (struct xv_netlink_features){0};
	mnl_attr_for_each (attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == NETDEV_A_DEV_IFINDEX)
			f->ifindex = mnl_attr_get_u32(attr);
		else if (mnl_attr_get_type(attr) == NETDEV_A_DEV_XDP_FEATURES)
			f->xdp_features = mnl_attr_get_u64(attr);
	}
}

bool xv_netlink_netdev_parse(const struct nlmsghdr *nlh, struct xv_netlink_features *features)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl) ||
	    genl->cmd != NETDEV_CMD_DEV_CHANGE_NTF)
		return false;
	parse_dev(nlh, features);
	return features->ifindex != 0;
}

static int get_cb(const struct nlmsghdr *nlh, void *data)
{
	parse_dev(nlh, data);
	return 0;
}

uint64_t xv_netlink_netdev_get(struct xv_netlink *nl, uint32_t ifindex)
{
	struct xv_netlink_features features = {0};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;

	if (!nl->netdev_family)
		return XV_XDP_FEATURES_UNKNOWN;
	nlh = begin(&req, nl->netdev_family, 0, NETDEV_CMD_DEV_GET);
	mnl_attr_put_u32(nlh, NETDEV_A_DEV_IFINDEX, ifindex);
	if (xv_netlink_request(nl, nl->genl_request, nlh, get_cb, &features, NULL))
		return 0;
	return features.xdp_features;
}

struct list {
	struct xv_netlink_features *items;
	size_t n;
	size_t size;
};

static int list_cb(const struct nlmsghdr *nlh, void *data)
{
	struct list *list = data;

	if (xv_grow(&list->items, list->n, &list->size, sizeof(*list->items)))
		return -ENOMEM;
	parse_dev(nlh, &list->items[list->n++]);
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint32_t x = ((const struct xv_netlink_features *)a)->ifindex;
	uint32_t y = ((const struct xv_netlink_features *)b)->ifindex;

	return (x > y) - (x < y);
}

int xv_netlink_netdev_list(struct xv_netlink *nl, struct xv_netlink_features **items, size_t *n,
			   struct xv_err *err)
{
	struct list list = {0};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	int ret = 0;

	for (int i = 0; nl->netdev_family && i < XV_NETLINK_DUMP_TRIES; i++) {
		list.n = 0;
		nlh = begin(&req, nl->netdev_family, NLM_F_DUMP, NETDEV_CMD_DEV_GET);
		ret = xv_netlink_request(nl, nl->genl_request, nlh, list_cb, &list, err);
		if (ret != -EINTR)
			break;
	}
	if (ret) {
		free(list.items);
		return xv_err_prefix(err, ret, "XDP features");
	}
	if (list.n)
		qsort(list.items, list.n, sizeof(*list.items), compare);
	*items = list.items;
	*n = list.n;
	return 0;
}
