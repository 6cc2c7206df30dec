/* SPDX-License-Identifier: GPL-2.0-only */
/* Netlink sockets and requests, on which the other netlink files build. */
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
	/* Messages of a dump are at most 32 KiB (netlink_dump() in the kernel). */
	XV_NETLINK_RECV_LEN = 32768,
	XV_NETLINK_REQUEST_LEN = 1024,
	XV_NETLINK_EVENT_BUFFER = 8 << 20,
	/* How often a dump is tried again that changes interrupt. */
	XV_NETLINK_DUMP_TRIES = 16,
};

/*
 * Requests and notifications have separate sockets and buffers, so that callbacks may make
 * requests. Without the family netdev the generic netlink sockets are NULL, and netdev_family is 0.
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

/* Opens a socket for requests. NULL with errno on failure. */
struct mnl_socket *xv_netlink_request_socket(int protocol);
/*
 * Opens a socket for notifications, non-blocking, with a large receive buffer. NULL with errno on
 * failure.
 */
struct mnl_socket *xv_netlink_event_socket(int protocol);

/*
 * Starts a message with an extra header of `len` zeroed bytes, to which *extra points.
 * NLM_F_REQUEST and NLM_F_ACK are added to flags.
 */
struct nlmsghdr *xv_netlink_begin(struct xv_netlink_req *req, uint16_t type, uint16_t flags,
				  size_t len, void **extra);

/*
 * Sends a request and reads its whole answer. cb (may be NULL) is called for each message of the
 * answer, and must not make a request. If it returns a negative errno, that is the result. -EINTR:
 * changes interrupted the dump; start again. err: the text of errno, then the kernel's text.
 */
typedef int (*xv_netlink_cb)(const struct nlmsghdr *nlh, void *data);
int xv_netlink_request(struct xv_netlink *nl, struct mnl_socket *socket, struct nlmsghdr *nlh,
		       xv_netlink_cb cb, void *data, struct xv_err *err);

/*
 * Sends a dump request and calls cb for each message of the answer, until cb does not return
 * MNL_CB_OK or the dump ends. Returns MNL_CB_ERROR with errno if that fails. If cb stops early, the
 * rest of the answer stays in the socket, which can then only be closed.
 */
int xv_netlink_dump(struct mnl_socket *socket, const struct nlmsghdr *nlh, mnl_cb_t cb, void *arg);

/* Address family of ip; the beginning and length of its bytes. */
uint8_t xv_netlink_family(const struct xv_ip *ip);
const void *xv_netlink_ip_bytes(const struct xv_ip *ip, size_t *len);
/* Fills ip from 4 or 16 bytes in network order. False if len is neither. */
bool xv_netlink_ip_set(struct xv_ip *ip, const void *bytes, size_t len);

#endif
