/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IPsec policies of this host (xfrm), and which peers they may concern. The policies are read at
 * the start and followed afterwards.
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
 * Reads the policies and follows their changes; sends `changed` when they may have changed. If the
 * kernel has no IPsec, returns 0 and leaves *xfrm as it is. After an error *xfrm may be set, and
 * must be stopped.
 */
int xv_xfrm_start(struct event_base *base, struct xv_signal changed, struct xv_xfrm **xfrm,
		  struct xv_err *err);
/* xfrm may be NULL, also in the following functions. */
void xv_xfrm_stop(struct xv_xfrm *xfrm);
/*
 * To be called when netlink notifications of other kinds were lost, as those about policies may be
 * lost too: reads the policies again.
 */
void xv_xfrm_look_again(struct xv_xfrm *xfrm);
/*
 * Whether a policy may concern VXLAN packets between this host's own address and the peer's, in
 * either direction: it blocks or protects them, and no policy before it lets all of them pass. why
 * then names the policy.
 */
bool xv_xfrm_concerns(const struct xv_xfrm *xfrm, const struct xv_ip *own, const struct xv_ip *peer,
		      uint16_t udp_port, char *why, size_t size);

#endif
