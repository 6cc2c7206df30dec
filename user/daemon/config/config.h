/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of an instance. It is parsed from YAML (xvtep.yaml(5)), checked as a whole, and
 * compared with the running one (plan.h). All strings are NUL-terminated; addresses are in network
 * order.
 */
#ifndef XV_CONFIG_H
#define XV_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "err.h"
#include "xv_abi.h"

enum xv_xdp_mode {
	XV_XDP_AUTO,	/* native where the driver has it and it is faster, else TC */
	XV_XDP_NATIVE,	/* native, or an error */
	XV_XDP_GENERIC, /* generic XDP makes the checks, TC strips (for tests) */
	XV_XDP_OFF,	/* TC */
};

/* How xv_decap delivers known unicast to a port that takes XDP frames. Other ports get it by TC. */
enum xv_delivery {
	XV_DELIVERY_AUTO,     /* redirect; but by TC: inner TCP, and all from a veth underlay */
	XV_DELIVERY_REDIRECT, /* everything by devmap redirect */
	XV_DELIVERY_STACK,    /* everything by TC, after the kernel's GRO */
};

/* "Don't fragment" in outer IPv4 packets, in the words of ip-link(8). */
enum xv_df {
	XV_DF_UNSET,
	XV_DF_SET,
	XV_DF_INHERIT, /* set if the inner packet must not be fragmented */
};

/* Whether xv_port_encap handles a port's frames in the driver, instead of xv_encap at TC. */
enum xv_port_xdp {
	XV_PORT_XDP_AUTO,   /* where frames are known to be complete: see model/ingress.c */
	XV_PORT_XDP_NATIVE, /* also where only the user can know that they are */
	XV_PORT_XDP_OFF,
};

/* How the programs respect filters of others at a port's ingress. */
enum xv_port_filters {
	XV_FILTERS_AUTO,   /* no XDP if there are any; xv_encap is before them */
	XV_FILTERS_BEFORE, /* no XDP, and xv_encap is behind them */
	XV_FILTERS_IGNORE, /* as if there were none */
};

enum xv_config_limits {
	XV_INSTANCE_LEN = 32, /* [A-Za-z0-9_-]+ with NUL; bpffs refuses dots */
	XV_DEFAULT_AGEING = 300,
	XV_DEFAULT_MAX_MACS = 4096,
	XV_DEFAULT_LEARN_RATE = 100000, /* events a second for each network and CPU */
	XV_DEFAULT_LINK_LOCAL = 1 << 0, /* only STP, as the kernel's bridge without STP */
	XV_LISTEN_LEN = 64,
};

struct xv_config_port {
	char dev[IFNAMSIZ];
	uint16_t vlan; /* 0: untagged */
	enum xv_port_xdp xdp;
	enum xv_port_filters filters;
	uint32_t max_macs; /* 0: only the network's limit */
	int line;
};

struct xv_config_remote { /* a flood list entry */
	struct xv_ip ip;
	int line;
};

struct xv_config_fdb { /* a static entry, behind a peer or a port */
	uint8_t mac[6];
	bool is_port;
	bool sticky;		    /* the MAC may also send from elsewhere */
	struct xv_ip remote;	    /* !is_port */
	struct xv_config_port port; /* is_port: one of the network's ports */
	int line;
};

struct xv_config_network {
	uint32_t vni;
	char name[XV_NAME_LEN]; /* default: vni<VNI> */
	bool learning;		/* default true */
	bool inner_vlan;	/* key inner-vlan: keep | drop (default) */
	uint32_t ageing;	/* seconds, 0 never */
	uint32_t max_macs;
	uint32_t learn_rate; /* key learn-rate; 0 no limit */
	bool loop_detect;    /* default true */
	uint16_t link_local; /* key link-local; see link_local.h */
	struct xv_config_port *ports;
	size_t n_ports;
	struct xv_config_remote *flood; /* peers for head-end replication */
	size_t n_flood;
	bool has_group;
	struct xv_ip group;	  /* multicast group instead of flood */
	char group_dev[IFNAMSIZ]; /* underlay device by which copies leave; "": by the route */
	struct xv_config_fdb *fdb;
	size_t n_fdb;
	int line;
};

struct xv_config {
	char file[256];			/* file name for messages, cut off */
	char instance[XV_INSTANCE_LEN]; /* default "default" */
	char (*devices)[IFNAMSIZ];	/* underlay devices */
	size_t n_devices;
	struct xv_ip address;  /* IPv4 VTEP address, or zero */
	struct xv_ip address6; /* IPv6 VTEP address, or zero */
	int address_line, address6_line;
	uint16_t udp_port; /* host order */
	enum xv_xdp_mode xdp;
	enum xv_delivery delivery;
	enum xv_df df;
	bool udp6_checksum;	/* key udp6-checksum, default false */
	bool ipsec_bypass;	/* key ipsec: respect (default) | bypass */
	bool netfilter_respect; /* key netfilter: bypass (default) | respect */
	bool filters_ignore;	/* key filters: before (default) | ignore */
	struct xv_config_network *networks;
	size_t n_networks;
	bool metrics; /* metrics.listen is given */
	char listen_host[XV_LISTEN_LEN];
	uint16_t listen_port;
};

void xv_config_free(struct xv_config *config);
/* Frees the networks, which may be large. Once they are applied, the model has them. */
void xv_config_drop_networks(struct xv_config *config);

/* Number of settings outside the networks that differ. Each device that only one has counts. */
size_t xv_config_head_changes(const struct xv_config *a, const struct xv_config *b);

#endif
