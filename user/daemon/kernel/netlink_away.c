// SPDX-License-Identifier: GPL-2.0-only
/* VLAN devices in other network namespaces: see netlink_away.h. */
#include <errno.h>
#include <linux/if_link.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <unistd.h>

#include "grow.h"
#include "kernel/netlink_away.h"
#include "kernel/netlink_link.h"
#include "kernel/netlink_request.h"

enum {
	NAMESPACES_MAX = 4096,
};

struct numbers {
	int32_t *list;
	size_t n;
};

static int32_t number_of(const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct rtgenmsg))
		if (mnl_attr_get_type(attr) == NETNSA_NSID)
			return (int32_t)mnl_attr_get_u32(attr);
	return NETNSA_NSID_NOT_ASSIGNED;
}

static int number_cb(const struct nlmsghdr *nlh, void *data)
{
	struct numbers *numbers = data;
	int32_t number = number_of(nlh);

	if (number >= 0 && numbers->n < NAMESPACES_MAX)
		numbers->list[numbers->n++] = number;
	return 0;
}

static int compare(const void *a, const void *b)
{
	int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

	return (x > y) - (x < y);
}

int xv_netlink_list_namespaces(struct xv_netlink *nl, int32_t **list, size_t *n)
{
	struct numbers numbers = {.list = calloc(NAMESPACES_MAX, sizeof(*numbers.list))};
	struct xv_netlink_req req;
	void *gen;
	int ret;

	if (!numbers.list)
		return -ENOMEM;
	ret = xv_netlink_request(
		nl, nl->request,
		xv_netlink_begin(&req, RTM_GETNSID, NLM_F_DUMP, sizeof(struct rtgenmsg), &gen),
		number_cb, &numbers, NULL);
	if (ret) {
		free(numbers.list);
		return ret;
	}
	qsort(numbers.list, numbers.n, sizeof(*numbers.list), compare);
	*list = numbers.list;
	*n = numbers.n;
	return 0;
}

static int own_cb(const struct nlmsghdr *nlh, void *data)
{
	*(int32_t *)data = number_of(nlh);
	return 0;
}

/* The id by which this namespace knows itself; negative: none, so no device refers to it. */
static int32_t own_number(struct xv_netlink *nl)
{
	struct xv_netlink_req req;
	int32_t own = NETNSA_NSID_NOT_ASSIGNED;
	struct nlmsghdr *nlh;
	void *gen;

	nlh = xv_netlink_begin(&req, RTM_GETNSID, 0, sizeof(struct rtgenmsg), &gen);
	mnl_attr_put_u32(nlh, NETNSA_PID, (uint32_t)getpid());
	return xv_netlink_request(nl, nl->request, nlh, own_cb, &own, NULL)
		       ? NETNSA_NSID_NOT_ASSIGNED
		       : own;
}

bool xv_netlink_knows_vlans(void)
{
	return !access("/proc/self/net/vlan", F_OK);
}

struct away {
	struct xv_link *links;
	size_t n, room;
};

static int link_cb(const struct nlmsghdr *nlh, void *data)
{
	struct away *away = data;
	struct xv_link link;

	xv_netlink_parse_link(nlh, &link);
	if (!link.vlan_tag || link.end_netns < 0)
		return 0;
	if (xv_grow(&away->links, away->n, &away->room, sizeof(*away->links)))
		return -ENOMEM;
	away->links[away->n++] = link;
	return 0;
}

int xv_netlink_each_vlan_in(struct xv_netlink *nl, int32_t nsid,
			    void (*fn)(void *arg, const struct xv_link *link), void *arg)
{
	struct away away = {};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	struct nlattr *nest;
	int32_t own;
	void *ifi;
	size_t i;
	int ret;

	nlh = xv_netlink_begin(&req, RTM_GETLINK, NLM_F_DUMP, sizeof(struct ifinfomsg), &ifi);
	mnl_attr_put_u32(nlh, IFLA_TARGET_NETNSID, (uint32_t)nsid);
	mnl_attr_put_u32(nlh, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	nest = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "vlan");
	mnl_attr_nest_end(nlh, nest);
	ret = xv_netlink_request(nl, nl->request, nlh, link_cb, &away, NULL);
	/*
	 * If a device in the dump refers to this namespace, this namespace has got an id for
	 * itself.
	 */
	own = !ret && away.n ? own_number(nl) : NETNSA_NSID_NOT_ASSIGNED;
	for (i = 0; !ret && own >= 0 && nsid != own && i < away.n; i++)
		if (away.links[i].end_netns == own)
			fn(arg, &away.links[i]);
	free(away.links);
	return ret;
}
