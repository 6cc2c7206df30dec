/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loops: two ports of a network that a tenant has bridged together, without STP. Each broadcast
 * then comes back by the other port, and a MAC moves between the two as fast as it is learned, many
 * times faster than any station or pair of routers moves. If a frame of our own that goes out of
 * one comes in by the other, it is a loop: programs then drop what comes from one of the two, or
 * would be flooded to it, for groups and unknown MACs (XV_PORT_LOOP); known unicast goes on. After
 * a while, longer each time, the port is tried again.
 */
#ifndef XV_LOOP_H
#define XV_LOOP_H

#include "model/place.h"

enum {
	XV_LOOP_RETURNS = 100, /* of one MAC in a second, between two ports: a loop */
	XV_LOOP_HOLD_SECONDS = 10,
	XV_LOOP_HOLD_MAX_SECONDS = 320,
};

/*
 * For how many seconds a port is contained that was for `before` seconds, until `until` (ns), the
 * last time; 0: it never was.
 */
uint32_t xv_loop_hold(uint32_t before, uint64_t until, uint64_t now);
/*
 * A MAC returns between two places as often as it does in a loop, or where one station forges the
 * other's. If both are ports and the network looks for loops, frames of our own are sent out of the
 * network's ports, and a port of the two by which one comes in is contained: so a station can have
 * no port contained but its own. Once a second for each network.
 */
void xv_loop_suspect(struct xv_model *model, struct xv_network *net, struct xv_place first,
		     struct xv_place second, uint64_t now);
/* Without CAP_NET_RAW it says that loops are not looked for. */
void xv_loop_start(struct xv_model *model);
void xv_loop_stop(struct xv_model *model);
/* Loops are no longer looked for in the network: none of its ports is contained. */
void xv_loop_release(struct xv_model *model, const struct xv_network *net);
/* Once a second: ports are tried again. */
void xv_loop_tick(struct xv_model *model, uint64_t now);

#endif
