/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The MTU of the way on which the kernel itself sends to a peer. A route's answer does not have all
 * of that: an IPsec policy, or an encapsulation of the route's own, takes some bytes.
 */
#ifndef XV_PATH_MTU_H
#define XV_PATH_MTU_H

#include <stdint.h>

#include "xv_abi.h"

/*
 * The largest IP packet, before what the way adds to it, that the kernel sends from own to peer
 * without fragmenting it; 0 if the kernel refuses to send. port: the UDP port of VXLAN, in host
 * order. Where an IPsec policy has no state yet, asking makes the kernel call for one, as a packet
 * does.
 */
uint32_t xv_path_mtu(const struct xv_ip *own, const struct xv_ip *peer, uint16_t port);

#endif
