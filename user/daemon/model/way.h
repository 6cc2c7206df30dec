/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which peers' outer packets the kernel must send and receive itself, because rules of this host
 * concern them that only the kernel applies (IPsec policies, netfilter). And the DF setting of
 * outer packets.
 */
#ifndef XV_WAY_H
#define XV_WAY_H

#include "model/model.h"

/*
 * Whether the kernel must handle the peer's outer packets, by the host's rules and the
 * configuration. If true, why says the reason.
 */
bool xv_way_is_kernels(const struct xv_model *model, const struct xv_ip *ip, char *why,
		       size_t size);
/* Flags of xv_adj that say which outer IPv4 packets have DF; 0 for IPv6. */
uint32_t xv_way_df(const struct xv_config *config, bool v4);

#endif
