/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink sockets and requests: what the files about links, neighbours, routes and others build on.
 */
#ifndef XV_NETLINK_REQUEST_H
#define XV_NETLINK_REQUEST_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct xv_netlink_ops;

enum xv_netlink_sizes {
	/* The kernel never makes a dump message larger than 32 KiB (netlink_dump()). */
	XV_NETLINK_RECV_LEN = 32768,
	XV_NETLINK_REQUEST_LEN = 1024,
	XV_NETLINK_EVENT_BUFFER = 8 << 20,
	/* A dump that raced with a change is begun anew, this often at most. */
	XV_NETLINK_DUMP_TRIES = 16,
};

/*
 * Requests and events have a socket and a receive buffer each, so that callbacks for events may
 * make requests. The generic netlink sockets are NULL, and netdev_family 0, where the kernel has no
 * netdev family.
 */
struct xv_netlink {
	struct mnl_socket *request;
	struct mnl_socket *events;
	struct mnl_socket *genl_request;
	struct mnl_socket *genl_events;
	uint16_t netdev_family;
	uint32_t seq;
	const struct xv_netlink_ops *ops;
	void *arg;
	_Alignas(8) char request_buf[XV_NETLINK_RECV_LEN];
	_Alignas(8) char event_buf[XV_NETLINK_RECV_LEN];
};

/* A request under construction. */
struct xv_netlink_req {
	_Alignas(8) char buf[XV_NETLINK_REQUEST_LEN];
};

/* Socket for requests of a protocol; NULL: see errno. */
struct mnl_socket *xv_netlink_request_socket(int protocol);
/* Event socket of a protocol: non-blocking, with the large receive buffer. NULL: see errno. */
struct mnl_socket *xv_netlink_event_socket(int protocol);

/*
 * Starts a message with an extra header of `len` zeroed bytes, to which *extra points.
 * NLM_F_REQUEST and NLM_F_ACK are added to flags.
 */
struct nlmsghdr *xv_netlink_begin(struct xv_netlink_req *req, uint16_t type, uint16_t flags,
				  size_t len, void **extra);

/*
 * Sends a request and reads up to its acknowledgement (or the end of the dump). cb (may be NULL) is
 * called for each message of the answer and must make no request itself; it returns 0 or a negative
 * errno, which ends up as the result. -EINTR: the dump raced with a change, start over.
 * The text of err: what errno says, then what the kernel says.
 */
typedef int (*xv_netlink_cb)(const struct nlmsghdr *nlh, void *data);
int xv_netlink_request(struct xv_netlink *nl, struct mnl_socket *socket, struct nlmsghdr *nlh,
		       xv_netlink_cb cb, void *data, struct xv_err *err);

/* Address family of ip, where its bytes begin and how many there are. */
uint8_t xv_netlink_family(const struct xv_ip *ip);
const void *xv_netlink_ip_bytes(const struct xv_ip *ip, size_t *len);
/* Fills ip from 4 or 16 bytes in network order. False if len is neither. */
bool xv_netlink_ip_set(struct xv_ip *ip, const void *bytes, size_t len);

#endif
