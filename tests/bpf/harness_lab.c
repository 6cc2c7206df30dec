// SPDX-License-Identifier: GPL-2.0-only
/* Devices, namespaces and packet sockets; see harness_lab.h. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness_lab.h"

enum {
	PATIENCE_MS = 2000,
};

struct lab lab;

static const char *const inside_name[] = {"u0", "t1", "t2", "t3"};
static const char *const outside_name[] = {"u1", "p1", "p2", "p3"};

static void die(const char *what)
{
	hs_note("lab: %s: %s", what, strerror(errno));
	exit(1);
}

static void enter(int netns)
{
	if (setns(netns, CLONE_NEWNET))
		die("setns");
}

static void command(const char *fmt, va_list args)
{
	char line[512];

	vsnprintf(line, sizeof(line), fmt, args);
	if (system(line)) {
		errno = 0;
		die(line);
	}
}

void lab_inside(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	command(fmt, args);
	va_end(args);
}

void lab_outside(const char *fmt, ...)
{
	va_list args;

	enter(lab.outside);
	va_start(args, fmt);
	command(fmt, args);
	va_end(args);
	enter(hs.netns);
}

int lab_socket(const char *dev, int vnet_hdr)
{
	struct sockaddr_ll addr = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int one = 1, room = 1 << 22, fd; /* a page a frame, at least */

	enter(lab.outside);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	addr.sll_ifindex = if_nametoindex(dev);
	if (fd < 0 || !addr.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof(one)) ||
	    (vnet_hdr && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one))) ||
	    bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die(dev);
	enter(hs.netns);
	return fd;
}

static void open_devices(void)
{
	int i;

	lab_inside("sysctl -qw net.ipv6.conf.default.disable_ipv6=1 "
		   "net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0");
	lab_outside("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
	for (i = 0; i < LAB_DEVS; i++) {
		lab_inside("ip link add %s mtu 9000 type veth peer name %s netns /proc/%d/fd/%d "
			   "mtu 9000",
			   inside_name[i], outside_name[i], getpid(), lab.outside);
		lab_inside("ip link set %s up", inside_name[i]);
		lab_outside("ip link set %s up", outside_name[i]);
		/* Without it a veth takes no XDP redirects. */
		lab_outside("ethtool -K %s gro on", outside_name[i]);
		lab.ifindex[i] = if_nametoindex(inside_name[i]);
		lab.fd[i] = lab_socket(outside_name[i], 0);
	}
}

static void open_underlay(void)
{
	static const char *const neighbours[] = {"192.0.2.2", "192.0.2.3", "2001:db8::2",
						 "2001:db8::3"};
	size_t i;

	lab_inside("sysctl -qw net.ipv6.conf.u0.disable_ipv6=0 net.ipv6.conf.u0.accept_ra=0 "
		   "net.ipv6.conf.u0.router_solicitations=0");
	/* As a NIC without offloads: what is captured is what a wire would carry. */
	lab_inside("ethtool -K u0 tx off tso off tx-udp_tnl-segmentation off "
		   "tx-udp_tnl-csum-segmentation off >/dev/null");
	lab_inside("ip link set u0 address 02:ee:00:00:00:02");
	lab_inside("ip addr add 192.0.2.1/24 dev u0");
	lab_inside("ip addr add 2001:db8::1/64 dev u0 nodad");
	for (i = 0; i < ARRAY_SIZE(neighbours); i++)
		lab_inside("ip neigh add %s lladdr 02:ee:00:00:00:01 dev u0", neighbours[i]);
	lab_inside("ip link add xv0 type vxlan external dstport 4789 srcport 49152 65535 "
		   "udp6zerocsumtx udp6zerocsumrx");
	lab_inside("ip link set xv0 up");
	lab.slow_ifindex = if_nametoindex("xv0");
}

void lab_open(void)
{
	if (unshare(CLONE_NEWNET))
		die("unshare");
	lab.outside = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (lab.outside < 0)
		die("/proc/self/ns/net");
	enter(hs.netns);
	open_devices();
	open_underlay();
}

void lab_world(struct world *w)
{
	world_default(w);
	w->keys = 0;
	w->slow_ifindex = lab.slow_ifindex;
	w->wire_ifindex = lab.ifindex[LAB_WIRE];
	w->port[PORT_XDP].ifindex = lab.ifindex[LAB_T1];
	w->port[PORT_STACK].ifindex = lab.ifindex[LAB_T2];
	w->port[PORT_VLAN].ifindex = lab.ifindex[LAB_TRUNK];
	w->port[PORT_RED].ifindex = lab.ifindex[LAB_TRUNK];
	w->port[PORT_RED].vlan = 20;
	world_key_set(w, lab.ifindex[LAB_T1], 0, PORT_XDP);
	world_key_set(w, lab.ifindex[LAB_T2], 0, PORT_STACK);
	world_key_set(w, lab.ifindex[LAB_TRUNK], 10, PORT_VLAN);
	world_key_set(w, lab.ifindex[LAB_TRUNK], 20, PORT_RED);
	world_install(w);
}

void lab_xdp(struct bpf_program *prog)
{
	static __u32 mode = XDP_FLAGS_DRV_MODE;
	__u32 next = mode, ifindex = lab.ifindex[LAB_WIRE];

	if (prog)
		next = prog == hs.skel->progs.xv_decap_skb ? XDP_FLAGS_SKB_MODE
							   : XDP_FLAGS_DRV_MODE;
	if ((!prog || next != mode) && bpf_xdp_detach(ifindex, mode, NULL))
		die("XDP on u0");
	mode = next;
	if (prog && bpf_xdp_attach(ifindex, bpf_program__fd(prog), mode, NULL))
		die("XDP on u0");
}

void lab_tc(__u32 ifindex, struct bpf_program *prog)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex, .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, opts, .handle = 1, .priority = 1);
	static __u8 attached[256], hooked[256];

	if (ifindex >= sizeof(attached) || (!hooked[ifindex] && bpf_tc_hook_create(&hook)))
		die("clsact");
	hooked[ifindex] = 1;
	if (!prog) {
		if (attached[ifindex] && bpf_tc_detach(&hook, &opts))
			die("TC ingress");
		attached[ifindex] = 0;
		return;
	}
	opts.prog_fd = bpf_program__fd(prog);
	opts.flags = attached[ifindex] ? BPF_TC_F_REPLACE : 0;
	if (bpf_tc_attach(&hook, &opts))
		die("TC ingress");
	attached[ifindex] = 1;
}

void lab_attach(enum ref_hook hook)
{
	struct bpf_program *const xdp[] = {
		[REF_XDP] = hs.skel->progs.xv_decap,
		[REF_XDP_SKB] = hs.skel->progs.xv_decap_skb,
		[REF_TC] = NULL,
	};
	int i;

	lab_xdp(xdp[hook]);
	lab_tc(lab.ifindex[LAB_WIRE], hs.skel->progs.xv_decap_tc);
	lab_tc(lab.slow_ifindex, hs.skel->progs.xv_slow_rx);
	for (i = LAB_T1; i < LAB_DEVS; i++)
		lab_tc(lab.ifindex[i], hs.skel->progs.xv_encap);
}

void lab_send(enum lab_dev dev, const struct frame *f)
{
	if (send(lab.fd[dev], f->b, f->len, 0) != (ssize_t)f->len)
		die("send");
}

/* The tag that the kernel keeps beside the frame, put back where it was. */
static void put_tag(struct msghdr *msg, struct frame *f)
{
	static struct frame bare;
	struct tpacket_auxdata *aux;
	struct cmsghdr *c;

	for (c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
		aux = (void *)CMSG_DATA(c);
		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA ||
		    !(aux->tp_status & TP_STATUS_VLAN_VALID))
			continue;
		frame_copy(&bare, f);
		frame_tagged(f, &bare,
			     aux->tp_status & TP_STATUS_VLAN_TPID_VALID ? aux->tp_vlan_tpid
									: T_VLAN,
			     aux->tp_vlan_tci);
	}
}

static __u64 now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

int lab_recv_fd(int fd, struct frame *f, int milliseconds)
{
	__u64 end = now_ms() + milliseconds, now;
	char control[256];

	while ((now = now_ms()) <= end) {
		struct iovec iov = {f->b, FRAME_MAX - 4};
		struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n;

		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		n = recvmsg(fd, &msg, MSG_DONTWAIT);
		if (n < 0) {
			poll(&p, 1, end - now);
			continue;
		}
		f->len = n;
		/* MLD of the underlay device */
		if (n > 14 && f->b[0] == 0x33 && f->b[1] == 0x33 && frame_get16(f, 12) == T_IPV6 &&
		    f->b[20] != P_UDP)
			continue;
		put_tag(&msg, f);
		return 0;
	}
	return -1;
}

int lab_recv(enum lab_dev dev, struct frame *f)
{
	return lab_recv_fd(lab.fd[dev], f, PATIENCE_MS);
}

int lab_silent(void)
{
	static struct frame f, none;
	int i, err = 0;

	for (i = 0; i < LAB_DEVS; i++)
		while (!lab_recv_fd(lab.fd[i], &f, 0))
			err |= frame_check(&f, &none, outside_name[i]);
	return err;
}

int lab_counts(const struct counts *before, const struct counts *want, const char *what)
{
	__u64 end = now_ms() + PATIENCE_MS;
	int quiet = harness_quiet, differ;
	struct counts got;

	harness_quiet = 1;
	do {
		got = *before;
		counts_since(&got);
		differ = counts_check(&got, want, what);
	} while (differ && now_ms() < end);
	harness_quiet = quiet;
	return counts_check(&got, want, what);
}
