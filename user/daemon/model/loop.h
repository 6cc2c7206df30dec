/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Loops: a tenant has bridged two ports of a network together, without STP. Each broadcast then
 * comes back by the other port, and MACs move between the two ports as fast as they are learned,
 * far more often than any station moves. That raises a suspicion. The proof is a probe, a frame of
 * our own, that goes out of one port and comes in by the other.
 *
 * Programs then drop frames to groups and unknown MACs that come from one of the two ports or would
 * be flooded to it (XV_PORT_LOOP): the port is contained. Known unicast goes on. After a while,
 * longer each time, the port is released.
 */
#ifndef XV_LOOP_H
#define XV_LOOP_H

#include "model/place.h"

enum {
	XV_LOOP_RETURNS = 100, /* moves of one MAC back and forth between two ports in a second that
				  raise a suspicion */
	XV_LOOP_HOLD_SECONDS = 10,
	XV_LOOP_HOLD_MAX_SECONDS = 320,
};

/*
 * For how many seconds a port is to be contained. before: seconds of the last time, 0 if there was
 * none; until: the end of the last time (ns).
 */
uint32_t xv_loop_hold(uint32_t before, uint64_t until, uint64_t now);
/*
 * To be called when a MAC moves back and forth as often as in a loop; one station that forges
 * another's MAC can cause that too. If both places are ports and the network has loop-detect on,
 * probes are sent out of the network's ports. If one comes in by one of the two ports, that port is
 * contained. So a station can cause only its own port to be contained. At most once a second for
 * each network.
 */
void xv_loop_suspect(struct xv_model *model, struct xv_network *net, struct xv_place first,
		     struct xv_place second, uint64_t now);
/* Logs, without CAP_NET_RAW, that loops are not detected. */
void xv_loop_start(struct xv_model *model);
void xv_loop_stop(struct xv_model *model);
/* Releases all ports of the network, because its loop-detect is off now. */
void xv_loop_release(struct xv_model *model, const struct xv_network *net);
/* To be called once a second: releases ports whose time is over. */
void xv_loop_tick(struct xv_model *model, uint64_t now);

#endif
