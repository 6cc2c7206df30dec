/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes the slow path device. */
#ifndef XV_NETLINK_VXLAN_H
#define XV_NETLINK_VXLAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct xv_netlink;

/*
 * Makes a kernel vxlan device, external (collect-metadata), with this UDP port, source ports
 * 49152-65535, zero UDP checksums over IPv6 accepted, the largest MTU, and the alias as its mark.
 * It is set up, and sends no multicast and no IPv6 autoconfiguration. -EEXIST: the name is in use;
 * -EADDRINUSE: the port is, and err names the vxlan device that uses it.
 */
int xv_netlink_add_vxlan(struct xv_netlink *nl, const char *name, uint16_t port, const char *alias,
			 struct xv_err *err);

#endif
