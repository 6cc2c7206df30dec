// SPDX-License-Identifier: GPL-2.0-only
/* Asks the kernel for routes to peers, and for this host's addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "kernel/netlink_request.h"
#include "kernel/routes.h"
#include "kernel/netlink_route.h"
#include "xv_wire.h"

struct address_search {
	const struct xv_ip *ip;
	bool found;
	uint32_t ifindex; /* the device that has the address */
};

/*
 * With a point-to-point address IFA_LOCAL is the own and IFA_ADDRESS the other end's; for IPv6,
 * IFA_LOCAL exists only then. An IPv6 address that failed duplicate address detection does not
 * count.
 */
static int address_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr, *address = NULL, *local = NULL;
	struct address_search *search = data;
	uint32_t flags = ifa->ifa_flags;
	struct xv_ip ip;

	mnl_attr_for_each (attr, nlh, sizeof(*ifa)) {
		if (mnl_attr_get_type(attr) == IFA_LOCAL)
			local = attr;
		else if (mnl_attr_get_type(attr) == IFA_ADDRESS)
			address = attr;
		else if (mnl_attr_get_type(attr) == IFA_FLAGS)
			flags = mnl_attr_get_u32(attr);
	}
	if (local)
		address = local;
	if (!address || flags & IFA_F_DADFAILED)
		return 0;
	if (xv_netlink_ip_set(&ip, mnl_attr_get_payload(address),
			      mnl_attr_get_payload_len(address)) &&
	    xv_ip_equal(&ip, search->ip)) {
		search->found = true;
		search->ifindex = ifa->ifa_index;
	}
	return 0;
}

int xv_netlink_has_address(struct xv_netlink *nl, const struct xv_ip *ip, uint32_t *ifindex,
			   struct xv_err *err)
{
	struct address_search search = {.ip = ip};
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	void *ifa;
	int ret = 0;

	for (int i = 0; i < XV_NETLINK_DUMP_TRIES; i++) {
		nlh = xv_netlink_begin(&req, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg),
				       &ifa);
		((struct ifaddrmsg *)ifa)->ifa_family = xv_netlink_family(ip);
		search.found = false;
		ret = xv_netlink_request(nl, nl->request, nlh, address_cb, &search, err);
		if (ret != -EINTR)
			break;
	}
	if (ret)
		return xv_err_prefix(err, ret, "list of addresses");
	if (search.found && ifindex)
		*ifindex = search.ifindex;
	return search.found;
}

struct route_answer {
	uint8_t type;	  /* RTN_* */
	uint8_t protocol; /* RTPROT_* */
	bool encap;	  /* the route adds another encapsulation (lwtunnel) */
	struct xv_route route;
};

static void parse_via(const struct nlattr *attr, struct xv_ip *nexthop)
{
	const struct rtvia *via = mnl_attr_get_payload(attr);
	size_t len = mnl_attr_get_payload_len(attr);

	if (len > sizeof(*via))
		xv_netlink_ip_set(nexthop, via->rtvia_addr, len - sizeof(*via));
}

static void parse_metrics(const struct nlattr *nest, struct xv_route *route)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest)
		if (mnl_attr_get_type(attr) == RTAX_MTU)
			route->mtu = mnl_attr_get_u32(attr);
}

/* Rounds up to whole seconds. */
static void parse_cacheinfo(const struct nlattr *attr, struct xv_route *route)
{
	const struct rta_cacheinfo *info = mnl_attr_get_payload(attr);
	long hz = sysconf(_SC_CLK_TCK);

	if (mnl_attr_get_payload_len(attr) >= sizeof(*info) && info->rta_expires > 0 && hz > 0)
		route->expires = info->rta_expires / hz + 1;
}

static int route_cb(const struct nlmsghdr *nlh, void *data)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	struct route_answer *answer = data;
	const struct nlattr *attr;

	answer->type = rtm->rtm_type;
	answer->protocol = rtm->rtm_protocol;
	mnl_attr_for_each (attr, nlh, sizeof(*rtm)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_OIF:
			answer->route.ifindex = mnl_attr_get_u32(attr);
			break;
		case RTA_GATEWAY:
			xv_netlink_ip_set(&answer->route.nexthop, mnl_attr_get_payload(attr),
					  mnl_attr_get_payload_len(attr));
			break;
		case RTA_VIA:
			parse_via(attr, &answer->route.nexthop);
			break;
		case RTA_METRICS:
			parse_metrics(attr, &answer->route);
			break;
		case RTA_CACHEINFO:
			parse_cacheinfo(attr, &answer->route);
			break;
		case RTA_ENCAP_TYPE:
			answer->encap = true;
			break;
		}
	}
	return 0;
}

/*
 * Adds what `ip rule` can match. Mark, TOS and device are not given; the kernel then uses 0, as for
 * packets of its vxlan devices. One source port stands for all: it matches a rule for the whole
 * range that we send from, and a rule for the kernel's default range of ephemeral ports. The UID is
 * 0, because our packets are the kernel's and belong to no user.
 */
static void put_flow(struct nlmsghdr *nlh, uint16_t port)
{
	mnl_attr_put_u8(nlh, RTA_IP_PROTO, IPPROTO_UDP);
	mnl_attr_put_u16(nlh, RTA_SPORT, htons(XV_SRC_PORT_MIN));
	mnl_attr_put_u16(nlh, RTA_DPORT, htons(port));
	mnl_attr_put_u32(nlh, RTA_UID, 0);
}

static int lookup(struct xv_netlink *nl, const struct xv_ip *dst, const struct xv_ip *src,
		  uint16_t port, struct route_answer *answer, struct xv_err *err)
{
	struct xv_netlink_req req;
	struct nlmsghdr *nlh;
	const void *bytes;
	void *extra;
	size_t len;

	nlh = xv_netlink_begin(&req, RTM_GETROUTE, 0, sizeof(struct rtmsg), &extra);
	bytes = xv_netlink_ip_bytes(dst, &len);
	*(struct rtmsg *)extra = (struct rtmsg){
		.rtm_family = xv_netlink_family(dst),
		.rtm_dst_len = (uint8_t)(len * 8),
		.rtm_src_len = src ? (uint8_t)(len * 8) : 0,
	};
	mnl_attr_put(nlh, RTA_DST, len, bytes);
	if (src) {
		bytes = xv_netlink_ip_bytes(src, &len);
		mnl_attr_put(nlh, RTA_SRC, len, bytes);
	}
	put_flow(nlh, port);
	return xv_netlink_request(nl, nl->request, nlh, route_cb, answer, err);
}

/* Says why the lookup failed: for route types that refuse, the kernel gives only an errno. */
static int tell_no_route(struct xv_netlink *nl, int code, const struct xv_ip *dst,
			 const struct xv_ip *src, struct xv_err *err)
{
	char to[XV_IP_STRLEN], from[XV_IP_STRLEN];

	xv_ip_format(dst, to);
	if (src && xv_netlink_has_address(nl, src, NULL, NULL) == 0)
		return xv_err_set(err, -EADDRNOTAVAIL,
				  "no route to %s from %s: no device has that source address", to,
				  xv_ip_format(src, from));
	switch (code) {
	case -ENETUNREACH:
		return xv_err_set(err, code, "no route to %s", to);
	case -EHOSTUNREACH:
		return xv_err_set(err, code, "the route to %s is of type unreachable", to);
	case -EINVAL:
		return xv_err_set(err, code, "the route to %s is of type blackhole", to);
	case -EACCES:
		return xv_err_set(err, code, "the route to %s is of type prohibit", to);
	}
	return xv_err_prefix(err, code, "route to %s", to);
}

static int check_answer(const struct route_answer *answer, const struct xv_ip *dst,
			struct xv_err *err)
{
	char to[XV_IP_STRLEN];

	xv_ip_format(dst, to);
	switch (answer->type) {
	case RTN_UNICAST:
		break;
	case RTN_LOCAL:
		return xv_err_set(err, -EADDRINUSE, "%s is an address of this host", to);
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return xv_err_set(err, -EADDRNOTAVAIL, "%s is not a unicast address here", to);
	default:
		return xv_err_set(err, -ENETUNREACH, "the route to %s does not forward (type %u)",
				  to, answer->type);
	}
	if (answer->encap)
		return xv_err_set(err, -EOPNOTSUPP,
				  "the route to %s adds an encapsulation of its own", to);
	if (!answer->route.ifindex)
		return xv_err_set(err, -ENETUNREACH, "the route to %s has no device", to);
	return 0;
}

int xv_netlink_get_route(struct xv_netlink *nl, const struct xv_ip *dst, const struct xv_ip *src,
			 uint16_t port, struct xv_route *route, struct xv_err *err)
{
	struct route_answer answer = {.route.nexthop = *dst};
	int ret;

	if (src && xv_ip_is_zero(src))
		src = NULL;
	if (src && xv_ip_is_v4(src) != xv_ip_is_v4(dst))
		return xv_err_set(err, -EAFNOSUPPORT,
				  "source and destination are of different IP versions");
	ret = lookup(nl, dst, src, port, &answer, err);
	if (ret)
		return tell_no_route(nl, ret, dst, src, err);
	ret = check_answer(&answer, dst, err);
	if (ret)
		return ret;
	*route = answer.route;
	return 0;
}

/*
 * An IPv4 answer does not say who made the route. But for IPv4 the kernel makes no multicast routes
 * by itself.
 */
int xv_netlink_get_group_dev(struct xv_netlink *nl, const struct xv_ip *group,
			     const struct xv_ip *src, uint16_t port, uint32_t *ifindex,
			     struct xv_err *err)
{
	struct route_answer answer = {.type = RTN_UNSPEC};
	int ret = lookup(nl, group, src, port, &answer, err);

	if (ret)
		return ret;
	if (!answer.route.ifindex ||
	    (!src && !xv_ip_is_v4(group) && answer.protocol == RTPROT_KERNEL))
		return -ENOENT;
	*ifindex = answer.route.ifindex;
	return 0;
}

void xv_netlink_parse_route(const struct nlmsghdr *nlh, struct xv_routes *changed)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	bool v4 = rtm->rtm_family == AF_INET;
	struct xv_prefix prefix = {.ip.b = {[10] = v4 ? 0xff : 0, [11] = v4 ? 0xff : 0},
				   .bits = (v4 ? 96 : 0) + rtm->rtm_dst_len};
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm) ||
	    (!v4 && rtm->rtm_family != AF_INET6)) /* such as multicast routing (RTNL_FAMILY_IPMR) */
		return;
	if (prefix.bits > 128) {
		changed->all = true;
		return;
	}
	mnl_attr_for_each (attr, nlh, sizeof(*rtm)) {
		if (mnl_attr_get_type(attr) == RTA_DST &&
		    !xv_netlink_ip_set(&prefix.ip, mnl_attr_get_payload(attr),
				       mnl_attr_get_payload_len(attr)))
			changed->all = true;
	}
	xv_routes_add(changed, &prefix);
}
