/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames of our own that are sent out of devices, to see whether they come in by others: each is a
 * broadcast of the Configuration Testing Protocol (type 0x9000), which stations ignore, with a
 * random number that is new each time. A socket hears frames before any program at TC ingress.
 */
#ifndef XV_PROBE_H
#define XV_PROBE_H

#include <event2/event.h>
#include <stdint.h>

#include "err.h"

struct xv_probe;

enum {
	XV_PROBE_DEVS = 2, /* devices that are listened at, at most */
};

/* The frame that was sent with id came in by ifindex; vlan: id of its tag, 0: it has none. */
typedef void (*xv_probe_heard_fn)(void *arg, uint32_t ifindex, uint16_t vlan, uint32_t id);

/* Takes CAP_NET_RAW; nothing else does. 0 or negative errno, and *probe is as it was. */
int xv_probe_open(struct event_base *base, xv_probe_heard_fn heard, void *arg,
		  struct xv_probe **probe, struct xv_err *err);
/* Listens at the devices (0: none) for a new number, and at no others any more. 0 or negative. */
int xv_probe_listen(struct xv_probe *probe, const uint32_t ifindex[XV_PROBE_DEVS]);
void xv_probe_silence(struct xv_probe *probe);
/* One frame out of the device, with a tag if vlan is not 0. mac: of the device. */
void xv_probe_send(struct xv_probe *probe, uint32_t ifindex, uint16_t vlan, const uint8_t mac[6],
		   uint32_t id);
/* NULL is fine. */
void xv_probe_close(struct xv_probe *probe);

#endif
