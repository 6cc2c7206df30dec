/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration: what an instance shall be. Parsed from YAML (xvtep.yaml(5)), checked as a
 * whole, and compared with the running one (plan.h). All strings are NUL-terminated; addresses in
 * network order.
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
	XV_XDP_AUTO,	/* native where the driver can and it pays, else TC */
	XV_XDP_NATIVE,	/* native, or refuse */
	XV_XDP_GENERIC, /* generic XDP refuses, TC strips (for tests) */
	XV_XDP_OFF,	/* TC */
};

/* How xv_decap gives known unicast to a port that takes XDP frames; another gets it by TC. */
enum xv_delivery {
	XV_DELIVERY_AUTO,     /* redirect, but inner TCP, or all from a veth underlay, by TC */
	XV_DELIVERY_REDIRECT, /* devmap redirect, all of it */
	XV_DELIVERY_STACK,    /* pass up: GRO merges, TC strips and redirects */
};

/* "Don't fragment" of outer IPv4 packets, in the words of ip-link(8). */
enum xv_df {
	XV_DF_UNSET,
	XV_DF_SET,
	XV_DF_INHERIT, /* where the inner packet may not be fragmented */
};

/* Whether xv_port_encap takes a port's frames in the driver, before xv_encap does at TC. */
enum xv_port_xdp {
	XV_PORT_XDP_AUTO,   /* where frames are known to come whole: see ingress.c */
	XV_PORT_XDP_NATIVE, /* also where only the user can know it */
	XV_PORT_XDP_OFF,
};

/* What is done about filters of others at a port's ingress. */
enum xv_port_filters {
	XV_FILTERS_AUTO,   /* no XDP where there are some; the TC program does not mind them */
	XV_FILTERS_BEFORE, /* the TC program is behind them; no XDP */
	XV_FILTERS_IGNORE, /* as if there were none */
};

enum xv_config_limits {
	XV_INSTANCE_LEN = 32, /* [A-Za-z0-9_-]+ (bpffs refuses dots), with NUL */
	XV_DEFAULT_AGEING = 300,
	XV_DEFAULT_MAX_MACS = 4096,
	XV_DEFAULT_LEARN_RATE = 100000, /* events a second, network and CPU */
	XV_DEFAULT_LINK_LOCAL = 1 << 0, /* STP alone, as the kernel's bridge that has none itself */
	XV_LISTEN_LEN = 64,
};

struct xv_config_port {
	char dev[IFNAMSIZ];
	uint16_t vlan; /* 0: untagged */
	enum xv_port_xdp xdp;
	enum xv_port_filters filters;
	uint32_t max_macs; /* 0: no limit but the network's */
	int line;
};

struct xv_config_remote { /* flood list entry */
	struct xv_ip ip;
	int line;
};

struct xv_config_fdb { /* static entry: behind a peer, or behind a port */
	uint8_t mac[6];
	bool is_port;
	bool sticky;		    /* the MAC may send from elsewhere too */
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
	struct xv_config_remote *flood; /* head-end replication */
	size_t n_flood;
	bool has_group;
	struct xv_ip group;	  /* multicast group instead of flood */
	char group_dev[IFNAMSIZ]; /* underlay device that it leaves by; "": by route */
	struct xv_config_fdb *fdb;
	size_t n_fdb;
	int line;
};

struct xv_config {
	char file[256];			/* where it is from, for messages; cut off */
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
	bool metrics; /* metrics.listen given */
	char listen_host[XV_LISTEN_LEN];
	uint16_t listen_port;
};

void xv_config_free(struct xv_config *config);
/* Forgets the networks, which may be large: when they are applied the instance knows them. */
void xv_config_drop_networks(struct xv_config *config);

/* How many settings outside the networks differ; each device that is only in one counts. */
size_t xv_config_head_changes(const struct xv_config *a, const struct xv_config *b);

#endif
