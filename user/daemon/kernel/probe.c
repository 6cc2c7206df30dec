/* SPDX-License-Identifier: GPL-2.0-only */
/* Sends and receives probes: see probe.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/probe.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

enum {
	LOOPBACK = 1, /* ifindex for idle sockets: nobody sends the protocol there */
	AT_NUMBER = 18,
	VLAN_ID = 0xfff,
	HEARD_A_TURN = 16,
};

/* The frame as a socket receives it, without a VLAN tag. */
struct probe_frame {
	uint8_t dst[6], src[6];
	__be16 proto;
	uint8_t skip[2];     /* skipCount, 0 */
	uint8_t function[2]; /* 1: a reply, which nobody answers */
	__be32 number[2];
	__be32 id;
	uint8_t pad[60 - 30];
} __attribute__((packed));

struct ear {
	struct xv_probe *probe;
	int fd;
	uint32_t ifindex; /* 0: idle */
	struct event *event;
};

struct xv_probe {
	xv_probe_heard_fn heard;
	void *arg;
	uint32_t number[2]; /* host byte order */
	struct ear ear[XV_PROBE_DEVS];
};

/* The tag that the kernel took out of the frame, or 0. */
static uint16_t vlan_of(struct msghdr *msg)
{
	struct cmsghdr *c;
	struct tpacket_auxdata aux;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof(aux));
		return aux.tp_status & TP_STATUS_VLAN_VALID ? aux.tp_vlan_tci & VLAN_ID : 0;
	}
	return 0;
}

static void on_frame(evutil_socket_t fd, short what, void *arg)
{
	union {
		struct cmsghdr align;
		char b[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
	} control;
	struct probe_frame f;
	struct iovec iov = {.iov_base = &f, .iov_len = sizeof(f)};
	struct msghdr msg;
	struct ear *ear = arg;
	struct xv_probe *p = ear->probe;
	int i;

	(void)what;
	for (i = 0; i < HEARD_A_TURN; i++) {
		msg = (struct msghdr){.msg_iov = &iov,
				      .msg_iovlen = 1,
				      .msg_control = &control,
				      .msg_controllen = sizeof(control)};
		if (recvmsg(fd, &msg, MSG_DONTWAIT | MSG_TRUNC) < (ssize_t)sizeof(f))
			return;
		/* Ignores frames with an earlier number, which waited in the socket. */
		if (ear->ifindex && ntohl(f.number[0]) == p->number[0] &&
		    ntohl(f.number[1]) == p->number[1])
			p->heard(p->arg, ear->ifindex, vlan_of(&msg), ntohl(f.id));
	}
}

/* Lets the socket receive only frames with the current number. */
static int set_filter(struct ear *ear)
{
	const uint32_t *number = ear->probe->number;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 2 * ETH_ALEN),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_LOOPBACK, 0, 5),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_NUMBER),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number[0], 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_NUMBER + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number[1], 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0xffff),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	const struct sock_fprog prog = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	_Static_assert(offsetof(struct probe_frame, number) == AT_NUMBER, "filter");
	return setsockopt(ear->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) ? -errno : 0;
}

static int turn_to(struct ear *ear, uint32_t ifindex, uint16_t proto)
{
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_protocol = htons(proto), .sll_ifindex = ifindex};

	return bind(ear->fd, (const struct sockaddr *)&to, sizeof(to)) ? -errno : 0;
}

static void rest(struct ear *ear)
{
	ear->ifindex = 0;
	turn_to(ear, LOOPBACK, ETH_P_LOOPBACK);
}

static int open_ear(struct xv_probe *probe, struct event_base *base, struct ear *ear)
{
	int on = 1;

	ear->probe = probe;
	ear->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ear->fd < 0)
		return -errno;
	if (setsockopt(ear->fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on)) ||
	    setsockopt(ear->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)))
		return -errno;
	ear->event = event_new(base, ear->fd, EV_READ | EV_PERSIST, on_frame, ear);
	return ear->event && !event_add(ear->event, NULL) ? 0 : -ENOMEM;
}

int xv_probe_open(struct event_base *base, xv_probe_heard_fn heard, void *arg,
		  struct xv_probe **probe, struct xv_err *err)
{
	struct xv_probe *p = calloc(1, sizeof(*p));
	int i, ret = 0;

	if (!p)
		return xv_err_set(err, -ENOMEM, "out of memory");
	p->heard = heard;
	p->arg = arg;
	for (i = 0; i < XV_PROBE_DEVS; i++)
		p->ear[i].fd = -1;
	for (i = 0; i < XV_PROBE_DEVS && !ret; i++)
		ret = open_ear(p, base, &p->ear[i]);
	if (ret) {
		xv_probe_close(p);
		return xv_err_set(err, ret, "cannot open a packet socket: %s", strerror(-ret));
	}
	*probe = p;
	return 0;
}

int xv_probe_listen(struct xv_probe *p, const uint32_t ifindex[XV_PROBE_DEVS])
{
	int i, ret = 0;

	if (getrandom(p->number, sizeof(p->number), GRND_NONBLOCK) != sizeof(p->number))
		return -EAGAIN;
	for (i = 0; i < XV_PROBE_DEVS && !ret; i++) {
		rest(&p->ear[i]);
		if (!ifindex[i])
			continue;
		ret = set_filter(&p->ear[i]) ?: turn_to(&p->ear[i], ifindex[i], ETH_P_ALL);
		p->ear[i].ifindex = ret ? 0 : ifindex[i];
	}
	if (ret)
		xv_probe_silence(p);
	return ret;
}

void xv_probe_silence(struct xv_probe *p)
{
	int i;

	for (i = 0; i < XV_PROBE_DEVS; i++)
		rest(&p->ear[i]);
}

void xv_probe_send(struct xv_probe *p, uint32_t ifindex, uint16_t vlan, const uint8_t mac[6],
		   uint32_t id)
{
	const struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = ifindex};
	struct probe_frame f = {.proto = htons(ETH_P_LOOPBACK),
				.function = {1},
				.number = {htonl(p->number[0]), htonl(p->number[1])},
				.id = htonl(id)};
	const __be16 tag[2] = {htons(ETH_P_8021Q), htons(vlan)};
	char b[sizeof(f) + sizeof(tag)];
	size_t room = vlan ? sizeof(tag) : 0;

	memset(f.dst, 0xff, sizeof(f.dst));
	memcpy(f.src, mac, sizeof(f.src));
	memcpy(b, &f, 2 * ETH_ALEN);
	memcpy(b + 2 * ETH_ALEN, tag, room);
	memcpy(b + 2 * ETH_ALEN + room, &f.proto, sizeof(f) - 2 * ETH_ALEN);
	/* a probe that is lost is sent again */
	if (sendto(p->ear[0].fd, b, sizeof(f) + room, MSG_DONTWAIT, (const struct sockaddr *)&to,
		   sizeof(to)) < 0)
		return;
}

void xv_probe_close(struct xv_probe *p)
{
	int i;

	if (!p)
		return;
	for (i = 0; i < XV_PROBE_DEVS; i++) {
		if (p->ear[i].event)
			event_free(p->ear[i].event);
		if (p->ear[i].fd >= 0)
			close(p->ear[i].fd);
	}
	free(p);
}
