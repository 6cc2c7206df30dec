/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of learned MACs: max-macs of each network and port, and the size of the FDB. When there is
 * no room, programs are told (XV_BD_FULL, XV_PORT_FULL), so that refused MACs cause no events. They
 * are told again when there is room, at most once a second. The beginning and the end of each
 * shortage are logged.
 */
#ifndef XV_QUOTA_H
#define XV_QUOTA_H

#include "model/place.h"

/* Count a learned entry that was added, or deleted. */
void xv_quota_take(struct xv_model *model, struct xv_network *net, struct xv_place place);
void xv_quota_give(struct xv_model *model, struct xv_network *net, struct xv_place place);
/* Whether one more MAC may be learned at that port or peer, if its network has room. */
bool xv_quota_place_has_room(const struct xv_model *model, struct xv_place place);
/* A MAC was refused because of the limit of the network or the FDB, or because of the port's. */
void xv_quota_deny_network(struct xv_model *model, struct xv_network *net);
void xv_quota_deny_port(struct xv_model *model, struct xv_port *port);
/* Entries may have been deleted: tells programs where there is room again. */
void xv_quota_room(struct xv_model *model);

#endif
