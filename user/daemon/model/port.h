/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports: local devices (and VLANs of them) in networks; xv_port, xv_port_dev and xv_tx are written
 * here. */
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

/* The ports of a device: by the name that they have it under, or by its index while attached. */
struct xv_port_device {
	char name[IFNAMSIZ]; /* zero-padded */
	uint32_t ifindex;
	struct xv_port *first;
	UT_hash_handle hh;
};

struct xv_port {
	struct xv_port_name key; /* zero-padded: hashed whole */
	uint32_t id;
	struct xv_network *net;
	uint32_t origins;    /* enum xv_origin */
	bool waiting;	     /* for its turn to be attached: see queue.h */
	bool by_filter;	     /* attached by a filter, where a TCX link is to be */
	bool retry;	     /* attaching failed, for the reason in status */
	uint32_t ifindex;    /* that it is attached to; 0: none (yet). xv_port_set_device() */
	uint32_t adopted;    /* ... by an earlier daemon, until xv_tenancy_adopted() */
	uint32_t flags;	     /* enum xv_port_flags as written */
	struct xv_link link; /* when ifindex is not 0 */
	char status[256];    /* what is wrong with it; "" when fine */
	char other[XV_PORT_OTHER_LEN];	  /* what it is of another instance: see other.h */
	char no_tc[160];		  /* why its program is not at TC ingress; "" when it is */
	enum xv_port_xdp xdp;		  /* as configured */
	enum xv_port_filters set_filters; /* as configured */
	uint32_t filters_mark;		  /* xv_filters_mark(); 0: not looked at yet */
	struct xv_filters filters;	  /* of others, at the device's ingress */
	struct {
		bool on; /* XV_PORT_LOOP */
		uint32_t seconds;
		uint64_t until; /* ns */
		char other[XV_PORT_STRLEN];
	} loop;		       /* with another port of the network: see loop.h */
	uint32_t max_macs;     /* as configured: learned there at most; 0: no limit */
	uint32_t learned;      /* entries of the FDB */
	uint64_t quota_denied; /* new MACs refused because of max_macs */
	bool full;	       /* ... and programs know, until there is room */
	bool short_of_room;    /* ... and the log says so, until there is some more */
	bool xdp_on;	       /* xv_port_encap is attached */
	char no_xdp[24];       /* why not, in a few words; "" when attached, or no device */
	bool watched;	       /* others have a qdisc or filters at egress */
	bool direct;	       /* frames for end_mac go straight into the tenant's namespace */
	uint8_t end_mac[6];    /* of the veth's other end, there */
	uint64_t end_asked;    /* when last a MAC that was learned had us look there, ns */
	struct {
		bool set;
		uint32_t mtu;
		uint64_t features;
	} refused;				 /* by the driver, as it was then */
	struct xv_port *prev_named, *next_named; /* of the same name */
	struct xv_port *prev_at, *next_at;	 /* attached to the same device */
	UT_hash_handle hh;
};

/* "redirect" (in XDP), "tc" or "none" (device is missing): how frames are delivered. */
const char *xv_port_delivery(const struct xv_model *model, const struct xv_port *port);
/* "xdp", "tc" or "none" (device is missing): where frames from it are first looked at. */
const char *xv_port_encap(const struct xv_port *port);
struct xv_port *xv_port_find(struct xv_model *model, const char *dev, uint32_t vlan);
/* "p1" or "p1 vlan 5", as the command line has it. Returns text. */
const char *xv_port_text(const struct xv_port *port, char text[XV_PORT_STRLEN]);
/* An object for a device in a network; NULL: no memory. It is known by then, to nobody but us. */
struct xv_port *xv_port_new(struct xv_model *model, struct xv_network *net, const char *dev,
			    uint32_t vlan, uint32_t id);
void xv_port_free(struct xv_model *model, struct xv_port *port);
/* Counts those that wait for their turn to be attached. */
void xv_port_wait(struct xv_model *model, struct xv_port *port, bool waiting);
/* Writes the port's entry for delivery, and its device into xv_tx. 0 or negative errno. */
int xv_port_write(struct xv_model *model, struct xv_port *port);
/* The underlay or its delivery changed: which ports get redirects may too. */
void xv_port_write_all(struct xv_model *model);
/* The way in: from the device, and the VLAN, to the port. NULL: none any more. */
int xv_port_write_key(struct xv_model *model, const struct xv_port_key *key,
		      const struct xv_port_val *val);
/* Settings as the flags of xv_port_dev keep them over a restart. */
enum xv_port_xdp xv_port_xdp_mode(uint32_t flags);
enum xv_port_filters xv_port_filters_mode(uint32_t flags);
void xv_port_free_all(struct xv_model *model);

/* The first port that is named after a device, and the first that is attached to one; the others by
 * next_named, next_at. NULL: none. */
struct xv_port *xv_port_named(const struct xv_model *model, const char *dev);
struct xv_port *xv_port_at(const struct xv_model *model, uint32_t ifindex);
/* The port is attached to the device; 0: to none. -ENOMEM: it is as it was. */
int xv_port_set_device(struct xv_model *model, struct xv_port *port, uint32_t ifindex);
/* Whether the device is that of a port. */
bool xv_port_has_device(const struct xv_model *model, uint32_t ifindex);

#endif
