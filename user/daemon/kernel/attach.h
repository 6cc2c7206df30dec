/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs on devices. XDP and TCX (Linux 6.6) through pinned links,
 * PIN_DIR/links/{xdp,tc}_IFINDEX; before TCX, and behind the filters of others, a clsact filter.
 * Attaching where ours is attached already replaces the program inside, without a gap.
 */
#ifndef XV_ATTACH_H
#define XV_ATTACH_H

#include "kernel/netlink.h"

/*
 * TC ingress; behind: all that others have there, TCX programs and filters, sees frames first.
 * Where it is attached in the other place, frames are taken throughout. -EBUSY etc. with a text.
 */
int xv_attach_tc(const char *pin_dir, int prog_fd, const struct xv_link *link, bool behind,
		 struct xv_err *err);
/*
 * The same in front of others, for many devices: a TCX link waits for a grace period, some 12 ms
 * under the kernel's RTNL lock, which a filter does not. So a filter is attached where there is no
 * link of ours yet; *filter tells, and xv_attach_tc() puts a link in its place later.
 */
int xv_attach_tc_soon(const char *pin_dir, int prog_fd, const struct xv_link *link, bool *filter,
		      struct xv_err *err);
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
/*
 * Takes a pinned link off its device now. The end of the pin alone does that some time later, and
 * until then the hook is taken (-EEXIST, -EBUSY), and the program runs. Whether there was a pin.
 */
bool xv_attach_remove(const char *path);
/* The device that a link is attached to; 0 when the device went away. */
uint32_t xv_attach_ifindex(int link_fd);

/*
 * XDP in the driver, or generic. On failure err names a foreign program (-EBUSY), or quotes the
 * driver's reason. An attachment of ours in the other mode is taken off first.
 */
int xv_attach_xdp(const char *pin_dir, int prog_fd, struct xv_netlink *nl,
		  const struct xv_link *link, bool generic, struct xv_err *err);
void xv_detach_xdp(const char *pin_dir, uint32_t ifindex);
/* Whether our XDP program is attached to the device by a link of this instance. */
bool xv_attach_has_xdp(const char *pin_dir, uint32_t ifindex);
/* Whether another one is attached to it. Links come and go without a word from netlink: asked now.
 */
bool xv_attach_has_foreign_xdp(const char *pin_dir, uint32_t ifindex);

#endif
