/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ports: local devices, or VLANs of devices, in networks. The only writer of xv_port, xv_port_dev
 * and xv_tx.
 */
#ifndef XV_PORT_H
#define XV_PORT_H

#include "kernel/filters.h"
#include "model/network.h"

enum {
	XV_PORT_STRLEN = IFNAMSIZ + sizeof(" vlan 4094"),
	XV_PORT_OTHER_LEN = 96,
};

struct xv_port_name {
	char dev[IFNAMSIZ];
	uint32_t vlan; /* 0: untagged */
};

/* The ports of a device, found by its configured name or, while attached, by its index. */
struct xv_port_device {
	char name[IFNAMSIZ]; /* zero-padded */
	uint32_t ifindex;
	struct xv_port *first;
	UT_hash_handle hh;
};

struct xv_port {
	struct xv_port_name key; /* zero-padded, as all of it is hashed */
	uint32_t id;
	struct xv_network *net;
	uint32_t origins; /* enum xv_origin */
	bool waiting;	  /* to be attached: see queue.h */
	bool by_filter;	  /* attached by a filter, which a TCX link is to replace */
	bool retry;	  /* attaching failed and is tried again; status says why */
	uint32_t ifindex; /* device that it is attached to; 0: none (yet). See xv_port_set_device()
			   */
	uint32_t adopted; /* the same, by an earlier daemon, until xv_tenancy_adopted() */
	uint32_t flags;	  /* enum xv_port_flags, as written */
	struct xv_link link;		  /* valid if ifindex is not 0 */
	char status[256];		  /* what is wrong with the port; "": nothing */
	char other[XV_PORT_OTHER_LEN];	  /* another instance's use of its device: see other.h */
	char no_tc[160];		  /* why its program is not at TC ingress; "": it is */
	enum xv_port_xdp xdp;		  /* as configured */
	enum xv_port_filters set_filters; /* as configured */
	uint32_t filters_mark;		  /* xv_filters_mark(); 0: not read yet */
	struct xv_filters filters;	  /* filters of others at the device's ingress */
	struct {
		bool on; /* XV_PORT_LOOP */
		uint32_t seconds;
		uint64_t until; /* ns */
		char other[XV_PORT_STRLEN];
	} loop;		       /* a loop with another port of the network: see loop.h */
	uint32_t max_macs;     /* as configured: limit of MACs learned here; 0: none */
	uint32_t learned;      /* number of learned entries in the FDB */
	uint64_t quota_denied; /* new MACs refused because of max_macs */
	bool full;	       /* programs are told that there is no room */
	bool short_of_room;    /* a shortage was logged, and its end was not */
	bool xdp_on;	       /* xv_port_encap is attached */
	char no_xdp[24];       /* why not, in a few words; "" if attached, or without a device */
	bool watched;	       /* others have a qdisc or filters at its egress */
	bool direct;	       /* frames to end_mac are sent directly into the tenant's namespace */
	uint8_t end_mac[6];    /* MAC of the veth's other end */
	uint64_t end_asked;    /* ns: when a learned MAC last caused a look at the other end */
	struct {
		bool set;
		uint32_t mtu;
		uint64_t features;
	} refused; /* refused by the driver, with this MTU and these features */
	struct xv_port *prev_named, *next_named; /* ports with the same device name */
	struct xv_port *prev_at, *next_at;	 /* ports attached to the same device */
	UT_hash_handle hh;
};

/* How frames are delivered to the port: "redirect" (in XDP), "tc", or "none" (no device). */
const char *xv_port_delivery(const struct xv_model *model, const struct xv_port *port);
/* Where frames from the port are first handled: "xdp", "tc", or "none" (no device). */
const char *xv_port_encap(const struct xv_port *port);
struct xv_port *xv_port_find(struct xv_model *model, const char *dev, uint32_t vlan);
/* Writes "p1" or "p1 vlan 5", as on the command line. Returns text. */
const char *xv_port_text(const struct xv_port *port, char text[XV_PORT_STRLEN]);
/* Makes a port, which is in no map yet. NULL: no memory. */
struct xv_port *xv_port_new(struct xv_model *model, struct xv_network *net, const char *dev,
			    uint32_t vlan, uint32_t id);
void xv_port_free(struct xv_model *model, struct xv_port *port);
/* Sets port->waiting, and counts the waiting ports. */
void xv_port_wait(struct xv_model *model, struct xv_port *port, bool waiting);
/* Writes the port's entry in xv_port_dev, and its device into xv_tx. 0 or negative errno. */
int xv_port_write(struct xv_model *model, struct xv_port *port);
/* The underlay or its delivery setting has changed: writes all ports (XV_PORT_XDP_TX). */
void xv_port_write_all(struct xv_model *model);
/* Writes the entry of xv_port that leads from a device and VLAN to a port. val NULL: deletes it. */
int xv_port_write_key(struct xv_model *model, const struct xv_port_key *key,
		      const struct xv_port_val *val);
/* The settings that the flags of xv_port_dev keep over a restart. */
enum xv_port_xdp xv_port_xdp_mode(uint32_t flags);
enum xv_port_filters xv_port_filters_mode(uint32_t flags);
void xv_port_free_all(struct xv_model *model);

/*
 * The first port with a device name, and the first that is attached to a device. next_named and
 * next_at lead to the others. NULL: none.
 */
struct xv_port *xv_port_named(const struct xv_model *model, const char *dev);
struct xv_port *xv_port_at(const struct xv_model *model, uint32_t ifindex);
/* Notes that the port is attached to the device; 0: to none. -ENOMEM: nothing has changed. */
int xv_port_set_device(struct xv_model *model, struct xv_port *port, uint32_t ifindex);
/* Whether a port is attached to the device. */
bool xv_port_has_device(const struct xv_model *model, uint32_t ifindex);

#endif
