/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which peers' outer packets are the kernel's to send and to receive, because rules of this host
 * concern them that the kernel alone obeys.
 */
#ifndef XV_WAY_H
#define XV_WAY_H

#include "model/peer.h"

/*
 * Sets peer->kernel as the host's rules and the configuration are now, with peer->status where it
 * is true, and tells the programs that receive.
 */
void xv_way_update(struct xv_model *model, struct xv_peer *peer);

#endif
