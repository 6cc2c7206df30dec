/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's way: see way.h. */
#include <stdio.h>

#include "maps/index.h"
#include "model/way.h"
#include "kernel/xfrm.h"

void xv_way_update(struct xv_instance *inst, struct xv_peer *peer)
{
	const struct xv_config *config = inst->config;
	bool kernel = !config->ipsec_bypass &&
		      xv_xfrm_concerns(inst, &peer->ip, peer->status, sizeof(peer->status));

	if (config->netfilter_respect && !kernel) {
		snprintf(peer->status, sizeof(peer->status), "netfilter: respect");
		kernel = true;
	}
	if (peer->kernel == kernel)
		return;
	peer->kernel = kernel;
	xv_index_update_peer(inst->dp, peer);
}
