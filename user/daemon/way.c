/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's way: see way.h. */
#include "index.h"
#include "way.h"
#include "xfrm.h"

void xv_way_update(struct xv_instance *inst, struct xv_peer *peer)
{
	bool kernel = !inst->config->ipsec_bypass &&
		      xv_xfrm_concerns(inst, &peer->ip, peer->status, sizeof(peer->status));

	if (peer->kernel == kernel)
		return;
	peer->kernel = kernel;
	xv_index_update_peer(inst->dp, peer);
}
