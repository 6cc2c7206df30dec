/* SPDX-License-Identifier: GPL-2.0-only */
/* Which outer packets the kernel handles: see way.h. */
#include <stdio.h>

#include "addr.h"
#include "kernel/xfrm.h"
#include "model/way.h"

bool xv_way_is_kernels(const struct xv_model *model, const struct xv_ip *ip, char *why, size_t size)
{
	const struct xv_config *config = model->config;
	const struct xv_ip *own = xv_ip_is_v4(ip) ? &config->address : &config->address6;

	if (!config->ipsec_bypass &&
	    xv_xfrm_concerns(model->xfrm, own, ip, config->udp_port, why, size))
		return true;
	if (!config->netfilter_respect)
		return false;
	snprintf(why, size, "netfilter: respect");
	return true;
}

uint32_t xv_way_df(const struct xv_config *config, bool v4)
{
	if (!v4 || config->df == XV_DF_SET)
		return 0;
	return config->df == XV_DF_INHERIT ? XV_ADJ_DF_INHERIT : XV_ADJ_DF_UNSET;
}
