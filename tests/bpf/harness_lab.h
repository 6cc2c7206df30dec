/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Real devices around the programs, for what BPF_PROG_TEST_RUN cannot do: tunnel metadata, VLAN
 * tags in the skb, frames from XDP to TC, merged ones, redirects that arrive. Everything is in
 * the test's own network namespace and a second, unnamed one, and goes with the process.
 *
 *    outside                     inside (the test's namespace)
 *    wire socket   -- u1 ==== u0   underlay: 192.0.2.1, 2001:db8::1, and xv0 (vxlan, external)
 *    tenant socket -- p1 ==== t1   PORT_XDP
 *    tenant socket -- p2 ==== t2   PORT_STACK
 *    trunk socket  -- p3 ==== t3   VLAN 10: PORT_VLAN, VLAN 20: PORT_RED
 */
#ifndef HARNESS_LAB_H
#define HARNESS_LAB_H

#include <linux/virtio_net.h>

#include "harness_ref.h"

enum lab_dev {
	LAB_WIRE,
	LAB_T1,
	LAB_T2,
	LAB_TRUNK,
	LAB_DEVS,
};

struct lab {
	int outside;		 /* its network namespace */
	__u32 ifindex[LAB_DEVS]; /* of the inside device */
	__u32 slow_ifindex;
	int fd[LAB_DEVS]; /* packet socket on the outside device */
};

extern struct lab lab;

/* Called once, after hs_open(). Exits with a message if a device cannot be made. */
void lab_open(void);
/* The default world, on the lab's devices, installed. Everybody is in BD_BLUE's flood list but the
 * trunk. */
void lab_world(struct world *w);
/* Runs a command in the outside or the inside namespace; exits on failure. */
void lab_outside(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void lab_inside(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A packet socket on an outside device. */
int lab_socket(const char *dev, int vnet_hdr);

/* Programs, from this object or a second one; attaching replaces. Detach: prog NULL. */
void lab_xdp(struct bpf_program *prog);
void lab_tc(__u32 ifindex, struct bpf_program *prog);
/* The whole datapath: on the wire xv_decap_tc, alone or behind native or generic XDP; tenants; xv0.
 */
void lab_attach(enum ref_hook hook);

void lab_send(enum lab_dev dev, const struct frame *f);
/* 0 with the next frame, tag included; -1 if none comes within two seconds. */
int lab_recv(enum lab_dev dev, struct frame *f);
int lab_recv_fd(int fd, struct frame *f, int milliseconds);
/* 0: no frame waits anywhere; else -1 and they are printed and gone. */
int lab_silent(void);

/* Waits until the counters since *before are *want, two seconds at most, then checks them. */
int lab_counts(const struct counts *before, const struct counts *want, const char *what);

#endif
