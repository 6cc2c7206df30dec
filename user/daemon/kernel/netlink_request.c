// SPDX-License-Identifier: GPL-2.0-only
/*
 * Netlink sockets and requests: one request at a time, answered before the call returns, with the
 * kernel's extended acknowledgement as error text.
 */
#include <errno.h>
#include <string.h>
#include <sys/time.h>

#include "addr.h"
#include "kernel/netlink_request.h"

/* Binds the socket. On failure closes it, and returns NULL with errno. */
static struct mnl_socket *bound(struct mnl_socket *socket)
{
	int code;

	if (mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) >= 0)
		return socket;
	code = errno;
	mnl_socket_close(socket);
	errno = code;
	return NULL;
}

/* These options exist since Linux 4.20. A failure to set one makes error texts less detailed. */
struct mnl_socket *xv_netlink_request_socket(int protocol)
{
	struct mnl_socket *socket = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	struct timeval limit = {.tv_sec = 10};
	int one = 1;

	if (!socket)
		return NULL;
	mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &one, sizeof(one));
	mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	/* The kernel answers within send(); the limit only keeps a bug from hanging the daemon. */
	setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return bound(socket);
}

struct nlmsghdr *xv_netlink_begin(struct xv_netlink_req *req, uint16_t type, uint16_t flags,
				  size_t len, void **extra)
{
	struct nlmsghdr *nlh;

	memset(req, 0, sizeof(*req)); /* libmnl does not zero the padding of attributes */
	nlh = mnl_nlmsg_put_header(req->buf);
	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	*extra = mnl_nlmsg_put_extra_header(nlh, len);
	return nlh;
}

/*
 * The errno in an NLMSG_ERROR or NLMSG_DONE message, with its text in err. Extack attributes follow
 * the fixed part, or, in an error that is not capped, the request behind it.
 */
static int parse_result(const struct nlmsghdr *nlh, struct xv_err *err)
{
	const struct nlmsgerr *e = mnl_nlmsg_get_payload(nlh);
	size_t offset = sizeof(int);
	const struct nlattr *attr;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(int))
		return nlh->nlmsg_type == NLMSG_DONE
			       ? 0
			       : xv_err_set(err, -EPROTO, "the kernel's answer is too short");
	if (e->error >= 0)
		return 0;
	xv_err_set(err, e->error, "%s%s", strerror(-e->error),
		   e->error == -EPERM ? " (it takes CAP_NET_ADMIN)" : "");
	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return e->error;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		offset = sizeof(*e);
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED))
			offset += mnl_nlmsg_get_payload_len(&e->msg);
	}
	mnl_attr_for_each (attr, nlh, offset) {
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
			return xv_err_set(err, e->error, "%s: %.*s", strerror(-e->error),
					  (int)mnl_attr_get_payload_len(attr),
					  mnl_attr_get_str(attr));
	}
	return e->error;
}

/* Handles a received datagram. 1: more will come; 0: the answer is complete; else the error. */
static int handle_answer(struct xv_netlink *nl, int len, xv_netlink_cb cb, void *data, int *status,
			 struct xv_err *err)
{
	const struct nlmsghdr *nlh;

	for (nlh = (const void *)nl->request_buf; mnl_nlmsg_ok(nlh, len);
	     nlh = mnl_nlmsg_next(nlh, &len)) {
		if (nlh->nlmsg_seq != nl->seq)
			continue; /* from an earlier request that failed half-way */
		if (nlh->nlmsg_flags & NLM_F_DUMP_INTR && !*status)
			*status = xv_err_set(err, -EINTR, "the kernel's table changed while read");
		if (nlh->nlmsg_type == NLMSG_ERROR || nlh->nlmsg_type == NLMSG_DONE) {
			int ret = parse_result(nlh, *status ? NULL : err);

			return *status ? *status : ret;
		}
		if (nlh->nlmsg_type >= NLMSG_MIN_TYPE && cb && !*status) {
			*status = cb(nlh, data);
			if (*status)
				xv_err_set(err, *status, "%s", strerror(-*status));
		}
	}
	return 1;
}

int xv_netlink_request(struct xv_netlink *nl, struct mnl_socket *socket, struct nlmsghdr *nlh,
		       xv_netlink_cb cb, void *data, struct xv_err *err)
{
	int status = 0;
	int ret;

	nlh->nlmsg_seq = ++nl->seq;
	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return xv_err_set(err, -errno, "netlink: %s", strerror(errno));
	do {
		ssize_t len = mnl_socket_recvfrom(socket, nl->request_buf, sizeof(nl->request_buf));

		if (len < 0 && errno == EINTR) {
			ret = 1;
			continue;
		}
		if (len < 0) {
			ret = errno == EAGAIN ? -ETIMEDOUT : -errno;
			return xv_err_set(err, ret, "netlink: %s", strerror(-ret));
		}
		ret = handle_answer(nl, (int)len, cb, data, &status, err);
	} while (ret == 1);
	return ret;
}

int xv_netlink_dump(struct mnl_socket *socket, const struct nlmsghdr *nlh, mnl_cb_t cb, void *arg)
{
	_Alignas(8) char buf[XV_NETLINK_RECV_LEN];
	int ret = MNL_CB_OK;

	if (mnl_socket_sendto(socket, nlh, nlh->nlmsg_len) < 0)
		return MNL_CB_ERROR;
	while (ret == MNL_CB_OK) {
		ssize_t n = mnl_socket_recvfrom(socket, buf, sizeof(buf));

		ret = n < 0 ? MNL_CB_ERROR : mnl_cb_run(buf, n, 0, 0, cb, arg);
	}
	return ret;
}

uint8_t xv_netlink_family(const struct xv_ip *ip)
{
	return xv_ip_is_v4(ip) ? AF_INET : AF_INET6;
}

const void *xv_netlink_ip_bytes(const struct xv_ip *ip, size_t *len)
{
	*len = xv_ip_is_v4(ip) ? 4 : 16;
	return ip->b + 16 - *len;
}

bool xv_netlink_ip_set(struct xv_ip *ip, const void *bytes, size_t len)
{
	if (len != 4 && len != 16)
		return false;
	memset(ip, 0, sizeof(*ip));
	if (len == 4)
		memset(ip->b + 10, 0xff, 2);
	memcpy(ip->b + 16 - len, bytes, len);
	return true;
}

struct mnl_socket *xv_netlink_event_socket(int protocol)
{
	struct mnl_socket *socket = mnl_socket_open2(protocol, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int size = XV_NETLINK_EVENT_BUFFER;
	int fd;

	if (!socket)
		return NULL;
	fd = mnl_socket_get_fd(socket);
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return bound(socket);
}
