/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPsec policies: see xfrm.h. After any change of a policy, all policies are read again a little
 * later.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/xfrm.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "kernel/netlink_request.h"
#include "kernel/xfrm.h"
#include "log.h"
#include "grow.h"

enum {
	EVENTS_A_TURN = 256,   /* datagrams */
	READ_DELAY_US = 20000, /* from a change until the policies are read */
	READ_TRIES = 16,       /* of a dump that changes interrupt */
	SOURCE_PORTS = 0xc000, /* of packets that xvtep sends: 49152 and above */
};

/* A policy that may apply to VXLAN packets. */
struct policy {
	struct xfrm_selector sel;
	uint32_t priority; /* lower priorities are applied first */
	bool in;
	bool pass; /* lets packets pass unchanged */
	bool block;
};

struct xv_xfrm {
	struct mnl_socket *events;
	struct mnl_socket *request;
	struct event *readable;
	struct event *later;
	struct xv_signal changed;
	struct policy *policies;
	size_t n, room;
	bool block_in, block_out; /* defaults: what no policy selects is blocked */
	bool refused;		  /* a failed read was logged */
	_Alignas(8) char buf[XV_NETLINK_RECV_LEN];
};

/* ---- which packets a policy selects ---- */

static const void *ip_bytes(const struct xv_ip *ip)
{
	return xv_ip_is_v4(ip) ? &ip->w[3] : ip->w;
}

/* Whether the address has the selector's prefix. */
static bool in_prefix(const struct xv_ip *ip, const xfrm_address_t *prefix, uint8_t len)
{
	const uint8_t *a = ip_bytes(ip), *b = (const void *)prefix;
	uint32_t bits = xv_ip_is_v4(ip) ? 32 : 128, whole;
	uint8_t mask;

	if (len > bits)
		return false;
	whole = len / 8;
	mask = (uint8_t)(0xff00 >> len % 8);
	return !memcmp(a, b, whole) && !(len % 8 && (a[whole] ^ b[whole]) & mask);
}

/* Whether the selector matches some port whose bits in `known` are those of port. */
static bool port_may_be(__be16 want, __be16 want_mask, uint16_t port, uint16_t known)
{
	return !((ntohs(want) ^ port) & ntohs(want_mask) & known);
}

/* Whether the selector matches every port whose bits in `known` are those of port. */
static bool port_must_be(__be16 want, __be16 want_mask, uint16_t port, uint16_t known)
{
	return port_may_be(want, want_mask, port, known) && !(ntohs(want_mask) & ~known);
}

enum covers { COVERS_NONE, COVERS_SOME, COVERS_ALL };

/*
 * Says how many of the packets between the two VTEPs the policy selects: none, some or all. The
 * packets differ in their source port.
 */
static enum covers covers(const struct policy *p, const struct xv_ip *own, const struct xv_ip *peer,
			  uint16_t udp_port)
{
	const struct xfrm_selector *sel = &p->sel;
	const struct xv_ip *src = p->in ? peer : own, *dst = p->in ? own : peer;
	uint16_t known = p->in ? 0 : SOURCE_PORTS;

	if (sel->family != (xv_ip_is_v4(peer) ? AF_INET : AF_INET6) ||
	    !in_prefix(src, &sel->saddr, sel->prefixlen_s) ||
	    !in_prefix(dst, &sel->daddr, sel->prefixlen_d) ||
	    !port_may_be(sel->dport, sel->dport_mask, udp_port, 0xffff) ||
	    !port_may_be(sel->sport, sel->sport_mask, SOURCE_PORTS, known))
		return COVERS_NONE;
	return !sel->ifindex && port_must_be(sel->sport, sel->sport_mask, SOURCE_PORTS, known)
		       ? COVERS_ALL
		       : COVERS_SOME;
}

static void describe(const struct policy *p, char *why, size_t size)
{
	char src[INET6_ADDRSTRLEN] = "", dst[INET6_ADDRSTRLEN] = "";

	inet_ntop(p->sel.family, &p->sel.saddr, src, sizeof(src));
	inet_ntop(p->sel.family, &p->sel.daddr, dst, sizeof(dst));
	snprintf(why, size, "IPsec policy: dir %s src %s/%u dst %s/%u, %s", p->in ? "in" : "out",
		 src, p->sel.prefixlen_s, dst, p->sel.prefixlen_d,
		 p->block ? "block" : "with a template");
}

/*
 * Whether a policy of one direction that blocks or protects some of the packets may come before any
 * that passes all of them. With equal priorities the kernel applies the policy that was added
 * first. That is not known here, so the answer is then yes.
 */
static bool concerns(const struct xv_xfrm *xfrm, bool in, const struct xv_ip *own,
		     const struct xv_ip *peer, uint16_t udp_port, char *why, size_t size)
{
	const struct policy *first = NULL, *pass = NULL, *p;
	enum covers how;
	size_t i;

	for (i = 0; i < xfrm->n; i++) {
		p = &xfrm->policies[i];
		how = p->in == in ? covers(p, own, peer, udp_port) : COVERS_NONE;
		if (how == COVERS_NONE)
			continue;
		if (!p->pass && (!first || p->priority < first->priority))
			first = p;
		if (p->pass && how == COVERS_ALL && (!pass || p->priority < pass->priority))
			pass = p;
	}
	if (first && !(pass && pass->priority < first->priority)) {
		describe(first, why, size);
		return true;
	}
	if (!pass && (in ? xfrm->block_in : xfrm->block_out)) {
		snprintf(why, size, "IPsec policy: the default of dir %s is block",
			 in ? "in" : "out");
		return true;
	}
	return false;
}

bool xv_xfrm_concerns(const struct xv_xfrm *xfrm, const struct xv_ip *own, const struct xv_ip *peer,
		      uint16_t udp_port, char *why, size_t size)
{
	return xfrm && (concerns(xfrm, false, own, peer, udp_port, why, size) ||
			concerns(xfrm, true, own, peer, udp_port, why, size));
}

/* ---- reading the kernel's policies ---- */

struct about {
	bool has_template, sub, other_interface, marked;
};

static void parse_about(const struct nlmsghdr *nlh, struct about *about)
{
	const struct xfrm_userpolicy_type *type;
	const struct xfrm_mark *mark;
	const struct nlattr *attr;

	mnl_attr_for_each (attr, nlh, sizeof(struct xfrm_userpolicy_info)) {
		switch (mnl_attr_get_type(attr)) {
		case XFRMA_TMPL:
			about->has_template = mnl_attr_get_payload_len(attr) > 0;
			break;
		case XFRMA_POLICY_TYPE:
			type = mnl_attr_get_payload(attr);
			about->sub = type->type == XFRM_POLICY_TYPE_SUB;
			break;
		case XFRMA_IF_ID:
			about->other_interface = mnl_attr_get_u32(attr) != 0;
			break;
		case XFRMA_MARK:
			mark = mnl_attr_get_payload(attr);
			about->marked = mark->v != 0;
			break;
		}
	}
}

static struct policy *new_policy(struct xv_xfrm *xfrm)
{
	if (xv_grow(&xfrm->policies, xfrm->n, &xfrm->room, sizeof(*xfrm->policies)))
		return NULL;
	return &xfrm->policies[xfrm->n++];
}

/*
 * Keeps a policy that may apply to VXLAN. Packets of this host's tunnels have no mark, and pass no
 * xfrm interface. Policies of type "sub" apply in addition to the main ones, so one of these that
 * lets packets pass decides nothing.
 */
static int on_policy(const struct nlmsghdr *nlh, void *arg)
{
	struct xfrm_userpolicy_info info; /* a copy: netlink aligns to 4 bytes only */
	struct xv_xfrm *xfrm = arg;
	struct about about = {};
	struct policy *p;

	if (nlh->nlmsg_type != XFRM_MSG_NEWPOLICY || mnl_nlmsg_get_payload_len(nlh) < sizeof(info))
		return MNL_CB_OK;
	memcpy(&info, mnl_nlmsg_get_payload(nlh), sizeof(info));
	if ((info.dir != XFRM_POLICY_IN && info.dir != XFRM_POLICY_OUT) ||
	    (info.sel.proto && info.sel.proto != IPPROTO_UDP))
		return MNL_CB_OK;
	parse_about(nlh, &about);
	if (about.other_interface || about.marked)
		return MNL_CB_OK;
	p = new_policy(xfrm);
	if (!p) {
		errno = ENOMEM;
		return MNL_CB_ERROR;
	}
	*p = (struct policy){
		.sel = info.sel,
		.priority = info.priority,
		.in = info.dir == XFRM_POLICY_IN,
		.block = info.action == XFRM_POLICY_BLOCK,
	};
	p->pass = !p->block && !about.has_template;
	if (p->pass && about.sub)
		xfrm->n--;
	return MNL_CB_OK;
}

static int on_default(const struct nlmsghdr *nlh, void *arg)
{
	const struct xfrm_userpolicy_default *def = mnl_nlmsg_get_payload(nlh);
	struct xv_xfrm *xfrm = arg;

	if (nlh->nlmsg_type == XFRM_MSG_GETDEFAULT &&
	    mnl_nlmsg_get_payload_len(nlh) >= sizeof(*def)) {
		xfrm->block_in = def->in == XFRM_USERPOLICY_BLOCK;
		xfrm->block_out = def->out == XFRM_USERPOLICY_BLOCK;
	}
	return MNL_CB_STOP;
}

/*
 * Sends a request and calls cb for each message of its answer. 0 or negative errno; -EINTR: changes
 * interrupted a dump.
 */
static int ask(struct xv_xfrm *xfrm, uint16_t type, uint16_t flags, size_t len, mnl_cb_t cb)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(xfrm->buf);
	int ret = MNL_CB_OK;
	ssize_t n;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	mnl_nlmsg_put_extra_header(nlh, len); /* libmnl sets it to zero */
	if (mnl_socket_sendto(xfrm->request, nlh, nlh->nlmsg_len) < 0)
		return -errno;
	while (ret == MNL_CB_OK) {
		n = mnl_socket_recvfrom(xfrm->request, xfrm->buf, sizeof(xfrm->buf));
		if (n < 0)
			return -errno;
		ret = mnl_cb_run(xfrm->buf, n, 0, 0, cb, xfrm);
	}
	return ret == MNL_CB_ERROR ? -errno : 0;
}

static int open_request(struct xv_xfrm *xfrm)
{
	if (xfrm->request)
		mnl_socket_close(xfrm->request); /* answers to an earlier request may be unread */
	xfrm->request = xv_netlink_request_socket(NETLINK_XFRM);
	return xfrm->request ? 0 : -errno;
}

/*
 * Reads policies and default policies. Kernels before Linux 5.15 have no default policies, and
 * refuse that request.
 */
static int read_all(struct xv_xfrm *xfrm)
{
	int i, ret;

	for (i = 0, ret = -EINTR; ret == -EINTR && i < READ_TRIES; i++) {
		xfrm->n = 0;
		ret = open_request(xfrm);
		ret = ret
			      ?: ask(xfrm, XFRM_MSG_GETPOLICY, NLM_F_DUMP,
				     sizeof(struct xfrm_userpolicy_id), on_policy);
	}
	xfrm->block_in = xfrm->block_out = false;
	if (!ret)
		ask(xfrm, XFRM_MSG_GETDEFAULT, 0, sizeof(struct xfrm_userpolicy_default),
		    on_default);
	return ret;
}

/* ---- following changes ---- */

static void read_later(struct xv_xfrm *xfrm)
{
	struct timeval delay = {.tv_usec = READ_DELAY_US};

	if (!evtimer_pending(xfrm->later, NULL))
		evtimer_add(xfrm->later, &delay);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	struct xv_xfrm *xfrm = arg;
	int ret = read_all(xfrm);

	(void)fd;
	(void)what;
	if (ret && !xfrm->refused)
		xv_log(LOG_ERR, "cannot read IPsec policies: %s; trying again", strerror(-ret));
	xfrm->refused = ret;
	if (ret)
		read_later(xfrm);
	else
		xv_signal_send(&xfrm->changed);
}

static bool is_about_policies(const struct nlmsghdr *nlh)
{
	switch (nlh->nlmsg_type) {
	case XFRM_MSG_NEWPOLICY:
	case XFRM_MSG_UPDPOLICY:
	case XFRM_MSG_DELPOLICY:
	case XFRM_MSG_FLUSHPOLICY:
	case XFRM_MSG_POLEXPIRE:
	case XFRM_MSG_GETDEFAULT:
		return true;
	}
	return false;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct xv_xfrm *xfrm = arg;
	const struct nlmsghdr *nlh;
	int i, left;

	(void)fd;
	(void)what;
	for (i = 0; i < EVENTS_A_TURN; i++) {
		left = (int)mnl_socket_recvfrom(xfrm->events, xfrm->buf, sizeof(xfrm->buf));
		if (left < 0 && errno == ENOBUFS)
			read_later(xfrm);
		if (left < 0)
			return;
		for (nlh = (void *)xfrm->buf; mnl_nlmsg_ok(nlh, left);
		     nlh = mnl_nlmsg_next(nlh, &left))
			if (is_about_policies(nlh))
				read_later(xfrm);
	}
}

void xv_xfrm_look_again(struct xv_xfrm *xfrm)
{
	if (xfrm)
		read_later(xfrm);
}

/* XFRM_MSG_POLEXPIRE has a group of its own. */
static int open_events(struct xv_xfrm *xfrm)
{
	static const int groups[] = {XFRMNLGRP_POLICY, XFRMNLGRP_EXPIRE};
	size_t i;

	xfrm->events = xv_netlink_event_socket(NETLINK_XFRM);
	if (!xfrm->events)
		return -errno;
	for (i = 0; i < MNL_ARRAY_SIZE(groups); i++)
		if (mnl_socket_setsockopt(xfrm->events, NETLINK_ADD_MEMBERSHIP, (void *)&groups[i],
					  sizeof(groups[i])) < 0)
			return -errno;
	return 0;
}

int xv_xfrm_start(struct event_base *base, struct xv_signal changed, struct xv_xfrm **out,
		  struct xv_err *err)
{
	struct xv_xfrm *xfrm = calloc(1, sizeof(*xfrm));
	int ret = xfrm ? open_events(xfrm) : -ENOMEM;

	if (ret == -EPROTONOSUPPORT) { /* the kernel has no IPsec */
		free(xfrm);
		return 0;
	}
	if (!xfrm)
		return xv_err_set(err, -ENOMEM, "out of memory");
	*out = xfrm;
	xfrm->changed = changed;
	ret = ret ?: read_all(xfrm);
	if (ret)
		return xv_err_set(err, ret, "cannot read IPsec policies: %s", strerror(-ret));
	xfrm->later = evtimer_new(base, on_later, xfrm);
	xfrm->readable = event_new(base, mnl_socket_get_fd(xfrm->events), EV_READ | EV_PERSIST,
				   on_readable, xfrm);
	if (!xfrm->later || !xfrm->readable)
		return xv_err_set(err, -ENOMEM, "out of memory");
	event_add(xfrm->readable, NULL);
	return 0;
}

void xv_xfrm_stop(struct xv_xfrm *xfrm)
{
	if (!xfrm)
		return;
	if (xfrm->readable)
		event_free(xfrm->readable);
	if (xfrm->later)
		event_free(xfrm->later);
	if (xfrm->events)
		mnl_socket_close(xfrm->events);
	if (xfrm->request)
		mnl_socket_close(xfrm->request);
	free(xfrm->policies);
	free(xfrm);
}
