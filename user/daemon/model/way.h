/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which peers' outer packets are the kernel's to send and to receive, because rules of this host
 * concern them that the kernel alone obeys; and what else this host wants of outer packets.
 */
#ifndef XV_WAY_H
#define XV_WAY_H

#include "model/model.h"

/* Whether they are, as the host's rules and the configuration are now; why is written where it is
 * true. */
bool xv_way_is_kernels(const struct xv_model *model, const struct xv_ip *ip, char *why,
		       size_t size);
/* Flags of xv_adj that say which outer IPv4 packets have DF; 0 for IPv6. */
uint32_t xv_way_df(const struct xv_config *config, bool v4);

#endif
