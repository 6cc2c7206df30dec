// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink notifications. Links and neighbours are reported one by one, in the kernel's order.
 * Addresses and routes only make the daemon look again, so they are reported once for each
 * dispatch.
 */
#include <errno.h>
#include <linux/neighbour.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netlink.h"
#include "kernel/netlink_netdev.h"
#include "kernel/netlink_request.h"
#include "kernel/routes.h"

enum {
	DISPATCH_READS = 256, /* datagrams read from a socket in one dispatch, so that a storm does
				 not block other events */
	DRAIN_READS = 1 << 16,
};

struct pending {
	bool address;
	struct xv_routes routes;
	bool lost;
};

static int open_events(struct xv_netlink *nl, struct xv_err *err)
{
	/*
	 * NEXTHOP: when a nexthop object changes, the kernel does not report the routes that use
	 * it.
	 */
	static const int groups[] = {
		RTNLGRP_LINK,	    RTNLGRP_NEIGH,	RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_RULE,   RTNLGRP_IPV6_RULE,
		RTNLGRP_NEXTHOP,    RTNLGRP_TC,
	};

	nl->events = xv_netlink_event_socket(NETLINK_ROUTE);
	if (!nl->events)
		return xv_err_set(err, -errno, "netlink: cannot open a socket: %s",
				  strerror(errno));
	for (size_t i = 0; i < MNL_ARRAY_SIZE(groups); i++) {
		int group = groups[i];

		if (mnl_socket_setsockopt(nl->events, NETLINK_ADD_MEMBERSHIP, &group,
					  sizeof(group)) < 0)
			return xv_err_set(err, -errno, "netlink: cannot join group %d: %s", group,
					  strerror(errno));
	}
	return 0;
}

/*
 * Messages of family AF_BRIDGE are skipped: they are about a bridge's ports, and their RTM_DELLINK
 * means "left the bridge".
 */
static void handle_link(struct xv_netlink *nl, const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	struct xv_link link;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) || ifi->ifi_family != AF_UNSPEC)
		return;
	xv_netlink_parse_link(nlh, &link);
	if (nlh->nlmsg_type == RTM_DELLINK) {
		nl->ops->link_gone(nl->arg, link.ifindex, link.name);
		return;
	}
	link.xdp_features = xv_netlink_netdev_get(nl, link.ifindex);
	nl->ops->link(nl->arg, &link);
}

/*
 * When a device's root qdisc or its ingress or egress filters change, the kernel does not report
 * the link. So the link is read and reported here.
 */
static void handle_tc(struct xv_netlink *nl, const struct nlmsghdr *nlh)
{
	const struct tcmsg *tcm = mnl_nlmsg_get_payload(nlh);
	struct xv_link link;

	if (mnl_nlmsg_get_payload_len(nlh) >= sizeof(*tcm) &&
	    (tcm->tcm_parent == TC_H_ROOT || tcm->tcm_parent == TC_H_CLSACT ||
	     TC_H_MAJ(tcm->tcm_parent) == TC_H_MAJ(TC_H_CLSACT)) &&
	    !xv_netlink_get_link(nl, NULL, (uint32_t)tcm->tcm_ifindex, &link, NULL))
		nl->ops->link(nl->arg, &link);
}

static void handle_neigh(struct xv_netlink *nl, const struct nlmsghdr *nlh)
{
	const struct ndmsg *ndm = mnl_nlmsg_get_payload(nlh);
	struct xv_netlink_neigh neigh;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ndm) || ndm->ndm_flags & NTF_PROXY ||
	    (ndm->ndm_family != AF_INET && ndm->ndm_family != AF_INET6))
		return;
	xv_netlink_parse_neigh(nlh, &neigh);
	if (neigh.has_ip)
		nl->ops->neigh(nl->arg, neigh.ifindex, &neigh.ip, neigh.resolved ? neigh.mac : NULL,
			       nlh->nlmsg_type != RTM_DELNEIGH && xv_netlink_is_kept(&neigh));
}

static void handle_event(struct xv_netlink *nl, const struct nlmsghdr *nlh, struct pending *pending)
{
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		handle_link(nl, nlh);
		break;
	case RTM_NEWQDISC:
	case RTM_DELQDISC:
	case RTM_NEWTFILTER:
	case RTM_DELTFILTER:
		handle_tc(nl, nlh);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		handle_neigh(nl, nlh);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		pending->address = true;
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		xv_netlink_parse_route(nlh, &pending->routes);
		break;
	case RTM_NEWRULE:
	case RTM_DELRULE:
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		pending->routes.all = true;
		break;
	}
}

static void handle_genl(struct xv_netlink *nl, const struct nlmsghdr *nlh)
{
	struct xv_netlink_features f;

	if (nlh->nlmsg_type == nl->netdev_family && xv_netlink_netdev_parse(nlh, &f))
		nl->ops->features(nl->arg, f.ifindex, f.xdp_features);
}

/*
 * Discards what is queued. It is older than the notifications that were lost, so handling it after
 * a new dump would bring back old state. This loop ends, because after an overrun the kernel queues
 * nothing until the queue was read empty.
 */
static void drain(struct xv_netlink *nl, struct mnl_socket *socket)
{
	for (int i = 0; i < DRAIN_READS; i++)
		if (mnl_socket_recvfrom(socket, nl->event_buf, sizeof(nl->event_buf)) < 0 &&
		    (errno == EAGAIN || errno == EBADF))
			break;
}

static void read_socket(struct xv_netlink *nl, struct mnl_socket *socket, struct pending *pending)
{
	for (int i = 0; i < DISPATCH_READS; i++) {
		ssize_t len = mnl_socket_recvfrom(socket, nl->event_buf, sizeof(nl->event_buf));
		const struct nlmsghdr *nlh = (const void *)nl->event_buf;
		int left = (int)len;

		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0) {
			/* ENOBUFS: some were lost; ENOSPC: one did not fit into the buffer */
			if (errno == ENOBUFS || errno == ENOSPC)
				pending->lost = true;
			return;
		}
		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			if (socket == nl->genl_events)
				handle_genl(nl, nlh);
			else
				handle_event(nl, nlh, pending);
		}
	}
}

void xv_netlink_dispatch(struct xv_netlink *nl)
{
	struct pending pending = {0};

	read_socket(nl, nl->events, &pending);
	if (nl->genl_events)
		read_socket(nl, nl->genl_events, &pending);
	if (pending.lost) {
		drain(nl, nl->events);
		if (nl->genl_events)
			drain(nl, nl->genl_events);
		nl->ops->resync(nl->arg);
		return;
	}
	if (pending.address)
		nl->ops->address(nl->arg);
	if (pending.routes.all || pending.routes.n)
		nl->ops->route(nl->arg, &pending.routes);
}

static void close_socket(struct mnl_socket *socket)
{
	if (socket)
		mnl_socket_close(socket);
}

int xv_netlink_open(struct xv_netlink **out, const struct xv_netlink_ops *ops, void *arg,
		    struct xv_err *err)
{
	struct xv_netlink *nl = calloc(1, sizeof(*nl));
	int ret;

	if (!nl)
		return xv_err_set(err, -ENOMEM, "netlink: out of memory");
	nl->ops = ops;
	nl->arg = arg;
	nl->request = xv_netlink_request_socket(NETLINK_ROUTE);
	nl->genl_request = xv_netlink_request_socket(NETLINK_GENERIC);
	if (!nl->request || !nl->genl_request) {
		ret = xv_err_set(err, -errno, "netlink: cannot open a socket: %s", strerror(errno));
		goto err_close;
	}
	ret = open_events(nl, err);
	if (ret)
		goto err_close;
	ret = xv_netlink_netdev_open(nl, err);
	if (ret)
		goto err_close;
	*out = nl;
	return 0;

err_close:
	xv_netlink_close(nl);
	return ret;
}

void xv_netlink_close(struct xv_netlink *nl)
{
	if (!nl)
		return;
	close_socket(nl->genl_events);
	close_socket(nl->genl_request);
	close_socket(nl->events);
	close_socket(nl->request);
	free(nl);
}

void xv_netlink_fds(const struct xv_netlink *nl, int fds[2])
{
	fds[0] = mnl_socket_get_fd(nl->events);
	fds[1] = nl->genl_events ? mnl_socket_get_fd(nl->genl_events) : -1;
}
