/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs on devices. XDP and TCX (Linux 6.6) through pinned links,
 * PIN_DIR/links/{xdp,tc}_IFINDEX; before TCX, and behind the filters of others, a clsact filter.
 * Attaching where ours is attached already replaces the program inside, without a gap.
 */
#ifndef XV_ATTACH_H
#define XV_ATTACH_H

#include "maps/datapath.h"
#include "kernel/netlink.h"

/*
 * TC ingress; behind: all that others have there, TCX programs and filters, sees frames first.
 * Where it is attached in the other place, frames are taken throughout. -EBUSY etc. with a text.
 */
int xv_attach_tc(const struct xv_datapath *dp, const struct xv_link *link, enum xv_prog prog,
		 bool behind, struct xv_err *err);
/* Whether it is attached behind the others, or was before others took it away. */
bool xv_attach_is_behind(const char *pin_dir, uint32_t ifindex);
/* Whether a program of ours is there: with the qdisc others may take a filter away. */
bool xv_attach_has_tc(const char *pin_dir, uint32_t ifindex, bool behind);
/* Id of the program that our TCX link has on the device; 0: none. */
uint32_t xv_attach_tcx_program(const char *pin_dir, uint32_t ifindex);
/* Waits for a grace period in the kernel, some 20 ms, where there is TCX. */
void xv_detach_tc(const char *pin_dir, uint32_t ifindex);
/* Whether there is a pinned link for the device. */
bool xv_attach_is_pinned(const char *pin_dir, uint32_t ifindex);
/* Calls fn for the device of every pinned link, not always once only. */
void xv_attach_each(const char *pin_dir, void (*fn)(void *arg, uint32_t ifindex), void *arg);

/*
 * xv_decap or xv_port_encap in the driver, xv_decap_skb as generic XDP. On failure err names a
 * foreign program (-EBUSY), or quotes the driver's reason. An attachment of ours in the other mode
 * is taken off first.
 */
int xv_attach_xdp(const struct xv_datapath *dp, struct xv_netlink *nl, const struct xv_link *link,
		  enum xv_prog prog, struct xv_err *err);
void xv_detach_xdp(const char *pin_dir, uint32_t ifindex);
/* Whether our XDP program is attached to the device by a link of this instance. */
bool xv_attach_has_xdp(const char *pin_dir, uint32_t ifindex);
/* Whether another one is attached to it. Links come and go without a word from netlink: asked now.
 */
bool xv_attach_has_foreign_xdp(const char *pin_dir, uint32_t ifindex);

/* Whether any pinned link still holds a device. */
bool xv_attach_is_live(const char *pin_dir);
/*
 * Whether a program of the instance is on a device of this network namespace: in another one the
 * device's index is that of another device, or of none. Of any layout.
 */
bool xv_attach_is_here(const char *pin_dir);
/* Takes every program of an instance off its devices, strippers first. */
void xv_attach_remove_all(const char *pin_dir);

#endif
