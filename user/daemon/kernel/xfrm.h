/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPsec policies of this host (xfrm): which peers one could concern. The policies are read at the
 * start and followed from then on.
 */
#ifndef XV_XFRM_H
#define XV_XFRM_H

#include "instance.h"

/* Reads the policies and follows them. A kernel without IPsec has none, and that is no error. */
int xv_xfrm_start(struct xv_instance *inst, struct xv_err *err);
void xv_xfrm_stop(struct xv_instance *inst);
/* Notifications of another kind were lost, so that those about policies may be as well. */
void xv_xfrm_look_again(struct xv_instance *inst);
/*
 * Whether a policy could concern the VXLAN packets between this host's own address and the peer's,
 * in either direction: one that blocks or protects them, before any that lets all of them pass. why
 * then names the policy.
 */
bool xv_xfrm_concerns(const struct xv_instance *inst, const struct xv_ip *peer, char *why,
		      size_t size);

#endif
