/* SPDX-License-Identifier: GPL-2.0-only */
/* Flood lists; xv_flood is written here and nowhere else. Programs see a list whole, old or new. */
#ifndef XV_FLOOD_H
#define XV_FLOOD_H

#include "network.h"

/* A remote: a peer (referenced while it is listed) or the multicast group. -EEXIST, -ENOSPC. */
int xv_flood_add(struct xv_instance *inst, struct xv_network *net, const struct xv_ip *remote,
		 bool from_config, struct xv_err *err);
/* -ENOENT. */
int xv_flood_del(struct xv_instance *inst, struct xv_network *net, const struct xv_ip *remote,
		 struct xv_err *err);
/* All remotes; returns how many there were. */
long xv_flood_flush(struct xv_instance *inst, struct xv_network *net, struct xv_err *err);
/* For port.c. */
int xv_flood_add_port(struct xv_instance *inst, struct xv_network *net, uint32_t port,
		      struct xv_err *err);
int xv_flood_del_port(struct xv_instance *inst, struct xv_network *net, uint32_t port,
		      struct xv_err *err);
int xv_flood_adopt(struct xv_instance *inst, struct xv_err *err);
bool xv_flood_is_port(const struct xv_flood_member *member);

#endif
