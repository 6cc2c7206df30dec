// SPDX-License-Identifier: GPL-2.0-only
/*
 * Asks by a connected UDP socket, which has the same route as the packets of the kernel's vxlan
 * device, with the IPsec states that a policy gives it. Nothing is sent.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "addr.h"
#include "kernel/path_mtu.h"
#include "xv_wire.h"

union address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* port: host order. Returns the address's length. */
static socklen_t set(union address *to, const struct xv_ip *ip, uint16_t port)
{
	memset(to, 0, sizeof(*to));
	if (xv_ip_is_v4(ip)) {
		to->v4.sin_family = AF_INET;
		to->v4.sin_port = htons(port);
		to->v4.sin_addr.s_addr = ip->w[3];
		return sizeof(to->v4);
	}
	to->v6.sin6_family = AF_INET6;
	to->v6.sin6_port = htons(port);
	memcpy(&to->v6.sin6_addr, ip, sizeof(*ip));
	return sizeof(to->v6);
}

/* From the port that routes are asked for too (netlink_route.c), if it is free; else from any. */
static int connect_from(int fd, const struct xv_ip *own, const struct xv_ip *peer, uint16_t port)
{
	union address from, to;
	socklen_t len = set(&from, own, XV_SRC_PORT_MIN);

	if (bind(fd, &from.sa, len)) {
		set(&from, own, 0);
		if (bind(fd, &from.sa, len))
			return -1;
	}
	len = set(&to, peer, port);
	return connect(fd, &to.sa, len);
}

uint32_t xv_path_mtu(const struct xv_ip *own, const struct xv_ip *peer, uint16_t port)
{
	bool v4 = xv_ip_is_v4(peer);
	int fd = socket(v4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), mtu = 0;
	socklen_t len = sizeof(mtu);

	if (fd < 0)
		return 0;
	if (connect_from(fd, own, peer, port) ||
	    getsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_MTU : IPV6_MTU, &mtu, &len))
		mtu = 0;
	close(fd);
	return mtu > 0 ? (uint32_t)mtu : 0;
}
