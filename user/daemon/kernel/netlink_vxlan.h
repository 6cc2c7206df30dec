/* SPDX-License-Identifier: GPL-2.0-only */
/* A vxlan device is made. */
#ifndef XV_NETLINK_VXLAN_H
#define XV_NETLINK_VXLAN_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "xv_abi.h"

struct xv_netlink;

/*
 * Slow path device: kernel vxlan, external (collect-metadata), UDP port, source ports 49152-65535,
 * zero UDP checksums accepted over IPv6, MTU as large as it goes, multicast and IPv6 autoconf
 * quiet, the alias as its mark; set up. -EEXIST if the name is taken; -EADDRINUSE if the port is,
 * with the name of the vxlan device that has it.
 */
int xv_netlink_add_vxlan(struct xv_netlink *nl, const char *name, uint16_t port, const char *alias,
			 struct xv_err *err);

#endif
