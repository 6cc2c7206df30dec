/* SPDX-License-Identifier: GPL-2.0-only */
/* Multicast groups: see group.h. A socket holds the memberships; the slow path device receives. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "group.h"

struct xv_group {
	struct xv_ip ip;
	uint32_t refs;
	int fd;
	UT_hash_handle hh;
};

/* MCAST_JOIN_GROUP or MCAST_LEAVE_GROUP (RFC 3678) on one device. */
static int request(const struct xv_group *group, uint32_t ifindex, int option)
{
	bool v4 = xv_ip_is_v4(&group->ip);
	struct group_req req = {.gr_interface = ifindex};
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = group->ip.w[3]};
	struct sockaddr_in6 sin6 = {.sin6_family = AF_INET6};

	memcpy(&sin6.sin6_addr, &group->ip, sizeof(group->ip));
	if (v4)
		memcpy(&req.gr_group, &sin, sizeof(sin));
	else
		memcpy(&req.gr_group, &sin6, sizeof(sin6));
	return setsockopt(group->fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, option, &req, sizeof(req))
		       ? -errno
		       : 0;
}

/* A device that has it already is fine. */
static int join_on(const struct xv_group *group, uint32_t ifindex, struct xv_err *err)
{
	int ret = request(group, ifindex, MCAST_JOIN_GROUP);
	char text[XV_IP_STRLEN];

	if (!ret || ret == -EADDRINUSE)
		return 0;
	return xv_err_set(err, ret, "cannot join group %s: %s", xv_ip_format(&group->ip, text),
			  strerror(-ret));
}

static void free_group(struct xv_instance *inst, struct xv_group *group)
{
	HASH_DEL(inst->groups, group);
	close(group->fd);
	free(group);
}

int xv_group_join(struct xv_instance *inst, const struct xv_ip *ip, struct xv_err *err)
{
	struct xv_group *group;
	int ret = 0;
	size_t i;

	HASH_FIND(hh, inst->groups, ip, sizeof(*ip), group);
	if (group) {
		group->refs++;
		return 0;
	}
	group = calloc(1, sizeof(*group));
	if (!group)
		return xv_err_set(err, -ENOMEM, "out of memory");
	group->ip = *ip;
	group->refs = 1;
	group->fd = socket(xv_ip_is_v4(ip) ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (group->fd < 0)
		ret = xv_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	HASH_ADD(hh, inst->groups, ip, sizeof(group->ip), group);
	for (i = 0; !ret && i < inst->n_uplinks; i++)
		if (inst->uplinks[i].ifindex)
			ret = join_on(group, inst->uplinks[i].ifindex, err);
	if (ret)
		free_group(inst, group);
	return ret;
}

void xv_group_leave(struct xv_instance *inst, const struct xv_ip *ip)
{
	struct xv_group *group;

	HASH_FIND(hh, inst->groups, ip, sizeof(*ip), group);
	if (group && !--group->refs)
		free_group(inst, group);
}

int xv_group_uplink(struct xv_instance *inst, uint32_t ifindex, struct xv_err *err)
{
	struct xv_group *group, *tmp;
	int ret = 0, one;

	HASH_ITER (hh, inst->groups, group, tmp) {
		one = join_on(group, ifindex, err);
		ret = ret ?: one;
	}
	return ret;
}

void xv_group_uplink_gone(struct xv_instance *inst, uint32_t ifindex)
{
	struct xv_group *group, *tmp;

	HASH_ITER (hh, inst->groups, group, tmp)
		request(group, ifindex, MCAST_LEAVE_GROUP);
}

void xv_group_free_all(struct xv_instance *inst)
{
	struct xv_group *group, *tmp;

	HASH_ITER (hh, inst->groups, group, tmp)
		free_group(inst, group);
}
