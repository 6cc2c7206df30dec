/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's way: see way.h. */
#include <stdio.h>

#include "addr.h"
#include "maps/index.h"
#include "model/way.h"
#include "kernel/xfrm.h"

void xv_way_update(struct xv_model *model, struct xv_peer *peer)
{
	const struct xv_config *config = model->config;
	const struct xv_ip *own = xv_ip_is_v4(&peer->ip) ? &config->address : &config->address6;
	bool kernel = !config->ipsec_bypass &&
		      xv_xfrm_concerns(model->xfrm, own, &peer->ip, config->udp_port, peer->status,
				       sizeof(peer->status));

	if (config->netfilter_respect && !kernel) {
		snprintf(peer->status, sizeof(peer->status), "netfilter: respect");
		kernel = true;
	}
	if (peer->kernel == kernel)
		return;
	peer->kernel = kernel;
	xv_index_update_peer(model->dp, &peer->ip, peer->id, kernel);
}
