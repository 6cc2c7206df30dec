// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the slow path device. It is created down, made silent, then set up. The kernel opens the
 * UDP sockets (IPv4 and IPv6, if it has both) only when the device goes up, and only then reports
 * that the port is in use. Vxlan devices share a port only if all their receive flags are equal, so
 * an external device never shares the port of one with a fixed VNI.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink_link.h"
#include "kernel/netlink_request.h"
#include "kernel/netlink_vxlan.h"
#include "xv_wire.h"

enum {
	VXLAN_MTU = 65535,
	VXLAN_TXQLEN = 1000,
};

static void put_vxlan(struct nlmsghdr *nlh, uint16_t port)
{
	struct ifla_vxlan_port_range range = {
		.low = htons(XV_SRC_PORT_MIN),
		.high = htons(65535),
	};
	struct nlattr *info, *data;

	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "vxlan");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	mnl_attr_put_u8(nlh, IFLA_VXLAN_COLLECT_METADATA, 1);
	mnl_attr_put_u8(nlh, IFLA_VXLAN_LEARNING, 0);
	mnl_attr_put_u16(nlh, IFLA_VXLAN_PORT, htons(port));
	mnl_attr_put(nlh, IFLA_VXLAN_PORT_RANGE, sizeof(range), &range);
	/* These cannot be changed later, but an IPv6 address may be configured later. */
	mnl_attr_put_u8(nlh, IFLA_VXLAN_UDP_ZERO_CSUM6_TX, 1);
	mnl_attr_put_u8(nlh, IFLA_VXLAN_UDP_ZERO_CSUM6_RX, 1);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
}

static int create(struct xv_netlink *nl, const char *name, uint16_t port, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;

	nlh = xv_netlink_begin(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
			       sizeof(struct ifinfomsg), &ifi);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	mnl_attr_put_u32(nlh, IFLA_MTU, VXLAN_MTU);
	mnl_attr_put_u32(nlh, IFLA_TXQLEN, VXLAN_TXQLEN);
	put_vxlan(nlh, port);
	return xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
}

static int set_alias(struct xv_netlink *nl, uint32_t ifindex, const char *alias, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;

	nlh = xv_netlink_begin(&req, RTM_SETLINK, 0, sizeof(struct ifinfomsg), &ifi);
	((struct ifinfomsg *)ifi)->ifi_index = (int)ifindex;
	mnl_attr_put_strz(nlh, IFLA_IFALIAS, alias);
	return xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
}

/*
 * No IPv6 link-local address, so no DAD and no router solicitations. Does nothing if IPv6 is
 * disabled.
 */
static int set_no_autoconf(struct xv_netlink *nl, uint32_t ifindex, struct xv_err *err)
{
	struct nlattr *spec, *inet6;
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;
	int ret;

	nlh = xv_netlink_begin(&req, RTM_SETLINK, 0, sizeof(struct ifinfomsg), &ifi);
	((struct ifinfomsg *)ifi)->ifi_index = (int)ifindex;
	spec = mnl_attr_nest_start(nlh, IFLA_AF_SPEC);
	inet6 = mnl_attr_nest_start(nlh, AF_INET6);
	mnl_attr_put_u8(nlh, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	mnl_attr_nest_end(nlh, inet6);
	mnl_attr_nest_end(nlh, spec);
	ret = xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
	return ret == -EAFNOSUPPORT || ret == -EOPNOTSUPP ? 0 : ret;
}

/* Sets the device up, without ARP and multicast: the host's own stack must not send through it. */
static int set_up(struct xv_netlink *nl, uint32_t ifindex, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifi;

	nlh = xv_netlink_begin(&req, RTM_SETLINK, 0, sizeof(struct ifinfomsg), &ifi);
	*(struct ifinfomsg *)ifi = (struct ifinfomsg){
		.ifi_index = (int)ifindex,
		.ifi_flags = IFF_UP | IFF_NOARP,
		.ifi_change = IFF_UP | IFF_NOARP | IFF_MULTICAST,
	};
	return xv_netlink_request(nl, nl->request, nlh, NULL, NULL, err);
}

/* Names the vxlan device that uses the port, and its alias, which may say whose device it is. */
static int tell_port_taken(struct xv_netlink *nl, uint16_t port, uint32_t own, struct xv_err *err)
{
	struct xv_link *links = NULL;
	size_t n = 0;
	int ret;

	ret = xv_err_set(
		err, -EADDRINUSE,
		"UDP port %u is in use by another program (\"ss -lunp sport = %u\" shows it)", port,
		port);
	if (xv_netlink_list_links(nl, &links, &n, NULL))
		return ret;
	for (size_t i = 0; i < n; i++) {
		const struct xv_link *link = &links[i];

		if (link->ifindex == own || !link->has_vxlan_port || link->vxlan_port != port)
			continue;
		xv_err_set(err, ret,
			   "UDP port %u is in use by vxlan device %s%s%s: remove that (ip link del "
			   "%s; an instance's: xvtepd --detach -i INSTANCE), or set another port",
			   port, link->name, *link->alias ? ", alias " : "", link->alias,
			   link->name);
		if (link->flags & IFF_UP)
			break; /* a device that is down has no socket, so it is only the second best
				  guess */
	}
	free(links);
	return ret;
}

int xv_netlink_add_vxlan(struct xv_netlink *nl, const char *name, uint16_t port, const char *alias,
			 struct xv_err *err)
{
	struct xv_link link = {0};
	int ret;

	ret = xv_netlink_get_link(nl, name, 0, &link, err);
	if (!ret)
		return xv_err_set(err, -EEXIST, "a device with the name %s exists already", name);
	if (ret != -ENODEV)
		return ret;
	ret = create(nl, name, port, err);
	if (ret == -EEXIST) /* another external device has this port and flags */
		return tell_port_taken(nl, port, 0, err);
	if (ret)
		return xv_err_prefix(err, ret, "cannot create vxlan device %s", name);

	ret = xv_netlink_get_link(nl, name, 0, &link, err);
	if (ret)
		return ret == -ENODEV
			       ? xv_err_set(err, ret, "%s was deleted while it was set up", name)
			       : ret;
	ret = set_alias(nl, link.ifindex, alias, err);
	if (!ret)
		ret = set_no_autoconf(nl, link.ifindex, err);
	if (!ret)
		ret = set_up(nl, link.ifindex, err);
	if (!ret)
		return 0;

	if (ret == -EADDRINUSE)
		tell_port_taken(nl, port, link.ifindex, err);
	else
		xv_err_prefix(err, ret, "cannot set up vxlan device %s", name);
	xv_netlink_del_link(nl, link.ifindex, NULL);
	return ret;
}
