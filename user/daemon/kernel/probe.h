/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Probes: frames of our own that are sent out of devices to see by which devices they come in. Each
 * is a broadcast of the Configuration Testing Protocol (type 0x9000), which stations ignore, with a
 * random number that is new each time. The receiving sockets get frames before any program at TC
 * ingress.
 */
#ifndef XV_PROBE_H
#define XV_PROBE_H

#include <event2/event.h>
#include <stdint.h>

#include "err.h"

struct xv_probe;

enum {
	XV_PROBE_DEVS = 2, /* devices that can be listened at */
};

/* Called when the frame that was sent with id comes in by ifindex. vlan: its tag's id; 0: none. */
typedef void (*xv_probe_heard_fn)(void *arg, uint32_t ifindex, uint16_t vlan, uint32_t id);

/* Opens the sockets, which needs CAP_NET_RAW. 0; or negative errno, with *probe unchanged. */
int xv_probe_open(struct event_base *base, xv_probe_heard_fn heard, void *arg,
		  struct xv_probe **probe, struct xv_err *err);
/*
 * Listens at these devices (0: none), and no others, for frames with a new number. 0 or negative
 * errno.
 */
int xv_probe_listen(struct xv_probe *probe, const uint32_t ifindex[XV_PROBE_DEVS]);
void xv_probe_silence(struct xv_probe *probe);
/* Sends a frame out of the device, with a tag if vlan is not 0. mac: the device's. */
void xv_probe_send(struct xv_probe *probe, uint32_t ifindex, uint16_t vlan, const uint8_t mac[6],
		   uint32_t id);
/* probe may be NULL. */
void xv_probe_close(struct xv_probe *probe);

#endif
