/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPsec policies of this host (xfrm): which peers one could concern. The policies are read at the
 * start and followed from then on.
 */
#ifndef XV_XFRM_H
#define XV_XFRM_H

#include <event2/event.h>
#include <stdbool.h>

#include "err.h"
#include "xv_abi.h"
#include "xv_signal.h"

struct xv_xfrm;

/*
 * Reads the policies and follows them; changed is sent when they may be others. A kernel without
 * IPsec has none: *xfrm stays as it is, and that is no error. After an error *xfrm may be set, and
 * is to be stopped.
 */
int xv_xfrm_start(struct event_base *base, struct xv_signal changed, struct xv_xfrm **xfrm,
		  struct xv_err *err);
/* NULL is fine, here and below. */
void xv_xfrm_stop(struct xv_xfrm *xfrm);
/* Notifications of another kind were lost, so that those about policies may be as well. */
void xv_xfrm_look_again(struct xv_xfrm *xfrm);
/*
 * Whether a policy could concern the VXLAN packets between this host's own address and the peer's,
 * in either direction: one that blocks or protects them, before any that lets all of them pass. why
 * then names the policy.
 */
bool xv_xfrm_concerns(const struct xv_xfrm *xfrm, const struct xv_ip *own, const struct xv_ip *peer,
		      uint16_t udp_port, char *why, size_t size);

#endif
