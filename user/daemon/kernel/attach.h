/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Attaches programs to devices: XDP and TCX (Linux 6.6) by pinned links,
 * PIN_DIR/links/{xdp,tc}_IFINDEX; before TCX, or behind the filters of others, by a clsact filter.
 * If a program of ours is attached already, it is replaced without a gap.
 */
#ifndef XV_ATTACH_H
#define XV_ATTACH_H

#include "kernel/netlink.h"

/*
 * Attaches to TC ingress. behind: all TCX programs and filters of others see frames first. If ours
 * is attached in the other place, it moves, and handles every frame meanwhile. -EBUSY etc. with a
 * text.
 */
int xv_attach_tc(const char *pin_dir, int prog_fd, const struct xv_link *link, bool behind,
		 struct xv_err *err);
/*
 * The same before the filters of others, for many devices. Attaching a TCX link takes a grace
 * period of about 12 ms under the kernel's RTNL lock; attaching a filter does not. So a device
 * without a link of ours gets a filter: *filter is then true, and xv_attach_tc() replaces the
 * filter by a link later.
 */
int xv_attach_tc_soon(const char *pin_dir, int prog_fd, const struct xv_link *link, bool *filter,
		      struct xv_err *err);
/* Whether ours is attached behind the filters of others, or was until somebody removed it. */
bool xv_attach_is_behind(const char *pin_dir, uint32_t ifindex);
/* Whether a program of ours is attached. Others may remove a filter, also by deleting its qdisc. */
bool xv_attach_has_tc(const char *pin_dir, uint32_t ifindex, bool behind);
/* Id of the program in our TCX link on the device; 0: there is none. */
uint32_t xv_attach_tcx_program(const char *pin_dir, uint32_t ifindex);
/* Detaches from TC ingress. With TCX this takes a grace period in the kernel, about 20 ms. */
void xv_detach_tc(const char *pin_dir, uint32_t ifindex);
/* Whether there is a pinned link of ours for the device. */
bool xv_attach_is_pinned(const char *pin_dir, uint32_t ifindex);
/*
 * Detaches a pinned link from its device at once, and unpins it. (Unpinning alone detaches it some
 * time later; until then the program runs and the hook is in use: -EEXIST, -EBUSY.) Returns whether
 * there was a pin.
 */
bool xv_attach_remove(const char *path);
/* The device that a link is attached to; 0 if the device is gone. */
uint32_t xv_attach_ifindex(int link_fd);

/*
 * Attaches to XDP, in the driver or generic. If ours is attached in the other mode, that is
 * detached first. On failure err names another's program (-EBUSY), or quotes the driver's reason.
 */
int xv_attach_xdp(const char *pin_dir, int prog_fd, struct xv_netlink *nl,
		  const struct xv_link *link, bool generic, struct xv_err *err);
void xv_detach_xdp(const char *pin_dir, uint32_t ifindex);
/* Whether our XDP program is attached to the device by this instance's link. */
bool xv_attach_has_xdp(const char *pin_dir, uint32_t ifindex);
/*
 * Whether an XDP program of others is attached. Asks the kernel each time, because netlink does not
 * report links.
 */
bool xv_attach_has_foreign_xdp(const char *pin_dir, uint32_t ifindex);

#endif
