/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many MACs are learned: of each network and port, against their max-macs, and of the whole
 * FDB. Where there is no room programs are told (XV_BD_FULL, XV_PORT_FULL), so that what is refused
 * costs no event; they are told again when there is room, once a second at most. The beginning and
 * the end of each such time are in the log.
 */
#ifndef XV_QUOTA_H
#define XV_QUOTA_H

#include "model/place.h"

/* A learned entry is there, or there no more. */
void xv_quota_take(struct xv_model *model, struct xv_network *net, struct xv_place place);
void xv_quota_give(struct xv_model *model, struct xv_network *net, struct xv_place place);
/* Whether one more may be learned at that port or peer, of a network that has room. */
bool xv_quota_place_has_room(const struct xv_model *model, struct xv_place place);
/* A MAC was refused, for the network's limit or the FDB's, or for that of the port. */
void xv_quota_deny_network(struct xv_model *model, struct xv_network *net);
void xv_quota_deny_port(struct xv_model *model, struct xv_port *port);
/* There may be room: where there is, programs are told. */
void xv_quota_room(struct xv_model *model);

#endif
